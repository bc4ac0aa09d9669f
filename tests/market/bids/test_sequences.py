"""Whatever an organisation does in whatever order: nothing counts at or after the deadline, and one bid at most."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from market.bids import actions, queries
from market.bids.rules import TooLate
from market.db.session import db
from market.kernel.errors import Refused
from tests.factories import bids
from tests.factories.organisations import Team

# Each step: what is tried, and how far the clock moves before it.
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["submit", "withdraw", "late seal", "discard"]),
        st.sampled_from([0, 1, 59, 600, 3600]),
    ),
    min_size=1,
    max_size=8,
)


class Ledger:
    """What ought to be true, reckoned beside the product: the bids accepted, and the one that counts."""

    def __init__(self) -> None:
        self.accepted: list[int] = []
        self.live: int | None = None

    def accept(self, bid_id: int) -> None:
        self.accepted.append(bid_id)
        self.live = bid_id


def step(case: bids.Case, team: Team, verb: str, at: datetime, ledger: Ledger) -> None:
    """One deed; after the deadline it must be refused and change nothing."""
    signatory, late = bids.signatory(team), at >= case.deadline
    try:
        if verb == "withdraw":
            actions.withdraw_bid(signatory, case.lot_id, team.id, at)
            assert not late
            assert ledger.live is not None
            ledger.live = None
        elif verb == "discard":
            actions.discard_draft(signatory, case.lot_id, team.id, at)
        else:
            if not late:
                bids.fill(case, team, at=at)
            sealed = actions.seal_bid(signatory, case.lot_id, team.id, bids.token(), at)
            # A seal made in time is worth nothing once the request itself is dated at the deadline.
            received = case.deadline if verb == "late seal" else at
            ledger.accept(actions.hand_in(signatory, sealed, received))
            assert not late
            assert verb != "late seal"
    except TooLate:
        assert late or verb == "late seal"
    except Refused:
        assert late or verb in {"withdraw", "discard"}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def _sequence(case: bids.Case, steps: list[tuple[str, int]]) -> None:
    team, ledger = bids.bidder(), Ledger()
    at = case.deadline - timedelta(hours=2)
    for verb, seconds in steps:
        at += timedelta(seconds=seconds)
        with db.session.begin_nested():
            step(case, team, verb, at, ledger)
        found = queries.my_bid(case.lot_id, team.id)
        assert (found.id if found else None) == ledger.live
        rows = queries.submissions(case.lot_id, team.id)
        assert [row.bid.id for row in reversed(rows)] == ledger.accepted
        assert all(row.bid.received_at < case.deadline for row in rows)
        assert sum(row.live for row in rows) == (ledger.live is not None)


def test_no_order_of_deeds_gets_a_bid_in_at_or_after_the_deadline(session: Any) -> None:
    case = bids.sealed_lot()
    case.teams.append(bids.bidder())
    _sequence(case)
