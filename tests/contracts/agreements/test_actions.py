"""From an award to a contract in force, on both engines: windows, digests, signatures, money, publication."""

from __future__ import annotations

import json
import subprocess
from datetime import date, timedelta
from pathlib import Path

import pytest

from contracts.agreements import actions, due, queries
from contracts.agreements.rules import Options, contract_digest
from contracts.agreements.states import AgreementState, Party
from market.awards import actions as awards
from market.awards.states import AwardState
from market.kernel.canonical import canonical_bytes
from market.kernel.clock import system_now
from market.kernel.errors import Forbidden, NotFound, Refused, Stale
from market.kernel.permits import Role
from market.ledger.queries import balances, transfers_of
from market.people.queries import person as find_person
from market.records.audit import history, verify_all
from market.records.files import content_of
from market.records.keys import authority
from market.records.models import Message
from market.records.notices import releases
from market.records.queue import run_pending
from market.records.signing import verify_pdf
from tests.factories import agreements as make
from tests.factories.agreements import CHALLENGE_UNTIL, PUBLICITY_UNTIL, SIGNING
from tests.factories.people import PASSPHRASE, acting, actor, give

pytestmark = pytest.mark.usefixtures("session")


def sign(who, row, party, at=SIGNING, passphrase=PASSPHRASE):
    return actions.sign_agreement(who, row.id, party, passphrase, at, real=system_now())


# --- drafting ---------------------------------------------------------------------------------------------------------


def test_a_contract_is_drafted_from_the_awards_terms():
    deal = make.awarded()
    row = make.drafted(deal)
    assert row.number == "江宁东山街〔2026〕购字第001号"
    assert (row.amount_fen, row.state) == (43_200_000, AgreementState.DRAFT)
    assert row.data["terms_digest"] == deal.award.terms_digest
    assert row.digest == contract_digest(row.data)
    assert row.sign_by == date(2026, 5, 7)


def test_one_award_has_one_live_contract():
    deal = make.awarded()
    row = make.drafted(deal)
    assert queries.awards_without_contract(deal.street.id) == []
    with pytest.raises(Refused, match="已经有合同"):
        make.drafted(deal)
    actions.cancel_agreement(deal.clerk, row.id, "条款需要重拟", SIGNING)
    assert [a.id for a in queries.awards_without_contract(deal.street.id)] == [deal.award.id]
    assert make.drafted(deal).number.endswith("第002号")


@pytest.mark.parametrize("state", [AwardState.PENDING, AwardState.SUSPENDED, AwardState.ANNULLED])
def test_no_contract_is_drafted_on_an_award_that_does_not_stand(state):
    deal = make.awarded()
    make.set_award(deal.award, state)
    assert queries.awards_without_contract(deal.street.id) == []
    with pytest.raises(Refused):
        make.drafted(deal)


def test_terms_that_differ_from_the_published_digest_are_not_used():
    deal = make.awarded()
    deal.award.terms = {**deal.award.terms, "title": "别的项目"}
    with pytest.raises(Refused, match="摘要不一致"):
        make.drafted(deal)


def test_only_the_streets_clerk_drafts():
    deal = make.awarded()
    with pytest.raises(Forbidden):
        actions.draft_agreement(deal.buyer, deal.award.id, SIGNING)
    with pytest.raises(NotFound):
        actions.draft_agreement(deal.clerk, deal.award.id + 99, SIGNING)


def test_the_bond_that_was_announced_stands_in_the_draft_until_the_clerk_asks_for_less():
    deal = make.awarded(bond_bp=500)
    row = make.drafted(deal)
    assert row.data["options"]["bond_fen"] == 2_160_000
    actions.save_agreement(deal.clerk, row.id, Options(), row.digest, SIGNING)
    assert row.data["options"]["bond_fen"] == 0


def test_saving_the_draft_changes_the_digest_and_a_stale_page_is_told():
    deal = make.awarded(bond_bp=1_000)
    row = make.drafted(deal)
    before = row.digest
    actions.save_agreement(deal.clerk, row.id, Options(supplement="服务人员须持证上岗。"), before, SIGNING)
    assert row.digest != before
    assert "服务人员须持证上岗。" in json.dumps(row.data, ensure_ascii=False)
    with pytest.raises(Stale):
        actions.save_agreement(deal.clerk, row.id, Options(), before, SIGNING)
    with pytest.raises(Refused, match=r"¥43,200\.00"):
        actions.save_agreement(deal.clerk, row.id, Options(bond_fen=4_320_001), row.digest, SIGNING)


