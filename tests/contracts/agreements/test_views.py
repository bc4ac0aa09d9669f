"""Contract pages as people use them: desk, draft, signature, cancellation, documents, public check."""

from __future__ import annotations

import hashlib
import io

import pytest

from contracts.agreements import actions, mail, queries
from contracts.agreements.room import CARD
from contracts.agreements.states import AgreementState
from market.awards.states import AwardState
from market.kernel.permits import Role
from market.records.files import content_of
from market.records.queue import run_pending
from market.web.rooms import waiting_in
from tests.factories import agreements as make
from tests.factories.agreements import SIGNING
from tests.factories.people import PASSPHRASE, keys, person, sign_in
from tests.factories.places import street

DETAIL, LIST = 10, 8


@pytest.fixture
def deal(session, clock):
    clock.move_to(2026, 4, 20, 10, 0)
    return make.awarded(bond_bp=1_000)


def clerk_of(deal):
    return queries.db.session.get_one(make.User, deal.clerk.user_id)


def verbs(actor):
    return [(w.verb, w.url) for w in waiting_in([CARD], actor, SIGNING)]


@pytest.mark.parametrize(
    ("regime", "title", "law", "party"),
    [
        ("comparison", "政府购买服务合同", False, "甲方（购买主体）"),
        ("open_tender", "政府购买服务合同", True, "甲方（购买主体）"),
        ("venture", "资助协议", False, "甲方（资助方）"),
    ],
)
def test_the_document_names_the_law_of_its_own_procedure(deal, regime, title, law, party):
    row = actions.draft_agreement(deal.clerk, deal.award.id, SIGNING)
    row.data = row.data | {"regime": regime, "clauses": []}
    html = mail.contract_html(row)
    assert ("政府采购法" in html, title in html, party in html) == (law, True, True)
    assert mail.document_title(row) == title


def test_a_contract_from_award_to_force_by_clicking(app, deal, visitors):
    clerk, supplier, buyer = (visitors() for _ in range(3))
    sign_in(clerk, clerk_of(deal))
    page = clerk.get("/agreements", most=LIST)
    assert deal.award.title in page.text
    page = clerk.get(page.link(f"起草合同{deal.award.title}"), most=DETAIL)
    page = clerk.submit(page, button="生成合同草稿")
    assert "补充约定" in page.heading
    page = clerk.submit(
        page, {"bond_fen": "5万", "due_days": "61", "supplement": "服务人员须持证上岗。"}, button="保存草稿"
    )
    assert page.status == 422
    assert "¥43,200.00" in page.text
    assert "服务人员须持证上岗。" in page.source
    page = clerk.submit(page, {"bond_fen": "2万", "due_days": "61"}, button="保存草稿")
    assert "1 到 60 日" in page.errors["due_days"]
    page = clerk.submit(page, {"bond_fen": "2万", "due_days": "20"}, button="保存草稿")
    assert "第十六条 补充约定" in page.text.replace("　", " ")
    page = clerk.submit(page, button="定稿并送签")
    assert "正在生成" in page.text
    run_pending(app)
    row = queries.agreements_for(deal.clerk)[0]

    keys(deal.team.signatory, organisation=(team := queries.agreement(row.id).data["supplier"]["name"]))
    keys(deal.approver, organisation="南京市江宁区")
    sign_in(supplier, deal.team.signatory)
    page = supplier.get(f"/agreements/{row.id}/sign", most=DETAIL)
    assert f"您代表供应商（乙方）“{team}”签署" in page.text
    assert "证书写明的单位" not in page.text
    page = supplier.submit(page, {"passphrase": PASSPHRASE}, button="签署合同")
    assert "请勾选" in page.text
    page = supplier.submit(page, {"passphrase": "wrong passphrase", "read": "y"}, button="签署合同")
    assert page.status == 422
    assert page.errors["passphrase"]
    page = supplier.submit(page, {"passphrase": PASSPHRASE, "read": "y"}, button="签署合同")
    assert "待街道签署" in page.text

    sign_in(buyer, deal.approver)
    page = buyer.get(f"/agreements/{row.id}/sign", most=DETAIL)
    assert "证书写明的单位是“南京市江宁区”；代表哪一方签署，以签名处写明的“南京市江宁区东山街道办事处”为准" in page.text
    page = buyer.submit(page, {"passphrase": PASSPHRASE, "read": "y"}, button="签署合同")
    assert "合同生效" in page.text
    assert "履行中" in page.text
    page = clerk.get(f"/agreements/{row.id}", most=DETAIL)
    page = clerk.submit(page, button="登记已报备案")
    assert "2026-04-20 已报备案" in page.text
    english = visitors()
    english.client.set_cookie("lang", "en")
    sign_in(english, clerk_of(deal))
    english.client.set_cookie("lang", "en")
    assert "第一条" in english.get(f"/agreements/{row.id}").text


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("zh", "最多 ¥43,200.00（采购文件写明的合同金额的 10%），以非现金形式提交"),
        ("en", "At most ¥43,200.00 (10% of the contract, as the purchase documents say), never in cash"),
    ],
)
def test_the_draft_says_how_large_a_bond_was_announced(deal, visitor, lang, said):
    row = make.drafted(deal)
    sign_in(visitor, clerk_of(deal))
    visitor.client.set_cookie("lang", lang)
    assert said in visitor.get(f"/agreements/{row.id}/edit", most=DETAIL).text


