"""What a tender must and must not say: criteria, qualifications, money, milestones, evaluation terms, words."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Protocol

from market.kernel.money import BP, format_bp, format_centi, format_yuan
from market.kernel.rulebook import RuleSet
from market.kernel.text import N_
from market.kernel.workdays import add_months
from market.tenders.rules.findings import Finding

FULL_SCORE_CENTI = 10_000
EVALUATORS = ("self", "mutual", "public", "third")
# Conditions that may be neither a qualification nor a scored factor (87号令 art. 17, 55).
UNSCORABLE = ("注册资本", "资产总额", "营业收入", "从业人员", "利润", "纳税额")
# Words that point at a local or sectoral preference (条例 art. 20); shown to the approver, not refused.
_LOCAL = ("本地注册", "本地企业", "本市注册", "本区注册", "注册地在", "本地业绩", "本省业绩", "本行业奖项", "所有制")
_NOT_LETTERS = re.compile(r"[\W_]+")
_SHORTEST_LIKENESS = 4


class CriterionLike(Protocol):
    """A scored factor."""

    @property
    def kind(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def max_centi(self) -> int: ...


class MilestoneLike(Protocol):
    """A stage of work with its share of the price."""

    @property
    def title(self) -> str: ...
    @property
    def share_bp(self) -> int: ...
    @property
    def base(self) -> str: ...
    @property
    def due_on(self) -> date: ...


# --- term and money --------------------------------------------------------------------------------------------------


def term_allowed(starts_on: date, ends_on: date, conditions: Iterable[str], rules: RuleSet) -> bool:
    """True when the term is within a year, or within three with an assured budget and all conditions (row 48).

    Source: 财政部令第102号 art. 24. `ends_on` is the last day of service.
    """
    after = ends_on + timedelta(days=1)
    if after <= add_months(starts_on, int(rules["contract.term_max_months"])):
        return True
    needed = {*rules["contract.term_conditions"], "budget_assured"}
    return needed <= set(conditions) and after <= add_months(starts_on, int(rules["contract.term_max_assured_months"]))


def check_term(
    starts_on: date, ends_on: date, conditions: Iterable[str], deadline_on: date, rules: RuleSet
) -> list[Finding]:
    """Check the service period: long enough after the deadline to be possible, no longer than the law allows."""
    found = []
    if starts_on <= deadline_on:
        text = N_("服务开始日 %(starts)s 不晚于递交截止日 %(deadline)s，来不及评审和签约；请改晚。")
        found.append(Finding("basics", text, {"starts": starts_on, "deadline": deadline_on}))
    if not term_allowed(starts_on, ends_on, conditions, rules):
        text = N_(
            "合同期限一般不超过 %(normal)s 个月；预算有保障并符合四项条件的，不超过 %(most)s 个月。"
            "请缩短期限，或核对并勾选条件。"
        )
        params = {"normal": rules["contract.term_max_months"], "most": rules["contract.term_max_assured_months"]}
        found.append(Finding("basics", text, params, rule="contract.term_max_months"))
    return found


def short_of_budget_fen(approved_fen: int, committed_fen: int, wanted_fen: int, rules: RuleSet) -> int:
    """By how much a new commitment passes the budget line; 0 when it fits (财政部令第102号 art. 14-16, row 8)."""
    most = approved_fen * int(rules["budget.commitment_max_bp"]) // BP
    return max(0, committed_fen + wanted_fen - most)


def check_lots(lots: Sequence[tuple[int, str, int]]) -> list[Finding]:
    """Check number, title and ceiling in fen of each lot."""
    found = []
    if not lots:
        found.append(Finding("money", N_("请至少设一个采购包，并安排资金。")))
    for number, title, ceiling_fen in lots:
        if not title.strip():
            found.append(Finding("money", N_("第 %(lot)s 包还没有名称。"), {"lot": number}, lot=number))
        if ceiling_fen <= 0:
            found.append(Finding("money", N_("第 %(lot)s 包还没有安排资金。"), {"lot": number}, lot=number))
    return found


def check_year(line: str, year: int, notice_on: date) -> list[Finding]:
    """A line pays for the purchases of its own year (财政部令第102号 art. 14-16)."""
    if year == notice_on.year:
        return []
    text = N_("预算项“%(line)s”是 %(year)s 年度的资金，不能用于本年发布的采购；请改用本年度的预算项。")
    return [Finding("money", text, {"line": line, "year": str(year)}, rule="budget.commitment_max_bp")]


def check_budget(line: str, short_fen: int) -> list[Finding]:
    """A line that cannot carry the purchase stops it: budget first, purchase afterwards (row 8)."""
    if not short_fen:
        return []
    text = N_("预算项“%(line)s”余额不足，还差 %(short)s；请减少金额、换一项预算，或先调整年度资金。")
    params = {"line": line, "short": format_yuan(short_fen)}
    return [Finding("money", text, params, rule="budget.commitment_max_bp")]


# --- criteria and qualifications -------------------------------------------------------------------------------------


def price_weight_centi(criteria: Iterable[CriterionLike]) -> int:
    """Hundredths of a point given to the price."""
    return sum(c.max_centi for c in criteria if c.kind == "price")


def check_criteria(
    criteria: Sequence[CriterionLike], qualifications: Iterable[str], rules: RuleSet, lot: int | None = None
) -> list[Finding]:
    """Check that the points sum to 100.00, the price weighs what it must, and nothing is scored that may not be."""
    found = _check_points(criteria, lot) + _check_price_weight(criteria, rules, lot)
    conditions = [q for q in qualifications if q.strip()]
    for criterion in criteria:
        if twin := next((q for q in conditions if _alike(criterion.title, q)), None):
            text = N_("评分项“%(title)s”与资格条件“%(twin)s”重复；资格条件不得作为评分因素。")
            found.append(Finding("criteria", text, {"title": criterion.title, "twin": twin}, lot=lot))
    titles = Counter(c.title.strip() for c in criteria)
    for title in sorted(t for t, count in titles.items() if count > 1):
        found.append(Finding("criteria", N_("评分项“%(title)s”出现了两次。"), {"title": title}, lot=lot))
    return found + check_words("criteria", [c.title for c in criteria], lot)


def _check_points(criteria: Sequence[CriterionLike], lot: int | None) -> list[Finding]:
    total = sum(c.max_centi for c in criteria)
    if total == FULL_SCORE_CENTI:
        return []
    gap = format_centi(abs(total - FULL_SCORE_CENTI))
    params = {"total": format_centi(total), "gap": gap}
    text = (
        N_("各评分项满分合计 %(total)s 分，应为 100.00 分，还差 %(gap)s 分。")
        if total < FULL_SCORE_CENTI
        else N_("各评分项满分合计 %(total)s 分，应为 100.00 分，多了 %(gap)s 分。")
    )
    return [Finding("criteria", text, params, lot=lot)]


def _check_price_weight(criteria: Sequence[CriterionLike], rules: RuleSet, lot: int | None) -> list[Finding]:
    """Rows 27 and 28: 87号令 art. 55, 214号 art. 24."""
    prices = [c for c in criteria if c.kind == "price"]
    if len(prices) != 1:
        text = N_("请设且只设一项报价分。") if not prices else N_("报价分只能有一项，现有 %(n)s 项。")
        return [Finding("criteria", text, {"n": len(prices)}, lot=lot)]
    weight = prices[0].max_centi
    least = int(rules["evaluation.price_weight_min_centi"])
    most = int(rules["evaluation.price_weight_max_centi"])
    params = {"given": format_centi(weight), "least": format_centi(least), "most": format_centi(most)}
    if weight < least:
        text = N_("报价分为 %(given)s 分，不得低于 %(least)s 分。")
        return [Finding("criteria", text, params, rule="evaluation.price_weight_min_centi", lot=lot)]
    if weight > most:
        text = N_("报价分为 %(given)s 分，不得高于 %(most)s 分；超出须事先经财政部门批准。")
        return [Finding("criteria", text, params, rule="evaluation.price_weight_max_centi", lot=lot)]
    return []


def _alike(one: str, other: str) -> bool:
    """True when one title is the other, or holds it whole, whatever the punctuation."""
    a, b = _letters(one), _letters(other)
    short, long = sorted((a, b), key=len)
    return bool(short) and (a == b or (len(short) >= _SHORTEST_LIKENESS and short in long))


def _letters(text: str) -> str:
    return _NOT_LETTERS.sub("", unicodedata.normalize("NFKC", text)).lower()


def check_qualifications(titles: Sequence[str]) -> list[Finding]:
    """There must be conditions, and none that the law forbids."""
    if not any(t.strip() for t in titles):
        return [Finding("qualification", N_("请写明供应商须具备的资格条件。"))]
    return check_words("qualification", titles)


def check_words(section: str, texts: Iterable[str], lot: int | None = None) -> list[Finding]:
    """Find conditions on size (refused) and on origin or sector (shown to the approver)."""
    found = []
    for text in texts:
        for word in UNSCORABLE:
            if word in text:
                sentence = N_(
                    "“%(text)s”涉及%(word)s。注册资本、资产总额、营业收入、从业人员、利润、纳税额等规模条件"
                    "不得作为资格条件或评分因素。"
                )
                found.append(Finding(section, sentence, {"text": text, "word": word}, lot=lot))
        for word in _LOCAL:
            if word in text:
                sentence = N_("“%(text)s”可能构成地域、行业或所有制限制，请核对是否与采购需求直接相关。")
                found.append(Finding(section, sentence, {"text": text}, blocks=False, lot=lot))
    return found


def check_negative(hits: Iterable[tuple[int, str, str]], explanation: str) -> list[Finding]:
    """Hits of the negative list (number, item, word) stop the purchase until an officer explains them (row 7)."""
    found = []
    for number, item, word in hits:
        params = {"number": number, "item": item, "word": word}
        if explanation.strip():
            text = N_("含有“%(word)s”，涉及负面清单第 %(number)s 项“%(item)s”；经办人已说明理由，请审核人判断。")
        else:
            text = N_(
                "含有“%(word)s”，涉及负面清单第 %(number)s 项“%(item)s”，不得购买。"
                "如确属误判，请在“负面清单说明”中写明理由。"
            )
        found.append(Finding("basics", text, params, blocks=not explanation.strip()))
    return found


# --- milestones and evaluation ---------------------------------------------------------------------------------------


def check_milestones(
    milestones: Sequence[MilestoneLike], starts_on: date, ends_on: date, lot: int | None = None
) -> list[Finding]:
    """Shares sum to 100 %, days lie in the term and rise, and some money depends on the evaluation."""
    found = []
    total = sum(m.share_bp for m in milestones)
    if total != BP:
        text = N_("各付款节点比例合计 %(total)s，应为 100%%。")
        found.append(Finding("milestones", text, {"total": format_bp(total)}, lot=lot))
    days = [m.due_on for m in milestones]
    for milestone in milestones:
        if not starts_on <= milestone.due_on <= ends_on:
            text = N_("节点“%(title)s”的日期 %(day)s 不在服务期 %(starts)s 至 %(ends)s 内。")
            params = {"title": milestone.title, "day": milestone.due_on, "starts": starts_on, "ends": ends_on}
            found.append(Finding("milestones", text, params, lot=lot))
    if days != sorted(days):
        found.append(Finding("milestones", N_("付款节点应按日期先后排列。"), lot=lot))
    if milestones and not any(m.base == "evaluation" for m in milestones):
        text = N_("没有任何一笔款与绩效评估挂钩，评估结果将不影响付款。")
        found.append(Finding("milestones", text, blocks=False, lot=lot))
    return found


def check_terms(terms: Mapping[str, Any], rules: RuleSet, lot: int | None = None) -> list[Finding]:
    """Check the evaluation terms (blueprint of `Lot.evaluation_terms`): sums refuse, guard rails warn (rows 63-65)."""
    weights = {name: int(terms["weights_bp"].get(name, 0)) for name in EVALUATORS}
    found = []
    if sum(weights.values()) != int(rules["outcome.weight_sum_bp"]):
        text = N_("自评、互评、群众评、第三方评的权重合计 %(total)s，应为 100%%。")
        found.append(Finding("evaluation", text, {"total": format_bp(sum(weights.values()))}, lot=lot))
    found += _check_guard_rails(weights, terms, rules, lot)
    found += _check_bands(terms["bands"], lot)
    points = sum(int(i["max_centi"]) for i in terms["indicators"])
    if terms["indicators"] and points != FULL_SCORE_CENTI:
        text = N_("评估指标满分合计 %(total)s 分，应为 100.00 分。")
        found.append(Finding("evaluation", text, {"total": format_centi(points)}, lot=lot))
    if not terms["indicators"]:
        found.append(Finding("evaluation", N_("请至少写一项评估指标，否则无从判断服务做得好不好。"), lot=lot))
    return found


def _check_guard_rails(
    weights: Mapping[str, int], terms: Mapping[str, Any], rules: RuleSet, lot: int | None
) -> list[Finding]:
    found = []
    least, most = int(rules["outcome.weight_third_min_bp"]), int(rules["outcome.weight_self_max_bp"])
    if weights["third"] < least:
        text = N_("第三方评权重 %(given)s，低于建议的 %(least)s。")
        params = {"given": format_bp(weights["third"]), "least": format_bp(least)}
        found.append(Finding("evaluation", text, params, blocks=False, rule="outcome.weight_third_min_bp", lot=lot))
    if weights["self"] > most:
        text = N_("自评权重 %(given)s，高于建议的 %(most)s。")
        params = {"given": format_bp(weights["self"]), "most": format_bp(most)}
        found.append(Finding("evaluation", text, params, blocks=False, rule="outcome.weight_self_max_bp", lot=lot))
    few_mutual = N_("互评至少需要 %(least)s 家，现定 %(given)s 家。")
    few_public = N_("群众评至少需要 %(least)s 份，现定 %(given)s 份。")
    floors = (
        ("mutual", "min_mutual", "outcome.mutual_raters_min", few_mutual),
        ("public", "min_public", "outcome.public_responses_min", few_public),
    )
    for source, name, key, text in floors:
        if weights[source] and int(terms[name]) < int(rules[key]):
            params = {"least": str(rules[key]), "given": str(terms[name])}
            found.append(Finding("evaluation", text, params, rule=key, lot=lot))
    return found


def _check_bands(bands: Sequence[Mapping[str, Any]], lot: int | None) -> list[Finding]:
    floors = [int(b["from_centi"]) for b in bands]
    shares = [int(b["share_bp"]) for b in bands]
    if not bands or floors[-1] != 0 or floors != sorted(set(floors), reverse=True) or floors[0] > FULL_SCORE_CENTI:
        return [Finding("evaluation", N_("等级分数线应从高到低，最后一级从 0 分起。"), lot=lot)]
    if shares != sorted(shares, reverse=True) or max(shares) > BP:
        return [Finding("evaluation", N_("等级越低，兑付比例不应越高，也不能超过全额。"), lot=lot)]
    return []
