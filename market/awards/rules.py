"""What an award carries to a contract, and whether it may be signed. `contracts` reads nothing further up the line.

`Terms` is frozen with the award: the room that awards fills it, its digest stands on the award, and everything a
contract, its milestones, its evaluation and its payments need is inside.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from market.kernel.canonical import digest, plain
from market.kernel.clock import is_before
from market.kernel.money import BP, split_fen
from market.kernel.text import N_
from market.kernel.workdays import Calendar, Counted, add_working_days, roll_forward

WHOLE_CENTI = 10_000
SOURCES = ("self", "mutual", "public", "third")
GRADES = ("excellent", "good", "pass", "fail")
ACCEPTANCE, EVALUATION = "acceptance", "evaluation"
# What residents are asked where the tender asked nothing else, each answered on one scale.
QUESTIONS = (
    N_("服务人员的态度"),
    N_("服务是否及时、方便"),
    N_("对您或家人的实际帮助"),
    N_("总体是否满意"),
)


@dataclass(frozen=True)
class PartySnapshot:
    """A party as it stood at the award. Carries no contact data of a person beyond the registered representative."""

    id: int  # street id or organisation id
    name: str
    code: str  # credit code, or the division code of a street office without one
    kind: str  # "street_office", or the provider type
    representative: str
    address: str
    is_small: bool = False

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> PartySnapshot:
        """Read back from JSON."""
        return cls(**data)


@dataclass(frozen=True)
class MilestoneTerms:
    """A stage of work: its share of the price, what its money depends on, when it is due and what proves it."""

    number: int
    title: str
    share_bp: int
    amount_fen: int
    base: str  # "acceptance" | "evaluation"
    due_on: date
    evidence: str = ""

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> MilestoneTerms:
        """Read back from JSON."""
        return cls(**{**data, "due_on": date.fromisoformat(data["due_on"])})


@dataclass(frozen=True)
class Band:
    """From this exact score on (hundredths of a point) the grade holds and pays this share."""

    grade: str
    from_centi: int
    share_bp: int


@dataclass(frozen=True)
class Indicator:
    """What self, mutual and third-party evaluation score, with its target and its greatest score in hundredths."""

    code: str
    title: str
    target: str
    max_centi: int


@dataclass(frozen=True)
class EvaluationTerms:
    """How the evaluation is computed. Reads a lot's `evaluation_terms` as they are; what is absent has a default."""

    weights_bp: Mapping[str, int]
    renormalise: bool
    min_mutual: int
    min_public: int
    bands: tuple[Band, ...]
    indicators: tuple[Indicator, ...] = ()
    questions: tuple[str, ...] = QUESTIONS

    def __post_init__(self) -> None:
        weights = dict(self.weights_bp)
        if set(weights) != set(SOURCES) or min(weights.values()) < 0 or sum(weights.values()) != BP:
            raise ValueError("the weights of the four sources sum to 10,000")
        starts = [band.from_centi for band in self.bands]
        if not starts or starts[-1] != 0 or any(a <= b for a, b in pairwise(starts)):
            raise ValueError("bands fall from the best grade to one that starts at 0")
        if any(band.grade not in GRADES or not 0 <= band.share_bp <= BP for band in self.bands):
            raise ValueError("a band has a known grade and a share between 0 and 10,000")
        if any(one.max_centi <= 0 for one in self.indicators):
            raise ValueError("an indicator has points to give")
        codes = [one.code for one in self.indicators]
        if len(set(codes)) != len(codes):
            raise ValueError("two indicators have one code")

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> EvaluationTerms:
        """Read a lot's JSON or what `as_data` wrote."""
        return cls(
            weights_bp={source: int(data["weights_bp"].get(source, 0)) for source in SOURCES},
            renormalise=bool(data["renormalise"]),
            min_mutual=int(data["min_mutual"]),
            min_public=int(data["min_public"]),
            bands=tuple(Band(**band) for band in sorted(data["bands"], key=lambda band: -band["from_centi"])),
            indicators=tuple(
                Indicator(one["code"], one["title"], one.get("target", ""), one["max_centi"])
                for one in data.get("indicators", ())
            ),
            questions=tuple(data.get("questions") or QUESTIONS),
        )


@dataclass(frozen=True)
class FundingTerms:
    """How much of this purchase is reserved on which budget line; source and title as the line had them."""

    line_id: int
    source: str
    title: str
    amount_fen: int


@dataclass(frozen=True)
class RecoveryTerms:
    """What follows when a milestone fails for good: whether the contract ends, what of the money comes back."""

    stop_on_fail: bool
    claim_bp: int  # share of what was already paid that is claimed back
    due_days: int  # from the notice of the claim to the last day to return the money

    def __post_init__(self) -> None:
        if not 0 <= self.claim_bp <= BP or self.due_days < 1:
            raise ValueError("a claim is a share between 0 and 10,000 and leaves time to pay it back")


@dataclass(frozen=True)
class WorkerTerms:
    """Somebody the winning offer names: register id, certificate level, planned hours a week (hundredths); no name."""

    worker_id: int
    level: str
    weekly_centi: int


