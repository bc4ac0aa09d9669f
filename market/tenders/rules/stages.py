"""Where a tender stands at an instant, whatever a timer has written down so far."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Protocol

from market.kernel.clock import is_before
from market.kernel.rulebook import RuleSet
from market.kernel.text import N_


class Stage(StrEnum):
    """A tender as it is at an instant: its state, and whether the deadline has come."""

    DRAFT = "draft"
    REVIEW = "review"
    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"


STAGE_LABELS = {
    Stage.DRAFT: N_("编制中"),
    Stage.REVIEW: N_("待审核"),
    Stage.OPEN: N_("公告中"),
    Stage.CLOSED: N_("已截止"),
    Stage.CANCELLED: N_("已取消"),
}


class Staged(Protocol):
    """What `stage` asks of a tender."""

    @property
    def state(self) -> str: ...

    @property
    def deadline_at(self) -> datetime | None: ...


def stage(tender: Staged, at: datetime) -> Stage:
    """Return the stage at `at`: an open tender is closed from its deadline on. `queries.stage_sql` says the same."""
    found = Stage(tender.state)
    if found is Stage.OPEN and tender.deadline_at is not None and not is_before(at, tender.deadline_at):
        return Stage.CLOSED
    return found


def is_open(tender: Staged, at: datetime) -> bool:
    """True while bids are accepted: published and strictly before the deadline."""
    return stage(tender, at) is Stage.OPEN


def enough_bidders(count: int, rules: RuleSet) -> bool:
    """True when the number of bids reaches the minimum (采购法 art. 36, row 19; row 20 for consultation)."""
    return count >= int(rules["tender.min_bidders"])
