"""Reads of tenders: whole rows with everything a page needs, lists by key, and the situation of a draft."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, false, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from market.budgets.models import BudgetLine
from market.budgets.states import FUND_SOURCE_LABELS, FundSource
from market.catalogue.queries import negatives
from market.catalogue.rules import negative_hits
from market.db.session import db
from market.kernel.clock import beijing_day
from market.kernel.money import format_bp, format_centi, format_yuan
from market.kernel.permits import ROLE_PERMITS, Actor, Permit
from market.kernel.rulebook import RuleSet
from market.kernel.text import N_
from market.kernel.workdays import Calendar
from market.ledger.models import Account
from market.ledger.states import Place
from market.people.models import RoleGrant, SealingKey, User
from market.places.queries import calendar_for, rules_for
from market.records.keys import unlock
from market.tenders import rules
from market.tenders.models import Lot, LotFunding, Tender
from market.tenders.states import MILESTONE_BASE_LABELS, LotState, Method, MilestoneBase, TenderState

# --- whole rows ------------------------------------------------------------------------------------------------------


def _whole(query: Select[tuple[Tender]]) -> Select[tuple[Tender]]:
    """Load lots and conditions with the row, and the lots' parts in one statement each."""
    lots = joinedload(Tender.lots)
    return query.options(
        joinedload(Tender.file),
        joinedload(Tender.item),
        joinedload(Tender.street),
        joinedload(Tender.qualifications),
        lots.selectinload(Lot.criteria),
        lots.selectinload(Lot.milestones),
        lots.joinedload(Lot.funding).joinedload(LotFunding.line),
    )


def tender(tender_id: int, *, locked: bool = False) -> Tender | None:
    """Return a tender with file, item, street, lots (criteria, milestones, funding with lines) and conditions."""
    query = _whole(select(Tender).where(Tender.id == tender_id))
    if locked:
        query = query.with_for_update(of=Tender).execution_options(populate_existing=True)
    found: Tender | None = db.session.scalars(query).unique().one_or_none()  # type: ignore[assignment]
    return found


def lot(lot_id: int, *, locked: bool = False) -> Lot | None:
    """Return a lot with criteria, milestones, funding and its tender (file, item, street, conditions)."""
    above = joinedload(Lot.tender)
    query = (
        select(Lot)
        .where(Lot.id == lot_id)
        .options(
            above.joinedload(Tender.file),
            above.joinedload(Tender.item),
            above.joinedload(Tender.street),
            above.selectinload(Tender.qualifications),
            selectinload(Lot.criteria),
            selectinload(Lot.milestones),
            selectinload(Lot.funding).joinedload(LotFunding.line),
        )
    )
    if locked:
        query = query.with_for_update(of=Lot).execution_options(populate_existing=True)
    return db.session.execute(query).unique().scalar_one_or_none()


def tender_by_token(form_token: str, user_id: int | None) -> Tender | None:
    """Return what an earlier press of the same button made."""
    return db.session.scalar(select(Tender).filter_by(form_token=form_token, created_by=user_id))


def rules_of(subject: Tender) -> RuleSet:
    """Return the rulebook set a published tender is judged by to its end. Raises KeyError before publication."""
    return RuleSet.from_data(subject.rules)


def draw_secret(subject: Lot) -> bytes:
    """Return the secret behind the published draw commitment: 32 bytes whose SHA-256 was in the notice."""
    if subject.draw_secret is None:
        raise ValueError(f"lot {subject.id} is not published")
    return unlock(f"draw:{subject.id}", base64.b64decode(subject.draw_secret))


# --- lists -----------------------------------------------------------------------------------------------------------


def stage_sql(at: datetime) -> ColumnElement[str]:
    """The stage at `at` as SQL; the twin of `rules.stage`."""
    over = and_(Tender.state == TenderState.OPEN.value, Tender.deadline_at <= at)
    return case((over, rules.Stage.CLOSED.value), else_=Tender.state)


def _within(actor: Actor, permit: Permit) -> ColumnElement[bool]:
    """Limit to where the actor holds the permit."""
    reach = []
    for grant in actor.scopes(permit):
        if grant.organisation_id is None:
            place = [
                column == value
                for column, value in ((Tender.district_id, grant.district_id), (Tender.street_id, grant.street_id))
                if value is not None
            ]
            reach.append(and_(Tender.id.is_not(None), *place))
    return or_(*reach) if reach else false()


