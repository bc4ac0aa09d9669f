"""Every legal number is a dated row of data, never a constant in code.

The rows live in `rulebooks/*.toml`. `load().at(place, regime, day)` gives the set in force for one place, one regime
and one day; a purchase stores `RuleSet.as_data()` and its digest when it is published and is judged by that set to its
end.

Units: money in fen, shares in ten-thousandths (`_bp`), points in hundredths (`_centi`), otherwise what the key's last
word says. Confidence: L read in the law itself, P seen on a public page, P- seen in a weak source, G assumed,
D decided by the district.
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from enum import StrEnum
from functools import cached_property, lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import Any, NamedTuple

from market.kernel.canonical import digest, plain

Value = int | str | tuple[Any, ...]

ASSUMED = "G"
DECIDED_HERE = "D"
_PLACE = re.compile(r"[0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12}")
CONFIDENCES = ("L", "P", "P-", ASSUMED)


class Regime(StrEnum):
    """The procedure a rule speaks about; `any` holds for all that have no row of their own."""

    ANY = "any"
    OPEN_TENDER = "open_tender"
    COMPARISON = "comparison"
    CONSULTATION = "consultation"
    NEGOTIATION = "negotiation"
    INQUIRY = "inquiry"
    SINGLE_SOURCE = "single_source"
    FRAMEWORK = "framework"
    VENTURE = "venture"
    SUBSIDY = "subsidy"
    REWARD = "reward"


class RulebookError(ValueError):
    """The rulebook itself is wrong; the product does not start with it."""


class MissingRule(KeyError):
    """No row for this key in this set."""

    def __init__(self, key: str, regime: str, day: date, place: str) -> None:
        self.key = key
        super().__init__(f"no rule {key!r} for regime {regime} on {day.isoformat()} at {place or 'CN'}")


@dataclass(frozen=True)
class Rule:
    """One row: a value with its unit, reach, dates and source. `effective_to` is the last day it holds."""

    key: str
    value: Value
    unit: str
    jurisdiction: str
    regime: Regime
    effective_from: date
    effective_to: date | None
    source: str
    article: str
    confidence: str
    row: tuple[str, ...]
    zh: str
    en: str
    reason: str = ""

    @property
    def assumed(self) -> bool:
        """True when the number is only assumed; pages say so wherever it is used."""
        return self.confidence == ASSUMED

    def holds_on(self, day: date) -> bool:
        """True when the row is in force on this day, both ends included."""
        return self.effective_from <= day and (self.effective_to is None or day <= self.effective_to)

    def as_data(self) -> dict[str, Any]:
        """The row as plain JSON values."""
        return dict(plain(vars(self)))

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Rule:
        """A row read back from `as_data`."""
        ends = data["effective_to"]
        return cls(
            **{
                **data,
                "value": _frozen(data["value"]),
                "regime": Regime(data["regime"]),
                "effective_from": date.fromisoformat(data["effective_from"]),
                "effective_to": date.fromisoformat(ends) if ends else None,
                "row": tuple(data["row"]),
            }
        )


class Override(NamedTuple):
    """A district's own value for an existing key, with its reason; kept by `places` and handed in as a value."""

    key: str
    value: Value
    jurisdiction: str
    reason: str
    effective_from: date
    effective_to: date | None = None
    regime: Regime = Regime.ANY


