"""The network of support as its notices tell it: a tree of nodes, counts by level, and graduates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

from market.kernel.categories import CATEGORY_LABELS
from market.kernel.text import N_
from market.public.rules.reading import Data, day, text, whole

LEVELS = {
    "district": N_("区级基地"),
    "street": N_("街道孵化中心"),
    "community": N_("社区站"),
    "courtyard": N_("院落点"),
}
TRACKS = {"concentrated": N_("集中孵化"), "grid": N_("网格培育")}
_CATEGORIES = {str(category): label for category, label in CATEGORY_LABELS.items()}


class NodeCard(Protocol):
    """A published node."""

    key: str
    title: str
    data: Any
    district_id: int | None


class Place(Protocol):
    """A street with its district."""

    @property
    def district_id(self) -> int:
        """The district's number."""
        ...

    @property
    def district_code(self) -> str:
        """Its division code."""
        ...

    @property
    def district_name(self) -> str:
        """Its name."""
        ...


def _count(data: Data, name: str) -> int:
    return whole(data, name) or 0


def _node(card: NodeCard, depth: int) -> dict[str, Any]:
    data: Data = card.data
    return {
        "name": text(data, "name") or card.title,
        "depth": depth,
        "level": LEVELS.get(text(data, "level"), text(data, "level")),
        "street": text(data, "street"),
        "operator": text(data, "operator"),
        "address": text(data, "address"),
        "area_m2": _count(data, "area_m2"),
        "rooms": _count(data, "rooms"),
        "supported": _count(data, "supported"),
        "ever": _count(data, "ever"),
        "graduated": _count(data, "graduated"),
    }


def _open(cards: Iterable[NodeCard]) -> list[NodeCard]:
    return [card for card in cards if text(card.data, "state") == "open"]


def _totals(cards: Sequence[NodeCard]) -> dict[str, Any]:
    """Open nodes by level; organisations of all nodes, closed ones included: what was done stays done."""
    levels = [text(card.data, "level") for card in _open(cards)]
    return {
        "levels": [(label, levels.count(level)) for level, label in LEVELS.items()],
        **{name: sum(_count(card.data, name) for card in cards) for name in ("supported", "ever", "graduated")},
    }


def read(cards: Sequence[NodeCard]) -> dict[str, Any]:
    """Return a district's tree, each node below its parent, and its totals."""
    below: dict[str, list[NodeCard]] = defaultdict(list)
    there = _open(cards)
    keys = {card.key for card in there}
    for card in there:
        parent = text(card.data, "parent")
        below[parent if parent in keys else ""].append(card)

    def walk(parent: str, depth: int) -> Iterator[dict[str, Any]]:
        for card in below[parent]:
            yield _node(card, depth)
            yield from walk(card.key, depth + 1)

    return {"nodes": list(walk("", 0)), **_totals(cards)}


def by_district(cards: Sequence[NodeCard], places: Iterable[Place]) -> list[dict[str, Any]]:
    """Return the totals of each district that has a network, by code."""
    names = {place.district_id: (place.district_code, place.district_name) for place in places}
    grouped: dict[int, list[NodeCard]] = defaultdict(list)
    for card in cards:
        if card.district_id in names:
            grouped[card.district_id].append(card)
    rows = [{"code": names[i][0], "name": names[i][1], **_totals(own)} for i, own in grouped.items()]
    return sorted(rows, key=lambda row: str(row["code"]))


def graduate(data: Data, title: str) -> dict[str, Any]:
    """Return what the directory says of an organisation able to undertake."""
    fields = data.get("service_fields")
    return {
        "name": text(data, "name") or title,
        "uscc": text(data, "uscc"),
        "fields": [_CATEGORIES.get(one, one) for one in fields] if isinstance(fields, list) else [],
        "node": text(data, "node_name"),
        "track": TRACKS.get(text(data, "track"), text(data, "track")),
        "graduated": day(data.get("graduated_on")),
        "mentor_hours": _count(data, "mentor_minutes") // 60,
        "training_hours": _count(data, "training_minutes") // 60,
    }
