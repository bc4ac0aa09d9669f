"""Drafting, proposing and closing a street's yearly fund; closing brings the money into the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from market.budgets.models import BudgetLine, FundYear
from market.budgets.notices import budget_data
from market.budgets.queries import content_digest, fund_year, previous_total_fen
from market.budgets.rules import Finding, check_floor, check_growth, head_allowed
from market.budgets.states import FUND_YEAR_MACHINE, FundSource, FundYearState, FundYearVerb
from market.db.session import db
from market.kernel.clock import beijing_day
from market.kernel.errors import NotFound, Refused
from market.kernel.permits import Actor, Permit, Scope, require
from market.kernel.rulebook import RuleSet
from market.kernel.seen import require_seen
from market.kernel.text import N_
from market.ledger.actions import book, open_accounts
from market.ledger.states import Reason
from market.people.queries import holders
from market.places.models import Street
from market.places.queries import rules_for
from market.records.audit import record, require_other_hands
from market.records.messages import tell
from market.records.moves import move
from market.records.notices import post


@dataclass(frozen=True)
class LineFacts:
    """One line as typed."""

    source: FundSource
    category: str
    title: str
    amount_fen: int
    donor_purpose: str = ""


def open_year(actor: Actor, street: Street, year: int, previous_fen: int | None, at: datetime) -> FundYear:
    """Begin the plan of a street for a year. Raises Refused when there is one already."""
    require(actor, Permit.BUDGET_DRAFT, street.scope)
    if db.session.scalar(select(FundYear.id).filter_by(street_id=street.id, year=year)) is not None:
        raise Refused(N_("%(year)s 年的资金计划已经存在，请直接打开修改。"), field="year", year=year)
    row = FundYear(
        street_id=street.id,
        district_id=street.district_id,
        year=year,
        state=FundYearState.DRAFT.value,
        previous_total_fen=previous_fen,
        note="",
        created_at=at,
    )
    db.session.add(row)
    db.session.flush()
    record(row.subject, "open", actor, at, permit=Permit.BUDGET_DRAFT, facts={"year": year})
    return row


def set_previous_total(actor: Actor, year_id: int, previous_fen: int | None, at: datetime) -> None:
    """Write down last year's total where it was not kept here; the growth check compares with it."""
    row = _draft(actor, year_id)
    row.previous_total_fen = previous_fen
    facts = {"previous_total_fen": previous_fen}
    record(row.subject, "set_previous_total", actor, at, permit=Permit.BUDGET_DRAFT, facts=facts)


def _loaded(year_id: int) -> FundYear:
    row = fund_year(year_id, locked=True)
    if row is None:
        raise NotFound(N_("没有找到您要的内容，链接可能已失效。"))
    return row


def _draft(actor: Actor, year_id: int) -> FundYear:
    row = _loaded(year_id)
    require(actor, Permit.BUDGET_DRAFT, row.subject.scope)
    if row.state != FundYearState.DRAFT:
        raise Refused(N_("资金计划已报出，不能再改；如需修改请先由区级退回。"))
    return row


def add_line(actor: Actor, year_id: int, facts: LineFacts, at: datetime) -> BudgetLine:
    """Add a line to a draft. Raises Refused when the source may not pay for the category (row 74)."""
    row = _draft(actor, year_id)
    rules = rules_for(row.street.district, "any", beijing_day(at))
    allowed, barred = (rules[f"fund.{facts.source.value}.{kind}_heads"] for kind in ("allowed", "barred"))
    if not head_allowed(facts.category, allowed, barred):
        raise Refused(N_("这一资金来源不能用于所选服务类别，请改选来源或类别。"), field="source")
    if facts.source is FundSource.DONATION and not facts.donor_purpose.strip():
        raise Refused(N_("社会捐赠须写明捐赠协议约定的用途。"), field="donor_purpose")
    line = BudgetLine(
        fund_year_id=row.id,
        source=facts.source.value,
        category=facts.category,
        title=facts.title.strip(),
        amount_fen=facts.amount_fen,
        donor_purpose=facts.donor_purpose.strip(),
    )
    db.session.add(line)
    db.session.flush()
    record(
        row.subject,
        "add_line",
        actor,
        at,
        permit=Permit.BUDGET_DRAFT,
        facts={"line": line.id, "source": line.source, "category": line.category, "amount_fen": line.amount_fen},
    )
    return line


