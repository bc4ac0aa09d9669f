"""Proposed awards for tests: money reserved, the notice running, a district officer who answers objections.

deal = proposed()                     # published on 7 April 2026, public until the end of 14 April
row = objected(deal); answered(deal, row, upheld=False)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from market.awards import actions
from market.awards.actions import Proposal
from market.awards.models import Award, Objection
from market.kernel.clock import instant
from market.kernel.permits import Actor, Role, Scope
from tests.factories.agreements import NOTICED, RESERVED, Deal, ground
from tests.factories.budgets import holder
from tests.factories.people import person
from tests.factories.tenders import national_calendar
from tests.fixtures.ground import replayed

KIND = "project"
UNTIL = instant(NOTICED.date() + timedelta(days=8))
DURING = NOTICED + timedelta(days=1)


@dataclass
class Proposed(Deal):
    """A deal whose award is public and not yet confirmed."""

    officer: Actor

    @property
    def approve(self) -> Actor:
        """Who proposes and confirms."""
        return self.buyer


@replayed
def proposed(*, at: datetime = NOTICED, notice_working_days: int = 5, **changes: Any) -> Proposed:
    """A proposed award with its money reserved."""
    street, team, lines, terms, file = ground(None, RESERVED, KIND, at, **changes)
    national_calendar()
    approver = person(Role.STREET_APPROVER, street.scope, name="周正")
    deal = Proposed(
        street,
        team,
        holder(Role.STREET_CLERK, street.scope, "经办人"),
        approver,
        lines,
        file,
        None,  # type: ignore[arg-type]  # comes with the next line
        terms,
        holder(Role.DISTRICT_CIVIL, Scope(street.district_id), "区民政"),
    )
    proposal = Proposal(
        subject=(KIND, file.id),
        file_id=file.id,
        scope=street.scope,
        organisation_id=team.id,
        title=terms.title,
        rank=1,
        reason="得分最高",
        terms=terms,
        notice_working_days=notice_working_days,
        sign_days=30,
        publication={"award": {"linliScore": 8_870}, "tender": {"id": file.ocid, "title": terms.title}},
    )
    deal.award = actions.propose_award(deal.approve, proposal, at)
    return deal


def objected(deal: Proposed, at: datetime = DURING, text: str = "该机构去年服务记录造假。") -> Objection:
    """Somebody without an account objects."""
    return actions.object_to_award(deal.award.id, "王某某", "13900000000", text, at)


def answered(deal: Proposed, row: Objection, *, upheld: bool, at: datetime = DURING) -> Objection:
    """The district answers."""
    reply = "经核查，异议成立。" if upheld else "经核查，服务记录真实。"
    return actions.answer_objection(deal.officer, row.id, upheld, reply, at)


def confirmed(deal: Proposed, at: datetime = UNTIL) -> Award:
    """Confirmed after the notice."""
    return actions.confirm_award(deal.approve, deal.award.id, at)
