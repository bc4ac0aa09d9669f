import json
import re
from datetime import date
from pathlib import Path

import pytest

from market.kernel.rulebook import (
    MissingRule,
    Override,
    Regime,
    Rulebook,
    RulebookError,
    RuleSet,
    jurisdictions,
    load,
    parse,
    rules_page,
)

DAY = date(2026, 3, 31)
JIANGNING, WUXING, WENJIANG = "320115", "330502", "510115"


def row(key="a.days", value=1, **changes):
    data = {
        "unit": "days",
        "jurisdiction": "CN",
        "regime": "any",
        "effective_from": "2020-01-01",
        "source": "某办法",
        "article": "1",
        "confidence": "L",
        "zh": "说明",
        "en": "text",
    } | changes
    lines = [f"key = {json.dumps(key)}", f"value = {json.dumps(value)}", "row = [14]"]
    for name, item in data.items():
        lines.append(f"{name} = {item if name.startswith('effective') else json.dumps(item, ensure_ascii=False)}")
    return "[[rule]]\n" + "\n".join(lines) + "\n"


def book(*rows):
    return Rulebook(parse("\n".join(rows)))


def test_the_nearest_place_and_the_own_regime_win():
    rules = book(
        row(value=1),
        row(value=2, regime="comparison"),
        row(value=3, jurisdiction="CN-32"),
        row(value=4, jurisdiction="3201"),
        row(value=5, jurisdiction="320115"),
        row(value=6, jurisdiction="320115", regime="comparison"),
    )
    assert rules.at("110101", "open_tender", DAY)["a.days"] == 1
    assert rules.at("110101", "comparison", DAY)["a.days"] == 2
    assert rules.at("", "comparison", DAY)["a.days"] == 2
    assert rules.at("320200", "comparison", DAY)["a.days"] == 3
    assert rules.at("320104", "comparison", DAY)["a.days"] == 4
    assert rules.at("320115", "open_tender", DAY)["a.days"] == 5
    assert rules.at("320115001", Regime.COMPARISON, DAY)["a.days"] == 6


def test_rows_hold_from_their_first_to_their_last_day():
    rules = book(row(value=1, effective_to="2026-01-31"), row(value=2, effective_from="2026-02-01"))
    assert [rules.at("", "any", day)["a.days"] for day in (date(2026, 1, 31), date(2026, 2, 1))] == [1, 2]
    with pytest.raises(KeyError):
        rules.at("", "any", date(2019, 12, 31))["a.days"]


def test_a_missing_key_names_key_regime_and_day():
    with pytest.raises(MissingRule, match=r"no\.such.*open_tender.*2026-03-31.*320115"):
        load().at(JIANGNING, "open_tender", DAY)["no.such"]
    assert "no.such" not in load().at(JIANGNING, "open_tender", DAY)


@pytest.mark.parametrize(
    ("rows", "part"),
    [
        ([row(), row(value=2)], "overlap"),
        ([row(effective_to="2021-01-01"), row(value=2, effective_from="2021-01-01")], "overlap"),
        ([row(), row(unit="working_days", regime="comparison")], "unit"),
        ([row(), row(value="x", regime="comparison")], "kind"),
        ([row(confidence="sure")], "confidence"),
        ([row(source="")], "source"),
        ([row(value=True)], "whole number"),
        ([row(value=1.5)], "whole number"),
        ([row(effective_to="2019-01-01")], "ends before"),
        ([row(colour="red")], "colour"),
        (["[[rule]]\nkey = 'x'\n"], "missing"),
    ],
)
def test_a_bad_rulebook_is_refused(rows, part):
    with pytest.raises(RulebookError, match=part):
        book(*rows)


def test_rows_side_by_side_in_time_do_not_overlap():
    assert len(book(row(effective_to="2020-12-31"), row(value=2, effective_from="2021-01-01")).rules) == 2


def test_a_district_may_override_with_a_reason():
    own = Override("panel.size_min", 5, JIANGNING, "区常务会议决定", date(2026, 1, 1), regime=Regime.COMPARISON)
    rules = load().at(JIANGNING, "comparison", DAY, [own])
    assert rules["panel.size_min"] == 5
    assert (rules.rule("panel.size_min").confidence, rules.rule("panel.size_min").reason) == ("D", "区常务会议决定")
    assert load().at(WUXING, "comparison", DAY, [own])["panel.size_min"] == 3, "another district keeps the rulebook"
    assert load().at(JIANGNING, "consultation", DAY, [own])["panel.size_min"] == 3
    assert load().at(JIANGNING, "comparison", date(2025, 12, 31), [own])["panel.size_min"] == 3
    assert rules.digest != load().at(JIANGNING, "comparison", DAY).digest