def test_where_no_bond_was_announced_none_can_be_asked_for(session, clock, visitor):
    clock.move_to(2026, 4, 20, 10, 0)
    deal = make.awarded()
    row = make.drafted(deal)
    sign_in(visitor, clerk_of(deal))
    page = visitor.get(f"/agreements/{row.id}/edit", most=DETAIL)
    assert "bond_fen" not in page.form(button="保存草稿").values
    page = visitor.submit(page, {"place": "东山街道"}, button="保存草稿")
    assert "本合同不收取履约保证金" in page.text


def test_each_desk_shows_whose_turn_it_is(deal):
    assert verbs(deal.clerk) == [("起草合同", f"/agreements/draft/{deal.award.id}")]
    row = make.drafted(deal)
    assert verbs(deal.clerk) == [("定稿并送签合同", f"/agreements/{row.id}")]
    assert verbs(deal.supplier) == []
    actions.issue_agreement(deal.clerk, row.id, SIGNING)
    actions.keep_document(row.id, make.short_document())
    assert verbs(deal.supplier) == [("签署合同", f"/agreements/{row.id}/sign")]
    assert verbs(deal.buyer) == []
    keys(deal.team.signatory)
    keys(deal.approver)
    actions.sign_agreement(deal.supplier, row.id, make.Party.SUPPLIER, PASSPHRASE, SIGNING, real=SIGNING)
    assert verbs(deal.buyer) == [("签署合同", f"/agreements/{row.id}/sign")]
    actions.sign_agreement(deal.buyer, row.id, make.Party.BUYER, PASSPHRASE, SIGNING, real=SIGNING)
    assert verbs(deal.clerk) == [("合同副本报财政部门备案", f"/agreements/{row.id}")]


@pytest.mark.parametrize(
    ("state", "why"), [(AwardState.SUSPENDED, "因质疑暂停"), (AwardState.ANNULLED, "已不再有效")]
)
def test_no_draft_is_offered_on_an_award_that_does_not_stand_and_the_page_says_which(deal, visitor, state, why):
    make.set_award(deal.award, state)
    sign_in(visitor, clerk_of(deal))
    page = visitor.get(f"/agreements/draft/{deal.award.id}", most=DETAIL)
    assert why in page.text
    assert not page.all("//main//form")


def test_the_page_says_why_nobody_may_sign_yet(deal, visitor, clock):
    clock.move_to(2026, 4, 8, 10, 0)
    row = make.issued(deal, make.NOTICED)
    sign_in(visitor, deal.team.signatory)
    page = visitor.get(f"/agreements/{row.id}")
    assert "结果公告期和质疑期还没有结束" in page.text
    page = visitor.get(f"/agreements/{row.id}/sign")
    assert "结果公告期和质疑期还没有结束" in page.text
    assert not page.all("//main//form")


def test_a_contract_is_given_up_with_a_reason(deal, visitor):
    row = make.issued(deal)
    sign_in(visitor, clerk_of(deal))
    page = visitor.get(visitor.get(f"/agreements/{row.id}").link("取消合同"))
    page = visitor.submit(page, {"reason": " "}, button="取消合同")
    assert page.status == 422
    page = visitor.submit(page, {"reason": "服务地点需要重拟"}, button="取消合同")
    assert "服务地点需要重拟" in page.text
    assert visitor.get(f"/agreements/{row.id}/cancel").status == 422
    assert make.again(row).state == AgreementState.CANCELLED


