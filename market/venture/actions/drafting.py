"""Writing a round: its first lines, everything on one page, the way to a second officer and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete

from market.budgets.models import BudgetLine
from market.budgets.queries import lines_for
from market.db.session import db
from market.kernel.clock import beijing_day
from market.kernel.errors import NotFound, Refused
from market.kernel.permits import Actor, Permit, require
from market.kernel.rulebook import RuleSet
from market.kernel.text import N_
from market.kernel.uscc import ProviderType
from market.kernel.workdays import add_months
from market.places.models import Street
from market.places.queries import calendar_for, rules_for
from market.places.queries import street as find_street
from market.records.audit import record
from market.records.moves import move
from market.records.purchases import open_file
from market.venture import mail
from market.venture.actions.common import GONE, locked
from market.venture.models import Round, RoundFunding
from market.venture.queries import field_names, round_by_token, sources
from market.venture.rules.content import CRITERIA
from market.venture.rules.eligibility import Conditions
from market.venture.rules.timetable import Timetable, Trouble, draft_troubles, timetable
from market.venture.states import ROUND_MACHINE, RoundRegime, RoundState, RoundVerb

KINDS = (ProviderType.SOCIAL_GROUP, ProviderType.SERVICE_AGENCY, ProviderType.FOUNDATION)
_MONTHS_BEFORE, _MONTHS_LONG = 3, 10


@dataclass(frozen=True)
class RoundFacts:
    """A round as typed. `funding`: fen by budget line."""

    title: str
    purpose: str
    themes: Sequence[Mapping[str, Any]]
    conditions: Conditions
    project_cap_fen: int
    own_min_bp: int
    projects_most: int
    criteria: Sequence[Mapping[str, Any]]
    starts_on: date
    ends_on: date
    apply_days: int
    funding: Mapping[int, int]


def create_round(
    actor: Actor, street_id: int, regime: RoundRegime, title: str, at: datetime, *, form_token: str | None = None
) -> Round:
    """Begin a draft with the regime's usual values; a second press of the same button returns the first one's."""
    street = find_street(street_id)
    if street is None:
        raise NotFound(GONE)
    require(actor, Permit.ROUND_DRAFT, street.scope)
    if form_token and (made := round_by_token(form_token, actor.user_id)):
        return made
    rules = rules_for(street.district, regime.value, beijing_day(at))
    starts = add_months(beijing_day(at).replace(day=1), _MONTHS_BEFORE)
    file = open_file(street.district_id, street.id, street.code, regime.value, title.strip(), at)
    row = Round(
        file_id=file.id,
        district_id=street.district_id,
        street_id=street.id,
        regime=regime.value,
        title=title.strip(),
        purpose="",
        themes=[],
        conditions=Conditions(tuple(kind.value for kind in KINDS)).as_data(),
        project_cap_fen=int(rules["round.grant_cap_fen"]),
        own_min_bp=0,
        projects_most=0,
        criteria=[
            {"id": n, "title": name, "guidance": text, "max_centi": points}
            for n, (name, text, points) in enumerate(CRITERIA, 1)
        ],
        starts_on=starts,
        ends_on=add_months(starts, _MONTHS_LONG),
        apply_days=int(rules["round.apply_days_min"]),
        state=RoundState.DRAFT.value,
        reason="",
        rules=None,
        rules_digest="",
        calendar_version="",
        provisional=False,
        codes_made=0,
        portfolio={},
        departure="",
        created_by=actor.user_id,
        created_at=at,
        form_token=form_token,
        file=file,
        street=street,
        funding=[],
    )
    db.session.add(row)
    db.session.flush()
    record(row.subject, "open", actor, at, permit=Permit.ROUND_DRAFT, facts={"regime": regime.value})
    return row


def save_round(actor: Actor, round_id: int, facts: RoundFacts, at: datetime) -> Round:
    """Save everything on the page. Raises Refused for money of another street or year, or more than is unspent."""
    row = locked(actor, Permit.ROUND_DRAFT, round_id, RoundState.DRAFT)
    if facts.ends_on <= facts.starts_on:
        raise Refused(N_("项目结束日期须在开始日期之后。"), field="ends_on")
    cap = int(rules_at(row.street, row.regime, at)["round.grant_cap_fen"])
    if not 0 < facts.project_cap_fen <= cap:
        raise Refused(N_("单个项目上限不能超过规定的上限。"), field="project_cap")
    _check_funding(row, facts.funding, at)
    row.title, row.purpose = facts.title.strip(), facts.purpose.strip()
    row.themes = [dict(one) for one in facts.themes]
    row.conditions = facts.conditions.as_data()
    row.project_cap_fen, row.own_min_bp = facts.project_cap_fen, facts.own_min_bp
    row.projects_most = facts.projects_most
    row.criteria = [dict(one) for one in facts.criteria]
    row.starts_on, row.ends_on, row.apply_days = facts.starts_on, facts.ends_on, facts.apply_days
    db.session.execute(delete(RoundFunding).where(RoundFunding.round_id == row.id))
    db.session.expire(row, ["funding"])
    db.session.add_all(
        RoundFunding(round_id=row.id, line_id=line, amount_fen=fen) for line, fen in facts.funding.items() if fen
    )
    db.session.flush()
    private = {"title": row.title, "funding": {str(line): fen for line, fen in facts.funding.items()}}
    record(row.subject, "save", actor, at, permit=Permit.ROUND_DRAFT, private=private)
    return row


def _check_funding(row: Round, funding: Mapping[int, int], at: datetime) -> None:
    left: dict[int, tuple[BudgetLine, int]] = {
        line.id: (line, unspent) for line, unspent in lines_for(row.street_id, beijing_day(at).year)
    }
    for line_id, fen in funding.items():
        if line_id not in left:
            raise Refused(N_("所选资金明细不属于本街道本年度的资金计划。"), field=f"line-{line_id}")
        if fen > left[line_id][1]:
            raise Refused(N_("“%(title)s”未使用的资金不足。"), field=f"line-{line_id}", title=left[line_id][0].title)


def rules_at(street: Street, regime: str, at: datetime) -> RuleSet:
    """Return the rules a round published at `at` would be judged by."""
    return rules_for(street.district, regime, beijing_day(at))


@dataclass(frozen=True)
class Situation:
    """A draft as it would be published at an instant: rules, dates, what must be mended."""

    rules: RuleSet
    table: Timetable
    troubles: Sequence[Trouble]


def situation(row: Round, at: datetime) -> Situation:
    """Look at a draft as if it were published at `at`; funding must be loaded."""
    rules = rules_at(row.street, row.regime, at)
    table = timetable(at, row.apply_days, (row.starts_on, row.ends_on), rules, calendar_for(row.district_id))
    troubles = draft_troubles(
        row.themes,
        sources(row, rules),
        row.criteria,
        row.conditions["kinds"],
        row.apply_days,
        (row.starts_on, row.ends_on),
        beijing_day(table.deadline_at),
        rules,
        field_names(),
    )
    if not row.purpose:
        troubles = [Trouble(N_("请写明本轮的目的和要求。")), *troubles]
    return Situation(rules, table, troubles)


def submit_round(actor: Actor, round_id: int, at: datetime) -> Round:
    """Hand a finished draft to a second officer. Raises Refused naming the first thing that is missing."""
    row = locked(actor, Permit.ROUND_DRAFT, round_id, RoundState.DRAFT)
    refuse(situation(row, at).troubles)
    row.reason = ""
    move(row, ROUND_MACHINE, RoundVerb.SUBMIT, actor, at)
    mail.tell_approvers(row, at, but=actor.user_id)
    return row


def refuse(troubles: Sequence[Trouble]) -> None:
    """Raise Refused with the first thing to be mended; the page lists them all."""
    if troubles:
        raise Refused(troubles[0].text, field=None, **dict(troubles[0].params))


def return_round(actor: Actor, round_id: int, reason: str, at: datetime) -> Round:
    """Give a draft back with the reason."""
    row = locked(actor, Permit.ROUND_APPROVE, round_id, RoundState.REVIEW)
    if not reason.strip():
        raise Refused(N_("请写明退回的理由，经办人才知道改什么。"), field="reason")
    row.reason = reason.strip()
    move(row, ROUND_MACHINE, RoundVerb.RETURN, actor, at, private={"reason": row.reason})
    mail.tell_writer(row, row.reason, at)
    return row
