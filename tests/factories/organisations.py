"""Organisations for tests with their people and their bank account.

    team = organisation("江宁区暖邻社会工作服务中心")
    team.organisation, team.admin, team.editor, team.signatory
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import count

from market.db.session import db
from market.kernel.categories import Category
from market.kernel.clock import system_now
from market.kernel.permits import Role, Scope
from market.kernel.uscc import ProviderType, check_character, organisation_check
from market.organisations import actions
from market.organisations.actions import OrganisationFacts
from market.organisations.models import BankAccount, Organisation
from market.organisations.states import BankVerb
from market.people.models import User
from market.places.models import District
from tests.factories.budgets import holder
from tests.factories.people import acting, give, person
from tests.factories.places import district as make_district

_numbers = count(100_001)
PREFIXES = {
    ProviderType.SOCIAL_GROUP: "51",
    ProviderType.SERVICE_AGENCY: "52",
    ProviderType.FOUNDATION: "53",
    ProviderType.ENTERPRISE: "91",
    ProviderType.INDIVIDUAL_BUSINESS: "92",
    ProviderType.COOPERATIVE: "93",
    ProviderType.VILLAGE_COLLECTIVE: "N2",
    ProviderType.LAW_FIRM: "31",
}


@dataclass
class Team:
    """An organisation with one person in each role."""

    organisation: Organisation
    admin: User
    editor: User
    signatory: User

    @property
    def id(self) -> int:
        return self.organisation.id


def credit_code(prefix: str = "52", area: str = "320115", serial: str = "") -> str:
    """An invented code whose two check characters are right."""
    body = (serial or f"MJ{next(_numbers)}")[:8]
    first = f"{prefix}{area}{body}{organisation_check(body)}"
    return first + check_character(first)


def facts(
    name: str = "", provider_type: ProviderType = ProviderType.SERVICE_AGENCY, uscc: str | None = "", **changes: object
) -> OrganisationFacts:
    """What an organisation says of itself."""
    code = credit_code(PREFIXES[provider_type]) if uscc == "" else uscc
    values: dict[str, object] = {
        "name": name or f"江宁区测试第{next(_numbers)}社会工作服务中心",
        "provider_type": provider_type,
        "uscc": code,
        "legal_representative": "欧阳喆",
        "registered_on": date(2018, 5, 4),
        "address": "南京市江宁区天元东路8号",
        "contact_name": "欧阳喆",
        "contact_phone": "025-52100000",
        "service_fields": (Category.ELDER_CARE.value,),
        "introduction": "从事社区养老和社会救助服务。",
        "is_small": False,
    }
    return OrganisationFacts(**{**values, **changes})  # type: ignore[arg-type]


def organisation(
    name: str = "",
    provider_type: ProviderType = ProviderType.SERVICE_AGENCY,
    *,
    uscc: str | None = "",
    district: District | None = None,
    confirmed: bool = True,
    bank: bool = True,
    **changes: object,
) -> Team:
    """An organisation, confirmed and with a live bank account unless told otherwise."""
    place, at = district or make_district(), system_now()
    admin = person(name="机构管理员")
    row = actions.register(acting(admin), place.id, facts(name, provider_type, uscc, **changes), at)
    scope = Scope(organisation_id=row.id)
    team = Team(
        row,
        admin,
        person(Role.ORGANISATION_EDITOR, scope, name="机构经办人"),
        person(Role.ORGANISATION_SIGNATORY, scope, name="机构签署人"),
    )
    if confirmed:
        give(admin, Role.ORGANISATION_EDITOR, Scope(place.id, None, row.id))
        actions.submit(acting(admin), row, at)
        actions.confirm(holder(Role.DISTRICT_CIVIL, Scope(place.id), "区民政经办"), row, at)
    if bank:
        bank_account(team)
    return team


def bank_account(team: Team, account_no: str = "6222021001112223334") -> BankAccount:
    """A live account: proposed by the administrator, confirmed by the signatory."""
    at, row = system_now(), team.organisation
    account = actions.propose_bank(
        acting(team.admin), row, row.name, account_no, "中国工商银行南京江宁支行", "102301000123", at
    )
    actions.decide_bank(acting(team.signatory), account, BankVerb.CONFIRM, at)
    db.session.flush()
    return account