def test_others_see_nothing(deal, visitor):
    row = make.issued(deal)
    sign_in(visitor, person(Role.STREET_CLERK, street("320115002").scope))
    for url in ("", "/edit", "/cancel", "/unsigned.pdf"):
        assert visitor.get(f"/agreements/{row.id}{url}").status == 404
    assert visitor.get(f"/agreements/{row.id}/sign").status == 403
    assert visitor.get(f"/agreements/draft/{deal.award.id}").status == 404
    assert "还没有合同" in visitor.get("/agreements").text


def test_a_suspended_contract_is_resumed_by_clicking(deal, visitor):
    row = make.in_force(deal)
    make.set_award(deal.award, AwardState.SUSPENDED)
    actions.suspend_if_award_fell(make.again(row), SIGNING)
    sign_in(visitor, clerk_of(deal))
    page = visitor.get(f"/agreements/{row.id}")
    assert "合同随之暂停履行" in page.text
    page = visitor.submit(page, button="恢复履行")
    assert page.status == 422
    make.set_award(make.again(row).award, AwardState.ACTIVE)
    assert "履行中" in visitor.submit(visitor.get(f"/agreements/{row.id}"), button="恢复履行").text


def test_anyone_downloads_and_checks_the_signed_contract(deal, visitor):
    row = make.in_force(deal, document="short")
    pdf = content_of(queries.stored(row.signed_pdf_id))
    answer = visitor.client.get(f"/agreements/{row.id}/signed.pdf")
    assert (answer.data, answer.mimetype) == (pdf, "application/pdf")
    page = visitor.get("/agreements/check", most=DETAIL)
    page = visitor.submit(page, {"document": (io.BytesIO(pdf), "合同.pdf")})
    assert "一个字节也没有改动" in page.text
    assert page.text.count("有效") >= 2
    changed = pdf.replace(b"/Type", b"/Tyqe", 1)
    page = visitor.submit(page, {"document": (io.BytesIO(changed), "合同.pdf")})
    assert "没有找到一致的合同" in page.text
    assert "内容被改动" in page.text
    page = visitor.submit(page, {"digest": hashlib.sha256(pdf).hexdigest().upper()})
    assert row.number in page.text
    page = visitor.submit(page, {"document": (io.BytesIO(b"no pdf"), "a.txt"), "digest": ""})
    assert page.status == 422
    assert visitor.submit(page, {"digest": ""}).status == 422


def test_in_the_demonstration_the_time_of_a_signature_is_explained(deal, visitors, monkeypatch):
    row = make.in_force(deal, document="short")
    pdf = content_of(queries.stored(row.signed_pdf_id))
    note = "演示中的电子签名使用本机的真实时间"

    def pages():
        browser = sign_in(visitors(), clerk_of(deal))
        given = {"document": (io.BytesIO(pdf), "合同.pdf")}
        return browser.get(f"/agreements/{row.id}").text, browser.submit(browser.get("/agreements/check"), given).text

    assert [note in text for text in pages()] == [False, False]
    monkeypatch.setattr("market.app._demo", lambda _linli, _at: {"now_text": "2026-04-20 10:00"})
    assert [note in text for text in pages()] == [True, True]


def test_an_unsigned_contract_is_not_public(deal, visitor):
    row = make.issued(deal)
    assert visitor.get(f"/agreements/{row.id}/signed.pdf").status == 404


def test_lists_cost_the_same_for_many_rows(deal, visitor):
    row = make.drafted(deal)
    sign_in(visitor, clerk_of(deal))
    few = len(visitor.get("/agreements", most=LIST).statements)
    for number in range(30):
        values = {c.name: getattr(row, c.name) for c in make.Agreement.__table__.columns if c.name != "id"}
        values |= {"number": f"{row.number}-{number}", "state": "cancelled", "cancel_reason": "重拟"}
        queries.db.session.add(make.Agreement(**values))
    queries.db.session.flush()
    page = visitor.get("/agreements", most=LIST)
    assert len(page.statements) == few
    assert len(page.all("//table[caption[contains(., '合同列表')]]/tbody/tr")) == 20
    assert page.link("下一页")
    assert "没有这种状态的合同" in visitor.get("/agreements?state=completed").text