def test_an_issued_contract_is_frozen():
    deal = make.awarded()
    row = make.issued(deal, document="none")
    with pytest.raises(Refused):
        actions.save_agreement(deal.clerk, row.id, Options(), row.digest, SIGNING)
    assert row.digest == contract_digest(row.data)
    assert [e.verb for e in history("agreement", row.id)] == ["draft", "issue"]


def test_the_document_is_made_by_a_job_and_only_once(app):
    deal = make.awarded()
    row = make.issued(deal, document="none")
    queries.db.session.commit()
    assert run_pending(app) == 1
    first = make.again(row).draft_pdf_id
    assert first is not None
    from contracts.agreements.jobs import render_contract

    render_contract(row.id)
    assert make.again(row).draft_pdf_id == first


# --- windows ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "why"),
    [
        (PUBLICITY_UNTIL - timedelta(seconds=1), "公告期"),
        (CHALLENGE_UNTIL - timedelta(seconds=1), "质疑期"),
    ],
)
def test_nobody_signs_while_the_windows_run(at, why):
    deal = make.awarded()
    row = make.issued(deal, at)
    with pytest.raises(Refused, match=why):
        sign(deal.supplier, row, Party.SUPPLIER, at)
    sign(deal.supplier, row, Party.SUPPLIER, CHALLENGE_UNTIL)
    assert make.again(row).state == AgreementState.HALF_SIGNED


def test_a_suspended_award_stops_the_second_signature():
    deal = make.awarded()
    row = make.half_signed(deal)
    make.set_award(deal.award, AwardState.SUSPENDED)
    with pytest.raises(Refused, match="暂停"):
        sign(deal.buyer, row, Party.BUYER)
    make.set_award(deal.award, AwardState.ACTIVE)
    assert sign(deal.buyer, row, Party.BUYER).state == AgreementState.IN_FORCE


def test_an_award_suspended_between_signing_and_writing_down_still_stops_it():
    deal = make.awarded()
    row = make.half_signed(deal)
    prepared = actions.prepare_signature(deal.buyer, row.id, Party.BUYER, PASSPHRASE, SIGNING, real=system_now())
    make.set_award(deal.award, AwardState.SUSPENDED)
    with pytest.raises(Refused):
        actions.record_signature(deal.buyer, prepared, SIGNING)
    assert balances([line.id for line in deal.lines])[deal.lines[0].id]["committed"] == 0


# --- signing ----------------------------------------------------------------------------------------------------------


def test_a_wrong_passphrase_is_told_at_its_field():
    deal = make.awarded()
    row = make.issued(deal)
    with pytest.raises(Refused) as refusal:
        sign(deal.supplier, row, Party.SUPPLIER, passphrase="not the passphrase")
    assert refusal.value.field == "passphrase"


def test_each_signs_in_turn_and_for_the_own_side():
    deal = make.awarded()
    row = make.issued(deal)
    with pytest.raises(Refused):
        sign(deal.buyer, row, Party.BUYER)
    with pytest.raises(Forbidden):
        sign(deal.buyer, row, Party.SUPPLIER)
    sign(deal.supplier, row, Party.SUPPLIER)
    with pytest.raises(Refused):
        sign(deal.supplier, row, Party.SUPPLIER)
    with pytest.raises(Forbidden):
        sign(deal.supplier, row, Party.BUYER)


def test_one_person_never_signs_for_both():
    deal = make.awarded()
    row = make.half_signed(deal)
    give(deal.team.signatory, Role.STREET_APPROVER, deal.street.scope)
    with pytest.raises(Forbidden, match="双方"):
        sign(acting(deal.team.signatory), row, Party.BUYER)


def test_two_who_sign_at_once_are_one_signature():
    deal = make.awarded()
    row = make.issued(deal)
    first = actions.prepare_signature(deal.supplier, row.id, Party.SUPPLIER, PASSPHRASE, SIGNING, real=system_now())
    second = actions.prepare_signature(deal.supplier, row.id, Party.SUPPLIER, PASSPHRASE, SIGNING, real=system_now())
    actions.record_signature(deal.supplier, first, SIGNING)
    with pytest.raises(Refused):
        actions.record_signature(deal.supplier, second, SIGNING)
    assert len(make.again(row).signatures) == 1


