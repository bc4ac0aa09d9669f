"""Registration, confirmation, ratings and the people of an organisation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from market.db.session import db
from market.kernel.canonical import digest
from market.kernel.clock import beijing_day
from market.kernel.errors import Refused
from market.kernel.permits import Actor, Permit, Role, Scope, require
from market.kernel.rulebook import Regime
from market.kernel.seen import require_seen
from market.kernel.text import N_
from market.kernel.uscc import ProviderType
from market.organisations.models import Organisation, OrganisationRating
from market.organisations.notices import directory_data
from market.organisations.queries import directory_key, ratings_of
from market.organisations.rules import (
    check_grade,
    check_identity,
    check_size,
    check_stars,
    edit_bar,
    may_be_graded,
    phone_trouble,
    registered_trouble,
)
from market.organisations.states import (
    ORGANISATION_MACHINE,
    RATING_MACHINE,
    OrganisationState,
    OrganisationVerb,
    RatingKind,
    RatingState,
    RatingVerb,
)
from market.people.actions import correct_address, grant, invite
from market.people.models import User
from market.people.queries import holders, members
from market.places.models import District
from market.places.queries import rules_for
from market.records.audit import record
from market.records.messages import tell
from market.records.moves import move
from market.records.notices import post


@dataclass(frozen=True)
class OrganisationFacts:
    """What an organisation says of itself."""

    name: str
    provider_type: ProviderType
    uscc: str | None
    legal_representative: str
    registered_on: date | None
    address: str
    contact_name: str
    contact_phone: str
    service_fields: tuple[str, ...]
    introduction: str
    is_small: bool = False


def _check(facts: OrganisationFacts, own_id: int | None, today: date) -> str | None:
    code = check_identity(facts.uscc, facts.provider_type)
    if facts.registered_on is not None and (trouble := registered_trouble(facts.registered_on, today)):
        raise Refused(trouble, field="registered_on")
    if trouble := phone_trouble(facts.contact_phone):
        raise Refused(trouble, field="contact_phone")
    check_size(facts.is_small, facts.provider_type)
    check_code_free(code.code if code else None, own_id)
    return code.code if code else None


def check_code_free(code: str | None, own_id: int | None = None) -> None:
    """Raise Refused at `uscc` when another organisation than `own_id` is registered under this code."""
    other = db.session.scalar(select(Organisation.id).filter_by(uscc=code)) if code else None
    if other is not None and other != own_id:
        raise Refused(N_("这个统一社会信用代码已登记；如属贵机构，请联系机构管理员添加账号。"), field="uscc")


def _values(facts: OrganisationFacts, code: str | None) -> dict[str, object]:
    values = dict(vars(facts))
    values["uscc"] = code
    values["provider_type"] = facts.provider_type.value
    values["service_fields"] = ",".join(facts.service_fields)
    return values


def register(actor: Actor, district_id: int, facts: OrganisationFacts, at: datetime) -> Organisation:
    """Register an organisation; whoever registers becomes its administrator. Raises Refused at a field."""
    values = _values(facts, _check(facts, None, beijing_day(at)))
    row = Organisation(
        registrar_district_id=district_id,
        state=OrganisationState.DRAFT.value,
        return_reason="",
        created_at=at,
        **values,
    )
    db.session.add(row)
    db.session.flush()
    record(row.subject, "register", actor, at, facts={"name": row.name, "uscc": row.uscc})
    if actor.user_id is not None:
        grant(None, actor.user_id, Role.ORGANISATION_ADMIN, Scope(organisation_id=row.id), at)
    return row


def save_facts(actor: Actor, subject: Organisation, facts: OrganisationFacts, at: datetime) -> None:
    """Change the facts while they are not being checked. A confirmed name, code or type stays as it is."""
    require(actor, Permit.ORGANISATION_EDIT, Scope(organisation_id=subject.id))
    db.session.refresh(subject, ["state"], with_for_update=True)
    if bar := edit_bar(subject.state):
        raise Refused(bar)
    code = _check(facts, subject.id, beijing_day(at))
    fixed = (subject.name, subject.uscc, subject.provider_type)
    if subject.confirmed_at is not None and fixed != (facts.name, code, facts.provider_type.value):
        raise Refused(N_("已确认的名称、代码和类型不能自行修改，请联系区民政。"), field="name")
    changed = [k for k, v in _values(facts, code).items() if getattr(subject, k) != v]
    for key, value in _values(facts, code).items():
        setattr(subject, key, value)
    record(subject.subject, "edit", actor, at, permit=Permit.ORGANISATION_EDIT, facts={"fields": sorted(changed)})
    if subject.confirmed_at is not None:
        _publish(subject, actor, at)


def facts_mark(subject: Organisation) -> str:
    """The digest by which a page remembers which facts of a registration it showed."""
    return digest({name: getattr(subject, name) for name in OrganisationFacts.__dataclass_fields__})


def _require_shown(subject: Organisation, seen: str | None) -> None:
    """Compare under the row's lock, so that nobody changes the facts after the comparison."""
    if seen is not None:
        db.session.refresh(subject, ["state", *OrganisationFacts.__dataclass_fields__], with_for_update=True)
        require_seen(seen, facts_mark(subject))


