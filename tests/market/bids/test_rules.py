"""Pure decisions about bids, by cases."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from market.bids import rules
from market.bids.rules import BidContent, TooLate
from market.kernel.clock import BEIJING
from market.kernel.errors import Refused

DEADLINE = datetime(2026, 4, 20, 9, 30, tzinfo=BEIJING)
SECOND = timedelta(seconds=1)
CRITERIA = [(11, "服务方案"), (12, "人员")]
FULL = BidContent(
    price_fen=165_000_00,
    plan="总体",
    team="三名社工",
    schedule="十日内进场",
    answers={"11": "入户探访", "12": "持证上岗"},
    declaration_ties="无",
    legal_representative="欧阳喆",
    files=({"file_id": 3, "name": "证.pdf", "media_type": "application/pdf", "size": 9, "sha256": "ab", "key": "cd"},),
)


def test_a_bid_is_in_time_until_the_instant_before_the_deadline() -> None:
    rules.check_in_time(DEADLINE - timedelta(microseconds=1), DEADLINE)
    for late in (DEADLINE, DEADLINE + timedelta(microseconds=1)):
        with pytest.raises(TooLate, match="2026-04-20 09:30:00"):
            rules.check_in_time(late, DEADLINE)
    with pytest.raises(TooLate):
        rules.check_in_time(DEADLINE, None)


def test_being_late_is_said_before_anything_else() -> None:
    with pytest.raises(TooLate):
        rules.check_may_submit(at=DEADLINE, deadline_at=DEADLINE, sealed=False, trouble="尚未确认")
    before = DEADLINE - SECOND
    with pytest.raises(Refused, match="不接受投标"):
        rules.check_may_submit(at=before, deadline_at=DEADLINE, sealed=False, trouble=None)
    with pytest.raises(Refused, match="尚未确认"):
        rules.check_may_submit(at=before, deadline_at=DEADLINE, sealed=True, trouble="尚未确认")
    rules.check_may_submit(at=before, deadline_at=DEADLINE, sealed=True, trouble=None)


@pytest.mark.parametrize(
    ("seconds", "count", "says"),
    [(59, 3, "60 秒"), (0, 3, "60 秒"), (-1, 3, "60 秒"), (60, 3, None), (60, 2, "不得开标"), (86_400, 0, "不得开标")],
)
def test_row_19_opening_waits_a_minute_and_needs_the_minimum(seconds: int, count: int, says: str | None) -> None:
    at = DEADLINE + timedelta(seconds=seconds)
    trouble = rules.opening_trouble(at=at, deadline_at=DEADLINE, count=count, minimum=3)
    assert (says in trouble.text) if trouble and says else (trouble is None and says is None)


@pytest.mark.parametrize(
    ("hours", "reached"),
    [(73, []), (72, [72]), (25, [72]), (24, [72, 24]), (2, [72, 24, 2]), (0, []), (-1, [])],
)
def test_reminders_come_72_24_and_2_hours_before(hours: int, reached: list[int]) -> None:
    assert rules.reminders_reached(DEADLINE - timedelta(hours=hours), DEADLINE) == reached


def test_row_25_one_head_of_two_bidders_makes_both_invalid() -> None:
    heads = {1: ["欧阳 喆"], 2: ["王芳", "欧阳喆"], 3: ["李静"], 4: ["", "  "], 5: [""]}
    assert rules.same_heads(heads) == {1, 2}
    assert rules.same_heads({1: ["Ａnna·李"], 2: ["anna李"]}) == {1, 2}
    assert rules.same_heads({1: ["王芳"], 2: ["王芬"]}) == set()


# --- what is missing --------------------------------------------------------------------------------------------------


def fields_missing(content: BidContent, *, small: bool = True) -> list[str]:
    return [gap.field for gap in rules.gaps(content, CRITERIA, 180_000_00, may_claim_small=small)]


def test_everything_missing_is_listed_at_once_in_the_order_of_the_page() -> None:
    assert fields_missing(BidContent()) == [
        "price_fen",
        "answers/11",
        "answers/12",
        "team",
        "schedule",
        "legal_representative",
        "declaration_ties",
    ]
    assert fields_missing(FULL) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"price_fen": 0}, "price_fen"),
        ({"price_fen": 180_000_01}, "price_fen"),
        ({"answers": {"11": "有", "12": " "}}, "answers/12"),
        ({"team": "\n"}, "team"),
    ],
)
def test_what_is_wrong_is_named_by_its_field(changes: dict[str, Any], field: str) -> None:
    assert fields_missing(BidContent(**{**vars(FULL), **changes})) == [field]


def test_a_price_at_the_ceiling_is_no_gap() -> None:
    assert fields_missing(BidContent(**{**vars(FULL), "price_fen": 180_000_00})) == []


def test_a_social_organisation_cannot_claim_to_be_a_small_firm() -> None:
    claims = BidContent(**{**vars(FULL), "declaration_small": True})
    assert fields_missing(claims, small=False) == ["declaration_small"]
    assert fields_missing(claims, small=True) == []


# --- commitments ------------------------------------------------------------------------------------------------------


def made() -> tuple[rules.BidDocument, str]:
    return rules.make_document(7, 9, "T1", FULL, ["team", "files/3"])


def test_an_opened_document_is_the_one_that_was_sealed() -> None:
    document, root = made()
    again = rules.read_document(json.loads(document.sealed_bytes()))
    assert again.content.as_data() == FULL.as_data()
    assert again.secret_fields == ("files/3", "team")
    assert rules.root_matches(again, root)


def test_each_field_and_each_file_has_a_commitment_of_its_own() -> None:
    document, _ = made()
    assert set(document.salts) == {
        "price_fen", "plan", "team", "schedule", "declaration_small", "declaration_ties", "legal_representative",
        "answers/11", "answers/12", "files/3", "lot_id", "organisation_id", "receipt_number", "secret_fields",
    }  # fmt: skip
    assert len(set(document.salts.values())) == len(document.salts)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("price_fen", 1),
        ("team", "别人"),
        ("answers", {"11": "入户探访", "12": "改过"}),
        ("answers", {"11": "入户探访"}),
        ("files", []),
    ],
)
def test_any_change_of_the_content_shows(part: str, value: Any) -> None:
    document, root = made()
    data = json.loads(document.sealed_bytes())
    data["content"][part] = value
    assert not rules.root_matches(rules.read_document(data), root)


def test_a_bid_cannot_be_passed_off_as_another_organisations() -> None:
    document, root = made()
    for name, value in (("organisation_id", 10), ("lot_id", 8), ("receipt_number", "T2"), ("secret_fields", [])):
        data = json.loads(document.sealed_bytes())
        data[name] = value
        assert not rules.root_matches(rules.read_document(data), root)


@pytest.mark.parametrize("damage", [{"form": "other"}, {"content": {}}, {"content": {"price_fen": "1"}}])
def test_what_is_no_bid_is_refused(damage: dict[str, Any]) -> None:
    data = {**json.loads(made()[0].sealed_bytes()), **damage}
    with pytest.raises((KeyError, TypeError, ValueError)):
        rules.read_document(data)


def test_the_key_of_a_file_is_not_committed_to() -> None:
    assert "key" not in FULL.committed()["files/3"]


def test_the_last_look_remembers_every_part_that_is_sealed() -> None:
    changes: list[dict[str, Any]] = [
        {"price_fen": 1},
        {"team": "别人"},
        {"answers": {"11": "入户探访", "12": "改过"}},
        {"declaration_small": True},
        {"files": [{**FULL.files[0], "sha256": "cd"}]},
        {"workers": [{"worker_id": 1, "name": "陈一", "level": "junior", "weekly_centi": 100}]},
    ]
    marks = [rules.content_mark(FULL, ["team"]), rules.content_mark(FULL, [])]
    marks += [rules.content_mark(dataclasses.replace(FULL, **one), []) for one in changes]
    assert len(set(marks)) == len(marks)
    assert rules.content_mark(FULL, ["team", "plan"]) == rules.content_mark(FULL, ["plan", "team"])


# --- several people in one draft --------------------------------------------------------------------------------------


def change(doc: dict[str, Any], changes: dict[str, Any], who: int, *, saw: int, version: int, **more: Any) -> list[str]:
    found = rules.apply_changes(
        doc, changes, person=(who, f"人员{who}"), at="2026-04-01T01:00:00.000000Z", seen_version=saw, version=version,
        **more,
    )  # fmt: skip
    return [one.field for one in found]


def test_two_people_change_different_fields_of_one_draft() -> None:
    doc = rules.empty_draft("欧阳喆")
    assert change(doc, {"team": "甲写"}, 1, saw=0, version=1) == []
    assert change(doc, {"schedule": "乙写"}, 2, saw=0, version=2) == []
    assert doc["values"] == {"legal_representative": "欧阳喆", "team": "甲写", "schedule": "乙写"}
    assert doc["touched"]["schedule"]["name"] == "人员2"


def test_a_field_another_changed_meanwhile_is_not_overwritten() -> None:
    doc = rules.empty_draft()
    change(doc, {"team": "甲写"}, 1, saw=0, version=1)
    assert change(doc, {"team": "乙写"}, 2, saw=0, version=2) == ["team"]
    assert doc["values"]["team"] == "甲写"
    assert change(doc, {"team": "乙写"}, 2, saw=1, version=3) == []
    assert doc["values"]["team"] == "乙写"


def test_one_person_may_go_on_typing_in_a_page_that_saved_before() -> None:
    doc = rules.empty_draft()
    change(doc, {"team": "一"}, 1, saw=0, version=1)
    assert change(doc, {"team": "一二"}, 1, saw=0, version=2) == []
    assert doc["values"]["team"] == "一二"


def test_an_old_page_does_not_undo_what_it_did_not_touch() -> None:
    doc = rules.empty_draft()
    change(doc, {"team": "甲", "plan": "甲"}, 1, saw=0, version=1)
    seen = {name: rules.seen_mark("甲") for name in ("team", "plan")}
    change(doc, {"team": "新"}, 1, saw=1, version=2)
    assert change(doc, {"team": "甲", "plan": "改"}, 1, saw=1, version=3, seen=seen) == []
    assert doc["values"]["team"] == "新"
    assert doc["values"]["plan"] == "改"


def test_only_known_parts_can_be_business_secrets() -> None:
    doc = rules.draft_from(FULL, ["team", "files/3"])
    doc["values"]["secret_fields"] = ["team", "files/3", "files/99", "price_fen", "answers/11"]
    content, secret = rules.draft_content(doc, CRITERIA)
    assert content.as_data() == FULL.as_data()
    assert secret == ("answers/11", "files/3", "team")