def test_a_document_still_being_made_cannot_be_signed():
    deal = make.awarded()
    row = make.issued(deal, document="none")
    with pytest.raises(Refused, match="还在生成"):
        sign(deal.supplier, row, Party.SUPPLIER)


def test_both_signatures_are_valid_and_the_attachment_is_the_contract(tmp_path: Path):
    deal = make.awarded()
    row = make.in_force(deal, document="real")
    pdf = content_of(queries.stored(row.signed_pdf_id))
    reports = verify_pdf(pdf, authority().certificate)
    assert [(r.field, r.name, r.good) for r in reports] == [
        ("supplier", "机构签署人", True),
        ("buyer", "周正", True),
    ]
    path = tmp_path / "contract.pdf"
    path.write_bytes(pdf)
    said = subprocess.run(["pdfsig", "-nocert", path], capture_output=True, text=True, check=False).stdout
    assert said.count("Signature is Valid") == 2
    subprocess.run(["pdfdetach", "-saveall", "-o", tmp_path, path], check=True)
    assert (tmp_path / "contract.json").read_bytes() == canonical_bytes(row.data)
    text = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True).stdout
    for piece in (
        row.number,
        row.digest,
        deal.street.office,
        "肆拾叁万贰仟元整",
        "第七条",
        "¥270,000.00",
        "80.00 分以上",
    ):
        assert piece in text, piece


# --- money and publication --------------------------------------------------------------------------------------------


def test_signing_commits_line_by_line_and_gives_the_saving_back():
    deal = make.awarded()
    before = balances([line.id for line in deal.lines])
    make.in_force(deal)
    after = balances([line.id for line in deal.lines])
    for line, committed, saving in zip(deal.lines, (27_000_000, 16_200_000), (3_000_000, 1_800_000), strict=True):
        assert after[line.id]["committed"] == committed
        assert after[line.id]["reserved"] == before[line.id]["reserved"] - committed - saving == 0
        assert after[line.id]["unspent"] == before[line.id]["unspent"] + saving
    moved = [(m.reason, m.amount_fen) for m in transfers_of(deal.file.id)]
    assert sum(fen for reason, fen in moved if reason == "commit") == 43_200_000


def test_nothing_is_released_when_the_price_is_the_reservation():
    deal = make.awarded(reserved=(43_200_000,))
    make.in_force(deal)
    assert "release" not in {m.reason for m in transfers_of(deal.file.id)}


def test_the_signed_contract_is_published_with_digest_signatures_and_terms():
    deal = make.awarded()
    row = make.in_force(deal)
    (notice,) = releases(deal.file.id)
    release = json.loads(notice.body)
    assert release["tag"] == ["contract"]
    contract = release["contracts"][0]
    assert (contract["awardID"], contract["status"]) == (f"award-{deal.award.id}", "active")
    assert contract["value"] == {"amount": 432_000, "currency": "CNY"}
    assert contract["linliDigest"] == row.digest
    assert [one["party"] for one in contract["linliSignatures"]] == ["supplier", "buyer"]
    assert contract["linliEvaluation"]["weights_bp"]["third"] == 4500
    assert [m["linliValue"]["amount"] for m in contract["milestones"]] == [129_600, 172_800, 129_600]
    assert contract["documents"][0]["linliSha256"] == queries.stored(row.signed_pdf_id).sha256
    assert "机构签署人" not in notice.body.decode()


def test_row_45_the_duties_after_signing_stand_on_the_contract():
    deal = make.awarded()
    row = make.in_force(deal)
    assert (row.publish_by, row.file_copy_by) == (date(2026, 4, 22), date(2026, 4, 29))
    assert queries.on_the_desk(deal.clerk.grants, [], []) == [row]
    actions.record_filing(deal.clerk, row.id, SIGNING + timedelta(days=3))
    assert queries.on_the_desk(deal.clerk.grants, [], []) == []
    with pytest.raises(Refused, match="已经登记过"):
        actions.record_filing(deal.clerk, row.id, SIGNING + timedelta(days=4))


