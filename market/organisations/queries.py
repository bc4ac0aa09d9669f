"""Organisations, their bank accounts, and whether one may take part."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import Select, exists, select

from market.db.lines import lined
from market.db.session import db
from market.kernel.permits import ROLE_PERMITS, Actor, Permit
from market.kernel.uscc import ProviderType
from market.organisations.models import BankAccount, Organisation, OrganisationRating, StripeAccount
from market.organisations.rules import bidding_trouble
from market.organisations.states import BankState, OrganisationState
from market.people.models import RoleGrant, User


def organisation(organisation_id: int) -> Organisation | None:
    """Return an organisation."""
    return db.session.get(Organisation, organisation_id)


def organisations_by_id(ids: Iterable[int]) -> dict[int, Organisation]:
    """Return organisations by id."""
    return {o.id: o for o in db.session.scalars(select(Organisation).where(Organisation.id.in_(list(ids))))}


def mine(actor: Actor) -> list[Organisation]:
    """Return the organisations in which this person has a role."""
    ids = {g.organisation_id for g in actor.grants if g.organisation_id is not None}
    return list(db.session.scalars(select(Organisation).where(Organisation.id.in_(ids)).order_by(Organisation.id)))


def to_confirm(district_ids: Iterable[int]) -> list[Organisation]:
    """Return registrations that wait for confirmation in these districts, oldest first."""
    query = (
        select(Organisation)
        .where(
            Organisation.state == OrganisationState.SUBMITTED,
            Organisation.registrar_district_id.in_(list(district_ids)),
        )
        .order_by(Organisation.id)
        .limit(200)
    )
    return list(db.session.scalars(query))


def ratings_of(organisation_id: int) -> list[OrganisationRating]:
    """Return an organisation's grades and star ratings, latest first, withdrawn ones included."""
    query = select(OrganisationRating).filter_by(organisation_id=organisation_id)
    return list(db.session.scalars(query.order_by(OrganisationRating.valid_from.desc(), OrganisationRating.id.desc())))


def rating(rating_id: int) -> OrganisationRating | None:
    """Return one grade or star rating."""
    return db.session.get(OrganisationRating, rating_id)


def live_bank_account(organisation_id: int) -> BankAccount | None:
    """Return where the organisation is paid now."""
    return db.session.scalar(select(BankAccount).filter_by(organisation_id=organisation_id, state=BankState.LIVE))


def bank_accounts(organisation_id: int) -> list[BankAccount]:
    """Return all accounts of an organisation, newest first."""
    query = select(BankAccount).filter_by(organisation_id=organisation_id).order_by(BankAccount.id.desc())
    return list(db.session.scalars(query))


def stripe_account(organisation_id: int, *, lock: bool = False) -> StripeAccount | None:
    """Return the organisation's connected account, its row locked until the transaction ends if asked for."""
    query = select(StripeAccount).filter_by(organisation_id=organisation_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return db.session.scalar(query)


def may_bid(subject: Organisation, day: date) -> str | None:
    """Return why the organisation may not submit a bid (a catalogue key), or None when it may."""
    return bidding_trouble(subject.state, subject.provider_type, subject.barred_until, day)


def party(subject: Organisation, roles: Iterable[str]) -> dict[str, Any]:
    """Return an organisation as an OCDS party; no person in it."""
    return {
        "id": party_id(subject),
        "name": subject.name,
        "roles": list(roles),
        "identifier": {"id": subject.uscc or f"group-{subject.id}", "legalName": subject.name},
    }


def directory_key(subject: Organisation) -> str:
    """Return the key under which an organisation's directory notices stand; `org-` and this is its party id."""
    return subject.uscc or f"group-{subject.id}"


def party_id(subject: Organisation) -> str:
    """Return the OCDS party id of an organisation."""
    return f"org-{subject.uscc or subject.id}"


def unfinished(organisation_ids: Iterable[int]) -> Select[Any]:
    """Ask which of these organisations' registrations are begun or returned and not handed in."""
    states = (OrganisationState.DRAFT, OrganisationState.RETURNED)
    query = select(Organisation).where(Organisation.id.in_(list(organisation_ids)), Organisation.state.in_(states))
    return lined(query, id=Organisation.id, title=Organisation.name)


def proposed_accounts(organisation_ids: Iterable[int], not_by: int | None) -> Select[Any]:
    """Ask for accounts that wait for a second person other than `not_by`."""
    query = select(BankAccount).where(
        BankAccount.organisation_id.in_(list(organisation_ids)),
        BankAccount.state == BankState.PROPOSED,
        BankAccount.proposed_by != not_by,
    )
    return lined(query, id=BankAccount.organisation_id, title=BankAccount.bank_name)


def asked_routes(organisation_ids: Iterable[int], not_by: int | None) -> Select[Any]:
    """Ask for connected accounts that wait for a second person other than `not_by`."""
    query = select(StripeAccount).where(
        StripeAccount.organisation_id.in_(list(organisation_ids)),
        StripeAccount.chosen.is_(False),
        StripeAccount.asked_by != not_by,
    )
    return lined(query, id=StripeAccount.organisation_id, title=StripeAccount.account)


_SIGNING = [role.value for role, permits in ROLE_PERMITS.items() if Permit.BID_SUBMIT in permits]


def without_signatory(organisation_ids: Iterable[int]) -> Select[Any]:
    """Ask which of these organisations have nobody to sign a bid; a group that is filed only signs none."""
    signs = (
        exists()
        .where(RoleGrant.organisation_id == Organisation.id, RoleGrant.role.in_(_SIGNING))
        .where(RoleGrant.revoked_at.is_(None), User.id == RoleGrant.user_id, User.active)
    )
    return lined(_legal_persons(organisation_ids).where(~signs), id=Organisation.id, title=Organisation.name)


def without_account(organisation_ids: Iterable[int]) -> Select[Any]:
    """Ask which of these organisations have no account to be paid on, nor one that waits for its second person."""
    states = (BankState.LIVE, BankState.PROPOSED)
    account = exists().where(BankAccount.organisation_id == Organisation.id, BankAccount.state.in_(states))
    return lined(_legal_persons(organisation_ids).where(~account), id=Organisation.id, title=Organisation.name)


def _legal_persons(ids: Iterable[int]) -> Select[Any]:
    return select(Organisation).where(
        Organisation.id.in_(list(ids)), Organisation.provider_type != ProviderType.COMMUNITY_GROUP
    )
