"""Reads of tenders: whole rows with everything a page needs, lists by key, and the situation of a draft."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, false, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from market.budgets.models import BudgetLine
from market.budgets.states import FUND_SOURCE_LABELS, FundSource
from market.catalogue.queries import negatives
from market.catalogue.rules import negative_hits
from market.db.session import db
from market.kernel.clock import beijing_day
from market.kernel.money import format_bp, format_centi, format_yuan
from market.kernel.permits import Actor, Permit
from market.kernel.rulebook import RuleSet
from market.kernel.text import N_
from market.kernel.workdays import Calendar
from market.ledger.models import Account
from market.ledger.states import Place
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
        lots.selectinload(Lot.funding).joinedload(LotFunding.line),
    )


def tender(tender_id: int, *, locked: bool = False) -> Tender | None:
    """Return a tender with file, item, street, lots (criteria, milestones, funding with lines) and conditions."""
    query = _whole(select(Tender).where(Tender.id == tender_id))
    if locked:
        query = query.with_for_update(of=Tender).execution_options(populate_existing=True)
    found: Tender | None = db.session.execute(query).unique().scalar_one_or_none()
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


# --- the situation of a draft ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LineUse:
    """A budget line under this tender: what is unspent, what other non-tender purchases of the year took, in fen."""

    line: BudgetLine
    unspent_fen: int
    others_fen: int


@dataclass(frozen=True)
class Situation:
    """Everything the law and the money say about a draft at an instant."""

    book: RuleSet
    calendar: Calendar
    resolution: rules.Resolution
    timetable: rules.Timetable
    lines: tuple[LineUse, ...]
    findings: tuple[rules.Finding, ...]

    @property
    def blocking(self) -> list[rules.Finding]:
        """What must be mended first."""
        return rules.blocking(self.findings)

    def of_section(self, section: str) -> list[rules.Finding]:
        """The findings of one part of the draft."""
        return [f for f in self.findings if f.section == section]


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


def situation(subject: Tender, at: datetime, *, publishing: bool = False) -> Situation:
    """Check a draft (loaded whole) against rules, calendar and money as of `at`, as if its notice went out then."""
    book = rules_for(subject.street.district, subject.method, beijing_day(at))
    calendar = calendar_for(subject.district_id)
    resolution = rules.resolve(subject.budget_fen, sources_of(subject), book)
    table = rules.timetable(at, book, calendar, subject.deadline_at)
    uses = _line_uses(subject)
    findings = [
        *_of_basics(subject, table, book),
        *_of_money(subject, uses, book),
        *rules.check_method(resolution, subject.method, subject.budget_fen),
        *rules.check_deadline(subject.deadline_at, at, book, calendar),
        *rules.check_deduction(subject.small_deduction_bp, book),
        *rules.check_intention(
            subject.intention_at, beijing_day(at), subject.intention_waiver, book, publishing=publishing
        ),
        *rules.check_qualifications([q.title for q in subject.qualifications]),
        *_of_lots(subject, book),
        *_of_typed(subject),
    ]
    return Situation(book, calendar, resolution, table, uses, tuple(findings))


def _of_basics(subject: Tender, table: rules.Timetable, book: RuleSet) -> list[rules.Finding]:
    found = []
    if not subject.title.strip():
        found.append(rules.Finding("basics", N_("请填写项目名称。")))
    if not subject.requirement.strip():
        found.append(rules.Finding("basics", N_("请写明采购需求：服务对象、内容、数量和质量要求。")))
    found += rules.check_term(
        subject.starts_on, subject.ends_on, subject.term_conditions, beijing_day(table.deadline_at), book
    )
    text = "\n".join([subject.title, subject.requirement, *(part.title for part in subject.lots)])
    hits = [(hit.number, hit.title, hit.word) for hit in negative_hits(text, negatives())]
    return found + rules.check_negative(hits, subject.negative_note)


def _of_money(subject: Tender, uses: Iterable[LineUse], book: RuleSet) -> list[rules.Finding]:
    found = rules.check_lots([(part.number, part.title, part.ceiling_fen) for part in subject.lots])
    wanted: dict[int, int] = {}
    for part in subject.lots:
        for share in part.funding:
            wanted[share.line_id] = wanted.get(share.line_id, 0) + share.amount_fen
    for use in uses:
        amount = wanted[use.line.id]
        taken = use.line.amount_fen - use.unspent_fen
        found += rules.check_budget(use.line.title, rules.short_of_budget_fen(use.line.amount_fen, taken, amount, book))
        found += rules.check_splitting(rules.splitting(use.line.title, (use.others_fen, amount), book), subject.method)
        if use.line.category != subject.category:
            text = N_("预算项“%(line)s”不属于本项目的服务类别，不能用于本项目。")
            found.append(rules.Finding("money", text, {"line": use.line.title}))
    return found


def _of_lots(subject: Tender, book: RuleSet) -> list[rules.Finding]:
    conditions = [q.title for q in subject.qualifications]
    found: list[rules.Finding] = []
    for part in subject.lots:
        number = part.number if len(subject.lots) > 1 else None
        found += rules.check_criteria(part.criteria, conditions, book, number)
        found += rules.check_milestones(part.milestones, subject.starts_on, subject.ends_on, number)
        found += rules.check_terms(part.evaluation_terms, book, number)
    return found


def _of_typed(subject: Tender) -> list[rules.Finding]:
    """Sections in which something was typed that cannot be used yet."""
    text = N_("有填写后未能采用的内容，请打开改正。")
    parts = {key.partition(":")[0]: int(key.partition(":")[2] or 0) for key in subject.typed}
    several = len(subject.lots) > 1
    return [rules.Finding(name, text, lot=(number or None) if several else None) for name, number in parts.items()]


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
