"""The public pages, as a visitor without an account sees them."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from market.kernel.canonical import sha256_hex
from market.kernel.clock import system_now
from market.kernel.permits import CLOCK
from market.public import queries
from market.records import queue
from market.records.files import keep_bytes
from market.records.keys import found_installation, receipt_fingerprint
from market.records.models import AuditEntry, Notice
from market.records.notices import CardFacts, publish
from market.records.receipts import close_day, give_receipt
from tests.factories.notices import BIDDERS, STAGES, budget_year, many, organisation, published
from tests.factories.places import street
from tests.factories.rounds import decided
from tests.fixtures.clock import StandingClock
from tests.fixtures.visitor import Page, Visitor
from tests.walks.growth import multiply

LIST, DETAIL = 8, 10
ROOT = "5" * 64


@pytest.fixture(params=["zh_Hans_CN", "en"])
def reader(request: pytest.FixtureRequest, visitor: Visitor) -> Visitor:
    """A visitor in either language."""
    visitor.client.set_cookie("lang", request.param)
    return visitor


def _titles(page: Page) -> list[str]:
    return page.words("//*[contains(@class, 'purchase-title')]")


# --- home and lists ---------------------------------------------------------------------------------------------------


def test_an_empty_house_says_so_on_every_page(reader: Visitor) -> None:
    for url in (
        "/",
        "/purchases",
        "/budget-years",
        "/organisations-directory",
        "/rules",
        "/digests",
        "/check",
        "/health",
    ):
        assert reader.get(url, most=LIST).status == 200


def test_home_shows_what_is_open_what_is_new_and_the_year_s_money(session: Session, visitor: Visitor) -> None:
    published("paid", title="已付款项目")
    published("tender", title="正在征集项目")
    page = visitor.get("/", most=LIST)
    assert page.words("//ul[@class='open-grid']//h3") == ["正在征集项目"]
    assert _titles(page) == ["正在征集项目", "已付款项目"]
    assert page.words("//dl[@class='year-card']//dd") == ["2 项", "¥432,000.00", "¥129,600.00"]
    assert page.all("//time[@data-deadline]")


def test_a_deadline_that_has_passed_is_open_no_longer(session: Session, visitor: Visitor, clock: StandingClock) -> None:
    published("tender")
    clock.forward(days=7)
    assert visitor.get("/").all("//ul[@class='open-grid']") == []
    assert "已截止，待开标" in visitor.get("/purchases").text
    assert _titles(visitor.get("/purchases?phase=open")) == []
    assert len(_titles(visitor.get("/purchases?phase=judged"))) == 1


def test_a_list_costs_the_same_at_20_and_200_rows(session: Session, visitor: Visitor) -> None:
    urls = "/", "/purchases", "/purchases?words=助餐", "/purchases?street=320115001&phase=open&words=服务"
    asked = []
    many(20)
    for copies in (0, 9):
        multiply(session.connection(), copies)
        pages = [visitor.get(url, most=LIST) for url in urls]
        assert [len(_titles(page)) for page in pages] == [8, 20, 20, 20]
        asked.append([len(page.statements) for page in pages])
    assert asked[0] == asked[1]


def test_pages_follow_each_other_without_a_gap_or_a_repeat(session: Session, visitor: Visitor) -> None:
    many(45)
    for url in ("/purchases", "/purchases?words=助餐"):
        seen, page = [], visitor.get(url)
        seen += _titles(page)
        while following := page.all("//a[@rel='next']"):
            page = visitor.get(following[0].get("href"), most=LIST)
            seen += _titles(page)
        assert seen == [f"第{number}批助餐服务" for number in range(45, 0, -1)]


@pytest.mark.parametrize("number", ["9" * 30, "-" + "9" * 30, str(2**63)])
def test_a_page_after_a_number_that_no_table_holds_is_the_first_page(visitor: Visitor, number: str) -> None:
    assert visitor.get(f"/purchases?before={number}").status == 200


def test_filters_narrow_the_list(session: Session, visitor: Visitor) -> None:
    huzhou = street("330502001")
    published("tender", title="江宁助餐")
    published("tender", title="吴兴助残", place=huzhou, category="disability", method="open_tender")
    published("planning", title="江宁意向")
    published("failed", title="吴兴流标", place=huzhou)
    for query, expected in {
        "district=330502": ["吴兴流标", "吴兴助残"],
        "street=320115001": ["江宁意向", "江宁助餐"],
        "category=disability": ["吴兴助残"],
        "method=open_tender": ["吴兴助残"],
        "phase=planned": ["江宁意向"],
        "phase=ended": ["吴兴流标"],
        "district=330502&phase=open": ["吴兴助残"],
        "words=吴兴&phase=ended": ["吴兴流标"],
        "street=999999999": [],
        "words=没有的": [],
        "words=，": [],
        "phase=unknown": ["吴兴流标", "江宁意向", "吴兴助残", "江宁助餐"],
    }.items():
        assert _titles(visitor.get(f"/purchases?{query}", most=LIST)) == expected, query


def test_what_was_asked_stays_in_the_form(session: Session, visitor: Visitor) -> None:
    street()
    page = visitor.get("/purchases?words=助餐&phase=open&street=320115001")
    assert page.all("//input[@name='words']/@value") == ["助餐"]
    assert page.all("//option[@selected]/@value") == ["open", "320115001"]


def test_a_count_goes_no_further_than_its_limit(
    session: Session, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(5)
    assert visitor.get("/purchases").words("//p[@class='counted']") == ["共 5 项"]
    monkeypatch.setattr("market.public.queries.paging.CAP", 3)
    monkeypatch.setattr("market.public.queries.paging.FOUND_CAP", 2)
    assert visitor.get("/purchases").words("//p[@class='counted']") == ["3+ 项"]
    assert visitor.get("/purchases?words=助餐").words("//p[@class='counted']") == ["2+ 项"]


# --- one purchase -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", [*STAGES, "failed", "cancelled"])
def test_a_purchase_has_its_page_at_every_stage(session: Session, reader: Visitor, stage: str) -> None:
    file = published(stage)
    page = reader.get(f"/purchases/{file.ocid}", most=DETAIL)
    assert page.heading == "东山街道独居老人探访服务"
    assert (
        len(page.all("//section[@id='record']//tbody/tr")) == session.query(Notice).filter_by(file_id=file.id).count()
    )
    anchors = {node.get("href")[1:] for node in page.all("//nav[@class='page-parts']//a")}
    assert anchors <= {node.get("id") for node in page.all("//section[@id]")}


def test_a_page_tells_the_whole_story(session: Session, visitor: Visitor) -> None:
    file = published("paid")
    page = visitor.get(f"/purchases/{file.ocid}", most=DETAIL)
    told = {node.get("id"): "".join(node.text_content().split()) for node in page.all("//section[@id]")}
    assert "412名" in told["need"]
    assert "福彩公益金¥180,000.00" in told["money"]
    assert "履约保证金不收取法定上限¥48,000.00" in told["money"], "a limit alone reads as if a bond were taken"
    assert "87号令第二十六条" in told["dates"]
    assert "假定值" in told["dates"]
    assert "近三年无重大违法记录" in told["requirements"]
    assert "最低报价÷本报价×满分" in told["scoring"]
    assert all(name in told["bids"] for name in BIDDERS)
    assert "迟到未收1次" in told["bids"]
    assert "南京市和睦养老服务社¥432,000.0095.1015.0080.1037.6428.0314.41" in told["award"]
    assert "顾明远" in told["award"]
    assert "江宁东山街〔2026〕购字第001号" in told["contract"]
    assert "12位服务对象参与，11位满意" in told["outcome"]
    assert "良好" in told["outcome"]
    assert "88.70" in told["outcome"]
    assert "¥129,600.00" in told["payments"]


@pytest.mark.parametrize(
    ("stage", "lang", "said"),
    [
        ("tender", "zh", "履约保证金成交金额的5%，以非现金形式提交法定上限¥48,000.00"),
        ("tender", "en", "Performancebond5%oftheawardprice,neverincashlegallimit¥48,000.00"),
        ("paid", "zh", "履约保证金成交金额的5%，以非现金形式提交合同写明不收取"),
    ],
)
def test_a_bond_is_announced_to_everybody(session: Session, visitor: Visitor, stage: str, lang: str, said: str) -> None:
    file = published(stage, bond_bp=500, place=street("320115002"))
    visitor.client.set_cookie("lang", lang)
    page = visitor.get(f"/purchases/{file.ocid}", most=DETAIL)
    assert said in "".join(page.text.split())


def test_a_challenge_stops_the_award_before_everybody_s_eyes(session: Session, visitor: Visitor) -> None:
    file = published("challenged")
    page = visitor.get(f"/purchases/{file.ocid}")
    assert "暂停中" in page.words("//p[contains(@class, 'purchase-lead')]")[0]
    assert "请求重新核实团队材料" in page.words("//section[@id='award']")[0]
    assert page.words("//div[contains(@class, 'notice-bad')]") == ["收到质疑，暂停签订合同"]


def test_the_result_keeps_its_reason_beside_that_of_a_challenge(session: Session, visitor: Visitor) -> None:
    told = visitor.get(f"/purchases/{published('challenged').ocid}").words("//section[@id='award']")[0]
    assert "按名次确定第一名" in told
    assert "收到质疑，暂停签订合同" in told


def _shown(page: Page, label: str) -> str:
    """The whole number beside a label of the page."""
    (found,) = {str(code) for code in page.all(f"//div[dt='{label}']/dd//code/@title")}
    return found


@pytest.mark.parametrize("kind", ["purchase", "round"])
def test_a_reader_with_sha256sum_gets_the_published_numbers_of_the_draw(
    session: Session, visitor: Visitor, kind: str
) -> None:
    ocid = published("awarded").ocid if kind == "purchase" else decided(({}, {}, {}), (90, 85, 80)).round.file.ocid
    page = visitor.get(f"/purchases/{ocid}")
    promised = _shown(page, "专家抽取承诺" if kind == "purchase" else "抽取秘密值的摘要")
    secret = _shown(page, "抽取秘密值")
    public = _shown(page, "开标记录的摘要" if kind == "purchase" else "截止时申报清单的摘要")
    assert sha256_hex(bytes.fromhex(secret)) == promised == _shown(page, "公告时公布的抽取承诺")
    assert sha256_hex(bytes.fromhex(secret) + public.encode()) == _shown(page, "抽取种子")
    assert page.words("//details[summary='自己核对抽取']//code") == [
        f"printf {secret} | xxd -r -p | sha256sum",
        f"{{ printf {secret} | xxd -r -p; printf {public}; }} | sha256sum",
    ]


def test_a_failure_says_why(session: Session, visitor: Visitor) -> None:
    page = visitor.get(f"/purchases/{published('failed').ocid}")
    assert "截止时只收到 2 份报价，少于 3 份，依法废标。" in page.words("//div[contains(@class, 'notice-bad')]")[0]
    assert page.all("//li[@class='step-failed']")


def test_a_page_read_before_shows_what_has_happened_since(
    session: Session, visitor: Visitor, clock: StandingClock
) -> None:
    file = published("tender")
    url = f"/purchases/{file.ocid}"
    first, again = visitor.get(url, most=DETAIL), visitor.get(url, most=4)
    assert first.source == again.source
    assert first.all("//li[@class='date-passed']//p[@class='date-title']/text()") == ["发布公告"]
    clock.forward(days=7)
    later = visitor.get(url)
    assert "递交截止" in [
        text.strip() for text in later.all("//li[@class='date-passed']//p[@class='date-title']/text()")
    ]
    assert later.words("//li[@aria-current='step']/span[@class='step-label']") == ["开标评审"]
    publish(file, "tenderCancellation", {"tender": {"statusDetails": "取消了"}}, CardFacts(stage="cancelled"), CLOCK,
            system_now())  # fmt: skip
    assert "取消了" in visitor.get(url).text


def test_a_page_is_kept_in_each_language_by_itself(session: Session, visitor: Visitor) -> None:
    url = f"/purchases/{published('tender').ocid}"
    visitor.get(url)
    visitor.client.set_cookie("lang", "en")
    page = visitor.get(url)
    assert "Where the money comes from" in page.text
    # What is published as one Chinese sentence: the category is ours, the item's name is somebody's.
    assert "Elderly care: 居家探访" in page.text
    assert "居家探访" in page.words("//span[@lang='zh-Hans']")


def test_a_purchase_nobody_published_is_not_found(session: Session, visitor: Visitor) -> None:
    assert visitor.get("/purchases/ocds-linli0-x").status == 404
    assert visitor.get("/purchases/ocds-linli0-x/chain").status == 404


# --- notices and chains -----------------------------------------------------------------------------------------------


def test_a_notice_is_served_as_the_bytes_of_its_digest(session: Session, visitor: Visitor) -> None:
    file = published("planning")
    row = session.query(Notice).filter_by(file_id=file.id).one()
    page = visitor.get(f"/notices/{row.release_id}.json")
    assert sha256_hex(page.response.data) == row.digest
    assert page.response.headers["ETag"] == f'"{row.digest}"'
    again = visitor.get(f"/notices/{row.release_id}.json", headers={"If-None-Match": f'"{row.digest}"'})
    assert (again.status, again.response.data) == (304, b"")


def test_all_releases_come_as_one_package(session: Session, visitor: Visitor) -> None:
    file = published("paid")
    package = json.loads(visitor.get(f"/purchases/{file.ocid}/releases.json").response.data)
    dates = [one["date"] for one in package["releases"]]
    assert len(dates) == len(STAGES) - 1
    assert dates == sorted(dates)
    assert package["publisher"] == {"name": "邻里购"}


def test_the_chain_is_computed_again_on_request(session: Session, reader: Visitor) -> None:
    file = published("paid")
    page = reader.get(f"/purchases/{file.ocid}/chain", most=LIST)
    assert len(page.all("//li[@class='chain-link']")) == len(STAGES) - 1
    assert page.all("//div[contains(@class, 'notice')]") == []
    checked = reader.get(f"/purchases/{file.ocid}/chain?check=1", most=DETAIL)
    assert len(checked.all("//div[contains(@class, 'notice-good')]")) == 1


def test_what_is_downloaded_lets_anyone_compute_the_chain(session: Session, visitor: Visitor) -> None:
    file = published("awarded")
    chain = json.loads(visitor.get(f"/purchases/{file.ocid}/chain.json").response.data)
    prev = "0" * 64
    for entry in chain["entries"]:
        assert sha256_hex(entry["header"].encode()) == entry["digest"]
        assert json.loads(entry["header"])["prev"] == prev
        prev = entry["digest"]
    assert (prev, len(chain["entries"])) == (chain["head"], chain["length"])


def test_a_chain_that_was_tampered_with_fails_in_public(
    session: Session, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = published("opened")
    entry = session.query(AuditEntry).filter(AuditEntry.header.contains("tenderUpdate")).one()
    forged = entry.header.replace("tenderUpdate", "tenderCancellation")
    links = queries.links

    def with_forgery(chain_id: int, *rest: Any) -> Any:
        found = links(chain_id, *rest)
        return [
            type(one)(one.seq, one.prev, one.digest, forged if one.seq == entry.seq else one.header) for one in found
        ]

    monkeypatch.setattr(queries, "links", with_forgery)
    page = visitor.get(f"/purchases/{file.ocid}/chain?check=1")
    assert f"第 {entry.seq} 条的内容与它的摘要不符" in page.words("//div[contains(@class, 'notice-bad')]")[0]


# --- files ------------------------------------------------------------------------------------------------------------


def test_a_public_file_is_served_and_no_other(session: Session, visitor: Visitor) -> None:
    content = b"%PDF-1.7 test"
    public = keep_bytes(content, "合同.pdf", "application/pdf", ("agreement", 1), system_now(), public=True)
    hidden = keep_bytes(content, "内部.pdf", "application/pdf", ("agreement", 1), system_now())
    page = visitor.get(f"/files/{public.id}")
    assert page.response.data == content
    assert page.response.headers["Content-Disposition"] == "inline; filename*=UTF-8''%E5%90%88%E5%90%8C.pdf"
    assert page.response.headers["X-Content-Type-Options"] == "nosniff"
    assert visitor.get(f"/files/{hidden.id}").status == 404
    assert visitor.get("/files/999").status == 404


# --- directories ------------------------------------------------------------------------------------------------------


def test_each_street_s_year_adds_up_before_everybody_s_eyes(session: Session, reader: Visitor) -> None:
    budget_year()
    budget_year(street("330502001"))
    page = reader.get("/budget-years", most=LIST)
    assert page.words("//strong[@class='money']") == ["¥2,100,000.00"] * 2
    assert page.words("(//table[@class='bars'])[1]//span[@class='bar-value']") == [
        "¥1,200,000.00", "¥500,000.00", "¥300,000.00", "¥100,000.00"]  # fmt: skip
    assert len(reader.get("/budget-years?district=330502").all("//section[contains(@class, 'panel')]")) == 1


def test_organisations_are_found_by_two_characters(session: Session, reader: Visitor) -> None:
    for number, name in enumerate(BIDDERS, 1):
        organisation(name, number)
    assert _titles(reader.get("/organisations-directory", most=LIST)) == list(reversed(BIDDERS))
    assert _titles(reader.get("/organisations-directory?words=和睦")) == [BIDDERS[1]]


def test_an_organisation_is_listed_as_it_stands_now(session: Session, visitor: Visitor) -> None:
    organisation()
    organisation(state="barred")
    assert visitor.get("/organisations-directory").words("//span[contains(@class, 'tag-bad')]") == ["禁止参加采购"]


# --- receipts, days, health -------------------------------------------------------------------------------------------


@pytest.fixture
def receipt(session: Session) -> dict[str, Any]:
    found_installation("测试", system_now())
    return give_receipt("TB-2026-0001", ("sealed_bid", 1), {"root": ROOT, "organisation": "暖邻"}, system_now())


def _answer(page: Page) -> str:
    return " ".join(page.words("//p[@class='notice-title']"))


def test_a_holder_learns_that_number_and_digest_match(receipt: dict[str, Any], reader: Visitor) -> None:
    good = reader.get(f"/check?number=TB-2026-0001&digest={ROOT}", most=LIST)
    assert good.all("//div[contains(@class, 'notice-good')]")
    assert "暖邻" not in good.text


def test_a_stranger_cannot_tell_an_unknown_number_from_a_wrong_digest(
    receipt: dict[str, Any], visitor: Visitor
) -> None:
    """Before the opening neither the number nor the names of bidders may leak through a receipt's number."""
    known = visitor.get(f"/check?number=TB-2026-0001&digest={'6' * 64}")
    unknown = visitor.get(f"/check?number=TB-2026-0002&digest={'6' * 64}")
    assert known.text.replace("0001", "0002") == unknown.text
    assert _answer(known) == "不相符"


