"""From the jury's sheets, the ballots and the bonus points to one total. Exact until the named points of rounding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

from market.kernel.money import BP, round_half_up

WHOLE_CENTI = 10_000


class ScoreModel(StrEnum):
    """Weighing jury and residents, or adding bonus points to the jury's score."""

    WEIGHTED = "weighted"
    POINTS = "points"


def jury_centi(sheets: Sequence[Mapping[int, int]]) -> int:
    """Return the mean of the members' sums in hundredths, rounded half up once. Raises ValueError without a sheet."""
    if not sheets:
        raise ValueError("no sheet")
    return round_half_up(Fraction(sum(sum(sheet.values()) for sheet in sheets), len(sheets)))


def votes_of(ballots: Iterable[Sequence[int]]) -> Counter[int]:
    """Count the ballots; one ballot gives a project at most one vote."""
    return Counter(key for ballot in ballots for key in set(ballot))


def public_centi(votes: int, most_votes: int) -> int:
    """Return a project's public score: the most voted has 100.00, the others in proportion, rounded half up."""
    return round_half_up(Fraction(votes * WHOLE_CENTI, most_votes)) if most_votes else 0


def weighted_centi(jury: int, public: int | None, jury_bp: int, public_bp: int) -> int:
    """Return the weighted total in hundredths (row 60); without a vote that counts the jury's score is the total."""
    if public is None or not public_bp:
        return jury
    return round_half_up(Fraction(jury * jury_bp + public * public_bp, jury_bp + public_bp))


def pointed_centi(jury: int, fundraising: int, policy: int, rules: Mapping[str, Any]) -> int:
    """Return jury + fundraising bonus + policy bonus in hundredths (row 59, Zhongshan).

    Raises ValueError when a bonus is not between the rule's ends; a policy bonus may also be absent (0).
    """
    least, most = int(rules["round.policy_bonus_min_centi"]), int(rules["round.policy_bonus_max_centi"])
    if not 0 <= fundraising <= int(rules["round.fundraising_bonus_max_centi"]):
        raise ValueError("the fundraising bonus is out of range")
    if policy and not least <= policy <= most:
        raise ValueError("the policy bonus is out of range")
    return jury + fundraising + policy


@dataclass(frozen=True)
class ScoreRule:
    """How a round's totals are made."""

    model: ScoreModel
    jury_bp: int
    public_bp: int
    ballots_min: int
    choices_max: int

    @classmethod
    def from_rules(cls, rules: Mapping[str, Any]) -> ScoreRule:
        """Read a rule set; a regime without a vote has no rows for ballots."""
        return cls(
            ScoreModel(rules["round.score_model"]),
            int(rules.get("round.jury_weight_bp", BP)),
            int(rules.get("round.public_weight_bp", 0)),
            int(rules.get("round.vote_ballots_min", 0)),
            int(rules.get("round.vote_choices_max", 0)),
        )

    @property
    def has_vote(self) -> bool:
        """True when residents vote."""
        return self.model is ScoreModel.WEIGHTED and self.public_bp > 0


@dataclass(frozen=True)
class Total:
    """One project's line: parts and total in hundredths of a point, and its votes."""

    key: int
    jury: int
    public: int | None
    bonus: int
    total: int
    votes: int
    rank: int = 0


def totals(
    juries: Mapping[int, int],
    ballots: Sequence[Sequence[int]],
    bonuses: Mapping[int, tuple[int, int]],
    rule: ScoreRule,
    rules: Mapping[str, Any],
) -> list[Total]:
    """Return every project's total, best first; equal totals share a rank and stand in the order of their number."""
    votes = votes_of(ballots)
    counts = rule.has_vote and len(ballots) >= rule.ballots_min and bool(votes)
    most = max((votes[key] for key in juries), default=0)
    found = []
    for key, jury in juries.items():
        if rule.model is ScoreModel.POINTS:
            money, policy = bonuses.get(key, (0, 0))
            total, public, bonus = pointed_centi(jury, money, policy, rules), None, money + policy
        else:
            public, bonus = (public_centi(votes[key], most) if counts else None), 0
            total = weighted_centi(jury, public, rule.jury_bp, rule.public_bp)
        found.append(Total(key, jury, public, bonus, total, votes[key]))
    ordered = sorted(found, key=lambda one: (-one.total, one.key))
    return [Total(**{**vars(one), "rank": 1 + sum(other.total > one.total for other in ordered)}) for one in ordered]