def tenders_of(
    actor: Actor,
    at: datetime,
    *,
    stage: str | None = None,
    ids: Sequence[int] | None = None,
    before: int | None = None,
    limit: int = 20,
) -> list[Tender]:
    """Return tenders the actor may see, newest first, by key; of one stage, or among `ids`. Street is loaded."""
    query = select(Tender).where(_within(actor, Permit.TENDER_SEE)).options(joinedload(Tender.street))
    if stage is not None:
        query = query.where(stage_sql(at) == stage)
    if ids is not None:
        query = query.where(Tender.id.in_(ids))
    if before is not None:
        query = query.where(Tender.id < before)
    return list(db.session.scalars(query.order_by(Tender.id.desc()).limit(limit)))


def waiting_for(actor: Actor, permit: Permit, states: Iterable[TenderState], limit: int = 100) -> list[Tender]:
    """Return tenders in these states where the actor holds the permit, oldest first."""
    query = (
        select(Tender)
        .where(_within(actor, permit), Tender.state.in_([s.value for s in states]))
        .order_by(Tender.id)
        .limit(limit)
    )
    return list(db.session.scalars(query))


def to_close(at: datetime, limit: int = 100) -> list[int]:
    """Return the ids of tenders whose deadline has come and that are not yet written down as closed."""
    query = (
        select(Tender.id)
        .where(Tender.state == TenderState.OPEN.value, Tender.deadline_at <= at)
        .order_by(Tender.deadline_at)
        .limit(limit)
    )
    return list(db.session.scalars(query))


def open_lots(at: datetime, limit: int = 100) -> list[Lot]:
    """Return lots that accept bids now, the nearest deadline first, with their tenders and streets."""
    query = (
        select(Lot)
        .join(Lot.tender)
        .where(Tender.state == TenderState.OPEN.value, Tender.deadline_at > at, Lot.state == LotState.SEALED.value)
        .options(contains_eager(Lot.tender).joinedload(Tender.street))
        .order_by(Tender.deadline_at, Lot.id)
        .limit(limit)
    )
    return list(db.session.scalars(query))


def live_tenders_of_demand(demand_id: int) -> int:
    """Return how many published purchases still answer a demand item: not cancelled, and with a lot that goes on."""
    ended = (LotState.FAILED.value, LotState.CANCELLED.value, LotState.DRAFT.value)
    query = (
        select(func.count(func.distinct(Tender.id)))
        .join(Lot, Lot.tender_id == Tender.id)
        .where(Tender.demand_id == demand_id, Lot.state.not_in(ended))
    )
    return db.session.scalar(query) or 0


def openers(subject: Tender) -> list[tuple[str, bool]]:
    """Return who may open the tender's lots (street openers and the district's escrow), and whether each has a key."""
    roles = [role.value for role, permits in ROLE_PERMITS.items() if Permit.BID_OPEN in permits]
    has_key = exists().where(SealingKey.user_id == User.id, SealingKey.retired_at.is_(None))
    query = (
        select(User.name, has_key)
        .join(RoleGrant, RoleGrant.user_id == User.id)
        .where(
            User.active,
            RoleGrant.revoked_at.is_(None),
            RoleGrant.role.in_(roles),
            or_(RoleGrant.district_id.is_(None), RoleGrant.district_id == subject.district_id),
            or_(RoleGrant.street_id.is_(None), RoleGrant.street_id == subject.street_id),
            RoleGrant.organisation_id.is_(None),
        )
        .distinct()
        .order_by(User.name)
    )
    return [(name, bool(ready)) for name, ready in db.session.execute(query)]


# --- the situation of a draft ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LineUse:
    """A budget line under this tender: what is unspent, what other non-tender purchases of the year took, in fen."""

    line: BudgetLine
    unspent_fen: int
    others_fen: int


