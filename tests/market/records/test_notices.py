"""Publications and what is projected from them."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ocdsmerge import Merger
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from market.kernel.canonical import sha256_hex
from market.kernel.clock import system_now
from market.kernel.permits import CLOCK, Scope
from market.records.audit import verify_all
from market.records.models import AuditEntry, DirectoryCard, Notice, PurchaseCard, PurchaseFile, StreetFigures
from market.records.notices import CardFacts, fen_of, merge, post, publish, releases, value
from market.records.projections import rebuild
from market.records.purchases import open_file
from market.records.search import find_ids, pieces
from tests.factories.places import street

YUAN = 100


def _file(title: str = "独居老人探访服务", code: str = "320115001") -> PurchaseFile:
    place = street(code)
    return open_file(place.district_id, place.id, code, "comparison", title, system_now())


def _publish(file: PurchaseFile, tag: str, fragment: dict[str, object], **facts: object) -> Notice:
    return publish(file, tag, fragment, CardFacts(**facts), CLOCK, system_now())  # type: ignore[arg-type]


def _award(number: int, amount_fen: int) -> dict[str, object]:
    supplier = {"id": "x", "name": "暖邻社会工作服务中心"}
    return {"id": f"award-{number}", "status": "active", "value": value(amount_fen), "suppliers": [supplier]}


@pytest.mark.parametrize("amount_fen", [0, 1, 10, 99, 100, 12_345, 100_000_000_001, 999_999_999_999_99])
def test_an_amount_goes_out_as_yuan_and_comes_back_as_the_same_fen(amount_fen: int) -> None:
    assert fen_of(value(amount_fen)) == amount_fen


def test_whole_yuan_are_whole_numbers() -> None:
    assert value(43_200_000) == {"amount": 432_000, "currency": "CNY"}


def test_objects_merge_by_key_and_a_null_removes() -> None:
    assert merge({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"c": None, "e": 4}}) == {"a": 1, "b": {"d": 3, "e": 4}}


def test_lists_of_objects_merge_by_id_and_keep_their_order() -> None:
    old = {"lots": [{"id": "1", "status": "active", "title": "一"}, {"id": "2"}]}
    new = {"lots": [{"id": "3"}, {"id": "1", "status": "complete"}]}
    assert merge(old, new) == {
        "lots": [{"id": "1", "status": "complete", "title": "一"}, {"id": "2"}, {"id": "3"}],
    }


def test_other_lists_are_replaced_whole() -> None:
    old = {"roles": ["buyer"], "additionalIdentifiers": [{"id": "a"}]}
    new = {"roles": ["supplier"], "additionalIdentifiers": [{"id": "b"}]}
    assert merge(old, new) == new


def test_an_object_without_an_id_is_added_and_what_is_empty_says_nothing() -> None:
    old = {"signatures": [{"party": "buyer"}], "reason": "一"}
    assert merge(old, {"signatures": [{"party": "supplier"}], "reason": [], "ties": {}}) == {
        "signatures": [{"party": "buyer"}, {"party": "supplier"}], "reason": "一",
    }  # fmt: skip


_TEXTS = st.sampled_from(["东山", "a", "2026-03-31T01:00:00Z", " "])
_PLAIN = st.none() | st.integers(0, 3) | _TEXTS
_ROWS = st.lists(
    st.fixed_dictionaries({}, optional={"id": st.sampled_from(["1", "2", "3"]), "title": _PLAIN, "on": _TEXTS}),
    max_size=3,
    unique_by=lambda row: row.get("id", id(row)),
)
_LOTS = st.lists(
    st.fixed_dictionaries({"id": st.sampled_from(["1", "2"]), "rows": _ROWS}, optional={"roles": st.lists(_TEXTS)}),
    max_size=2,
    unique_by=lambda row: row["id"],
)
_RELEASES = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "tender": st.fixed_dictionaries({"id": _TEXTS}, optional={"title": _PLAIN, "lots": _LOTS}),
            "rows": _ROWS,
            "additionalIdentifiers": _ROWS,
            "parties": _LOTS,
        },
    ),
    min_size=1,
    max_size=4,
)


@given(_RELEASES)
def test_what_is_compiled_is_what_the_standard_s_own_tool_compiles(parts: list[dict[str, Any]]) -> None:
    rows = [
        {"ocid": "ocds-1", "date": f"2026-03-31T00:00:0{n}Z", "tag": ["tender"], "id": str(n), **part}
        for n, part in enumerate(parts)
    ]
    rules = {("additionalIdentifiers",): "wholeListMerge"} | {(n,): "omitWhenMerged" for n in ("id", "date", "tag")}
    compiled: dict[str, Any] = {}
    for row in rows:
        compiled = merge(compiled, {name: part for name, part in row.items() if name not in {"id", "tag"}})
    theirs = Merger(merge_rules=rules).create_compiled_release(rows)
    assert compiled == {name: part for name, part in theirs.items() if name not in {"id", "tag"}}


def test_a_release_holds_nothing_empty_and_an_emptied_text_takes_the_old_one_away(session: Session) -> None:
    file = _file()
    _publish(file, "tender", {"tender": {"id": "1", "statusDetails": "暂停", "rows": [], "why": [{"a": "", "b": 1}]}})
    body = orjson.loads(_publish(file, "tenderUpdate", {"tender": {"id": "1", "statusDetails": ""}}).body)
    card = session.get_one(PurchaseCard, file.id)
    assert body["tender"] == {"id": "1", "statusDetails": None}
    assert card.compiled["tender"] == {"id": "1", "why": [{"b": 1}]}


def test_every_document_says_where_it_is_read(session: Session) -> None:
    file = _file()
    parts = {
        "awards": [{"id": "award-1", "documents": [{"id": "report-lot-1", "documentType": "evaluationReports"}]}],
        "contracts": [{"id": "contract-1", "documents": [{"id": "file-7"}, {"id": "contract-1-m1-round-1"}]}],
    }
    body = orjson.loads(_publish(file, "award", parts).body)
    page = f"http://127.0.0.1:8000/purchases/{file.ocid}"
    urls = [one["url"] for part in ("awards", "contracts") for one in body[part][0]["documents"]]
    assert urls == [f"{page}#award", "http://127.0.0.1:8000/files/7", f"{page}#outcome"]
    assert body["awards"][0]["documents"][0]["format"] == "text/html"


def test_a_party_keeps_its_roles_when_it_is_named_again(session: Session) -> None:
    file = _file()
    for role in ("tenderer", "supplier"):
        _publish(file, "award", {"parties": [{"id": "org-1", "name": "暖邻", "roles": [role]}]})
    parties = session.get_one(PurchaseCard, file.id).compiled["parties"]
    assert parties == [{"id": "org-1", "name": "暖邻", "roles": ["tenderer", "supplier"]}]


def test_nulls_inside_new_objects_do_not_survive() -> None:
    assert merge({}, {"awards": [{"id": "1", "reason": None, "value": {"amount": None}}]}) == {
        "awards": [{"id": "1", "value": {}}]
    }


def test_a_notice_is_the_bytes_its_digest_speaks_of_and_stands_in_the_chain(session: Session) -> None:
    file = _file()
    notice = _publish(file, "tender", {"tender": {"id": "1", "title": "探访"}}, stage="tender")
    entry = session.scalars(select(AuditEntry).filter_by(subject_kind="notice", subject_id=notice.id)).one()
    assert sha256_hex(notice.body) == notice.digest
    assert notice.digest in entry.header
    assert verify_all()[1] is None


def test_dates_rise_strictly_even_within_one_second(session: Session) -> None:
    file = _file()
    for tag in ("tender", "tenderUpdate", "tenderUpdate"):
        _publish(file, tag, {"tender": {"id": "1"}})
    found = releases(file.id)
    assert [n.release_id[-4:] for n in found] == ["0001", "0002", "0003"]
    assert [b.published_at - a.published_at for a, b in pairwise(found)] == [timedelta(seconds=1)] * 2


@pytest.mark.parametrize("statement", [update(Notice).values(digest="0" * 64), delete(Notice)])
def test_a_notice_is_never_changed_or_removed(session: Session, statement: object) -> None:
    _publish(_file(), "tender", {"tender": {"id": "1"}})
    with pytest.raises(DBAPIError, match="never changed"), session.begin_nested():
        session.execute(statement.execution_options(synchronize_session=False))  # type: ignore[attr-defined]


def test_the_card_says_where_a_purchase_stands(session: Session) -> None:
    file, deadline = _file(), system_now() + timedelta(days=21)
    _publish(
        file, "tender", {"tender": {"id": "1", "title": "探访"}}, stage="tender", title="探访服务",
        deadline_at=deadline, amount_fen=48_000_000, category="elder_care", method="comparison",
    )  # fmt: skip
    _publish(file, "award", {"awards": [_award(1, 43_200_000)]}, stage="awarded")
    card = session.get_one(PurchaseCard, file.id)
    session.refresh(card)
    assert (card.stage, card.title, card.deadline_at, card.year) == ("awarded", "探访服务", deadline, 2026)
    assert (card.amount_fen, card.awarded_fen, card.supplier) == (48_000_000, 43_200_000, "暖邻社会工作服务中心")
    assert card.compiled["tender"]["title"] == "探访"


def test_an_annulled_award_no_longer_counts(session: Session) -> None:
    file = _file()
    _publish(file, "award", {"awards": [_award(1, 43_200_000)]}, stage="awarded")
    _publish(file, "awardCancellation", {"awards": [{"id": "award-1", "status": "cancelled"}]}, stage="evaluated")
    card, figures = session.get_one(PurchaseCard, file.id), session.scalars(select(StreetFigures)).one()
    assert (card.awarded_fen, card.supplier) == (None, None)
    assert (figures.purchases, figures.awarded_fen) == (1, 0)


def test_figures_of_a_street_add_up_by_year(session: Session) -> None:
    one, two, other = _file(), _file("助残出行"), _file("法律援助", "330502001")
    for number, file in enumerate((one, two, other), 1):
        _publish(file, "award", {"awards": [_award(number, number * 1000 * YUAN)]}, stage="awarded")
    paid = {"id": "c1", "implementation": {"transactions": [{"id": "p1", "value": value(30_050)}]}}
    _publish(two, "implementation", {"contracts": [paid]})
    rows = session.scalars(select(StreetFigures).order_by(StreetFigures.id)).all()
    for row in rows:
        session.refresh(row)
    assert [(r.year, r.purchases, r.awarded_fen, r.paid_fen) for r in rows] == [
        (2026, 2, 300_000, 30_050),
        (2026, 1, 300_000, 0),
    ]


def test_two_han_characters_are_found(session: Session) -> None:
    one, two = _file(), _file("残疾人出行服务")
    for file in (one, two):
        _publish(file, "tender", {"tender": {"id": "1"}}, stage="tender", buyer="东山街道办事处")
    assert find_ids("purchase", "老人") == [one.id]
    assert find_ids("purchase", "服务 东山") == [two.id, one.id]
    assert find_ids("purchase", "人老") == []
    assert find_ids("purchase", " ，。") is None
    assert find_ids("organisation", "老人") == []


def test_a_changed_title_is_found_under_its_new_name_only(session: Session) -> None:
    file = _file()
    _publish(file, "tender", {"tender": {"id": "1"}}, title="旧名称探访")
    _publish(file, "tenderUpdate", {"tender": {"id": "1"}}, title="新项目")
    assert find_ids("purchase", "新项") == [file.id]
    assert find_ids("purchase", "旧名") == []


def test_pieces_of_mixed_text() -> None:
    assert pieces("助餐ABC点１号") == ["助餐", "餐", "abc", "点", "1", "号"]


def test_projections_are_made_again_from_the_notices_alone(session: Session) -> None:
    file, other = _file(), _file("助残出行")
    _publish(file, "tender", {"tender": {"id": "1"}}, stage="tender", title="探访服务", deadline_at=system_now())
    _publish(other, "tender", {"tender": {"id": "2"}}, stage="tender")
    _publish(file, "award", {"awards": [_award(1, 43_200_050)]}, stage="awarded")
    place = street()
    for text in ("旧介绍", "新介绍"):
        post("organisation", "7", "暖邻中心", {"introduction": text}, ("organisation", "7"), Scope(place.district_id),
             CLOCK, system_now())  # fmt: skip
    before, file_id = _everything(session), file.id
    session.execute(update(PurchaseCard).values(title="被改过", compiled={}, awarded_fen=1))
    session.execute(update(StreetFigures).values(awarded_fen=1))
    session.execute(delete(DirectoryCard))
    assert rebuild() == (2, 1)
    assert _everything(session) == before
    assert find_ids("purchase", "探访") == [file_id]
    assert len(find_ids("organisation", "暖邻") or []) == 1


def _everything(session: Session) -> list[object]:
    session.flush()
    session.expire_all()
    cards = session.scalars(select(PurchaseCard).order_by(PurchaseCard.file_id)).all()
    entries = session.scalars(select(DirectoryCard).order_by(DirectoryCard.key)).all()
    figures = session.scalars(select(StreetFigures).order_by(StreetFigures.street_id)).all()
    columns = [column.name for column in PurchaseCard.__table__.columns]
    return [
        [[getattr(card, name) for name in columns] for card in cards],
        [(e.kind, e.key, e.title, e.district_id, e.updated_notice_id, e.data) for e in entries],
        [(f.street_id, f.year, f.purchases, f.awarded_fen, f.paid_fen) for f in figures],
    ]
