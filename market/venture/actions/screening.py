"""The formal check after the deadline: what the system finds, and the clerk's decision on each application."""

from __future__ import annotations

from datetime import date, datetime

from market.db.session import db
from market.kernel.clock import beijing_day
from market.kernel.errors import Refused
from market.kernel.permits import Actor, Permit
from market.kernel.rulebook import RuleSet
from market.kernel.text import N_
from market.records.moves import move
from market.venture import mail, parties
from market.venture.actions.applying import facts_of
from market.venture.actions.common import locked, locked_application
from market.venture.models import Application, Round
from market.venture.queries import applications_of, rules_of
from market.venture.rules.eligibility import Conditions, Finding, last_due_year, report_overdue, troubles
from market.venture.states import (
    APPLICATION_MACHINE,
    ROUND_MACHINE,
    ApplicationState,
    ApplicationVerb,
    RoundState,
    RoundVerb,
)


def findings(row: Round, rows: list[Application], at: datetime) -> dict[int, list[Finding]]:
    """Return what the system holds against each application, by id; what does not bar is for the clerk to weigh.

    Rows 26 (who supported another applicant, or runs the network's node), 62 (bars) and 78 (annual report).
    """
    rules, day = rules_of(row), beijing_day(row.deadline_at or at)
    support = parties.supported_by([one.organisation_id for one in rows], at)
    names = {one.organisation_id: one.organisation.name for one in rows}
    operators = parties.operators(row.district_id, row.street_id, at)
    found = {}
    for one in rows:
        facts = facts_of(one.applicant, one.organisation, operators)
        supported = tuple(sorted(names[who] for who in support.get(one.organisation_id, ())))
        facts = type(facts)(**{**vars(facts), "supported": supported})
        found[one.id] = [*troubles(facts, Conditions.from_data(row.conditions), day), *_report(one, rules, day)]
    return found


def _report(one: Application, rules: RuleSet, day: date) -> list[Finding]:
    last_day = str(rules["provider.annual_report_registrar"])
    year = last_due_year(day, last_day)
    typed = one.content.get("report_filed_on")
    filed = date.fromisoformat(typed) if typed else None
    if not report_overdue(year, filed, day, last_day):
        return []
    text = N_("%(year)s 年度年检报告没有在规定期限内报送，请核实。")
    return [Finding("report", text, {"year": str(year)}, bars=False)]


def screen_application(actor: Actor, application_id: int, admitted: bool, reason: str, at: datetime) -> Application:
    """Admit or reject one application; a rejection needs its reason, and what bars cannot be admitted."""
    one = locked_application(application_id)
    row = locked(actor, Permit.ROUND_DRAFT, one.round_id, RoundState.SCREENING)
    rows = applications_of(row.id)
    held = findings(row, rows, at)[one.id]
    barring = [finding for finding in held if finding.bars]
    if admitted and barring:
        raise Refused(barring[0].text, **dict(barring[0].params))
    if not admitted and not reason.strip():
        raise Refused(N_("请写明不予通过的理由，申报单位会看到。"), field="reason")
    one.findings, one.reason = [finding.as_data() for finding in held], reason.strip()
    verb = ApplicationVerb.ADMIT if admitted else ApplicationVerb.REJECT
    move(one, APPLICATION_MACHINE, verb, actor, at, facts={"findings": [f.code for f in held]})
    return one


def finish_screening(actor: Actor, round_id: int, at: datetime) -> int:
    """End the formal check; returns how many applications go to the jury. Applicants are told now, all at once.

    Raises Refused while one is undecided, or when nothing is left to judge (then the round is called off).
    """
    row = locked(actor, Permit.ROUND_DRAFT, round_id, RoundState.SCREENING)
    rows = applications_of(row.id)
    waiting = sum(one.state == ApplicationState.SUBMITTED for one in rows)
    if waiting:
        raise Refused(N_("还有 %(count)d 份申报没有审查。"), count=waiting)
    admitted = [one for one in rows if one.state == ApplicationState.ADMITTED]
    if not admitted:
        raise Refused(N_("没有通过审查的申报，请由审核人取消本轮。"))
    facts = {"admitted": len(admitted), "rejected": len(rows) - len(admitted)}
    move(row, ROUND_MACHINE, RoundVerb.SCREEN, actor, at, facts=facts)
    for one in rows:
        mail.tell_screened(row, one, one.state == ApplicationState.ADMITTED, at)
    db.session.flush()
    return len(admitted)