class Situation:
    """What the law and the money say about a tender (loaded whole) as if its notice went out at `at`.

    Everything is read when it is first asked for; a page about one section costs only that section's reads.
    """

    def __init__(self, subject: Tender, at: datetime, *, publishing: bool = False) -> None:
        self.subject, self.at, self.publishing = subject, at, publishing

    @cached_property
    def book(self) -> RuleSet:
        """The rules in force on that day for the tender's method."""
        return rules_for(self.subject.street.district, self.subject.method, beijing_day(self.at))

    @cached_property
    def calendar(self) -> Calendar:
        """The district's working days."""
        return calendar_for(self.subject.district_id)

    @cached_property
    def resolution(self) -> rules.Resolution:
        """Which law and method apply, and why."""
        return rules.resolve(self.subject.budget_fen, sources_of(self.subject), self.book)

    @cached_property
    def timetable(self) -> rules.Timetable:
        """All dates; before publication `deadline_at` is a wish."""
        return rules.timetable(self.at, self.book, self.calendar, self.subject.deadline_at)

    @cached_property
    def lines(self) -> tuple[LineUse, ...]:
        """The budget lines in use."""
        return _line_uses(self.subject)

    def of_section(self, section: str) -> list[rules.Finding]:
        """The findings of one section, what was typed and cannot be used among them."""
        found: list[rules.Finding] = _CHECKS[section](self)
        return found + [f for f in _of_typed(self.subject) if f.section == section]

    @cached_property
    def findings(self) -> tuple[rules.Finding, ...]:
        """All findings in the order of the sections."""
        return tuple(f for section in rules.SECTIONS for f in self.of_section(section))

    @property
    def blocking(self) -> list[rules.Finding]:
        """What must be mended first."""
        return rules.blocking(self.findings)


def sources_of(subject: Tender) -> set[str]:
    """Return the fund sources that pay for a tender (funding must be loaded)."""
    return {share.line.source for part in subject.lots for share in part.funding}


def _line_uses(subject: Tender) -> tuple[LineUse, ...]:
    """One statement for balances and for what other purchases of the category took from the same lines."""
    lines = {share.line_id: share.line for part in subject.lots for share in part.funding}
    others = (
        select(func.sum(LotFunding.amount_fen))
        .join(Lot, Lot.id == LotFunding.lot_id)
        .join(Tender, Tender.id == Lot.tender_id)
        .where(
            LotFunding.line_id == BudgetLine.id,
            Tender.id != subject.id,
            Tender.category == subject.category,
            Tender.method != Method.OPEN_TENDER.value,
            Tender.state.in_((TenderState.OPEN.value, TenderState.CLOSED.value)),
            Lot.state.not_in((LotState.FAILED.value, LotState.CANCELLED.value)),
        )
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(BudgetLine.id, Account.balance_fen, others)
        .outerjoin(Account, and_(Account.line_id == BudgetLine.id, Account.place == Place.UNSPENT.value))
        .where(BudgetLine.id.in_(list(lines)))
        .order_by(BudgetLine.id)
    )
    return tuple(LineUse(lines[line_id], unspent or 0, int(taken or 0)) for line_id, unspent, taken in rows)


def _of_basics(now: Situation) -> list[rules.Finding]:
    subject, found = now.subject, []
    if not subject.title.strip():
        found.append(rules.Finding("basics", N_("请填写项目名称。")))
    if not subject.requirement.strip():
        found.append(rules.Finding("basics", N_("请写明采购需求：服务对象、内容、数量和质量要求。")))
    deadline_on = beijing_day(now.timetable.deadline_at)
    found += rules.check_term(subject.starts_on, subject.ends_on, subject.term_conditions, deadline_on, now.book)
    text = "\n".join([subject.title, subject.requirement, *(part.title for part in subject.lots)])
    hits = [(hit.number, hit.title, hit.word) for hit in negative_hits(text, negatives())]
    return found + rules.check_negative(hits, subject.negative_note)


def _of_money(now: Situation) -> list[rules.Finding]:
    subject = now.subject
    found = rules.check_lots([(part.number, part.title, part.ceiling_fen) for part in subject.lots])
    wanted: dict[int, int] = {}
    for part in subject.lots:
        for share in part.funding:
            wanted[share.line_id] = wanted.get(share.line_id, 0) + share.amount_fen
    for use in now.lines:
        amount, taken = wanted[use.line.id], use.line.amount_fen - use.unspent_fen
        short = rules.short_of_budget_fen(use.line.amount_fen, taken, amount, now.book)
        sums = rules.splitting(use.line.title, (use.others_fen, amount), now.book)
        found += rules.check_budget(use.line.title, short) + rules.check_splitting(sums, subject.method)
    return found


def _of_timing(now: Situation) -> list[rules.Finding]:
    subject, start = now.subject, beijing_day(now.at)
    return [
        *rules.check_method(now.resolution, subject.method, subject.budget_fen),
        *rules.check_deadline(subject.deadline_at, now.at, now.book, now.calendar),
        *rules.check_deduction(subject.small_deduction_bp, now.book),
        *rules.check_intention(
            subject.intention_at, start, subject.intention_waiver, now.book, publishing=now.publishing
        ),
    ]


