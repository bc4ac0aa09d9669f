"""Pure decisions about social workers: registration periods, learning, supervision, load and the talent programme.

Hours are whole hundredths of an hour (`_centi`), as scores are hundredths of a point.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from market.kernel.errors import Refused
from market.kernel.text import N_
from market.kernel.workdays import add_months
from market.workers.states import LearningKind, Level, Tier

HOUR_CENTI = 100
# What one entry may say at most: a typing slip of a digit is caught here.
_MOST_LEARNING_HOURS, _MOST_SUPERVISION_HOURS = 400, 12


def valid_until(registered_on: date, years: int) -> date:
    """Return the last day of a registration period of whole years (domain.md 6: three)."""
    return add_months(registered_on, 12 * years) - timedelta(days=1)


def cpd_needed_hours(level: Level, rules: Mapping[str, Any]) -> int:
    """Return the hours of continuing education in one registration period (row 55)."""
    return int(rules["workers.cpd_assistant_hours" if level is Level.ASSISTANT else "workers.cpd_hours"])


def cpd_done_centi(
    entries: Iterable[tuple[LearningKind, date, int]], start: date, until: date, degree_hours: int
) -> int:
    """Return the hours (hundredths) that count between two days, both included.

    Taught hours count as they are; study for a degree counts once for `degree_hours`, whatever was entered (row 55).
    """
    counted = [(kind, centi) for kind, day, centi in entries if start <= day <= until]
    taught = sum(centi for kind, centi in counted if kind is not LearningKind.DEGREE)
    studied = any(kind is LearningKind.DEGREE for kind, _ in counted)
    return taught + (degree_hours * HOUR_CENTI if studied else 0)


@dataclass(frozen=True)
class Learning:
    """Where a registration period stands: done and needed in hundredths of an hour, and its last day."""

    done_centi: int
    needed_centi: int
    until: date

    @property
    def missing_centi(self) -> int:
        """Hours still to do; 0 when the period is fulfilled."""
        return max(0, self.needed_centi - self.done_centi)


def learning(
    level: Level,
    start: date,
    until: date,
    entries: Iterable[tuple[LearningKind, date, int]],
    rules: Mapping[str, Any],
) -> Learning:
    """Return how much of a registration period's continuing education is done (row 55)."""
    done = cpd_done_centi(entries, start, until, int(rules["workers.cpd_degree_hours"]))
    return Learning(done, cpd_needed_hours(level, rules) * HOUR_CENTI, until)


def supervisors_needed(workers: int, most: int) -> int:
    """Return how many supervisors so many workers need when one may have at most `most` of them (row 56)."""
    if most < 1:
        raise ValueError("a supervisor has at least one supervisee")
    return -(-workers // most)


def check_learning(kind: LearningKind, hours_centi: int | None, day: date, today: date) -> int:
    """Return the hours to be kept; raises Refused at `hours` or `day`. A degree carries no hours of its own."""
    if day > today:
        raise Refused(N_("日期不能晚于今天。"), field="day")
    if kind is LearningKind.DEGREE:
        return 0
    if not hours_centi or not 0 < hours_centi <= _MOST_LEARNING_HOURS * HOUR_CENTI:
        raise Refused(N_("请填写 0 到 %(most)s 之间的学时。"), field="hours", most=_MOST_LEARNING_HOURS)
    return hours_centi


def check_supervision(supervisor_id: int, supervisee_id: int, hours_centi: int, day: date, today: date) -> None:
    """Raise Refused when an entry of the supervision log cannot be right."""
    if supervisor_id == supervisee_id:
        raise Refused(N_("督导和被督导人不能是同一人。"), field="supervisor")
    if day > today:
        raise Refused(N_("日期不能晚于今天。"), field="day")
    if not 0 < hours_centi <= _MOST_SUPERVISION_HOURS * HOUR_CENTI:
        raise Refused(N_("一次督导请填写 0 到 %(most)s 之间的小时数。"), field="hours", most=_MOST_SUPERVISION_HOURS)


def check_certificate(issued_on: date, registered_on: date, today: date, years: int) -> date:
    """Return the last day of the registration period. Raises Refused at a day that cannot be right."""
    if registered_on < issued_on:
        raise Refused(N_("登记日期不能早于发证日期。"), field="registered_on")
    if registered_on > today:
        raise Refused(N_("登记日期不能晚于今天。"), field="registered_on")
    until = valid_until(registered_on, years)
    if until < today:
        raise Refused(N_("这一登记期已经届满，请填写最近一次登记或再登记的日期。"), field="registered_on")
    return until


# --- load -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Span:
    """So many hours a week (hundredths) from one day to another, both included."""

    starts_on: date
    ends_on: date
    weekly_centi: int


def peak_centi(spans: Iterable[Span], starts_on: date, ends_on: date) -> int:
    """Return the most hours a week (hundredths) these spans come to on any day between two days, both included."""
    within = [one for one in spans if one.starts_on <= ends_on and one.ends_on >= starts_on]
    # The load only grows where a span begins, or at the first day asked about.
    days = {max(one.starts_on, starts_on) for one in within}
    return max((sum(s.weekly_centi for s in within if s.starts_on <= day <= s.ends_on) for day in days), default=0)


@dataclass(frozen=True)
class Overload:
    """Somebody who would be posted to more hours a week than the limit; all in hundredths of an hour."""

    worker_id: int
    posted_centi: int
    planned_centi: int
    most_centi: int

    @property
    def over_centi(self) -> int:
        """Hours a week above the limit."""
        return self.posted_centi + self.planned_centi - self.most_centi


def overloads(
    planned: Mapping[int, int], posted: Mapping[int, Sequence[Span]], starts_on: date, ends_on: date, most_hours: int
) -> list[Overload]:
    """Return whom a plan (worker id -> weekly hours in hundredths) brings above the limit, beside what runs already.

    While drafting `posted` are the organisation's own postings and the answer is a warning; at signing they are all
    postings and it is a refusal (decision 26: before the opening other organisations' bids are unknown).
    """
    most = most_hours * HOUR_CENTI
    found = []
    for worker_id, centi in sorted(planned.items()):
        running = peak_centi(posted.get(worker_id, ()), starts_on, ends_on)
        if running + centi > most:
            found.append(Overload(worker_id, running, centi, most))
    return found


# --- the talent programme ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Progress:
    """One tier of the talent programme in a district."""

    tier: Tier
    reached: int
    target: int

    @property
    def share_bp(self) -> int:
        """What is reached of the target, at most all of it."""
        return min(10_000, self.reached * 10_000 // self.target) if self.target else 10_000


def talent_progress(counts: Mapping[Tier, int], rules: Mapping[str, Any]) -> list[Progress]:
    """Return the programme's three tiers (S8). Supervisors and leaders are social workers too; leaders supervise."""
    leaders = counts.get(Tier.LEADER, 0)
    supervisors = counts.get(Tier.SUPERVISOR, 0) + leaders
    workers = counts.get(Tier.WORKER, 0) + supervisors
    reached = {Tier.WORKER: workers, Tier.SUPERVISOR: supervisors, Tier.LEADER: leaders}
    return [Progress(tier, reached[tier], int(rules[f"workers.talent_{tier.value}_count"])) for tier in Tier]


@dataclass(frozen=True)
class Workforce:
    """An organisation's people in numbers: nobody's name."""

    people: int
    certified: dict[str, int]  # by level, each person once, at the highest level
    supervisors: int


def is_named(name: str) -> str:
    """Return a person's name without blanks and width variants, to compare what two people typed."""
    return "".join(name.split()).replace("·", "").replace("．", "")
