"""The best portfolio: which projects together give the most points within pool, purposes and limits.

Every limit is a line of whole numbers over the projects (1 in, 0 out). That each fen finds a source that may pay for it
needs no further unknowns: for any set of fields, the projects of these fields together may not cost more than all
sources together that pay for any of them (Hall's theorem for flows; amounts are whole, so the split is whole as well).

With the optional library HiGHS the choice is exact; what it answers is checked here again in whole numbers. Without it
a greedy choice is made, and its result says so: first projects of each field that has a minimum, then all others, each
if every limit still holds. It is made twice, from the highest score down and from the most points for the money down
(the cheaper and then the earlier one first where they are equal), and the better of the two stands.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from itertools import chain, combinations
from typing import Any

from market.venture.rules.solving import exact_choice, used


class LimitKind(StrEnum):
    """What a limit is about."""

    POOL = "pool"
    PURPOSE = "purpose"
    APPLICANT = "applicant"
    PROJECTS = "projects"
    MINIMUM = "minimum"


class Way(StrEnum):
    """How a portfolio was found."""

    EXACT = "exact"
    GREEDY = "greedy"


@dataclass(frozen=True)
class Entry:
    """One project: what it gets if it is in (fen), its total (hundredths), field, and who applies."""

    key: int
    applicant: int
    field: str
    amount_fen: int
    score_centi: int


@dataclass(frozen=True)
class Source:
    """One part of the pool and the fields its purpose allows."""

    key: int
    title: str
    amount_fen: int
    fields: frozenset[str]


@dataclass(frozen=True)
class Frame:
    """What a portfolio must keep to. `minimums`: least number of projects by field; 0 for no limit on projects."""

    sources: tuple[Source, ...]
    minimums: Mapping[str, int] = field(default_factory=dict)
    per_applicant: int = 1
    projects_most: int = 0
    score_min_centi: int = 0

    @property
    def pool_fen(self) -> int:
        """All sources together."""
        return sum(source.amount_fen for source in self.sources)


@dataclass(frozen=True)
class Limit:
    """A line of whole numbers: the sum of `weights` over the chosen is at most `most` and at least `least`."""

    kind: LimitKind
    subject: tuple[str | int, ...]
    weights: Mapping[int, int]
    most: int | None = None
    least: int | None = None

    def used(self, chosen: Collection[int]) -> int:
        """The sum over the chosen (places in the list of entries)."""
        return used(self.weights, chosen)

    def holds(self, chosen: Collection[int]) -> bool:
        """True when the chosen keep to this limit."""
        total = self.used(chosen)
        return (self.most is None or total <= self.most) and (self.least is None or total >= self.least)


@dataclass(frozen=True)
class Portfolio:
    """The chosen projects by key, how they were found, their points and money; minimums that nobody can meet."""

    chosen: tuple[int, ...]
    way: Way
    score_centi: int
    amount_fen: int
    unmet: tuple[str, ...] = ()


def eligible(entries: Sequence[Entry], frame: Frame) -> list[Entry]:
    """The entries that may be funded at all: enough points, an amount."""
    return [one for one in entries if one.score_centi >= frame.score_min_centi and one.amount_fen > 0]


def limits(entries: Sequence[Entry], frame: Frame) -> list[Limit]:
    """Return every limit over these entries, in a fixed order."""
    places = range(len(entries))
    amounts = {p: one.amount_fen for p, one in enumerate(entries)}
    by_field: dict[str, dict[int, int]] = {}
    for place, one in enumerate(entries):
        by_field.setdefault(one.field, {})[place] = one.amount_fen
    found = [Limit(LimitKind.POOL, (), amounts, frame.pool_fen)]
    fields = sorted(by_field)
    groups = chain.from_iterable(combinations(fields, size) for size in range(1, len(fields) + 1))
    for group in groups:
        purse = sum(source.amount_fen for source in frame.sources if source.fields & set(group))
        if purse < frame.pool_fen:
            weights = {place: fen for name in group for place, fen in by_field[name].items()}
            found.append(Limit(LimitKind.PURPOSE, group, weights, purse))
    by_applicant: dict[int, dict[int, int]] = {}
    for place in places:
        by_applicant.setdefault(entries[place].applicant, {})[place] = 1
    found += [
        Limit(LimitKind.APPLICANT, (who,), weights, frame.per_applicant)
        for who, weights in by_applicant.items()
        if len(weights) > frame.per_applicant
    ]
    if frame.projects_most:
        found.append(Limit(LimitKind.PROJECTS, (), dict.fromkeys(places, 1), frame.projects_most))
    found += [
        Limit(LimitKind.MINIMUM, (name,), dict.fromkeys(by_field.get(name, {}), 1), least=least)
        for name, least in sorted(frame.minimums.items())
        if least > 0
    ]
    return found


def broken(chosen: Collection[int], entries: Sequence[Entry], frame: Frame) -> list[Limit]:
    """Return the limits that a choice (by key) does not keep to; checked in whole numbers."""
    keys = set(chosen)
    places = frozenset(place for place, one in enumerate(entries) if one.key in keys)
    return [limit for limit in limits(entries, frame) if not limit.holds(places)]


def best(entries: Sequence[Entry], frame: Frame) -> Portfolio:
    """Return the portfolio with the most points; of equal ones any, always the same one.

    A minimum that cannot be met, because too few projects of the field may be funded or no money may pay for them, is
    lowered to what can be, and named in `unmet`.
    """
    able = eligible(entries, frame)
    frame, unmet = _possible(able, frame)
    found = limits(able, frame)
    scores = [one.score_centi for one in able]
    places = exact_choice(scores, [(limit.weights, limit.most, limit.least) for limit in found])
    way = Way.EXACT
    if places is None:
        places, way = greedy(able, found), Way.GREEDY
    inside = frozenset(places)
    assert all(limit.holds(inside) for limit in found if limit.most is not None), "checked in whole numbers"
    missed = [str(one.subject[0]) for one in found if one.kind is LimitKind.MINIMUM and not one.holds(inside)]
    return Portfolio(
        tuple(sorted(able[place].key for place in places)),
        way,
        sum(scores[place] for place in places),
        sum(able[place].amount_fen for place in places),
        tuple(sorted({*unmet, *missed})),
    )


def _possible(able: Sequence[Entry], frame: Frame) -> tuple[Frame, list[str]]:
    """Lower each minimum to the number of its field's projects that could be funded if nothing else were."""
    lowered: dict[str, int] = {}
    unmet = []
    spare = frame.pool_fen
    for name, least in sorted(frame.minimums.items()):
        purse = min(spare, sum(s.amount_fen for s in frame.sources if name in s.fields))
        number, spent = 0, 0
        seen: dict[int, int] = {}
        for one in sorted((e for e in able if e.field == name), key=lambda e: (e.amount_fen, e.key)):
            if number < least and spent + one.amount_fen <= purse and seen.get(one.applicant, 0) < frame.per_applicant:
                number, spent = number + 1, spent + one.amount_fen
                seen[one.applicant] = seen.get(one.applicant, 0) + 1
        lowered[name] = number
        spare -= spent
        if number < least:
            unmet.append(name)
    plain = Frame(frame.sources, lowered, frame.per_applicant, frame.projects_most, frame.score_min_centi)
    return plain, unmet


