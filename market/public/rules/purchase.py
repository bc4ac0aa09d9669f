"""One page of a purchase, read from its compiled release alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from market.kernel.clock import end_of_day
from market.kernel.text import N_
from market.public.rules import awarding, performing, rounds, tendering
from market.public.rules.labels import Phase, by_jury
from market.public.rules.reading import Data, instant, part, rows, text

# Steps of the line at the top of the page, with the phases in which each is being done.
_CALL, _OPENING = N_("公开征集"), N_("开标评审")
_STEPS = (
    (_CALL, {Phase.PLANNED, Phase.OPEN}),
    (_OPENING, {Phase.JUDGED}),
    (N_("公布结果"), {Phase.AWARDED}),
    (N_("合同履约"), {Phase.RUNNING}),
    (N_("完成"), {Phase.COMPLETE}),
)
# A round calls for applications, and opens none under seal.
_JURY_WORDS = {_CALL: N_("征集申报"), _OPENING: N_("评审申报")}


def read(release: Data, at: datetime) -> dict[str, Any]:
    """Return every section of the page; one that cannot be read is left out and named in `unread`.

    Notices are for ever: a page must be shown whatever an old or odd one holds.
    """
    sections: dict[str, Callable[[], Any]] = {
        "need": lambda: tendering.need(release),
        "money": lambda: tendering.money(release),
        "requirements": lambda: tendering.requirements(release),
        "timetable": lambda: tendering.timetable(release, at),
        "lots": lambda: tendering.lots(release, awarding.verdicts(release)),
        "awards": lambda: awarding.awards(release, at),
        "contracts": lambda: performing.contracts(release),
        "documents": lambda: performing.documents(release),
        "related": lambda: related(release),
        "round": lambda: rounds.call(release),
        "reason": lambda: text(part(release, "tender"), "statusDetails"),
    }
    page: dict[str, Any] = {"unread": []}
    for name, make in sections.items():
        try:
            page[name] = make()
        except (TypeError, ValueError, KeyError, AttributeError):
            page[name] = None
            page["unread"].append(name)
    return page


def next_change(page: dict[str, Any], deadline_at: datetime | None, at: datetime) -> datetime | None:
    """Return the first instant after `at` at which a date of the page passes, or None."""
    ends = [one["at"] or end_of_day(one["day"]) for one in page["timetable"] or ()]
    ends += [one["object_until"] for one in page["awards"] or ()]
    return min((end for end in (*ends, deadline_at) if end is not None and end > at), default=None)


def steps(phase: Phase, release: Data, method: str = "") -> list[dict[str, Any]]:
    """Return where the purchase stands: done, now, next, and failed at the step that was not passed."""
    reached = _reached(release)
    if phase is Phase.JUDGED and by_jury(method) and rows(release, "awards"):
        phase = Phase.AWARDED  # proposed: the result is public, its notice still running
    if phase is Phase.ENDED:
        states = ["done"] * reached + ["failed"] + ["next"] * (len(_STEPS) - reached - 1)
    else:
        here = next(i for i, (_, phases) in enumerate(_STEPS) if phase in phases)
        last = "done" if phase is Phase.COMPLETE else "now"
        states = ["done"] * here + [last] + ["next"] * (len(_STEPS) - here - 1)
    mine = _JURY_WORDS if by_jury(method) else {}
    labels = [mine.get(label, label) for label, _ in _STEPS]
    return [{"label": label, "state": state} for label, state in zip(labels, states, strict=True)]


def _reached(release: Data) -> int:
    """How many steps a purchase that ended early had behind it."""
    if rows(release, "contracts"):
        return 3
    if rows(release, "awards"):
        return 2
    opened = any(part(lot, "opening") for lot in rows(release, "tender", "lots"))
    period = part(release, "tender", "tenderPeriod")
    deadline, written = instant(period.get("endDate")), instant(release.get("date"))
    return 1 if opened or (deadline and written and written >= deadline) else 0


def related(release: Data) -> list[dict[str, str]]:
    """Return the earlier purchases this one follows."""
    return [
        {"ocid": text(one, "identifier"), "title": text(one, "title")}
        for one in rows(release, "relatedProcesses")
        if text(one, "scheme") in {"", "ocid"} and text(one, "identifier")
    ]