@dataclass(frozen=True)
class RuleFacts:
    """The numbers of the rulebook set that judges this purchase to its end, as far as a contract needs them."""

    sign_days: int = field(metadata={"key": "contract.sign_days"})
    publish_working_days: int = field(metadata={"key": "contract.publish_working_days"})
    file_copy_working_days: int = field(metadata={"key": "contract.file_copy_working_days"})
    wait_for_windows: int = field(metadata={"key": "contract.wait_for_windows"})  # 1: sign only after the windows
    bond_max_bp: int = field(metadata={"key": "security.performance_max_bp"})
    additions_max_bp: int = field(metadata={"key": "contract.additions_max_bp"})
    term_max_months: int = field(metadata={"key": "contract.term_max_months"})
    term_max_assured_months: int = field(metadata={"key": "contract.term_max_assured_months"})
    due_days: int = field(metadata={"key": "payment.due_days"})
    due_max_days: int = field(metadata={"key": "payment.sme_max_days"})
    late_interest_day_bp: int = field(metadata={"key": "payment.late_interest_day_bp"})
    collect_days: int = field(metadata={"key": "outcome.collect_days"})
    gap_flag_centi: int = field(metadata={"key": "outcome.gap_flag_centi"})
    rectify_days: int = field(metadata={"key": "outcome.rectify_days"})
    reevaluations_max: int = field(metadata={"key": "outcome.reevaluations_max"})
    final_window_months: int = field(metadata={"key": "outcome.final_window_months"})
    sample_z_centi: int = field(metadata={"key": "outcome.sample_z_centi"})
    sample_margin_bp: int = field(metadata={"key": "outcome.sample_margin_bp"})
    retention_years: int = field(metadata={"key": "archive.retention_years"})
    public_levels_centi: tuple[int, ...] = field(metadata={"key": "outcome.public_levels_centi"})
    output_points: tuple[tuple[int, int], ...] = field(metadata={"key": "outcome.output_points"})

    @classmethod
    def from_rules(cls, rules: Mapping[str, Any]) -> RuleFacts:
        """Take the numbers from a rulebook set (the one frozen when the purchase was published)."""
        return cls(**{name: rules[part.metadata["key"]] for name, part in cls.__dataclass_fields__.items()})

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> RuleFacts:
        """Read back from JSON."""
        pairs = tuple((ratio, points) for ratio, points in data["output_points"])
        return cls(**{**data, "public_levels_centi": tuple(data["public_levels_centi"]), "output_points": pairs})


@dataclass(frozen=True)
class Terms:
    """Everything a contract needs. Raises ValueError when the parts do not make a whole."""

    buyer: PartySnapshot
    supplier: PartySnapshot
    title: str
    category: str
    requirement: str
    regime: str
    amount_fen: int
    starts_on: date
    ends_on: date
    noticed_on: date  # day of the award notice: the days to sign are counted from it
    milestones: tuple[MilestoneTerms, ...]
    evaluation: EvaluationTerms
    funding: tuple[FundingTerms, ...]
    rules: RuleFacts
    rules_digest: str
    offer_digest: str = ""  # root of the winning bid or application, which stays part of the contract
    # Left out of the data where they are absent, so that awards without them keep their digest.
    recovery: RecoveryTerms | None = None
    on_behalf_of: str = ""  # a group without legal person for which the supplier answers
    workers: tuple[WorkerTerms, ...] = ()
    bond_bp: int = 0  # the performance bond that the purchase announced, of the price; none without an announcement

    def __post_init__(self) -> None:
        if self.amount_fen <= 0 or self.ends_on < self.starts_on:
            raise ValueError("a contract has a price and ends after it starts")
        if sum(one.amount_fen for one in self.milestones) != self.amount_fen:
            raise ValueError("the milestones sum to the price")
        if any(one.amount_fen <= 0 or one.base not in (ACCEPTANCE, EVALUATION) for one in self.milestones):
            raise ValueError("a milestone has an amount and a base")
        if [one.number for one in self.milestones] != list(range(1, len(self.milestones) + 1)):
            raise ValueError("milestones are numbered from 1")
        if sum(one.amount_fen for one in self.funding) < self.amount_fen:
            raise ValueError("the reserved money covers the price")
        if any(one.weekly_centi <= 0 for one in self.workers):
            raise ValueError("who is named works some hours")

    def as_data(self) -> dict[str, Any]:
        """Return plain JSON values; parts that an award may lack are left out when it lacks them."""
        data = {name: _plain(getattr(self, name)) for name in self.__dataclass_fields__}
        return {name: value for name, value in data.items() if name not in _OPTIONAL or value}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Terms:
        """Read back what `as_data` wrote; the digest is the same."""
        return cls(
            **{
                **data,
                "buyer": PartySnapshot.from_data(data["buyer"]),
                "supplier": PartySnapshot.from_data(data["supplier"]),
                "starts_on": date.fromisoformat(data["starts_on"]),
                "ends_on": date.fromisoformat(data["ends_on"]),
                "noticed_on": date.fromisoformat(data["noticed_on"]),
                "milestones": tuple(MilestoneTerms.from_data(one) for one in data["milestones"]),
                "evaluation": EvaluationTerms.from_data(data["evaluation"]),
                "funding": tuple(FundingTerms(**one) for one in data["funding"]),
                "rules": RuleFacts.from_data(data["rules"]),
                "recovery": RecoveryTerms(**data["recovery"]) if data.get("recovery") else None,
                "workers": tuple(WorkerTerms(**one) for one in data.get("workers", ())),
            }
        )

    @property
    def digest(self) -> str:
        """SHA-256 over the canonical form: `Award.terms_digest`."""
        return digest(self.as_data())