def greedy(entries: Sequence[Entry], found: Sequence[Limit]) -> list[int]:
    """Choose place by place as the head of this page says; keeps to every upper limit, not always to a minimum."""

    def by_score(place: int) -> tuple[Any, ...]:
        one = entries[place]
        return -one.score_centi, one.amount_fen, one.key

    def by_worth(place: int) -> tuple[Any, ...]:
        one = entries[place]
        return -Fraction(one.score_centi, one.amount_fen), one.amount_fen, one.key

    choices = [_filled(sorted(range(len(entries)), key=order), found) for order in (by_score, by_worth)]
    minimums = [limit for limit in found if limit.least is not None]
    return max(
        choices,
        key=lambda chosen: (
            sum(limit.holds(chosen) for limit in minimums),
            sum(entries[place].score_centi for place in chosen),
        ),
    )


def _filled(order: Sequence[int], found: Sequence[Limit]) -> list[int]:
    """Take places in this order, those of fields with a minimum first, as long as every upper limit holds."""
    upper = [limit for limit in found if limit.most is not None]
    spent = [0] * len(upper)
    touching: dict[int, list[int]] = {place: [] for place in order}
    for number, limit in enumerate(upper):
        for place in limit.weights:
            touching[place].append(number)
    chosen: set[int] = set()

    def take(place: int) -> None:
        mine = touching[place]
        if place in chosen or any(spent[n] + upper[n].weights[place] > (upper[n].most or 0) for n in mine):
            return
        for n in mine:
            spent[n] += upper[n].weights[place]
        chosen.add(place)

    wanted = [(place, limit) for limit in found if limit.least is not None for place in order if place in limit.weights]
    for place, minimum in wanted:
        if minimum.used(chosen) < (minimum.least or 0):
            take(place)
    for place in order:
        take(place)
    return sorted(chosen)


