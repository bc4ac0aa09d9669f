"""What a bundle is made of: only what is on the noticeboard, the same bytes each time, and nothing before its time."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from market.bids import due, queries
from market.db.session import db
from market.kernel.canonical import sha256_hex
from market.kernel.clock import beijing_day, system_now
from market.kernel.commitments import head_leaf, merkle_root
from market.kernel.permits import Role, Scope
from market.panels.rules import draw_holds, ordered, place, published_draw, seed_of
from market.places.actions import save_calendar
from market.places.models import District
from market.public.actions import post_verifier
from market.public.bundles import make_bundle, wanted
from market.public.rules.bundle import MANIFEST, VERIFIER, canonical_zip, proof, verifier_file
from market.records.models import AuditEntry, DirectoryCard, Notice, PurchaseFile
from market.records.receipts import close_day
from market.tenders.states import Method
from tests.factories import bids, rounds
from tests.factories.people import actor
from tests.factories.verifying import program, verify
from tests.fixtures.clock import StandingClock
from tests.fixtures.visitor import Visitor


def _inside(raw: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(raw)) as file:
        return {one.filename: file.read(one) for one in file.infolist()}


def _bundle(ocid: str) -> bytes:
    found = wanted(ocid)
    assert found is not None
    return make_bundle(found)


def _last(file_id: int) -> dict[str, Any]:
    query = select(Notice).filter_by(file_id=file_id).order_by(Notice.id.desc()).limit(1)
    found: dict[str, Any] = json.loads(db.session.scalars(query).one().body)
    return found


# --- the file ---------------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.text("abc/._", min_size=1, max_size=8), st.binary(max_size=40)), max_size=6))
def test_the_packing_is_a_zip_file_that_any_program_opens(files: list[tuple[str, bytes]]) -> None:
    raw = canonical_zip(files)
    with zipfile.ZipFile(io.BytesIO(raw)) as file:
        assert [(one.filename, file.read(one)) for one in file.infolist()] == files
        assert file.testzip() is None
    assert canonical_zip(files) == raw


@given(st.integers(1, 40), st.data())
def test_a_path_proves_one_head_of_many(count: int, data: st.DataObject) -> None:
    leaves = [head_leaf(["file", str(n), "ab" * 32, n]) for n in range(count)]
    at = data.draw(st.integers(0, count - 1))
    path = proof(leaves, at)
    assert program()["root_by_path"](leaves[at], at, count, path) == merkle_root(leaves)
    assert len(path) <= 6


def test_a_bundle_is_served_with_everything_and_verifies(session: Session, visitor: Visitor) -> None:
    case = bids.opened()
    ocid = case.lot.tender.file.ocid
    session.commit()
    answer = visitor.client.get(f"/purchases/{ocid}/bundle.zip")
    assert answer.status_code == 200
    assert f'filename="{ocid}.zip"' in answer.headers["Content-Disposition"]
    raw = answer.get_data()
    assert raw == _bundle(ocid)
    files = _inside(raw)
    assert next(iter(files)) == MANIFEST
    assert files[VERIFIER] == verifier_file()
    assert verify(raw).faults == []
    again = visitor.client.get(f"/purchases/{ocid}/bundle.zip", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.get_data()) == (304, b"")
    assert visitor.client.get("/purchases/ocds-none/bundle.zip").status_code == 404


def test_a_new_day_makes_a_new_bundle_that_the_days_digest_anchors(session: Session, clock: StandingClock) -> None:
    case = bids.opened()
    ocid, place = case.lot.tender.file.ocid, db.session.get_one(District, case.lot.district_id)
    civil, at = actor(Role.DISTRICT_CIVIL, Scope(place.id)), case.openable
    first = wanted(ocid)
    save_calendar(civil, place, 2027, "通知", [date(2027, 2, 8)], [], at)
    assert first is not None
    assert wanted(ocid).mark != first.mark, "a new calendar makes a new bundle"
    before = _bundle(ocid)
    assert "它的日期没有证明" in verify(before).text(brief=True)
    day = beijing_day(case.openable)
    row = close_day(day, case.openable + timedelta(days=1))
    assert row is not None
    raw = _bundle(ocid)
    assert raw != before
    assert verify(raw, head=row.digest).faults == []
    told = verify(raw).text(brief=False)
    assert f"最迟在 {day} 已公布" in told
    assert "没有证明" not in told
    assert any("您抄下的每日摘要" in fault for fault in verify(before, head=row.digest).faults)


def test_a_funded_project_is_computed_with_the_notices_of_its_round(session: Session) -> None:
    case = rounds.decided(({}, {}, {}), (90, 85, 80))
    assert close_day(beijing_day(case.at), case.at + timedelta(days=1)) is not None
    projects = [db.session.get_one(PurchaseFile, one.file_id).ocid for one in case.applications() if one.file_id]
    for ocid in (case.round.file.ocid, *projects):
        report = verify(_bundle(ocid))
        told = report.text(brief=False)
        assert report.faults == []
        assert "的评委分来自评分表" in told
        assert "没有证明" not in told
    assert projects
    names = {seat.user.name for seat in case.seats}
    sheets = json.dumps(_last(case.round.file_id)["tender"]["linliRound"]["jury"]["sheets"], ensure_ascii=False)
    assert not any(name in sheets for name in names)


def test_the_verifiers_digest_is_named_on_the_board_once(session: Session, visitor: Visitor) -> None:
    at = system_now()
    assert [post_verifier(at), post_verifier(at)] == [1, 0]
    card = session.scalars(select(DirectoryCard).filter_by(kind="verifier")).one()
    assert card.data["sha256"] == sha256_hex(verifier_file())
    session.commit()
    served = visitor.client.get("/check/verify.py")
    assert served.get_data() == verifier_file()
    assert card.data["sha256"] in visitor.get("/check/how").text


# --- nothing before its time ------------------------------------------------------------------------------------------


def test_nobody_learns_the_number_of_bids_before_the_opening(session: Session) -> None:
    case = bids.closed()
    due.close_windows(case.openable)
    closed = session.scalars(select(AuditEntry).filter_by(verb="close_window", subject_id=case.lot_id)).one()
    header = json.loads(closed.header)
    assert "bids" not in header["facts"]
    assert "bids" in header["commitments"]
    chain = _inside(_bundle(case.lot.tender.file.ocid))["chain.jsonl"].splitlines()
    assert all("bids" not in json.loads(line)["facts"] for line in chain)


def test_an_opened_bid_shows_its_price_and_the_leaves_of_its_root(session: Session) -> None:
    case = bids.opened()
    raw = _bundle(case.lot.tender.file.ocid)
    assert verify(raw).faults == []
    release = _last(case.lot.file_id)
    for detail, bid in zip(release["bids"]["details"], queries.opened_bids(case.lot_id), strict=True):
        assert merkle_root(detail["linliLeaves"]) == detail["root"] == detail["linliReceipt"]["payload"]["root"]
        shown = {one["id"]: one["value"] for one in detail["linliOpened"]}
        assert shown["price_fen"] == bid.price_fen
        assert set(shown) == {"price_fen", "lot_id", "organisation_id", "receipt_number"}
    for secret in ("社工三名", "签约后十日", "逐项落实", case.teams[0].organisation.legal_representative):
        assert secret.encode() not in raw


def test_in_a_consultation_no_bid_is_shown_at_the_opening(session: Session) -> None:
    case = bids.closed()
    case.lot.tender.method = Method.CONSULTATION.value
    session.flush()
    bids.open_bids(case)
    raw = _bundle(case.lot.tender.file.ocid)
    told = b"".join(content for name, content in _inside(raw).items() if name != VERIFIER)
    for hidden in (b"linliReceipt", b"linliLeaves", case.teams[0].organisation.name.encode(), b"170000"):
        assert hidden not in told
    assert not [fault for fault in verify(raw).faults if "开标" in fault]


def test_the_set_of_rules_is_posted_once_and_named_by_its_digest(session: Session) -> None:
    case = bids.sealed_lot()
    release = _last(case.lot.file_id)
    named = release["tender"]["rulebook"]["set"]
    posted = session.scalars(select(Notice).filter_by(kind="rules", digest=named)).one()
    data = json.loads(posted.body)["data"]
    session.refresh(case.lot.tender)
    assert data["rules"] == case.lot.tender.rules.as_data()
    assert data["calendar"]["years"]
    assert f"notices/{posted.release_id}.json" in _inside(_bundle(case.lot.tender.file.ocid))


@pytest.mark.parametrize("more", [{}, {"avoided": ["乙"], "reason": "有利害关系"}])
def test_a_published_draw_names_nobody_who_was_not_drawn(more: dict[str, Any]) -> None:
    secret, public = "ab" * 32, "cd" * 32
    seed = seed_of(secret, public)
    keys = [f"expert-{n}" for n in range(5)]
    record = {
        "form": "linli.draw.1", "number": 1, "at": "2026-01-13T02:36:00Z", "secret": secret, "public_part": public,
        "commitment": sha256_hex(bytes.fromhex(secret)), "seed": seed, "result": ordered(seed, keys)[:3],
        "pool": [{"key": key, "name": f"专家{key}", "place": place(seed, key)} for key in keys], **more,
    }  # fmt: skip
    shown = published_draw(record)
    assert draw_holds(shown)
    assert "专家" not in json.dumps(shown, ensure_ascii=False)
    assert "利害" not in json.dumps(shown, ensure_ascii=False)
