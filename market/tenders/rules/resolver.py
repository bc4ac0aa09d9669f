"""Which law applies and which method it asks for: f(amount, sources, place, date), each step with its source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from market.kernel.money import format_bp, format_yuan
from market.kernel.rulebook import Regime, Rule, RuleSet
from market.kernel.text import N_
from market.tenders.rules.findings import Finding

METHOD_NAMES = {
    Regime.COMPARISON: N_("比选"),
    Regime.OPEN_TENDER: N_("公开招标"),
    Regime.CONSULTATION: N_("竞争性磋商"),
    Regime.NEGOTIATION: N_("竞争性谈判"),
    Regime.INQUIRY: N_("询价"),
    Regime.SINGLE_SOURCE: N_("单一来源采购"),
}
# The methods that run to the end here; the law may ask for another one.
RUNS_HERE = frozenset({Regime.COMPARISON, Regime.OPEN_TENDER})
# Donations are no public money; the other three channels are (采购法 art. 2, 条例 art. 2).
_NOT_PUBLIC = frozenset({"donation"})


class Family(StrEnum):
    """The body of law a purchase falls under."""

    DONATION = "donation"
    BELOW_THRESHOLD = "below_threshold"
    PROCUREMENT_LAW = "procurement_law"


FAMILY_LABELS = {
    Family.DONATION: N_("社会捐赠资金，按捐赠协议和慈善法管理"),
    Family.BELOW_THRESHOLD: N_("限额标准以下，按内部控制制度采购"),
    Family.PROCUREMENT_LAW: N_("适用政府采购法"),
}


@dataclass(frozen=True)
class Reason:
    """One step of the finding: a sentence with parameters, and where the number or the rule comes from."""

    text: str
    params: Mapping[str, str] = field(default_factory=dict)
    rule: str = ""
    source: str = ""
    article: str = ""
    confidence: str = "L"

    def as_data(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {**vars(self), "params": dict(self.params)}


@dataclass(frozen=True)
class Resolution:
    """What the law asks for (`method`), what it also allows, and why."""

    family: Family
    method: Regime
    allowed: tuple[Regime, ...]
    reasons: tuple[Reason, ...]

    def as_data(self) -> dict[str, Any]:
        """Plain JSON values, kept with the tender."""
        return {
            "family": self.family.value,
            "method": self.method.value,
            "allowed": [m.value for m in self.allowed],
            "reasons": [r.as_data() for r in self.reasons],
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Resolution:
        """Read back what `as_data` wrote."""
        allowed = tuple(Regime(m) for m in data["allowed"])
        return cls(Family(data["family"]), Regime(data["method"]), allowed, tuple(Reason(**r) for r in data["reasons"]))


def resolve(amount_fen: int, sources: Iterable[str], rules: RuleSet) -> Resolution:
    """Find regime and method for a purchase of `amount_fen` paid from `sources` (fund source codes), with the reasons.

    `rules` carries place and date, so the same amount may resolve differently elsewhere or at another time (row 11).
    """
    money = set(sources)
    if money and money <= _NOT_PUBLIC:
        why = Reason(
            N_(
                "资金全部来自社会捐赠，不是财政性资金，不适用政府采购法；用途须符合捐赠协议，采购仍以比选方式公开进行。"
            ),
            source="中华人民共和国慈善法",
            article="56",
        )
        return Resolution(Family.DONATION, Regime.COMPARISON, (Regime.COMPARISON, Regime.OPEN_TENDER), (why,))
    reasons = [_money_reason(money)]
    limit, top = rules.rule("threshold.services_fen"), rules.rule("threshold.open_tender_fen")
    amount = format_yuan(amount_fen)
    if amount_fen < _fen(limit):
        text = N_("预算 %(amount)s，未达到服务类采购限额标准 %(limit)s，不属于政府采购法适用范围，采用比选方式。")
        reasons.append(_by_rule(limit, text, amount=amount, limit=format_yuan(_fen(limit))))
        return Resolution(
            Family.BELOW_THRESHOLD, Regime.COMPARISON, (Regime.COMPARISON, Regime.OPEN_TENDER), tuple(reasons)
        )
    text = N_("预算 %(amount)s，达到服务类采购限额标准 %(limit)s，适用政府采购法。")
    reasons.append(_by_rule(limit, text, amount=amount, limit=format_yuan(_fen(limit))))
    if amount_fen >= _fen(top):
        text = N_(
            "预算达到公开招标数额标准 %(limit)s，应当公开招标；"
            "采用其他方式须在采购活动开始前经设区的市级以上财政部门批准。"
        )
        reasons.append(_by_rule(top, text, limit=format_yuan(_fen(top))))
        return Resolution(Family.PROCUREMENT_LAW, Regime.OPEN_TENDER, (Regime.OPEN_TENDER,), tuple(reasons))
    text = N_("预算未达到公开招标数额标准 %(limit)s。")
    reasons.append(_by_rule(top, text, limit=format_yuan(_fen(top))))
    reasons.append(
        Reason(
            N_("政府购买服务项目可以采用竞争性磋商，也可以公开招标。"),
            source="政府采购竞争性磋商采购方式管理暂行办法（财库〔2014〕214号）",
            article="3",
            confidence="P",
        )
    )
    allowed = (Regime.CONSULTATION, Regime.OPEN_TENDER)
    return Resolution(Family.PROCUREMENT_LAW, Regime.CONSULTATION, allowed, tuple(reasons))


def _money_reason(sources: set[str]) -> Reason:
    mixed = bool(sources & _NOT_PUBLIC)
    text = (
        N_("资金中既有财政性资金也有其他资金，无法分割采购的，按整个项目的金额统一适用。")
        if mixed
        else N_("资金为财政性资金。")
    )
    return Reason(text, source="中华人民共和国政府采购法实施条例", article="2")


def _by_rule(rule: Rule, text: str, **params: str) -> Reason:
    return Reason(text, params, rule.key, rule.source, rule.article, rule.confidence)


def _fen(rule: Rule) -> int:
    return int(rule.value)  # type: ignore[arg-type]


def check_method(resolution: Resolution, method: str, amount_fen: int) -> list[Finding]:
    """Find a method the law does not allow here, or one that does not run to the end in this product."""
    chosen, needed = Regime(method), METHOD_NAMES[resolution.method]
    params = {"amount": format_yuan(amount_fen), "method": METHOD_NAMES[chosen], "needed": needed}
    if chosen not in resolution.allowed:
        text = N_("预算 %(amount)s，依法应采用%(needed)s，不能采用%(method)s。")
        return [Finding("timing", text, params, rule="threshold.services_fen")]
    if chosen not in RUNS_HERE:
        text = N_(
            "预算 %(amount)s，依法可采用%(method)s。本平台目前只办理比选和公开招标的全过程，"
            "请改选公开招标，或另行组织%(method)s。"
        )
        return [Finding("timing", text, params, rule="threshold.services_fen")]
    return []


@dataclass(frozen=True)
class Splitting:
    """Sum of one budget line and category in a fiscal year by methods other than tender."""

    line: str
    total_fen: int
    limit_fen: int

    @property
    def flagged(self) -> bool:
        """True when the sum passes the open-tender amount (条例 art. 28)."""
        return self.total_fen > self.limit_fen


def splitting(line: str, amounts_fen: Iterable[int], rules: RuleSet) -> Splitting:
    """Sum the purchases of one line, category and year that went by methods other than tender (row 12)."""
    return Splitting(line, sum(amounts_fen), int(rules["threshold.open_tender_fen"]))


def check_splitting(found: Splitting, method: str) -> list[Finding]:
    """A purchase that carries the sum over the open-tender amount must be an open tender."""
    if method == Regime.OPEN_TENDER or not found.flagged:
        return []
    text = N_(
        "“%(line)s”本年同类服务以非招标方式采购累计 %(total)s，超过公开招标数额标准 %(limit)s，"
        "属于化整为零，应当公开招标。"
    )
    params = {"line": found.line, "total": format_yuan(found.total_fen), "limit": format_yuan(found.limit_fen)}
    return [Finding("money", text, params, rule="purchase.splitting_scope")]


def deduction_range_bp(rules: RuleSet) -> tuple[int, int]:
    """Least and greatest lawful price deduction for small and micro firms, in ten-thousandths (rows 29-31)."""
    return int(rules["sme.price_deduction_min_bp"]), int(rules["sme.price_deduction_max_bp"])


def check_deduction(deduction_bp: int, rules: RuleSet) -> list[Finding]:
    """Check the deduction, and say what it means for social organisations, which can never claim it (row 5)."""
    least, most = deduction_range_bp(rules)
    params = {"given": format_bp(deduction_bp), "least": format_bp(least), "most": format_bp(most)}
    key = "sme.price_deduction_min_bp"
    if deduction_bp == 0:
        text = N_("未设小微企业价格扣除。未预留份额的政府采购项目应给予 %(least)s 至 %(most)s 的扣除，请确认理由。")
        return [Finding("timing", text, params, blocks=False, rule=key)] if most else []
    if not least <= deduction_bp <= most:
        text = N_("小微企业价格扣除应在 %(least)s 至 %(most)s 之间，现为 %(given)s。")
        if not most:
            text = N_("限额标准以下的比选不适用小微企业价格扣除，请改为 0。")
        return [Finding("timing", text, params, rule=key)]
    text = N_(
        "已设 %(given)s 的小微企业价格扣除。社会组织不属于中小企业，不能享受；"
        "如主要面向社会组织，请考虑是否影响公平竞争。"
    )
    return [Finding("timing", text, params, blocks=False, rule=key)]