def test_each_turn_is_told_to_whoever_acts_next(session):
    deal = make.awarded()
    make.in_force(deal)
    rows = session.execute(
        Message.__table__.select().where(Message.url.like("/agreements/%")).order_by(Message.id)
    ).all()
    by_person: dict[int, list[str]] = {}
    for one in rows:
        by_person.setdefault(one.user_id, []).append(one.subject)
    assert by_person[deal.team.signatory.id] == ["请签署合同", "合同已生效"]
    assert by_person[deal.approver.id] == ["供应商已签署，请签署合同"]
    assert by_person[deal.clerk.user_id] == ["合同已生效"]


def test_late_signing_is_written_into_the_chain():
    deal = make.awarded()
    row = make.half_signed(deal)
    sign(deal.buyer, row, Party.BUYER, SIGNING + timedelta(days=30))
    assert json.loads(history("agreement", row.id)[-1].header)["facts"]["late"] is True


# --- cancelling, suspending, closing ----------------------------------------------------------------------------------


def test_a_cancelled_contract_leaves_the_money_reserved():
    deal = make.awarded()
    row = make.half_signed(deal)
    before = balances([line.id for line in deal.lines])
    with pytest.raises(Refused, match="原因"):
        actions.cancel_agreement(deal.clerk, row.id, "  ", SIGNING)
    actions.cancel_agreement(deal.clerk, row.id, "双方同意重拟服务地点", SIGNING)
    assert row.state == AgreementState.CANCELLED
    assert balances([line.id for line in deal.lines]) == before
    with pytest.raises(Refused):
        sign(deal.buyer, row, Party.BUYER)


def test_an_award_cannot_be_given_up_once_both_have_signed():
    deal = make.awarded()
    row = make.in_force(deal)
    with pytest.raises(Refused, match="合同已由双方签订，不能再登记放弃"):
        awards.decline(deal.buyer, deal.award, "机构放弃", SIGNING)
    assert deal.award.state == AwardState.ACTIVE
    assert make.again(row).state == AgreementState.IN_FORCE


def test_a_contract_in_force_is_never_cancelled():
    deal = make.awarded()
    row = make.in_force(deal)
    with pytest.raises(Refused):
        actions.cancel_agreement(deal.clerk, row.id, "不想做了", SIGNING)


def test_an_award_that_falls_suspends_the_contract_and_a_standing_one_resumes_it():
    deal = make.awarded()
    row = make.in_force(deal)
    assert not actions.suspend_if_award_fell(make.again(row), SIGNING)
    make.set_award(deal.award, AwardState.SUSPENDED)
    assert due.suspend_fallen(SIGNING) == 1
    assert due.suspend_fallen(SIGNING) == 0
    assert make.again(row).state == AgreementState.SUSPENDED
    assert actions.suspend_if_award_fell(make.again(row), SIGNING)
    with pytest.raises(Refused, match="还没有恢复"):
        actions.resume_agreement(deal.clerk, row.id, SIGNING)
    make.set_award(deal.award, AwardState.ACTIVE)
    actions.resume_agreement(deal.clerk, row.id, SIGNING)
    assert make.again(row).state == AgreementState.IN_FORCE
    assert [json.loads(n.body)["tag"] for n in releases(deal.file.id)] == [
        ["contract"],
        ["contractUpdate"],
        ["contractUpdate"],
    ]


def test_closing_frees_what_never_became_payable():
    deal = make.awarded()
    row = make.in_force(deal)
    before = balances([line.id for line in deal.lines])
    first, second = deal.lines
    actions.complete_agreement(deal.clerk, row.id, {first.id: 27_000_000, second.id: 16_000_000}, SIGNING)
    after = balances([line.id for line in deal.lines])
    assert row.state == AgreementState.COMPLETED
    assert after[first.id] == before[first.id]
    assert after[second.id]["unspent"] == before[second.id]["unspent"] + 200_000


def test_every_chain_holds_after_the_whole_way():
    deal = make.awarded()
    make.in_force(deal)
    links, fault = verify_all()
    assert fault is None
    assert links > 10


# --- who sees what ----------------------------------------------------------------------------------------------------


def test_people_see_the_contracts_of_their_own_street_or_organisation():
    deal = make.awarded()
    row = make.drafted(deal)
    stranger = actor(Role.STREET_CLERK, make.make_street("320115002").scope)
    assert [r.id for r in queries.agreements_for(deal.clerk)] == [row.id]
    assert [r.id for r in queries.agreements_for(deal.editor)] == [row.id]
    assert queries.agreements_for(stranger) == []
    assert queries.agreements_for(deal.clerk, state="in_force") == []
    assert find_person(deal.approver.id) is not None