def split(chosen: Sequence[Entry], sources: Sequence[Source]) -> dict[int, dict[int, int]]:
    """Return which source pays how many fen of each chosen entry: entry key -> source key -> fen.

    Sources with the narrowest purpose pay first. Raises ValueError when the money cannot be found.
    """
    fields = sorted({one.field for one in chosen})
    wanted = {name: sum(one.amount_fen for one in chosen if one.field == name) for name in fields}
    flow = _flow(wanted, sources)
    left = {name: dict(row) for name, row in flow.items()}
    paid: dict[int, dict[int, int]] = {}
    for one in sorted(chosen, key=lambda e: e.key):
        missing, parts = one.amount_fen, {}
        for source, fen in left[one.field].items():
            part = min(fen, missing)
            if part:
                parts[source], missing = part, missing - part
                left[one.field][source] -= part
        paid[one.key] = parts
    return paid


def _flow(wanted: Mapping[str, int], sources: Sequence[Source]) -> dict[str, dict[int, int]]:
    """Send each field's money from the sources: shortest augmenting ways on a graph of a few fields and sources."""
    ordered = sorted(sources, key=lambda s: (len(s.fields), s.key))
    flow: dict[str, dict[int, int]] = {name: {s.key: 0 for s in ordered if name in s.fields} for name in wanted}
    rest = {s.key: s.amount_fen for s in ordered}
    for name in sorted(wanted):
        missing = wanted[name]
        while missing:
            way = _way(name, flow, rest)
            if way is None:
                raise ValueError("the sources cannot pay for this choice")
            taken = min([missing, rest[way[-1][1]], *(flow[way[n + 1][0]][way[n][1]] for n in range(len(way) - 1))])
            for n, (field_name, source) in enumerate(way):
                flow[field_name][source] += taken
                if n + 1 < len(way):
                    flow[way[n + 1][0]][source] -= taken
            rest[way[-1][1]] -= taken
            missing -= taken
    return flow


def _way(start: str, flow: Mapping[str, Mapping[int, int]], rest: Mapping[int, int]) -> list[tuple[str, int]] | None:
    """A way from a field to a source with money left; each step takes a source or frees one another field uses."""
    queue: list[list[tuple[str, int]]] = [[(start, source)] for source in flow[start]]
    seen = set(flow[start])
    while queue:
        way = queue.pop(0)
        source = way[-1][1]
        if rest[source]:
            return way
        for other, uses in flow.items():
            if uses.get(source, 0):
                for further in uses:
                    if further not in seen:
                        seen.add(further)
                        queue.append([*way, (other, further)])
    return None
