"""A person's growth record: one picture for the page and for the document."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from market.kernel.canonical import plain
from market.kernel.rulebook import Regime
from market.places.models import District
from market.places.queries import rules_for
from market.workers.models import Certificate, Employment, LearningEntry, Posting, SocialWorker, SupervisionEntry
from market.workers.queries.deeds import (
    as_entries,
    employments_of,
    learning_of,
    postings_of,
    supervision_given,
    supervisions_of,
)
from market.workers.queries.people import current
from market.workers.rules import Learning, Span, learning, peak_centi
from market.workers.states import Level, PostingState


@dataclass(frozen=True)
class Growth:
    """Everything the growth record card tells of one person."""

    worker: SocialWorker
    certificate: Certificate | None
    learning: Learning | None
    employments: list[tuple[Employment, str]]
    entries: list[LearningEntry]
    supervisions: list[tuple[SupervisionEntry, str]]
    supervised_times: int
    supervised_centi: int
    postings: list[Posting]
    weekly_centi: int

    @property
    def supervision_centi(self) -> int:
        """Hours of supervision received, in hundredths."""
        return sum(row.hours_centi for row, _ in self.supervisions)

    def as_data(self) -> dict[str, Any]:
        """The record as plain JSON, to be frozen in a card."""
        learnt = self.learning
        data: dict[str, Any] = {
            "name": self.worker.name,
            "tier": self.worker.tier,
            "employments": [
                {"organisation": name, "from_on": row.from_on, "until_on": row.until_on}
                for row, name in self.employments
            ],
            "certificates": [
                {name: getattr(one, name) for name in ("level", "number", "registered_on", "valid_until", "state")}
                for one in self.worker.certificates
            ],
            "learning": None
            if learnt is None
            else {"done_centi": learnt.done_centi, "needed_centi": learnt.needed_centi, "until": learnt.until},
            "entries": [
                {name: getattr(one, name) for name in ("day", "kind", "title", "provider", "hours_centi")}
                for one in self.entries
            ],
            "supervisions": [
                {
                    "day": row.day,
                    "mode": row.mode,
                    "hours_centi": row.hours_centi,
                    "supervisor": name,
                    "topic": row.topic,
                }
                for row, name in self.supervisions
            ],
            "supervised_times": self.supervised_times,
            "supervised_centi": self.supervised_centi,
            "postings": [
                {name: getattr(one, name) for name in ("title", "weekly_centi", "starts_on", "ends_on", "ended_on")}
                for one in self.postings
            ],
        }
        return dict(plain(data))


def growth(row: SocialWorker, district: District, day: date) -> Growth:
    """Return a person's growth record on a day; certificates are loaded. Six statements at most."""
    holding = current(row.certificates, day)
    entries = learning_of([row.id])[row.id]
    learnt = None
    if holding is not None:
        rules = rules_for(district, Regime.ANY, day)
        level = Level(holding.level)
        learnt = learning(level, holding.registered_on, holding.valid_until, as_entries(entries), rules)
    times, centi = supervision_given(row.id)
    postings = postings_of(row.id)
    running = [Span(p.starts_on, p.ends_on, p.weekly_centi) for p in postings if p.state == PostingState.RUNNING]
    return Growth(
        worker=row,
        certificate=holding,
        learning=learnt,
        employments=employments_of(row.id),
        entries=entries,
        supervisions=supervisions_of(row.id),
        supervised_times=times,
        supervised_centi=centi,
        postings=postings,
        weekly_centi=peak_centi(running, day, day),
    )