class RuleSet(Mapping[str, Any]):
    """The rules in force for one place, regime and day: `rules["tender.bid_period_days"]` is the value."""

    def __init__(self, place: str, regime: Regime, day: date, rules: Iterable[Rule]) -> None:
        self.place = place
        self.regime = regime
        self.day = day
        self._rules = {rule.key: rule for rule in rules}

    def __getitem__(self, key: str) -> Any:
        return self.rule(key).value

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._rules))

    def __len__(self) -> int:
        return len(self._rules)

    def rule(self, key: str) -> Rule:
        """The full row behind a value. Raises MissingRule (a KeyError) naming key, regime, day and place."""
        try:
            return self._rules[key]
        except KeyError:
            raise MissingRule(key, self.regime, self.day, self.place) from None

    def assumed(self) -> list[Rule]:
        """The rows whose number is only assumed, by key."""
        return [self._rules[key] for key in self if self._rules[key].assumed]

    def as_data(self) -> dict[str, Any]:
        """The whole set as plain JSON values, rows by key: what a purchase keeps."""
        return {
            "place": self.place,
            "regime": self.regime.value,
            "day": self.day.isoformat(),
            "rules": [self._rules[key].as_data() for key in self],
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> RuleSet:
        """A set read back from `as_data`; its digest is the same."""
        rules = [Rule.from_data(row) for row in data["rules"]]
        return cls(data["place"], Regime(data["regime"]), date.fromisoformat(data["day"]), rules)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the canonical form of `as_data`."""
        return digest(self.as_data())


class Rulebook:
    """All rows of all times. Refuses rows that overlap or disagree on what a key is."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(sorted(rules, key=_row_order))
        self._by_key: dict[str, list[Rule]] = defaultdict(list)
        for rule in self.rules:
            self._by_key[rule.key].append(rule)
        for rows in self._by_key.values():
            _check_rows(rows)

    def at(self, place: str, regime: str, day: date, overrides: Iterable[Override] = ()) -> RuleSet:
        """The set in force at a division code ("320115", "320115001" or "" for the whole country).

        The nearest jurisdiction wins (district, city, province, country), within it the regime's own row before `any`.
        A district's override wins over every row of the rulebook, a later override over an earlier one.
        """
        wanted = Regime(regime)
        reach = jurisdictions(place)
        chosen = [
            best
            for rows in self._by_key.values()
            if (best := _nearest(_in_force(rows, wanted, day), reach)) is not None
        ]
        own: dict[str, list[Rule]] = defaultdict(list)
        for override in overrides:
            own[override.key].append(self._as_rule(override))
        laid_over = {
            key: best
            for key, rows in own.items()
            if (best := _nearest(_in_force(rows, wanted, day), reach)) is not None
        }
        merged = {rule.key: rule for rule in chosen} | laid_over
        return RuleSet(place, wanted, day, merged.values())

    def _as_rule(self, override: Override) -> Rule:
        rows = self._by_key.get(override.key)
        if not rows:
            raise RulebookError(f"override of an unknown key: {override.key}")
        base, value = rows[0], _frozen(override.value)
        if type(value) is not type(base.value):
            raise RulebookError(f"override of {override.key} needs a value of the same kind")
        if not override.reason.strip():
            raise RulebookError(f"override of {override.key} needs a reason")
        return replace(
            base,
            value=value,
            jurisdiction=override.jurisdiction,
            regime=Regime(override.regime),
            effective_from=override.effective_from,
            effective_to=override.effective_to,
            source="本区规定",
            article="",
            confidence=DECIDED_HERE,
            reason=override.reason,
        )

    def keys(self) -> list[str]:
        """All keys that have a row at any time, sorted."""
        return sorted(self._by_key)


def jurisdictions(place: str) -> list[str]:
    """From the nearest to the widest: 320115001 -> itself, 320115, 3201, CN-32, CN."""
    if place and not _PLACE.fullmatch(place):
        raise RulebookError(f"not a division code: {place!r}")
    own = [place[:length] for length in (12, 9, 6, 4) if len(place) >= length]
    return [*own, *([f"CN-{place[:2]}"] if place else []), "CN"]


def _in_force(rows: Iterable[Rule], regime: Regime, day: date) -> list[Rule]:
    return [rule for rule in rows if rule.regime in {regime, Regime.ANY} and rule.holds_on(day)]


def _nearest(rows: list[Rule], reach: list[str]) -> Rule | None:
    def distance(rule: Rule) -> tuple[int, bool, int]:
        return reach.index(rule.jurisdiction), rule.regime is Regime.ANY, -rule.effective_from.toordinal()

    return min((rule for rule in reversed(rows) if rule.jurisdiction in reach), key=distance, default=None)


def _frozen(value: Any) -> Value:
    if isinstance(value, list | tuple):
        return tuple(_frozen(item) for item in value)
    if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise RulebookError(f"a rule's value is a whole number, a word or a list, not {value!r}")


def _row_order(rule: Rule) -> tuple[str, str, str, date]:
    return rule.key, rule.jurisdiction, rule.regime, rule.effective_from


def _check_rows(rows: list[Rule]) -> None:
    """`rows` share a key and stand in order: same unit and kind, no two in force for the same reach on one day."""
    for rule in rows:
        if rule.unit != rows[0].unit or type(rule.value) is not type(rows[0].value):
            raise RulebookError(f"rows of {rule.key} differ in unit or kind of value")
        if rule.confidence not in CONFIDENCES or not (rule.source and rule.zh and rule.en and rule.row):
            raise RulebookError(f"{rule.key} needs a source, a confidence mark, row numbers and both descriptions")
        if rule.effective_to is not None and rule.effective_to < rule.effective_from:
            raise RulebookError(f"{rule.key} ends before it begins")
    for earlier, later in pairwise(rows):
        same_reach = (earlier.jurisdiction, earlier.regime) == (later.jurisdiction, later.regime)
        if same_reach and (earlier.effective_to is None or earlier.effective_to >= later.effective_from):
            raise RulebookError(
                f"rows of {later.key} overlap for {later.jurisdiction}/{later.regime} on {later.effective_from}"
            )


def parse(text: str) -> list[Rule]:
    """The rows of one TOML file. Raises RulebookError for an unknown or missing column."""
    return [_rule_from_toml(row) for row in tomllib.loads(text).get("rule", [])]


def _rule_from_toml(row: Mapping[str, Any]) -> Rule:
    known = {field.name for field in fields(Rule)} - {"reason"}
    needed = known - {"effective_to"}
    if set(row) - known or needed - set(row):
        raise RulebookError(
            f"rule {row.get('key')!r}: unknown {sorted(set(row) - known)}, missing {sorted(needed - set(row))}"
        )
    return Rule(
        **{
            **row,
            "value": _frozen(row["value"]),
            "regime": Regime(row["regime"]),
            "effective_to": row.get("effective_to"),
            "row": tuple(str(number) for number in row["row"]),
        }
    )


@lru_cache(maxsize=1)
def load() -> Rulebook:
    """The rulebook that ships with the product, read and checked once."""
    folder = files("market.kernel") / "rulebooks"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return Rulebook(rule for name in names for rule in parse((folder / name).read_text("utf-8")))


def rules_page() -> str:
    """The text of docs/rules.md: every row of the rulebook, by row number."""
    lines = [
        "# 规则表 · Rules in the product",
        "",
        "Written by `python -m market.kernel.rulebook`; the rows themselves are in `market/kernel/rulebooks/`.",
        "Confidence: L read in the law itself, P seen on a public page, P- seen in a weak source, G assumed (shown as",
        "assumed wherever used). Money in fen, shares (`_bp`) in ten-thousandths, points (`_centi`) in hundredths.",
        "",
        "| Row | Key | Value | Where | Regime | From | To | Source | Article | Sure | Meaning |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    ordered = sorted(load().rules, key=lambda rule: ([_number(row) for row in rule.row], _row_order(rule)))
    return "\n".join([*lines, *(_page_line(rule) for rule in ordered)]) + "\n"


def _number(row: str) -> tuple[int, str]:
    return (int(row), "") if row.isdigit() else (10**6, row)


def _page_line(rule: Rule) -> str:
    cells = (
        ", ".join(rule.row),
        f"`{rule.key}`",
        f"{_shown(rule.value)} {rule.unit}".strip(),
        rule.jurisdiction,
        rule.regime.value,
        rule.effective_from.isoformat(),
        rule.effective_to.isoformat() if rule.effective_to else "",
        rule.source,
        rule.article,
        rule.confidence,
        f"{rule.zh} · {rule.en}",
    )
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _shown(value: Value) -> str:
    if isinstance(value, tuple):
        return "; ".join(_shown(item) for item in value)
    return f"{value:,}" if isinstance(value, int) else value


if __name__ == "__main__":
    import sys

    sys.stdout.write(rules_page())