@pytest.mark.parametrize(("query", "field"), [("number=&digest=5", "number"), ("number=TB-1&digest=5", "digest")])
def test_bad_input_gets_its_sentence_beside_the_field(
    receipt: dict[str, Any], reader: Visitor, query: str, field: str
) -> None:
    page = reader.get(f"/check?{query}")
    assert page.status == 422
    assert list(page.errors) == [field]


def test_a_whole_receipt_is_judged_by_its_signature(receipt: dict[str, Any], visitor: Visitor) -> None:
    page = visitor.get("/check")
    assert receipt_fingerprint() in page.text
    good = visitor.submit(page, {"text": json.dumps(receipt)}, button="验证签名")
    assert _answer(good) == "相符"
    changed = {**receipt, "payload": {**receipt["payload"], "root": "6" * 64}}
    assert _answer(visitor.submit(page, {"text": json.dumps(changed)}, button="验证签名")) == "签名无效"
    upload = visitor.submit(page, {"file": (io.BytesIO(json.dumps(receipt).encode()), "r.json")}, button="验证签名")
    assert _answer(upload) == "相符"


def test_what_is_no_receipt_keeps_what_was_typed(receipt: dict[str, Any], reader: Visitor) -> None:
    page = reader.submit(reader.get("/check"), {"text": "回执在这里"}, action="/check")
    assert page.status == 422
    assert list(page.errors) == ["text"]
    assert "回执在这里" in page.source


