"""Drafts at rest, submission, replacement, withdrawal, and who came too late."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from market.bids import actions, queries, vault
from market.bids.models import BidDraft, LateAttempt, SealedBid
from market.bids.rules import TooLate
from market.db.session import commit, db
from market.kernel.canonical import sha256_hex
from market.kernel.clock import beijing_day
from market.kernel.errors import Forbidden, NotFound, Refused, Stale
from market.kernel.permits import Permit, Role, Scope
from market.organisations.states import OrganisationState
from market.records.audit import require_other_hands, verify_all
from market.records.files import SecretFile, open_secret, store
from market.records.keys import receipt_public
from market.records.models import AuditEntry, Chain, Notice, Receipt, StoredFile
from market.records.receipts import close_day
from market.records.signing import verify_receipt
from tests.factories import bids
from tests.factories.organisations import organisation
from tests.factories.people import PASSPHRASE, acting, person
from tests.fixtures.clock import StandingClock

SECOND = timedelta(seconds=1)


def draft_of(case: bids.Case, team: Any) -> BidDraft:
    return db.session.scalars(db.select(BidDraft).filter_by(lot_id=case.lot_id, organisation_id=team.id)).one()


def doc_of(case: bids.Case, team: Any) -> dict[str, Any]:
    db.session.expire_all()
    return queries.draft_doc(draft_of(case, team), team.organisation)


def key_files() -> list[Path]:
    return [path for path in (store().root / vault.FOLDER).glob("*") if not path.name.startswith(".")]


# --- drafts -----------------------------------------------------------------------------------------------------------


def test_a_draft_is_ciphertext_from_the_first_save(session: Any) -> None:
    case, team = bids.sealed_lot(), bids.bidder()
    bids.fill(case, team, 165_000_00, files={"资质证书.pdf": bids.PDF})
    row = draft_of(case, team)
    assert row.ciphertext is not None
    assert "社工".encode() not in row.ciphertext
    stored = session.scalars(db.select(StoredFile).filter_by(subject_kind="bid_draft", subject_id=row.id)).one()
    assert (stored.name, stored.sha256, stored.encrypted) == ("", None, True)
    assert b"%PDF" not in store().read(stored.stored_sha256)
    entry = doc_of(case, team)["files"][0]
    assert entry["name"] == "资质证书.pdf"
    assert open_secret(stored, SecretFile(**entry)) == bids.PDF


def test_editor_and_signatory_write_one_draft_and_both_are_in_the_books(session: Any) -> None:
    case, team = bids.sealed_lot(), bids.bidder()
    case.teams.append(team)
    at = case.deadline - timedelta(days=1)
    first = actions.save_fields(bids.editor(team), case.lot_id, team.id, {"team": "甲"}, 0, at)
    second = actions.save_fields(bids.signatory(team), case.lot_id, team.id, {"schedule": "乙"}, first.version, at)
    third = actions.save_fields(bids.editor(team), case.lot_id, team.id, {"schedule": "丙"}, first.version, at)
    assert (first.version, second.version, third.version) == (1, 2, 3)
    assert [one.by for one in third.conflicts] == [team.signatory.name]
    assert doc_of(case, team)["values"]["schedule"] == "乙"
    hands = session.scalars(db.select(AuditEntry.actor_id).filter_by(verb="draft_bid").order_by(AuditEntry.id))
    assert list(hands) == [team.editor.id, team.signatory.id]


def test_whoever_wrote_a_bid_may_not_score_in_that_lot(session: Any) -> None:
    case, team = bids.sealed_lot(), bids.bidder()
    bids.fill(case, team)
    with pytest.raises(Forbidden, match="投标方人员不得参加评审"):
        require_other_hands(bids.editor(team), Permit.BID_SCORE, "lot", case.lot_id)


def test_a_removed_file_takes_its_key_with_it(session: Any) -> None:
    case, team = bids.sealed_lot(), bids.bidder()
    bids.fill(case, team, files={"一.pdf": bids.PDF, "二.pdf": bids.PDF + b"2"})
    entry = doc_of(case, team)["files"][0]
    at = case.deadline - timedelta(days=1)
    marks = {"secret_fields": [f"files/{entry['file_id']}", "team"]}
    actions.save_fields(bids.editor(team), case.lot_id, team.id, marks, 99, at)
    actions.remove_file(bids.editor(team), case.lot_id, team.id, entry["file_id"], at)
    doc = doc_of(case, team)
    assert [one["name"] for one in doc["files"]] == ["二.pdf"]
    assert doc["values"]["secret_fields"] == ["team"]
    before = doc_of(case, team)
    actions.remove_file(bids.editor(team), case.lot_id, team.id, entry["file_id"], at)
    assert doc_of(case, team) == before


def test_a_stranger_sees_no_draft_and_writes_none(session: Any) -> None:
    case, team = bids.sealed_lot(), bids.bidder()
    bids.fill(case, team)
    stranger = bids.editor(bids.bidder())
    for act in (actions.discard_draft, lambda *a: actions.save_fields(*a[:3], {"team": "偷改"}, 99, a[3])):
        with pytest.raises(NotFound):
            act(stranger, case.lot_id, team.id, case.deadline - SECOND)  # type: ignore[operator]
    assert doc_of(case, team)["values"]["team"] != "偷改"


def test_at_the_deadline_the_draft_stands_as_it_is(session: Any) -> None:
    case, team = bids.sealed_lot(), bids.bidder()
    bids.fill(case, team)
    with pytest.raises(Refused, match="草稿不能再修改"):
        actions.save_fields(bids.editor(team), case.lot_id, team.id, {"team": "晚了"}, 99, case.deadline)


def test_a_draft_whose_key_is_gone_says_so_and_starts_afresh(session: Any) -> None:
    case, team = bids.sealed_lot(), bids.bidder()
    bids.fill(case, team)
    key_name = draft_of(case, team).key_name
    assert key_name is not None
    (store().root / vault.FOLDER / key_name).unlink()
    assert doc_of(case, team)["lost"] is True
    at = case.deadline - timedelta(days=1)
    actions.save_fields(bids.editor(team), case.lot_id, team.id, {"team": "重写"}, 99, at)
    assert doc_of(case, team)["values"]["team"] == "重写"


def test_orphaned_draft_keys_are_swept_and_used_ones_stay(session: Any) -> None:
    case, team = bids.sealed_lot(), bids.bidder()
    bids.fill(case, team)
    orphan, _ = vault.make_key()
    used = draft_of(case, team).key_name
    assert vault.sweep(queries.draft_keys_in_use, case.deadline.replace(year=2000)) == 0
    vault.sweep(queries.draft_keys_in_use, case.deadline.replace(year=2100))
    left = {path.name for path in key_files()}
    assert used in left
    assert orphan not in left


# --- submission -------------------------------------------------------------------------------------------------------


def test_submission_seals_empties_the_draft_and_signs_a_receipt(session: Any, clock: StandingClock) -> None:
    case, team = bids.sealed_lot(), bids.bidder()
    bids.fill(case, team, files={"证.pdf": bids.PDF})
    key_name = draft_of(case, team).key_name
    at = case.deadline - SECOND
    bid = actions.submit_bid(bids.signatory(team), case.lot_id, team.id, bids.token(), at)
    row = draft_of(case, team)
    session.refresh(row)
    assert (row.key_name, row.ciphertext) == (None, None)
    receipt = session.scalars(db.select(Receipt).filter_by(number=bid.receipt_number)).one()
    assert verify_receipt(receipt_public(), receipt.payload)
    facts = receipt.payload["payload"]
    assert (facts["root"], facts["envelope"]["sha256"]) == (bid.root, bid.envelope_digest)
    assert facts["envelope"]["sha256"] == sha256_hex(queries.with_envelope(bid.id).envelope)  # type: ignore[union-attr]
    assert facts["at"] == "2026-" + facts["at"][5:]
    assert (bid.received_at, len(bid.stored_file_ids)) == (at, 1)
    assert key_name in {path.name for path in key_files()}
    commit()
    assert key_name not in {path.name for path in key_files()}


def test_a_refused_submission_keeps_the_draft_and_its_key(session: Any) -> None:
    case, team = bids.sealed_lot(), bids.bidder()
    bids.fill(case, team)
    sealed = actions.seal_bid(bids.signatory(team), case.lot_id, team.id, bids.token(), case.deadline - SECOND)
    commit()
    actions.hand_in(bids.signatory(team), sealed, case.deadline - SECOND)
    db.session.rollback()
    commit()
    assert doc_of(case, team)["values"]["team"].startswith("项目负责人")


def test_the_number_of_a_receipt_tells_nothing_but_the_day(session: Any) -> None:
    case = bids.sealed_lot()
    numbers = [bids.submit(case, bids.bidder(), at=case.deadline - SECOND).receipt_number for _ in range(3)]
    days = {number.split("-")[0] for number in numbers}
    assert len(days) == 1
    assert sorted(numbers) != [f"{days.copy().pop()}-{n}" for n in range(3)]
    assert len({number[10:] for number in numbers}) == 3


def test_the_purchases_chain_does_not_grow_with_bids(session: Any) -> None:
    case = bids.sealed_lot()
    chain = db.select(Chain.length).filter_by(kind="file", key=str(case.lot.file_id))
    before = session.scalar(chain)
    bids.submit(case, bids.bidder(), at=case.deadline - SECOND)
    bids.submit(case, bids.bidder(), at=case.deadline - SECOND)
    assert session.scalar(chain) == before
    entries = session.scalars(db.select(AuditEntry).filter_by(verb="submit_bid")).all()
    assert len(entries) == 2
    for entry in entries:
        header = json.loads(entry.header)
        assert (header["chain"], set(header["facts"])) == (["bids", str(case.lot_id)], {"receipt", "root", "envelope"})
        assert set(header["commitments"]) == {"actor"}
    assert verify_all()[1] is None


def test_only_a_signatory_of_a_confirmed_organisation_submits(session: Any) -> None:
    case, team, waiting = bids.sealed_lot(), bids.bidder(), bids.bidder(confirmed=False, bank=False)
    bids.fill(case, team)
    bids.fill(case, waiting)
    before = case.deadline - SECOND
    with pytest.raises(Forbidden):
        actions.submit_bid(bids.editor(team), case.lot_id, team.id, bids.token(), before)
    with pytest.raises(Refused, match="尚未经区民政确认"):
        actions.submit_bid(bids.signatory(waiting), case.lot_id, waiting.id, bids.token(), before)


def test_a_barred_organisation_may_not_submit(session: Any) -> None:
    case, team = bids.sealed_lot(), bids.bidder()
    bids.fill(case, team)
    team.organisation.state = OrganisationState.BARRED.value
    session.flush()
    with pytest.raises(Refused, match="禁止参加采购期内"):
        actions.submit_bid(bids.signatory(team), case.lot_id, team.id, bids.token(), case.deadline - SECOND)


def test_an_incomplete_draft_is_refused_with_the_first_gap(session: Any) -> None:
    case, team = bids.sealed_lot(), bids.bidder()
    bids.fill(case, team, price_fen=200_000_00)
    with pytest.raises(Refused, match="高于最高限价") as refusal:
        actions.submit_bid(bids.signatory(team), case.lot_id, team.id, bids.token(), case.deadline - SECOND)
    assert refusal.value.field == "price_fen"
    idle = bids.bidder()
    with pytest.raises(Refused, match="没有内容"):
        actions.submit_bid(bids.signatory(idle), case.lot_id, idle.id, bids.token(), case.deadline - SECOND)


def test_one_press_counts_once(session: Any) -> None:
    case, team = bids.sealed_lot(), bids.bidder()
    bids.fill(case, team)
    signatory, at, token = bids.signatory(team), case.deadline - SECOND, bids.token()
    first = actions.seal_bid(signatory, case.lot_id, team.id, token, at)
    second = actions.seal_bid(signatory, case.lot_id, team.id, token, at)
    bid_id = actions.hand_in(signatory, first, at)
    commit()
    with pytest.raises(Stale, match="已经递交"):
        actions.hand_in(signatory, second, at)
    db.session.rollback()
    found = queries.bid_by_token(token, team.id)
    assert found is not None
    assert found.id == bid_id
    assert session.scalar(db.select(db.func.count()).select_from(SealedBid)) == 1


def test_a_colleagues_change_between_sealing_and_writing_stops_the_submission(session: Any) -> None:
    case, team = bids.sealed_lot(), bids.bidder()
    bids.fill(case, team)
    at = case.deadline - SECOND
    sealed = actions.seal_bid(bids.signatory(team), case.lot_id, team.id, bids.token(), at)
    actions.save_fields(bids.editor(team), case.lot_id, team.id, {"team": "改"}, 99, at)
    with pytest.raises(Stale, match="刚被他人修改"):
        actions.hand_in(bids.signatory(team), sealed, at)


# --- the deadline -----------------------------------------------------------------------------------------------------


def test_at_the_deadline_instant_a_bid_is_refused_and_the_attempt_recorded(session: Any) -> None:
    case, team = bids.sealed_lot(), bids.bidder()
    bids.fill(case, team)
    signatory = bids.signatory(team)
    with pytest.raises(TooLate, match="已记录在案"):
        actions.submit_bid(signatory, case.lot_id, team.id, bids.token(), case.deadline)
    actions.note_late_attempt(signatory, case.lot_id, team.id, case.deadline)
    assert queries.late_attempts(case.lot_id) == 1
    assert queries.late_attempts(case.lot_id, team.id) == 1
    row = session.scalars(db.select(LateAttempt)).one()
    assert (row.at, row.by_user_id) == (case.deadline, team.signatory.id)
    entry = session.scalars(db.select(AuditEntry).filter_by(verb="attempt_late")).one()
    assert f'"chain":["organisation","{team.id}"]' in entry.header


def test_what_was_sealed_in_time_is_not_written_down_under_a_late_instant(session: Any) -> None:
    case, team = bids.sealed_lot(), bids.bidder()
    bids.fill(case, team)
    sealed = actions.seal_bid(bids.signatory(team), case.lot_id, team.id, bids.token(), case.deadline - SECOND)
    with pytest.raises(TooLate):
        actions.hand_in(bids.signatory(team), sealed, case.deadline)


def test_a_submission_on_its_way_comes_before_the_opening_or_never(session: Any) -> None:
    case = bids.closed()
    late_writer = bids.bidder()
    bids.fill(case, late_writer)
    before, signatory = case.deadline - SECOND, bids.signatory(late_writer)
    sealed = actions.seal_bid(signatory, case.lot_id, late_writer.id, bids.token(), before)
    bids.open_bids(case)
    with pytest.raises(Stale):
        actions.hand_in(signatory, sealed, before)


# --- replace and withdraw ---------------------------------------------------------------------------------------------


def test_a_later_submission_replaces_the_earlier(session: Any) -> None:
    case, team = bids.sealed_lot(), bids.bidder()
    at = case.deadline - timedelta(days=2)
    first = bids.submit(case, team, 170_000_00, at=at)
    second = bids.submit(case, team, 160_000_00, at=at + timedelta(days=1))
    assert [bid.id for bid in queries.live_bids(case.lot_id)] == [second.id]
    rows = queries.submissions(case.lot_id, team.id)
    assert [(row.bid.id, row.live) for row in rows] == [(second.id, True), (first.id, False)]


def test_a_withdrawn_bid_revives_no_earlier_one(session: Any) -> None:
    case, team = bids.sealed_lot(), bids.bidder()
    at = case.deadline - timedelta(days=2)
    bids.submit(case, team, at=at)
    bids.submit(case, team, at=at)
    actions.withdraw_bid(bids.signatory(team), case.lot_id, team.id, at)
    assert queries.bid_count(case.lot_id) == 0
    with pytest.raises(Refused, match="没有可以撤回"):
        actions.withdraw_bid(bids.signatory(team), case.lot_id, team.id, at)
    again = bids.submit(case, team, at=at)
    assert [bid.id for bid in queries.live_bids(case.lot_id)] == [again.id]


def test_nothing_is_withdrawn_at_or_after_the_deadline(session: Any) -> None:
    case, team = bids.sealed_lot(), bids.bidder()
    bids.submit(case, team)
    with pytest.raises(Refused, match="不能再撤回"):
        actions.withdraw_bid(bids.signatory(team), case.lot_id, team.id, case.deadline)
    assert queries.bid_count(case.lot_id) == 1


def test_the_signatory_reads_the_own_copy_and_goes_on_from_it(session: Any) -> None:
    case, team = bids.sealed_lot(), bids.bidder()
    at = case.deadline - timedelta(days=1)
    bid = bids.submit(case, team, 170_000_00, at=at, files={"证.pdf": bids.PDF})
    signatory = bids.signatory(team)
    document = actions.open_own_copy(signatory, bid.id, PASSPHRASE)
    assert document.content.price_fen == 170_000_00
    actions.continue_from(signatory, document, at)
    actions.save_fields(signatory, case.lot_id, team.id, {"price_fen": 150_000_00}, 99, at)
    with pytest.raises(Refused, match="草稿中已有内容"):
        actions.continue_from(signatory, document, at)
    again = actions.submit_bid(signatory, case.lot_id, team.id, bids.token(), at)
    new = actions.open_own_copy(signatory, again.id, PASSPHRASE)
    assert (new.content.price_fen, new.content.files[0]["name"]) == (150_000_00, "证.pdf")


def test_nobody_else_reads_the_copy(session: Any) -> None:
    case, team, other = bids.sealed_lot(), bids.bidder(), bids.bidder()
    bid = bids.submit(case, team)
    with pytest.raises(Refused, match="口令不正确"):
        actions.open_own_copy(bids.signatory(team), bid.id, "wrong words here")
    for stranger in (bids.signatory(other), bids.editor(team), case.office.as_clerk()):
        with pytest.raises(NotFound):
            actions.open_own_copy(stranger, bid.id, PASSPHRASE)
    operator = acting(person(Role.OPERATOR))
    with pytest.raises(NotFound):
        actions.open_own_copy(operator, bid.id, PASSPHRASE)
    newcomer = acting(person(Role.ORGANISATION_SIGNATORY, Scope(organisation_id=team.id)))
    with pytest.raises(Refused, match="还没有密钥"):
        actions.open_own_copy(newcomer, bid.id, PASSPHRASE)


def test_an_organisation_without_keys_can_submit_all_the_same(session: Any) -> None:
    case, team = bids.sealed_lot(), bids.bidder(key=False)
    bid = bids.submit(case, team)
    assert queries.live_bids(case.lot_id) == [bid]


def test_a_community_group_cannot_bid(session: Any) -> None:
    from market.kernel.uscc import ProviderType

    case = bids.sealed_lot()
    group = organisation("河滨社区助老队", ProviderType.COMMUNITY_GROUP, uscc=None, bank=False)
    bids.fill(case, group)
    with pytest.raises(Refused, match="没有法人资格"):
        actions.submit_bid(bids.signatory(group), case.lot_id, group.id, bids.token(), case.deadline - SECOND)


def test_the_daily_digest_does_not_tell_how_many_bids_there_are(session: Any) -> None:
    case = bids.sealed_lot()
    bids.submit(case, bids.bidder(), at=case.deadline - SECOND)
    row = close_day(beijing_day(case.deadline), case.deadline)
    assert row is not None
    notice = session.scalars(db.select(Notice).filter_by(kind="daily_digest")).one()
    kinds = {head[0] for head in json.loads(notice.body)["data"]["heads"]}
    assert "file" in kinds
    assert "bids" not in kinds