def submit(actor: Actor, subject: Organisation, at: datetime, *, seen: str | None = None) -> None:
    """Hand the registration to the registrar's district.

    `seen` is the `facts_mark` of what the page showed; whoever acts without a page leaves it out. Raises Refused when a
    colleague has changed the facts since.
    """
    _require_shown(subject, seen)
    move(subject, ORGANISATION_MACHINE, OrganisationVerb.SUBMIT, actor, at)
    reviewers = holders(Permit.ORGANISATION_CONFIRM, Scope(subject.registrar_district_id))
    tell(
        reviewers,
        N_("机构登记待确认：%(name)s"),
        N_("%(name)s 提交了机构登记，请核对登记证书后确认或退回。"),
        f"/organisations/{subject.id}",
        at,
        {"name": subject.name},
    )


def confirm(actor: Actor, subject: Organisation, at: datetime, *, seen: str | None = None) -> None:
    """Confirm a registration; valid in all districts (条例 art. 20). Publishes the directory entry.

    `seen` as in `submit`: raises Refused when the registration was returned and handed in again with other facts.
    """
    _require_shown(subject, seen)
    subject.confirmed_at = at
    move(subject, ORGANISATION_MACHINE, OrganisationVerb.CONFIRM, actor, at)
    _publish(subject, actor, at)
    _tell_members(subject, N_("机构登记已确认"), N_("%(name)s 的登记已确认，现在可以提交投标。"), at)


def send_back(actor: Actor, subject: Organisation, reason: str, at: datetime) -> None:
    """Return a registration with a reason."""
    subject.return_reason = reason
    move(subject, ORGANISATION_MACHINE, OrganisationVerb.RETURN, actor, at, facts={"reason": reason})
    _tell_members(subject, N_("机构登记被退回"), N_("%(name)s 的登记被退回修改，请查看原因。"), at)


def bar(actor: Actor, subject: Organisation, until: date, reason: str, at: datetime) -> None:
    """Bar an organisation from purchases until a day, published. Raises Refused for a day that is over."""
    if until <= beijing_day(at):
        raise Refused(N_("期限须在今天以后。"), field="until")
    subject.barred_until = until
    move(
        subject,
        ORGANISATION_MACHINE,
        OrganisationVerb.BAR,
        actor,
        at,
        facts={"until": until.isoformat(), "reason": reason},
    )
    _publish(subject, actor, at)


def readmit(actor: Actor, subject: Organisation, at: datetime) -> None:
    """End a bar before its day; published."""
    subject.barred_until = None
    move(subject, ORGANISATION_MACHINE, OrganisationVerb.READMIT, actor, at)
    _publish(subject, actor, at)
    _tell_members(subject, N_("参加采购的资格已恢复"), N_("%(name)s 可以重新提交投标。"), at)


@dataclass(frozen=True)
class RatingFacts:
    """A grade or star rating as the district enters it; a grade's last day follows from the rulebook."""

    kind: RatingKind
    level: int
    rater: str
    basis: str
    valid_from: date
    valid_until: date | None = None