_OPTIONAL = ("recovery", "on_behalf_of", "workers", "bond_bp")


def _plain(value: Any) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return plain(value)


def milestone_amounts(amount_fen: int, shares_bp: Sequence[int]) -> list[int]:
    """Split the price over milestones by share, the rest on the last (row 70). The parts sum to the price."""
    return split_fen(amount_fen, shares_bp)


def award_release_id(award_id: int) -> str:
    """Return the award's id inside OCDS releases; a contract names it as its `awardID`."""
    return f"award-{award_id}"


def window_bar(publicity_until: datetime, challenge_until: datetime, at: datetime) -> str | None:
    """Return which window keeps a contract on a standing award from being signed at `at`, or None.

    While both run the later one is named too: whoever came back after the first would come in vain.
    """
    if not is_before(at, max(publicity_until, challenge_until)):
        return None
    if is_before(at, publicity_until):
        return N_("结果公告期和质疑期还没有结束，现在不能签署；请在质疑期满后再来。")
    return N_("质疑期还没有结束，现在不能签署；请在质疑期满后再来。")


def decline_bar(*, signed: bool) -> str | None:
    """Return why an award may not be given up any more, or None: a signed contract binds both (民法典 465)."""
    return N_("合同已由双方签订，不能再登记放弃；确需结束的，请在合同页面办理提前终止。") if signed else None


@dataclass(frozen=True)
class ResultWindows:
    """Last days of the result notice, of the challenge window, and to return the losers' security."""

    notice_ends: date
    challenge_ends: date
    refund_losers_by: date
    provisional: bool


def result_windows(noticed_on: date, rules: Mapping[str, Any], calendar: Calendar) -> ResultWindows:
    """Return the windows that a result notice opens (rows 42, 49; 采购法 52, 条例 33, 53)."""
    notice = add_working_days(noticed_on, rules["award.result_notice_working_days"], calendar)
    challenge = add_working_days(notice.day, rules["challenge.file_working_days"], calendar)
    refund = add_working_days(noticed_on, rules["security.bid_refund_losers_working_days"], calendar)
    provisional = notice.provisional or challenge.provisional or refund.provisional
    return ResultWindows(notice.day, challenge.day, refund.day, provisional)


def next_in_rank(ranked: Sequence[int], fallen: Collection[int]) -> int | None:
    """Return the first organisation in rank order whose award has not fallen; None when all have (条例 43, 49)."""
    return next((organisation_id for organisation_id in ranked if organisation_id not in fallen), None)


def sign_by(noticed_on: date, sign_days: int, calendar: Calendar) -> Counted:
    """Return the last day to sign: 30 days after the notice (采购法 46, row 44), rolled forward from a holiday."""
    return roll_forward(noticed_on + timedelta(days=sign_days), calendar)


# --- proposed awards and objections -----------------------------------------------------------------------------------

# More than an officer can read on one award; the page then gives the telephone instead.
OBJECTIONS_MOST = 200
OBJECTION_OPEN, OBJECTION_UPHELD = "filed", "upheld"


def notice_end(published_on: date, working_days: int, calendar: Calendar) -> Counted:
    """Return the last day of a pending award's notice, counted in working days from the day after publication."""
    return add_working_days(published_on, working_days, calendar)


def objection_bar(at: datetime, until: datetime, *, pending: bool) -> str | None:
    """Return why nobody may object to an award at `at`, or None."""
    if not pending:
        return N_("这个结果已不在公示中，不再接收异议。")
    return None if is_before(at, until) else N_("公示期已满，不再接收异议。")


def answer_by(filed_on: date, rules: Mapping[str, Any], calendar: Calendar) -> Counted:
    """Return the last day to answer an objection (assumed number, the district's own to change)."""
    return add_working_days(filed_on, rules["objection.answer_working_days"], calendar)


def confirm_bar(at: datetime, until: datetime, objections: Collection[str]) -> str | None:
    """Return why a proposed award may not be confirmed at `at`, given its objections' states, or None."""
    if OBJECTION_UPHELD in objections:
        return N_("有异议成立，这个结果不能确认；请办理不予确认。")
    if is_before(at, until):
        return N_("公示期还没有结束，期满后才能确认。")
    if OBJECTION_OPEN in objections:
        return N_("还有异议没有答复，答复后才能确认。")
    return None