def test_a_later_override_takes_the_place_of_an_earlier_one():
    def own(value, day):
        return Override("contract.sign_days", value, JIANGNING, "原因", day)

    both = [own(10, date(2026, 3, 1)), own(25, date(2026, 1, 1))]
    assert load().at(JIANGNING, "open_tender", DAY, both)["contract.sign_days"] == 10
    assert load().at(JIANGNING, "open_tender", date(2026, 2, 1), both)["contract.sign_days"] == 25
    corrected = [*both, own(12, date(2026, 3, 1))]
    assert load().at(JIANGNING, "open_tender", DAY, corrected)["contract.sign_days"] == 12


@pytest.mark.parametrize(
    ("override", "part"),
    [
        (Override("no.such", 5, JIANGNING, "原因", DAY), "unknown"),
        (Override("panel.size_min", "5", JIANGNING, "原因", DAY), "kind"),
        (Override("panel.size_min", 5, JIANGNING, " ", DAY), "reason"),
    ],
)
def test_a_bad_override_is_refused(override, part):
    with pytest.raises(RulebookError, match=part):
        load().at(JIANGNING, "comparison", DAY, [override])


@pytest.mark.parametrize("regime", list(Regime))
def test_a_snapshot_reads_back_to_the_same_digest(regime):
    rules = load().at(JIANGNING, regime, DAY)
    again = RuleSet.from_data(json.loads(json.dumps(rules.as_data())))
    assert again.digest == rules.digest
    assert dict(again) == dict(rules)
    assert again.rule("panel.recusal_months") == rules.rule("panel.recusal_months")


def test_a_change_of_any_row_changes_the_digest():
    data = load().at(JIANGNING, "open_tender", DAY).as_data()
    before = RuleSet.from_data(data).digest
    data["rules"][3]["article"] += "x"
    assert RuleSet.from_data(data).digest != before


@pytest.mark.parametrize("place", ["32011", "江宁", "CN-32", "3201150010", "32 115"])
def test_places_are_division_codes(place):
    with pytest.raises(RulebookError, match="division"):
        jurisdictions(place)


def test_jurisdictions_from_near_to_wide():
    assert jurisdictions("320115001") == ["320115001", "320115", "3201", "CN-32", "CN"]
    assert jurisdictions("32") == ["CN-32", "CN"]
    assert jurisdictions("") == ["CN"]


def test_assumed_numbers_are_known_as_such():
    assumed = {rule.key for rule in load().at(JIANGNING, "comparison", DAY).assumed()}
    assert {"tender.min_bidders", "panel.size_min", "tender.notice_working_days"} <= assumed
    assert "tender.min_bidders" not in {rule.key for rule in load().at(JIANGNING, "open_tender", DAY).assumed()}


def test_both_implemented_regimes_have_every_number_they_need():
    """A regime that runs to its end may lack no key another has, but those of a method of its own."""
    of_one_method = {"panel.large_size_min", "panel.large_grounds"}
    tender, comparison = (set(load().at(WENJIANG, regime, DAY)) for regime in ("open_tender", "comparison"))
    assert tender - comparison == of_one_method
    assert comparison <= tender


def test_every_row_of_the_shipped_rulebook_is_told_in_both_languages():
    for rule in load().rules:
        assert re.search(r"[\u4e00-\u9fff]", rule.zh), rule.key
        assert not re.search(r"[\u4e00-\u9fff]", rule.en), rule.key
        last = rule.key.rsplit("_", 1)[-1]
        assert last not in {"fen", "bp", "centi", "months", "years", "minutes"} or rule.unit == last, rule.key
        if rule.key.endswith("_days"):
            assert rule.unit == ("working_days" if rule.key.endswith("_working_days") else "days"), rule.key


def test_the_page_of_rules_is_fresh():
    page = Path(__file__).parents[3] / "docs" / "rules.md"
    assert page.read_text("utf-8") == rules_page(), "run: python -m market.kernel.rulebook > docs/rules.md"
