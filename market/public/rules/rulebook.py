"""The rulebook as a page: rows in groups, values in words, assumed ones marked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from market.kernel.rulebook import Regime, Rule
from market.kernel.text import N_
from market.places.wording import GROUPS, shown
from market.public.rules.labels import CONFIDENCE_LABELS, JURISDICTIONS, METHOD_LABELS, OWN_SOURCES
from market.public.rules.reading import Data, day, text

_REGIMES = {**METHOD_LABELS, Regime.ANY.value: "", Regime.FRAMEWORK.value: N_("框架协议")}


def groups(rules: Iterable[Rule]) -> list[dict[str, Any]]:
    """Return the rows by group; a group without a heading of its own comes last under its key's first word."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in GROUPS}
    for rule in rules:
        found.setdefault(rule.key.partition(".")[0], []).append(_row(rule))
    return [{"name": name, "title": GROUPS.get(name, name), "rows": listed} for name, listed in found.items() if listed]


def _row(rule: Rule) -> dict[str, Any]:
    return {
        "key": rule.key,
        "zh": rule.zh,
        "en": rule.en,
        "values": shown(rule.value, rule.unit),
        "place": JURISDICTIONS.get(rule.jurisdiction, rule.jurisdiction) if rule.jurisdiction != "CN" else "",
        "regime": _REGIMES.get(rule.regime.value, rule.regime.value),
        "since": rule.effective_from,
        "until": rule.effective_to,
        "source": " ".join(filter(None, (rule.source, rule.article))),
        "own_source": rule.source in OWN_SOURCES and not rule.article,
        "sure": CONFIDENCE_LABELS.get(rule.confidence, rule.confidence),
        "assumed": rule.assumed,
    }


def override(data: Data, title: str) -> dict[str, Any]:
    """Return a district's own value of a row."""
    given: Mapping[str, Any] = data
    unit = text(given, "unit")
    return {
        "title": title,
        "key": text(given, "rule"),
        "regime": _REGIMES.get(text(given, "regime"), text(given, "regime")),
        "values": shown(given.get("value"), unit),
        "before": shown(given.get("before"), unit),
        "since": day(given.get("effective_from")),
        "reason": text(given, "reason"),
    }