def test_a_day_s_digest_can_be_kept_and_checked(session: Session, visitor: Visitor) -> None:
    found_installation("测试", system_now())
    published("tender")
    row = close_day((system_now() - timedelta(days=1)).date(), system_now())
    assert row is not None
    payload = row.payload
    page = visitor.get("/digests", most=LIST)
    assert page.words("//tbody/tr/th") == ["2026-03-30"]
    raw = json.loads(visitor.get(page.all("//tbody//a/@href")[0]).response.data)
    assert raw["data"]["payload"] == payload
    assert _answer(visitor.submit(visitor.get("/check"), {"text": json.dumps(payload)}, button="验证签名")) == "相符"


def test_days_are_paged_by_day(session: Session, visitor: Visitor) -> None:
    found_installation("测试", system_now())
    for days in range(25):
        close_day((system_now() - timedelta(days=days)).date(), system_now())
    page = visitor.get("/digests")
    onward = visitor.get(page.all("//a[@rel='next']/@href")[0], most=LIST)
    assert (len(page.all("//tbody/tr")), len(onward.all("//tbody/tr"))) == (20, 5)


def test_health_tells_people_and_monitors(app: Flask, session: Session, visitor: Visitor) -> None:
    assert "没有动静" in visitor.get("/health", most=LIST).text
    queue.tick(app, system_now())
    assert "在运行" in visitor.get("/health").text
    told = visitor.get("/health", headers={"Accept": "application/json"}).response.json
    assert told is not None
    assert (told["database"], told["worker"], told["jobs"]) == ("ok", "ok", {"waiting": 0, "running": 0, "failed": 0})


def test_the_product_s_own_words_beside_a_rule_are_read_in_the_reader_s_language(
    session: Session, visitor: Visitor
) -> None:
    law = "中华人民共和国政府采购法"
    page = visitor.get("/rules")
    assert "产品默认值，供本区修改" in page.text
    visitor.client.set_cookie("lang", "en")
    page = visitor.get("/rules")
    named = [node.text_content() for node in page.all("//span[@lang='zh-Hans']")]
    assert "产品默认值，供本区修改" not in named
    assert "Default of this product, for the district to change" in page.text
    # A law keeps its own name, and says in which language that is.
    assert any(law in one for one in named)


def test_rules_show_their_source_and_what_is_assumed(session: Session, reader: Visitor) -> None:
    page = reader.get("/rules", most=LIST)
    rows = page.all("//tr[@class='row-assumed']")
    assert rows
    assert all(row.xpath(".//span[contains(@class, 'tag-wait')]") for row in rows)
