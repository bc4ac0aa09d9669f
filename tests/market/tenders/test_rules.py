"""Method, timetable and content of a tender, with the worked examples by row number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest

from market.kernel.clock import BEIJING, end_of_day, instant
from market.kernel.rulebook import Override, load
from market.tenders import rules as r
from tests.market.kernel.calendars import TEST_2026, WITHOUT_MAY

YUAN = 100
DAY = date(2026, 3, 2)
NOTICE = datetime(2026, 3, 2, 10, 0, tzinfo=BEIJING)


def rules(regime="open_tender", place="320115", day=DAY, overrides=()):
    return load().at(place, regime, day, overrides)


def d(month, day, year=2026):
    return date(year, month, day)


def sentences(findings):
    return [f.text % f.params for f in findings]


@dataclass
class Criterion:
    title: str
    max_centi: int
    kind: str = "quality"


@dataclass
class Milestone:
    title: str
    share_bp: int
    due_on: date
    base: str = "acceptance"


# --- method ----------------------------------------------------------------------------------------------------------


def test_row_11_threshold_depends_on_place():
    zhejiang = rules("comparison", "330502", date(2019, 6, 3))
    below = r.resolve(180_000 * YUAN, ["fiscal"], zhejiang)
    at = r.resolve(200_000 * YUAN, ["fiscal"], zhejiang)
    assert below.family is r.Family.BELOW_THRESHOLD
    assert below.method == "comparison"
    assert at.family is r.Family.PROCUREMENT_LAW
    jiangsu = r.resolve(200_000 * YUAN, ["fiscal"], rules("comparison", "320115"))
    assert jiangsu.family is r.Family.BELOW_THRESHOLD, "the same amount lies below the threshold in Jiangsu"


def test_row_11_the_finding_names_number_and_source():
    found = r.resolve(200_000 * YUAN, ["fiscal"], rules("comparison", "330502"))
    step = next(s for s in found.reasons if s.rule == "threshold.services_fen")
    assert step.text % step.params == "预算 ¥200,000.00，达到服务类采购限额标准 ¥200,000.00，适用政府采购法。"
    assert step.source == "浙江省2019年采购限额标准"
    assert r.Resolution.from_data(found.as_data()) == found


def test_between_the_thresholds_consultation_is_named_and_open_tender_goes_on():
    found = r.resolve(500_000 * YUAN, ["fiscal"], rules("comparison"))
    assert found.method == "consultation"
    (refusal,) = sentences(r.check_method(found, "consultation", 500_000 * YUAN))
    assert refusal.startswith("预算 ¥500,000.00，依法可采用竞争性磋商。")
    assert refusal.endswith("请改选公开招标，或另行组织竞争性磋商。")
    assert r.check_method(found, "open_tender", 500_000 * YUAN) == []
    assert "不能采用比选" in sentences(r.check_method(found, "comparison", 500_000 * YUAN))[0]


def test_from_the_open_tender_amount_nothing_else_is_allowed():
    found = r.resolve(2_000_000 * YUAN, ["fiscal", "lottery"], rules("comparison"))
    assert found.allowed == ("open_tender",)
    assert r.resolve(1_999_999 * YUAN + 99, ["fiscal"], rules("comparison")).method == "consultation"


def test_donations_alone_are_no_public_money_but_mixed_money_counts_whole():
    assert r.resolve(900_000 * YUAN, ["donation"], rules("comparison")).family is r.Family.DONATION
    mixed = r.resolve(300_000 * YUAN, ["donation", "fiscal"], rules("comparison"))
    assert mixed.family is r.Family.PROCUREMENT_LAW
    assert "整个项目" in mixed.reasons[0].text


def test_row_12_splitting():
    found = r.splitting("居家养老", [800_000 * YUAN, 700_000 * YUAN, 600_000 * YUAN], rules("comparison"))
    assert found.total_fen == 2_100_000 * YUAN
    assert found.flagged
    assert r.check_splitting(found, "comparison")[0].blocks
    assert r.check_splitting(found, "open_tender") == []
    exactly = r.splitting("居家养老", [800_000 * YUAN, 700_000 * YUAN, 500_000 * YUAN], rules("comparison"))
    assert not exactly.flagged, "only a sum over the amount counts"


def test_row_5_deduction_warns_about_social_organisations():
    fair = r.check_deduction(1_000, rules())
    assert "社会组织不属于中小企业" in sentences(fair)[0]
    assert not r.blocking(fair)
    assert r.blocking(r.check_deduction(900, rules()))
    assert not r.blocking(r.check_deduction(0, rules()))
    assert r.check_deduction(0, rules("comparison")) == []
    assert r.blocking(r.check_deduction(1_000, rules("comparison")))


# --- timetable -------------------------------------------------------------------------------------------------------


def test_row_13_intention_thirty_days_before():
    assert r.intention_due(d(3, 31), rules()) == d(3, 1)
    assert r.may_start_on(d(3, 1), rules()) == d(3, 31)
    at = instant(d(3, 1), 16)
    assert r.check_intention(at, d(3, 31), "", rules()) == []
    assert r.blocking(r.check_intention(at, d(3, 30), "", rules()))
    assert r.blocking(r.check_intention(None, d(3, 31), "", rules()))
    assert r.check_intention(None, d(3, 31), "暴雨灾害，紧急安置独居老人", rules()) == []
    assert r.check_intention(None, d(3, 31), "", rules("comparison")) == []
    waiting = r.check_intention(at, d(3, 30), "", rules(), publishing=False)
    assert waiting
    assert not r.blocking(waiting), "the period may still run while the text is reviewed"


def test_row_14_deadline_not_before_the_end_of_day_twenty():
    first, provisional = r.earliest_deadline(NOTICE, rules(), TEST_2026)
    assert first == end_of_day(d(3, 22)), "22 March is a Sunday: a minimum period does not roll"
    assert not provisional
    assert r.timetable(NOTICE, rules(), TEST_2026).deadline_at == instant(d(3, 23), 9, 30)


def test_row_14_the_safety_day_is_a_setting():
    more = Override("tender.bid_period_safety_days", 3, "320115", "节前多留两日", date(2026, 1, 1))
    first, _ = r.earliest_deadline(NOTICE, rules(overrides=[more]), TEST_2026)
    assert first == instant(d(3, 25))
    none = Override("tender.bid_period_safety_days", 0, "320115", "按期满计", date(2026, 1, 1))
    first, _ = r.earliest_deadline(NOTICE, rules(overrides=[none]), TEST_2026)
    assert first == end_of_day(d(3, 22)), "never before the end of day twenty"


def test_row_15_late_clarification_extends():
    deadline = instant(d(3, 23), 9, 30)
    assert r.extended_deadline(deadline, instant(d(3, 12), 15), rules()) == instant(d(3, 27), 9, 30)
    assert r.extended_deadline(deadline, instant(d(3, 8), 15), rules()) == deadline


def test_row_16_documents_on_offer_five_working_days():
    table = r.timetable(NOTICE, rules(), TEST_2026)
    assert table.documents_until == d(3, 9)
    assert table.notice_until == d(3, 9)


def test_row_17_consultation_ten_days():
    first, _ = r.earliest_deadline(NOTICE, rules("consultation"), TEST_2026)
    assert first == end_of_day(d(3, 12))


def test_row_18_late_clarification_in_consultation():
    found = r.extended_deadline(instant(d(3, 13), 9, 30), instant(d(3, 10), 9), rules("consultation"))
    assert found == instant(d(3, 15), 9, 30), "a Sunday: no rolling"


def test_comparison_waits_for_its_notice_and_opens_on_a_working_morning():
    tuesday = datetime(2026, 3, 31, 9, 0, tzinfo=BEIJING)
    table = r.timetable(tuesday, rules("comparison"), TEST_2026)
    assert table.notice_until == d(4, 3)
    assert table.earliest_deadline == end_of_day(d(4, 3))
    assert table.deadline_at == instant(d(4, 7), 9, 30), "4 to 6 April are a holiday"
    assert next(line for line in table.lines if line.key == "notice_until").assumed


def test_a_wished_deadline_may_be_later_never_earlier():
    assert r.check_deadline(instant(d(3, 23)), NOTICE, rules(), TEST_2026) == []
    early = r.check_deadline(instant(d(3, 22), 23, 59), NOTICE, rules(), TEST_2026)
    assert r.blocking(early)
    late = instant(d(4, 20), 17)
    assert r.timetable(NOTICE, rules(), TEST_2026, late).deadline_at == late


def test_a_year_without_calendar_is_marked_provisional():
    december = datetime(2026, 12, 28, 9, 0, tzinfo=BEIJING)
    assert r.timetable(december, rules(day=d(12, 28)), TEST_2026).provisional
    assert not r.timetable(NOTICE, rules(), WITHOUT_MAY).provisional, "2026 is known, if wrongly"


def test_row_19_minimum_of_bidders():
    assert not r.enough_bidders(2, rules())
    assert r.enough_bidders(3, rules())
    assert r.enough_bidders(3, rules("comparison"))
    assert not r.enough_bidders(2, rules("comparison"))


def test_row_20_consultation_with_two():
    assert r.enough_bidders(2, rules("consultation"))
    assert not r.enough_bidders(1, rules("consultation"))


# --- content ---------------------------------------------------------------------------------------------------------


def criteria(price=10_00, quality=90_00):
    return [Criterion("服务方案", quality), Criterion("报价", price, "price")]


def test_row_27_price_weight_in_a_tender():
    assert r.blocking(r.check_criteria(criteria(8_00, 92_00), [], rules()))
    assert r.check_criteria(criteria(), [], rules()) == []
    assert r.check_criteria(criteria(60_00, 40_00), [], rules()) == [], "no cap in a tender"


def test_row_28_price_weight_in_consultation():
    found = r.check_criteria(criteria(35_00, 65_00), [], rules("consultation"))
    assert sentences(found) == ["报价分为 35.00 分，不得高于 30.00 分；超出须事先经财政部门批准。"]
    assert r.check_criteria(criteria(30_00, 70_00), [], rules("consultation")) == []


def test_points_sum_to_one_hundred():
    assert sentences(r.check_criteria(criteria(10_00, 89_99), [], rules())) == [
        "各评分项满分合计 99.99 分，应为 100.00 分，还差 0.01 分。"
    ]
    assert "多了 5.00 分" in sentences(r.check_criteria(criteria(15_00, 90_00), [], rules()))[0]
    assert "且只设一项报价分" in sentences(r.check_criteria([Criterion("方案", 100_00)], [], rules()))[0]


def test_a_qualification_may_not_be_scored():
    listed = [Criterion("有持证社会工作师不少于3人，每多1人加分", 90_00), Criterion("报价", 10_00, "price")]
    found = r.check_criteria(listed, ["持证社会工作师不少于 3 人"], rules())
    assert any("资格条件不得作为评分因素" in s for s in sentences(r.blocking(found)))


@pytest.mark.parametrize("word", r.UNSCORABLE)
def test_size_is_neither_condition_nor_factor(word):
    assert r.blocking(r.check_qualifications([f"{word}不少于100万元"]))
    assert r.blocking(r.check_criteria([Criterion(f"{word}规模", 90_00), *criteria()[1:]], [], rules()))


def test_local_preference_is_shown_to_the_approver():
    found = r.check_qualifications(["在本区注册满一年"])
    assert found
    assert not r.blocking(found)


def test_row_8_budget_first():
    assert r.short_of_budget_fen(500_000 * YUAN, 460_000 * YUAN, 60_000 * YUAN, rules()) == 20_000 * YUAN
    assert r.short_of_budget_fen(500_000 * YUAN, 440_000 * YUAN, 60_000 * YUAN, rules()) == 0
    assert "还差 ¥20,000.00" in sentences(r.check_budget("居家养老", 20_000 * YUAN))[0]


def test_row_7_negative_list_blocks_until_explained():
    hit = [(5, "服务人员招、用人，劳务派遣", "派遣")]
    assert r.blocking(r.check_negative(hit, ""))
    explained = r.check_negative(hit, "文中写的是不得派遣，并非购买派遣服务")
    assert explained
    assert not r.blocking(explained)


def test_row_41_bid_security():
    assert r.bid_security_max_fen(480_000 * YUAN, rules()) == 9_600 * YUAN


def test_row_46_performance_bond():
    assert r.performance_bond_max_fen(432_000 * YUAN, rules()) == 43_200 * YUAN
    assert r.check_bond(0, rules()) == r.check_bond(10_00, rules()) == []
    (found,) = r.blocking(r.check_bond(10_01, rules()))
    assert sentences([found]) == ["履约保证金不得超过合同金额的 10%，现为 10.01%。"]


def test_row_48_term():
    ticks = [*rules()["contract.term_conditions"], "budget_assured"]
    assert r.term_allowed(d(5, 1), d(4, 30, 2027), [], rules())
    assert not r.term_allowed(d(5, 1), d(5, 1, 2027), [], rules())
    assert r.term_allowed(d(5, 1), d(4, 30, 2029), ticks, rules())
    assert not r.term_allowed(d(5, 1), d(5, 1, 2029), ticks, rules())
    assert not r.term_allowed(d(5, 1), d(4, 30, 2029), ticks[:-1], rules()), "the budget must be assured as well"


def test_service_begins_after_the_deadline():
    assert r.blocking(r.check_term(d(4, 7), d(12, 31), [], d(4, 7), rules()))
    assert r.check_term(d(4, 8), d(12, 31), [], d(4, 7), rules()) == []


def test_milestones_sum_and_lie_in_the_term():
    good = [Milestone("中期", 70_00, d(8, 1)), Milestone("期末", 30_00, d(12, 31), "evaluation")]
    assert r.check_milestones(good, d(5, 1), d(12, 31)) == []
    short = [Milestone("中期", 60_00, d(8, 1)), good[1]]
    assert sentences(r.check_milestones(short, d(5, 1), d(12, 31))) == ["各付款节点比例合计 90%，应为 100%。"]
    outside = [Milestone("中期", 70_00, d(4, 1)), good[1]]
    assert r.blocking(r.check_milestones(outside, d(5, 1), d(12, 31)))
    assert r.blocking(r.check_milestones(good[::-1], d(5, 1), d(12, 31)))
    flat = [Milestone("期末", 100_00, d(12, 31))]
    found = r.check_milestones(flat, d(5, 1), d(12, 31))
    assert "没有任何一笔款与绩效评估挂钩" in sentences(found)[0]
    assert not r.blocking(found)


def terms(**changes):
    return {**r.default_terms(rules()), **changes}


def test_row_63_weights_sum_and_guard_rails_warn():
    assert r.check_terms(terms(), rules()) == []
    uneven = {"self": 1000, "mutual": 1500, "public": 3000, "third": 4000}
    assert r.blocking(r.check_terms(terms(weights_bp=uneven), rules()))
    leaning = {"self": 2000, "mutual": 1500, "public": 3000, "third": 3500}
    found = r.check_terms(terms(weights_bp=leaning), rules())
    assert sentences(found) == ["第三方评权重 35%，低于建议的 40%。", "自评权重 20%，高于建议的 15%。"]
    assert not r.blocking(found)


def test_row_64_enough_mutual_raters_and_answers():
    assert r.blocking(r.check_terms(terms(min_mutual=2), rules()))
    assert r.blocking(r.check_terms(terms(min_public=9), rules()))
    without = {"self": 1000, "mutual": 0, "public": 3000, "third": 6000}
    assert r.check_terms(terms(min_mutual=0, weights_bp=without), rules()) == []


def test_row_65_bands_fall_and_end_at_zero():
    bands = terms()["bands"]
    assert [b["from_centi"] for b in bands] == [90_00, 80_00, 60_00, 0]
    assert r.blocking(r.check_terms(terms(bands=bands[:-1]), rules()))
    risen = [*bands[:-1], {**bands[-1], "share_bp": 9_500}]
    assert r.blocking(r.check_terms(terms(bands=risen), rules()))


def test_indicators_sum_to_one_hundred():
    rows = [{"code": "a", "title": "探访", "target": "1200 次", "max_centi": 60_00}]
    assert r.blocking(r.check_terms(terms(indicators=rows), rules()))
    assert r.blocking(r.check_terms(terms(indicators=[]), rules()))


# --- defaults --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("regime", ["comparison", "open_tender"])
def test_defaults_pass_every_check(regime):
    book = rules(regime)
    starts, ends = r.default_term(d(3, 31))
    assert (starts, ends) == (d(5, 1), d(4, 30, 2027))
    listed = [Criterion(c["title"], c["max_centi"], c["kind"]) for c in r.default_criteria(book)]
    conditions = [q["title"] for q in r.default_qualifications()]
    assert r.check_criteria(listed, conditions, book) == []
    assert r.check_qualifications(conditions) == []
    stages = [
        Milestone(**{k: v for k, v in m.items() if k != "evidence"}) for m in r.default_milestones(starts, ends, book)
    ]
    assert r.check_milestones(stages, starts, ends) == []
    assert r.check_terms(r.default_terms(book, [{"title": "探访次数", "target": "1200 次"}] * 3), book) == []


def test_defaults_keep_the_catalogues_points():
    given = [{"title": "a", "max_centi": 70_00}, {"title": "b", "max_centi": 30_00}]
    assert [i["max_centi"] for i in r.default_terms(rules(), given)["indicators"]] == [70_00, 30_00]


def test_a_draft_begins_with_the_demands_own_words_and_keeps_what_the_catalogue_adds():
    both = r.default_requirement("西区缺午餐。", "送餐上门。", "餐温不低于 60 度。")
    assert both == "西区缺午餐。\n送餐上门。\n餐温不低于 60 度。"
    assert r.default_requirement("", "送餐上门。", "") == "送餐上门。"
    assert r.default_requirement("午餐：送餐上门。", "送餐上门。", "") == "午餐：送餐上门。"


@pytest.mark.parametrize("length", [1, 20, 45, 365])
def test_default_milestones_fit_short_services(length):
    starts, ends = d(5, 1), d(5, 1) + timedelta(days=length)
    days = [m["due_on"] for m in r.default_milestones(starts, ends, rules())]
    assert days == sorted(days)
    assert starts <= days[0]
    assert days[-1] == ends


# --- stage -----------------------------------------------------------------------------------------------------------


@dataclass
class Tender:
    state: str
    deadline_at: datetime | None


def test_a_deadline_closes_without_a_timer():
    deadline = instant(d(3, 23), 9, 30)
    tender = Tender("open", deadline)
    assert r.is_open(tender, deadline - timedelta(microseconds=1))
    assert r.stage(tender, deadline) is r.Stage.CLOSED
    assert r.stage(Tender("draft", deadline), deadline + timedelta(days=9)) is r.Stage.DRAFT
    assert r.stage(Tender("cancelled", None), deadline) is r.Stage.CANCELLED