def remove_line(actor: Actor, year_id: int, line_id: int, at: datetime) -> None:
    """Take a line out of a draft."""
    row = _draft(actor, year_id)
    line = next((x for x in row.lines if x.id == line_id), None)
    if line is None:
        raise NotFound(N_("没有找到您要的内容，链接可能已失效。"))
    db.session.delete(line)
    record(row.subject, "remove_line", actor, at, permit=Permit.BUDGET_DRAFT, facts={"line": line_id})


def last_year_fen(row: FundYear) -> tuple[int | None, bool]:
    """Return last year's total and whether it was approved here; what was typed counts only where it was not."""
    kept = previous_total_fen(row.street_id, row.year)
    return (kept, True) if kept is not None else (row.previous_total_fen, False)


def findings(row: FundYear, rules: RuleSet, previous_fen: int | None) -> list[Finding]:
    """Return the checks of a plan (street and lines loaded) by the rules of its district."""
    total = sum(x.amount_fen for x in row.lines)
    return [
        check_floor(total, rules["budget.street_floor_fen"]),
        check_growth(total, previous_fen, rules["budget.growth_min_bp"]),
    ]


def _checked(row: FundYear, at: datetime) -> list[Finding]:
    return findings(row, rules_for(row.street.district, "any", beijing_day(at)), last_year_fen(row)[0])


def _stop_at(checks: Sequence[Finding]) -> None:
    for check in checks:
        if check.blocks and not check.ok:
            raise Refused(check.message, field=None, **dict(check.params))


def propose(actor: Actor, year_id: int, at: datetime) -> None:
    """Hand the plan to the district. Raises Refused below the floor or without a line."""
    row = _draft(actor, year_id)
    if not row.lines:
        raise Refused(N_("还没有资金明细，请先添加。"))
    _stop_at(_checked(row, at))
    move(row, FUND_YEAR_MACHINE, FundYearVerb.PROPOSE, actor, at)
    tell(
        holders(Permit.BUDGET_APPROVE, Scope(row.district_id)),
        N_("资金计划待批复：%(street)s %(year)s 年"),
        N_("%(street)s 报送了 %(year)s 年购买服务资金计划，请批复或退回。"),
        f"/budgets/{row.id}",
        at,
        {"street": row.street.name, "year": row.year},
    )


def send_back(actor: Actor, year_id: int, reason: str, at: datetime) -> None:
    """Return a plan to the street with a reason."""
    row = _loaded(year_id)
    row.note = reason.strip()
    move(row, FUND_YEAR_MACHINE, FundYearVerb.RETURN, actor, at, facts={"reason": row.note})
    _tell_street(row, N_("资金计划被退回"), N_("%(street)s %(year)s 年资金计划被退回，请按意见修改。"), at)


def close_year(actor: Actor, year_id: int, at: datetime, *, seen: str | None = None) -> None:
    """Approve and close a plan: every line is appropriated, and the year is published.

    `seen` is the `content_digest` of what the page showed; whoever acts without a page leaves it out. Raises Refused
    when the plan says something else by now or is below the floor (row 9), Forbidden for the person who drafted it.
    """
    row = _loaded(year_id)
    require_other_hands(actor, Permit.BUDGET_APPROVE, "fund_year", row.id)
    FUND_YEAR_MACHINE.step(row.state, FundYearVerb.CLOSE)
    require_seen(seen, content_digest(row))
    _stop_at(_checked(row, at))
    row.closed_at = at
    move(row, FUND_YEAR_MACHINE, FundYearVerb.CLOSE, actor, at)
    for line in row.lines:
        open_accounts(line.id)
        book(Reason.APPROPRIATE, line.id, line.amount_fen, f"appropriate:{line.id}", ("fund_year", row.id), None, at)
    post(
        "budget",
        f"{row.street.code}-{row.year}",
        f"{row.street.office}{row.year}年购买社会服务资金计划",  # zh-only
        budget_data(row),
        row.subject.chain,
        row.subject.scope,
        actor,
        at,
    )
    # Purchases draw on the money of the running year alone.
    if row.year > beijing_day(at).year:
        told = N_("%(street)s %(year)s 年资金计划已批复下达，%(year)s 年起可用于采购。")
    else:
        told = N_("%(street)s %(year)s 年资金计划已批复下达，可以开始采购。")
    _tell_street(row, N_("资金计划已批复"), told, at)


def _tell_street(row: FundYear, title: str, text: str, at: datetime) -> None:
    people = holders(Permit.BUDGET_DRAFT, row.subject.scope)
    tell(people, title, text, f"/budgets/{row.id}", at, {"street": row.street.name, "year": row.year})
