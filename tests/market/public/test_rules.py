"""Reading published JSON, without a database."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from market.kernel.canonical import sha256_hex
from market.kernel.errors import Refused
from market.kernel.rulebook import load
from market.public.rules import Phase, chains, packages, performing, purchase, receipts, rulebook, stage_now, stages_of
from market.public.rules.awarding import scoring
from market.public.rules.chains import GENESIS, Link, Posted
from market.public.rules.labels import STAGES, how_words, stage_words, tag_words
from market.public.rules.reading import exact, fen, last_day
from market.public.rules.tendering import need
from market.public.rules.tendering import timetable as public_timetable
from market.records import notices
from market.tenders.rules import timetable
from tests.market.kernel.calendars import TEST_2026

AT = datetime(2026, 3, 31, 1, 0, tzinfo=UTC)


def test_what_is_open_closes_with_its_deadline_whatever_the_timer_has_written() -> None:
    assert stage_now("tender", AT + timedelta(seconds=1), AT) == "tender"
    assert stage_now("tender", AT, AT) == "closed"
    assert stage_now("opened", AT, AT) == "opened"


def test_what_a_jury_chooses_waits_for_no_opening():
    assert stage_words("closed", "comparison")[0] == "已截止，待开标"
    assert stage_words("closed", "reward") == ("申报已截止，评审中", "wait", Phase.JUDGED)
    assert stage_words("evaluated", "venture")[0] == "已评审，待决定资助名单"
    assert [one["label"] for one in purchase.steps(Phase.JUDGED, {}, "venture")][:2] == ["征集申报", "评审申报"]
    assert [one["label"] for one in purchase.steps(Phase.JUDGED, {}, "comparison")][:2] == ["公开征集", "开标评审"]
    assert tag_words("venture")["tender"] == "征集公告"
    assert tag_words("comparison")["tender"] == "采购公告"
    assert stage_words("new code", "venture") == ("new code", "neutral", Phase.PLANNED)


def test_every_stage_has_words_and_belongs_to_one_phase() -> None:
    assert set(STAGES) == set(notices.STAGES)
    assert sorted(name for phase in Phase for name in stages_of(phase)) == sorted(STAGES)


@pytest.mark.parametrize("regime", ["comparison", "open_tender"])
def test_how_each_date_came_about_is_known_again_from_the_published_sentence(regime) -> None:
    lines = timetable(AT, load().at("320115", regime, date(2026, 3, 31)), TEST_2026).lines
    published = {line.key: line.how % {n: str(v) for n, v in line.params.items()} for line in lines}
    assert {line.key: line.how for line in lines} == {k: how_words(how)[0] for k, how in published.items()}
    assert how_words("自公告次日起 3 个工作日") == ("自公告次日起 %(n)s 个工作日", {"n": "3"})
    assert how_words("旧公告里的另一句话") is None


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        (432_000, 43_200_000),
        (0.01, 1),
        (1234.5, 123_450),
        (-129_600, -12_960_000),
        (None, None),
        ("x", None),
        (True, None),
    ],
)
def test_published_yuan_are_read_as_fen(amount: Any, expected: int | None) -> None:
    assert fen({"value": {"amount": amount}}) == expected


def test_a_day_that_ends_at_midnight_is_the_day_before() -> None:
    assert last_day("2026-04-08T16:00:00Z") == date(2026, 4, 8)
    assert last_day("2026-04-08T15:59:59Z") == date(2026, 4, 8)
    assert last_day("2026-04-08") == date(2026, 4, 8)
    assert last_day("soon") is None


def test_an_exact_score_is_read_without_rounding() -> None:
    assert exact([26_645, 3]) == Fraction(26_645, 3)
    assert exact([1, 0]) is None


def test_a_contract_says_whether_it_asks_for_a_bond() -> None:
    asked = {"dateSigned": "2026-04-20T02:00:00Z", "linliPerformanceBond": {"amount": 20_000, "currency": "CNY"}}
    release = {"contracts": [asked, {"dateSigned": "2026-04-20T02:00:00Z"}]}
    assert [one["bond_fen"] for one in performing.contracts(release)] == [2_000_000, 0]


# --- whatever stands on the board, the page is shown ------------------------------------------------------------------


ODD: list[dict[str, Any]] = [
    {},
    {"tender": None},
    {"tender": []},
    {"tender": {"lots": "x", "timetable": [1, None, {}], "milestones": {}}},
    {"tender": {"lots": [{"id": 7, "awardCriteria": [], "evaluationTerms": 3, "opening": "no"}]}},
    {"planning": {"budget": {"amount": 3, "budgetBreakdown": [{"sourceParty": "x"}]}}},
    {"awards": [{"suppliers": None, "relatedLots": "lot-1", "linliScoring": {"results": [{"per_criterion": 3}]}}]},
    {"awards": [{"date": 7, "documents": [{"linliChallenge": []}]}]},
    {"contracts": [{"dateSigned": 1, "value": "x", "milestones": [{"id": None}], "implementation": []}]},
    {"contracts": [{"dateSigned": "x", "implementation": {"milestones": [{"linliEvaluation": {"grade": "new"}}]}}]},
    {"contracts": [{"value": {"amount": 0}, "documents": [{"id": "file-x"}, {"id": "file-3"}]}]},
]


@pytest.mark.parametrize("release", ODD)
def test_odd_releases_are_read_without_a_stumble(release: dict[str, Any]) -> None:
    page = purchase.read(release, AT)
    assert page["unread"] == []
    assert purchase.steps(Phase.ENDED, release)[-1]["state"] in {"next", "failed"}


def test_a_part_that_cannot_be_read_is_named_and_the_rest_is_shown() -> None:
    page = purchase.read({"planning": {"rationale": "需要探访"}, "awards": [{"relatedLots": 5}]}, AT)
    assert page["unread"] == ["awards"]
    assert page["need"]["rationale"] == "需要探访"


def test_what_is_bought_is_read_as_category_and_name() -> None:
    said = ("养老服务：居家探访", "外来：名称")
    page = need({"tender": {"items": [{"classification": {"description": one}} for one in said]}})
    assert page["items"] == [("养老服务", "居家探访"), ("", "外来：名称")]


def test_a_bid_found_invalid_after_the_opening_is_not_shown_as_valid() -> None:
    release: dict[str, Any] = {
        "tender": {"lots": [{"id": "lot-1"}, {"id": "lot-2"}]},
        "bids": {
            "details": [
                {"id": "b1", "status": "pending", "tenderers": [{"name": "甲"}], "relatedLots": ["lot-1"]},
                {"id": "b2", "status": "pending", "tenderers": [{"name": "乙"}], "relatedLots": ["lot-1"]},
                {"id": "b3", "status": "pending", "tenderers": [{"name": "甲"}], "relatedLots": ["lot-2"]},
            ]
        },
    }
    at = datetime(2026, 5, 1, tzinfo=UTC)

    def told() -> list[tuple[str, str, bool]]:
        page = purchase.read(release, at)
        assert page["unread"] == []
        return [(bid["state"][0], bid["reason"], bid["at_opening"]) for lot in page["lots"] for bid in lot["bids"]]

    assert told() == [("有效", "", True)] * 3, "nobody has checked anything yet"
    checked = [
        {"number": 1, "organisation": "甲", "verdict": "invalid", "reason": "证书已过期"},
        {"number": 2, "organisation": "乙", "verdict": "valid", "reason": ""},
    ]
    award = {"id": "award-1", "linliScoring": {"reportDigest": "0", "qualification": checked}, "relatedLots": ["lot-1"]}
    release["awards"] = [award]
    assert told() == [("无效", "证书已过期", False), ("有效", "", False), ("有效", "", True)]
    award["relatedLots"] = 7
    assert [bid["at_opening"] for bid in purchase.read(release, at)["lots"][0]["bids"]] == [True, True]


def test_both_spellings_of_a_ranking_are_read_alike() -> None:
    old_line = {"rank": 1, "bidder": "暖邻", "priceFen": 100, "qualityCenti": 8000, "totalCenti": 9000}
    new_line = {"rank": 1, "organisation": "暖邻", "price_fen": 100, "quality_centi": 8000, "total_centi": 9000}
    member = {"name": "顾明远", "role": "expert"}
    old = scoring({"reportDigest": "9" * 64, "experts": ["顾明远"], "ranking": [old_line]})
    new = scoring({"reportDigest": "9" * 64, "panel": {"members": [member]}, "results": [new_line]})
    assert old is not None
    assert new is not None
    assert old["ranking"] == new["ranking"]
    assert old["ranking"][0]["quality_centi"] == 8000
    assert [one["name"] for one in old["panel"]] == [one["name"] for one in new["panel"]] == ["顾明远"]


@pytest.mark.parametrize(
    ("phase", "states"),
    [
        (Phase.PLANNED, "now next next next next"),
        (Phase.JUDGED, "done now next next next"),
        (Phase.RUNNING, "done done done now next"),
        (Phase.COMPLETE, "done done done done done"),
    ],
)
def test_the_line_of_steps(phase: Phase, states: str) -> None:
    assert [one["state"] for one in purchase.steps(phase, {})] == states.split()


def test_a_purchase_that_failed_at_the_opening_shows_the_step_it_did_not_pass() -> None:
    release = {"date": "2026-04-20T01:31:00Z", "tender": {"tenderPeriod": {"endDate": "2026-04-20T01:30:00Z"}}}
    assert [one["state"] for one in purchase.steps(Phase.ENDED, release)] == ["done", "failed", "next", "next", "next"]


# --- chains -----------------------------------------------------------------------------------------------------------


def _chain(*facts: dict[str, Any]) -> list[Link]:
    links: list[Link] = []
    prev = GENESIS
    for seq, fact in enumerate(facts, 1):
        header = json.dumps({"seq": seq, "prev": prev, "verb": "publish", "subject": ["notice", seq], "facts": fact})
        links.append(Link(seq, prev, sha256_hex(header.encode()), header))
        prev = links[-1].digest
    return links


def _board() -> tuple[list[Link], list[Posted], str]:
    bodies = [b'{"id":"a"}', b'{"id":"b"}']
    posted = [Posted(name, sha256_hex(body), body) for name, body in zip("ab", bodies, strict=True)]
    links = _chain(*({"release": one.release_id, "digest": one.digest} for one in posted))
    return links, posted, links[-1].digest


def test_an_untouched_chain_holds() -> None:
    verdict = chains.check(*_board())
    assert (verdict.holds, verdict.links, verdict.notices) == (True, 2, 2)


def test_a_changed_word_in_an_entry_is_found() -> None:
    links, posted, head = _board()
    links[0] = Link(1, links[0].prev, links[0].digest, links[0].header.replace("publish", "cancel"))
    verdict = chains.check(links, posted, head)
    assert (verdict.fault, verdict.place) == ("digest", "1")


def test_an_entry_taken_out_is_found() -> None:
    links, posted, head = _board()
    assert chains.check(links[1:], posted, head).fault == "prev"
    assert chains.check(links[:1], posted, head).fault == "head"


def test_a_changed_notice_is_found_even_with_its_digest_made_new() -> None:
    links, posted, head = _board()
    forged = b'{"id":"a","value":1}'
    posted[0] = Posted("a", sha256_hex(forged), forged)
    verdict = chains.check(links, posted, head)
    assert (verdict.fault, verdict.place) == ("notice", "a")


def test_a_notice_that_was_never_chained_is_found() -> None:
    links, posted, head = _board()
    assert chains.check(links, [*posted, Posted("c", sha256_hex(b"{}"), b"{}")], head).fault == "notice"


def test_a_package_keeps_the_bytes_of_each_release() -> None:
    bodies = [b'{"id":"a","value":1.10}', b'{"id":"b"}']
    package = packages.release_package({"version": "1.1"}, bodies)
    assert all(body in package for body in bodies)
    assert [one["id"] for one in json.loads(package)["releases"]] == ["a", "b"]


# --- receipts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["", "abc", "g" * 64, "a" * 63, "a" * 65])
def test_what_is_no_digest_is_refused_at_its_field(typed: str) -> None:
    with pytest.raises(Refused) as refused:
        receipts.wanted_digest(typed)
    assert refused.value.field == "digest"


def test_a_digest_may_be_typed_in_groups_and_capitals() -> None:
    assert receipts.wanted_digest(" ".join(["ABCD"] * 16)) == "abcd" * 16


def test_a_receipt_knows_the_digests_inside_it_and_no_others() -> None:
    receipt = {"payload": {"root": "a" * 64, "envelope": {"sha256": "b" * 64}}, "signature": "c" * 128}
    assert receipts.names_digest(receipt, "a" * 64)
    assert receipts.names_digest(receipt, "b" * 64)
    assert not receipts.names_digest(receipt, "c" * 64)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"payload": 3}', "{" * 3000, "x"])
def test_what_is_no_receipt_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        receipts.read_receipt(text)


# --- rulebook ---------------------------------------------------------------------------------------------------------


def test_every_row_of_the_rulebook_is_on_the_page_in_words() -> None:
    groups = rulebook.groups(load().rules)
    assert sum(len(group["rows"]) for group in groups) == len(load().rules)
    assert [group["name"] for group in groups if group["title"] == group["name"]] == []


def test_a_date_knows_whether_its_source_is_a_law_or_the_product_itself() -> None:
    listed = [{"source": "产品默认值，供本区修改", "article": ""}, {"source": "87号令", "article": "第二十六条"}]
    entry = {"id": "deadline", "title": "递交截止", "day": "2026-04-20", "rules": listed}
    (line,) = public_timetable({"tender": {"timetable": [entry]}}, AT)
    assert [(one["source"], one["own_source"]) for one in line["rules"]] == [
        ("产品默认值，供本区修改", True),
        ("87号令 第二十六条", False),
    ]


def test_assumed_numbers_are_marked() -> None:
    rows = {row["key"]: row for group in rulebook.groups(load().rules) for row in group["rows"]}
    assumed = {rule.key for rule in load().rules if rule.assumed}
    assert assumed
    assert {key for key, row in rows.items() if row["assumed"]} <= assumed


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (200_000_000, "fen", [("", "¥2,000,000.00")]),
        (5000, "bp", [("", "50%")]),
        (20, "days", [("%(n)s 日", "20")]),
        ((2, 3), "ratio", [("", "2/3")]),
        (1, "yes_no", [("是", "")]),
        (("price", "draw"), "", [("报价", ""), ("抽签", "")]),
    ],
)
def test_values_of_rules_in_words(value: Any, unit: str, expected: list[tuple[str, str]]) -> None:
    assert rulebook.shown(value, unit) == expected


def test_a_project_with_an_amount_is_proposed_and_its_round_is_still_undecided() -> None:
    words = {fen: stage_words("evaluated", "venture", fen)[0] for fen in (None, 5_000_000)}
    assert words == {None: "已评审，待决定资助名单", 5_000_000: "拟资助，公示中"}
    assert stage_words("evaluated", "comparison", 5_000_000)[0] == "已评审，待确定供应商"
