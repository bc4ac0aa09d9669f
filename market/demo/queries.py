"""The next instants at which something falls due, for the clock's second button."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select

from contracts.outcomes.models import Evaluation
from contracts.outcomes.states import EvaluationState
from market.awards.models import Award
from market.awards.states import AwardState
from market.challenges.models import Challenge
from market.challenges.states import ChallengeState
from market.db.session import db
from market.evaluation.models import PriceInquiry
from market.kernel.clock import end_of_day
from market.tenders.models import Tender
from market.tenders.states import TenderState
from market.venture.models import Round
from market.venture.states import RoundState

# A deadline is over a little after it: opening waits for a minute.
_AFTER = timedelta(seconds=61)


def next_deadline(at: datetime) -> datetime | None:
    """Return the instant just after the next deadline of any purchase, or None when nothing runs."""
    instants = (
        (Tender.deadline_at, Tender.state == TenderState.OPEN),
        (PriceInquiry.until, PriceInquiry.decided_at.is_(None)),
        (Award.publicity_until, Award.state == AwardState.ACTIVE),
        (Award.publicity_until, Award.state == AwardState.PENDING),
        (Round.deadline_at, Round.state == RoundState.OPEN),
        (Round.vote_until, Round.state == RoundState.JURY),
        (Award.challenge_until, Award.state == AwardState.ACTIVE),
        (Evaluation.collect_until, Evaluation.state == EvaluationState.COLLECTING),
    )
    found = [db.session.scalar(select(func.min(column)).where(column > at, rule)) for column, rule in instants]
    reply_by = db.session.scalar(select(func.min(Challenge.reply_by)).where(Challenge.state == ChallengeState.FILED))
    if reply_by is not None and end_of_day(reply_by) > at:
        found.append(end_of_day(reply_by))
    return min((one for one in found if one is not None), default=None)


def after(deadline: datetime) -> datetime:
    """Return the instant to which the clock moves for a deadline."""
    return deadline + _AFTER
