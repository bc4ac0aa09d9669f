"""Every shared page is sound; every error says what to do next; nothing typed is lost; the headers hold."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.fixtures.visitor import look
from tests.market.web.gallery import create_app

PAGES = [
    "/desk",
    "/desk?flash=1",
    "/desk?anonymous=1",
    "/tender",
    "/form",
    "/form?wrong=1",
    "/trouble/refused",
    "/nowhere",
]
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}


@pytest.mark.parametrize("lang", ["zh_Hans_CN", "en"])
@pytest.mark.parametrize("url", PAGES)
def test_every_page_is_sound(seen: Any, url: str, lang: str) -> None:
    page = seen(url, lang)
    assert look(page) == []
    assert page.tree.get("lang") == {"en": "en"}.get(lang, "zh-Hans")


def test_the_title_is_the_heading_and_tells_of_errors(seen: Any) -> None:
    assert seen("/form").title == "编制采购项目 - 邻里购"
    assert seen("/form?wrong=1").title == "错误：编制采购项目 - 邻里购"
    assert seen("/form?wrong=1", "en").title == "Error: 编制采购项目 - Linli"


def test_a_field_in_error_is_tied_to_its_hint_its_error_and_its_unit(seen: Any) -> None:
    page = seen("/form?wrong=1")
    [box] = page.all("//input[@name='ceiling']")
    assert box.get("aria-describedby").split() == ["ceiling-hint", "ceiling-error", "ceiling-unit"]
    assert box.get("aria-invalid") == "true"
    assert box.get("value") == "一百二十八万"
    described = [page.words(f"//*[@id='{target}']")[0] for target in box.get("aria-describedby").split()]
    assert described[0] == "含税。可写 128.64万。"
    assert described[1].startswith("错误：看不懂金额")
    assert described[2] == "元"
    assert page.words("//fieldset[@aria-describedby='method-error']/legend") == ["采购方式*（必填）"]


def test_the_error_summary_leads_to_controls_that_exist(seen: Any) -> None:
    page = seen("/form?wrong=1")
    [summary] = page.all("//div[@role='alert'][@autofocus][@tabindex='-1']")
    targets = summary.xpath(".//a/@href")
    assert len(targets) == 12
    assert all(
        page.all(f"//*[@id='{target[1:]}'][self::input or self::select or self::textarea]") for target in targets
    )
    assert "资金余额不足，还差 12,000.00 元。" in page.words("//div[@role='alert']//li")


def test_the_demonstration_bar_names_itself_and_moves_the_clock_by_post(seen: Any) -> None:
    page = seen("/tender")
    [bar] = page.all("//aside")
    assert "演示数据，纯属虚构" in bar.text_content()
    assert bar.xpath(".//form/@action") == ["/demo/next-day", "/demo/next-deadline"]
    assert bar.xpath(".//input[@name='next']/@value") == ["/tender", "/tender"]


def test_the_other_language_is_one_click_away(seen: Any) -> None:
    assert seen("/form?wrong=1").all("//a[@lang='en']/@href") == ["/language/en?next=/form%3Fwrong%3D1"]
    assert seen("/form", "en").all("//a[@lang='zh-Hans']/@href") == ["/language/zh_Hans_CN?next=/form"]


@pytest.mark.parametrize(
    ("url", "status", "heading", "sentence"),
    [
        ("/trouble/refused", 422, "没有办成", "最高限价 ¥1.00 超过了预算余额。"),
        ("/trouble/forbidden", 403, "没有权限", "您没有办理此事的权限；如确需办理，请联系本单位管理员授权。"),
        ("/trouble/missing", 404, "没有找到这一页", "没有找到您要的内容，链接可能已失效。"),
        ("/trouble/stale", 409, "内容已有变化", "同一事项正由他人办理，或内容重复提交；请刷新后查看结果。"),
        ("/nowhere", 404, "没有找到这一页", "链接可能写错或已失效，也可能不在您的管理范围内。"),
        ("/form/save", 405, "这个地址不能这样打开", "这个地址只接收表单提交，不能直接在浏览器中打开。"),
    ],
)
def test_errors_say_what_happened_and_what_to_do(seen: Any, url: str, status: int, heading: str, sentence: str) -> None:
    page = seen(url)
    assert (page.status, page.heading) == (status, heading)
    assert page.words("//p[@class='lead']") == [sentence]
    assert page.words("//section//li")
    document = seen(url, headers={"Accept": "application/json"})
    assert document.type == "application/problem+json"
    assert document.response.json["status"] == status
    assert document.response.json["detail"] == sentence


GO_ON = "//p[@class='form-buttons']/a[1]/@href"


def test_a_refusal_leads_back_to_the_matter_and_speaks_of_typed_words_only_where_there_are_some(seen: Any) -> None:
    [token, *_] = seen("/form").all("//input[@name='csrf_token']/@value")
    own = {"Origin": "http://localhost", "Referer": "http://localhost/form?lot=1"}
    typed = seen("/trouble/refused", method="POST", data={"csrf_token": token, "reason": "缺少发票"}, headers=own)
    assert "已填写的内容仍在上一页" in typed.text
    assert typed.all(GO_ON) == ["/form?lot=1"]
    pressed = seen("/trouble/refused", method="POST", data={"csrf_token": token, "seen": "digest"}, headers=own)
    assert "已填写" not in pressed.text
    assert pressed.all(GO_ON) == ["/form?lot=1"]
    # By its address alone: the nearest page above.
    assert seen("/form/trouble/refused").all(GO_ON) == ["/form"]
    assert "已填写" not in seen("/form/trouble/refused").text


def test_a_method_not_allowed_still_says_which_are(seen: Any) -> None:
    assert set(seen("/form/save").response.headers["Allow"].split(", ")) == {"OPTIONS", "POST"}


def test_a_refusal_names_its_field_to_machines(client: FlaskClient) -> None:
    assert client.get("/trouble/refused", headers={"Accept": "application/json"}).json == {
        "type": "about:blank", "title": "没有办成", "status": 422, "detail": "最高限价 ¥1.00 超过了预算余额。",
        "field": "ceiling",
    }  # fmt: skip


def test_browsers_get_pages_even_though_they_accept_anything(client: FlaskClient) -> None:
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    assert client.get("/nowhere", headers={"Accept": browser}).mimetype == "text/html"
    assert client.get("/nowhere", headers={"Accept": "*/*"}).mimetype == "text/html"
    assert client.get("/api/nowhere", headers={"Accept": browser}).mimetype == "application/problem+json"


def test_too_large_an_upload_is_a_page(seen: Any) -> None:
    page = seen("/form", method="POST", data={"paper": (io.BytesIO(b"x" * 250_000), "a.pdf")})
    assert (page.status, page.heading) == (413, "上传的内容太大")


def test_a_crash_has_a_number_and_needs_neither_database_nor_session(caplog: pytest.LogCaptureFixture) -> None:
    app = create_app()

    @app.context_processor
    def broken() -> dict[str, object]:
        raise RuntimeError("the database is gone")

    client = app.test_client()
    answer = client.get("/trouble/crash")
    assert answer.status_code == 500
    number = answer.text.split("<code>")[1].split("</code>")[0]
    assert f"error {number} at GET /trouble/crash" in caplog.text
    assert "系统没能完成这次操作，刚才提交的内容没有保存。" in answer.text
    assert "ZeroDivisionError" not in answer.text
    told = client.get("/trouble/crash", headers={"Accept": "application/json"})
    assert told.json["number"] in caplog.text


TYPED = {
    "title": "居家养老探访 <script>",
    "reason": "第一行\n第二行",
    "groups": ["old", "child"],
    "passphrase": "不可外传",
}


def test_a_late_form_keeps_what_was_typed_and_can_be_sent_again(seen: Any, client: FlaskClient) -> None:
    late = seen("/form?draft=7", method="POST", data=TYPED, headers=SAME_SITE)
    assert (late.status, late.heading) == (400, "页面已过期，请再提交一次")
    assert look(late) == []
    form = late.form(action="draft=7")
    sent = form.values
    assert sent.pop("csrf_token")[0]
    assert sent == {"title": [TYPED["title"]], "reason": ["第一行\n第二行"], "groups": ["old", "child"]}
    assert "不可外传" not in late.source
    assert "密码和口令不会保留，需要重新输入。" in late.text
    without = seen("/form", method="POST", data={**TYPED, "passphrase": ""}, headers=SAME_SITE)
    assert "密码和口令不会保留" not in without.text
    again = seen(form.action, method="POST", data=form.values)
    assert (again.status, again.heading) == (422, "编制采购项目")
    assert again.all("//input[@name='title']")[0].get("value") == TYPED["title"]


def test_a_late_form_of_somebody_signed_out_offers_to_sign_in_beside_it(seen: Any) -> None:
    late = seen("/form?anonymous=1", method="POST", data=TYPED, headers=SAME_SITE)
    assert late.heading == "登录已过期，请重新登录后再提交"
    assert late.all("//main//a[@target='_blank']/@href") == ["/sign-in"]
    assert "居家养老探访" in late.text


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.example"}, {}])
def test_another_sites_words_are_never_put_behind_our_button(seen: Any, headers: dict[str, str]) -> None:
    late = seen("/form", method="POST", data=TYPED, headers=headers)
    assert late.status == 400
    assert "居家养老探访" not in late.source
    assert [form.action for form in late.forms() if form.action == "/form"] == []


def test_typed_text_is_kept_by_origin_where_the_browser_says_no_more(seen: Any) -> None:
    late = seen("/form", method="POST", data=TYPED, headers={"Origin": "http://localhost"})
    assert "居家养老探访" in late.source


def test_security_headers_stand_on_every_answer(gallery: Flask, client: FlaskClient) -> None:
    for url in ("/desk", "/nowhere", "/static/shared/linli.css"):
        with client.get(url) as answer:
            headers = answer.headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert "camera=()" in headers["Permissions-Policy"]
        assert "Strict-Transport-Security" not in headers
    assert (
        "max-age=63072000" in client.get("/desk", base_url="https://linli.example").headers["Strict-Transport-Security"]
    )
    assert client.get("/desk").headers["Cache-Control"] == "private, no-cache"


def test_the_language_comes_from_the_cookie_alone_when_it_is_known(client: FlaskClient) -> None:
    client.set_cookie("lang", "en")
    assert client.get("/desk").headers["Content-Language"] == "en"
    client.set_cookie("lang", "../../etc")
    assert client.get("/desk").headers["Content-Language"] == "zh-Hans"


def test_static_files_may_be_kept_for_a_year_under_the_stamp_of_their_content(seen: Any, client: FlaskClient) -> None:
    page = seen("/desk")
    addresses = page.all("//link[@rel='stylesheet']/@href | //script/@src | //img/@src")
    assert len(addresses) == 4
    for address in addresses:
        with client.get(address) as answer:
            assert answer.status_code == 200
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    with client.get("/static/shared/linli.css") as answer:
        assert "no-cache" in answer.headers["Cache-Control"]


def test_a_mail_is_plain_text_in_its_frame(gallery: Flask) -> None:
    with gallery.test_request_context():
        frame = gallery.jinja_env.get_template("mail/base.txt")
        assert frame.render(body="甲 & 乙 <丙>", url="https://linli.example/desk").splitlines() == [
            "您好：",
            "",
            "甲 & 乙 <丙>",
            "",
            "详情：https://linli.example/desk",
            "",
            "--",
            "邻里购 · 街道社会服务采购，从预算到付款全程公开",
            "本邮件由系统发出，请勿回复。",
        ]
        assert frame.render(body="甲", demo=True).splitlines()[-1] == "演示数据，纯属虚构"