def _of_criteria(now: Situation) -> list[rules.Finding]:
    conditions = [q.title for q in now.subject.qualifications]
    lots = now.subject.lots
    return [f for part in lots for f in rules.check_criteria(part.criteria, conditions, now.book, _number(now, part))]


def _of_qualification(now: Situation) -> list[rules.Finding]:
    return rules.check_qualifications([q.title for q in now.subject.qualifications])


def _of_milestones(now: Situation) -> list[rules.Finding]:
    starts, ends = now.subject.starts_on, now.subject.ends_on
    lots = now.subject.lots
    return [f for part in lots for f in rules.check_milestones(part.milestones, starts, ends, _number(now, part))]


def _of_evaluation(now: Situation) -> list[rules.Finding]:
    lots = now.subject.lots
    return [f for part in lots for f in rules.check_terms(part.evaluation_terms, now.book, _number(now, part))]


def _number(now: Situation, part: Lot) -> int | None:
    return part.number if len(now.subject.lots) > 1 else None


_CHECKS = {
    "basics": _of_basics,
    "money": _of_money,
    "timing": _of_timing,
    "criteria": _of_criteria,
    "qualification": _of_qualification,
    "milestones": _of_milestones,
    "evaluation": _of_evaluation,
}


def _of_typed(subject: Tender) -> list[rules.Finding]:
    """Sections in which something was typed that cannot be used yet."""
    text = N_("有填写后未能采用的内容，请打开改正。")
    several = len(subject.lots) > 1
    found = []
    for key in subject.typed:
        name, _, number = key.partition(":")
        found.append(rules.Finding(name, text, lot=int(number) if number and several else None))
    return found


# --- one version of the content, for the approver's comparison -------------------------------------------------------


def version_of(subject: Tender) -> list[dict[str, Any]]:
    """Return the content as parts with lines (see `rules.differences`)."""
    deadline = subject.deadline_at.isoformat() if subject.deadline_at else ""
    parts: list[tuple[str, int | None, list[str]]] = [
        (N_("项目名称"), None, [subject.title]),
        (N_("采购需求"), None, subject.requirement.splitlines()),
        (N_("服务期"), None, [f"{subject.starts_on.isoformat()} / {subject.ends_on.isoformat()}"]),
        (N_("采购方式"), None, [subject.method]),
        (N_("递交截止"), None, [deadline] if deadline else []),
        (N_("小微企业价格扣除"), None, [format_bp(subject.small_deduction_bp)]),
        (N_("负面清单说明"), None, [subject.negative_note] if subject.negative_note else []),
        (N_("不公开采购意向的理由"), None, [subject.intention_waiver] if subject.intention_waiver else []),
        (N_("资格条件"), None, [f"{q.title}｜{q.evidence}" for q in subject.qualifications]),
    ]
    for part in subject.lots:
        parts += [(label, part.number, lines) for label, lines in _lot_lines(part)]
    return [{"label": label, "lot": number, "lines": lines} for label, number, lines in parts]


def _lot_lines(part: Lot) -> list[tuple[str, list[str]]]:
    terms = part.evaluation_terms
    return [
        (N_("采购包"), [part.title]),
        (
            N_("资金来源"),
            [
                f"{share.line.title}（{FUND_SOURCE_LABELS[FundSource(share.line.source)]}）"
                f"{format_yuan(share.amount_fen)}"
                for share in part.funding
            ],
        ),
        (N_("评审标准"), [f"{c.title}｜{format_centi(c.max_centi)}｜{c.guidance}" for c in part.criteria]),
        (
            N_("付款节点"),
            [
                f"{m.title}｜{format_bp(m.share_bp)}｜{MILESTONE_BASE_LABELS[MilestoneBase(m.base)]}｜"
                f"{m.due_on.isoformat()}｜{m.evidence}"
                for m in part.milestones
            ],
        ),
        (N_("评估权重"), [f"{name}｜{format_bp(bp)}" for name, bp in sorted(terms["weights_bp"].items())]),
        (
            N_("等级与兑付"),
            [f"{b['grade']}｜{format_centi(b['from_centi'])}｜{format_bp(b['share_bp'])}" for b in terms["bands"]],
        ),
        (
            N_("评估规则"),
            [f"min_mutual {terms['min_mutual']}", f"min_public {terms['min_public']}", f"{terms['renormalise']}"],
        ),
        (
            N_("评估指标"),
            [f"{i['title']}｜{i['target']}｜{format_centi(i['max_centi'])}" for i in terms["indicators"]],
        ),
    ]