def enter_rating(actor: Actor, subject: Organisation, facts: RatingFacts, at: datetime) -> OrganisationRating:
    """Enter a grade or a star rating and publish it; the latest of a kind is the one shown. Raises Refused at a field.

    A grade is what the registrar's committee gave: it is never computed here (domain.md 5.3).
    """
    place = db.session.get_one(District, subject.registrar_district_id)
    require(actor, Permit.RATING_ENTER, Scope(place.id, None, subject.id))
    if subject.confirmed_at is None:
        raise Refused(N_("机构登记尚未确认，不能登记等级或星级。"))
    today, until = beijing_day(at), facts.valid_until
    if facts.kind is RatingKind.GRADE and not may_be_graded(subject.provider_type):
        raise Refused(N_("评估等级只适用于社会团体、社会服务机构和基金会。"), field="kind")
    if facts.kind is RatingKind.GRADE:
        years = rules_for(place, Regime.ANY, today)["organisations.grade_years"]
        until = check_grade(facts.valid_from, today, int(years))
    elif until is None:
        raise Refused(N_("请填写有效期的截止日。"), field="valid_until")
    else:
        check_stars(facts.valid_from, until, facts.basis, today)
    row = OrganisationRating(
        organisation_id=subject.id,
        district_id=place.id,
        kind=facts.kind.value,
        level=facts.level,
        rater=facts.rater.strip(),
        basis=facts.basis.strip(),
        valid_from=facts.valid_from,
        valid_until=until,
        state=RatingState.STANDING.value,
        withdraw_reason="",
        entered_at=at,
    )
    db.session.add(row)
    db.session.flush()
    told = {"kind": row.kind, "level": row.level, "from": facts.valid_from.isoformat(), "until": until.isoformat()}
    record(row.subject, "rate", actor, at, permit=Permit.RATING_ENTER, facts=told)
    _publish(subject, actor, at)
    _tell_members(subject, N_("评估等级或星级已登记"), N_("%(name)s 的评估等级或星级已登记并公布。"), at)
    return row


def withdraw_rating(actor: Actor, row: OrganisationRating, reason: str, at: datetime) -> None:
    """Withdraw a grade or star rating with a reason; the directory shows what stands before it. Raises Refused."""
    if not reason.strip():
        raise Refused(N_("请写明撤销的原因。"), field="reason")
    row.withdraw_reason = reason.strip()
    move(row, RATING_MACHINE, RatingVerb.WITHDRAW, actor, at, facts={"reason": row.withdraw_reason})
    subject = db.session.get_one(Organisation, row.organisation_id)
    _publish(subject, actor, at)
    _tell_members(subject, N_("评估等级或星级已撤销"), N_("%(name)s 的一项评估等级或星级已撤销，请查看原因。"), at)


def _publish(subject: Organisation, actor: Actor, at: datetime) -> None:
    place = db.session.get_one(District, subject.registrar_district_id)
    post(
        "organisation",
        directory_key(subject),
        subject.name,
        directory_data(subject, ratings_of(subject.id), place.code),
        subject.subject.chain,
        Scope(subject.registrar_district_id),
        actor,
        at,
    )


def _tell_members(subject: Organisation, title: str, text: str, at: datetime) -> None:
    people = holders(Permit.ORGANISATION_EDIT, Scope(organisation_id=subject.id))
    tell(people, title, text, f"/organisations/{subject.id}", at, {"name": subject.name})


def add_member(
    actor: Actor, subject: Organisation, login: str, name: str, email: str, role: Role, at: datetime, hashed: str
) -> tuple[User, str]:
    """Open a colleague's account; return it with the one-time code of the link that sets its password.

    Only the colleague may come to know the code: two people are to agree on a bank account, and whoever knew it could
    be both. So the address must be nobody else's here. `at` is real time; `hashed` is the hash of a password nobody
    knows, made before the write transaction. Raises Refused at a field.
    """
    scope = Scope(organisation_id=subject.id)
    require(actor, Permit.MEMBERS_MANAGE, scope)
    _refuse_shared_address(subject, email)
    return invite(actor, login, name, email, role, scope, at, hashed)


def correct_member_address(actor: Actor, subject: Organisation, user: User, email: str, at: datetime) -> str:
    """Mend the address of a colleague who has not signed in yet; return the code of the link sent there.

    `at` is real time. Raises Refused at `email`.
    """
    require(actor, Permit.MEMBERS_MANAGE, Scope(organisation_id=subject.id))
    _refuse_shared_address(subject, email)
    return correct_address(actor, user, email, at)


def _refuse_shared_address(subject: Organisation, email: str) -> None:
    if email.strip().lower() in {one.email.lower() for one in members(subject.id, closed=True)}:
        raise Refused(N_("这个邮箱是本机构另一账号的；请填写此人自己的邮箱。"), field="email")
