"""The shared pages in a real browser: accessible, within the window, at work with and without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests import axe
from tests.browser import DESK, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("looks")]
PAGES = ["/desk?flash=1", "/desk?anonymous=1", "/tender", "/form", "/form?wrong=1", "/trouble/missing"]


@pytest.fixture(scope="module")
def sound() -> set[int]:
    """Ways of being coloured that have contrast enough: no language and no page changes what they are."""
    return set()


@pytest.fixture
def troubles() -> Iterator[list[str]]:
    """Console errors and policy violations; whoever looks at a page must find none at the end."""
    found: list[str] = []
    yield found
    assert [line for line in found if "status of 404" not in line] == []


def open_page(browser: Any, troubles: list[str], *, lang: str = "zh_Hans_CN", address: str, **options: Any) -> Any:
    context = browser.new_context(**{"viewport": DESK, **options})
    axe.prepare(context)
    context.add_cookies([{"name": "lang", "value": lang, "url": address}])
    page = context.new_page()
    page.on("console", lambda message: message.type in {"error", "warning"} and troubles.append(message.text))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    return page


@pytest.mark.parametrize("lang", ["zh_Hans_CN", "en"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_no_page_breaks_wcag_or_runs_out_of_the_window(
    browser: Any, address: str, troubles: list[str], sound: set[int], size: dict[str, int], lang: str
) -> None:
    page = open_page(browser, troubles, address=address, viewport=size, lang=lang)
    for url in PAGES:
        page.goto(address + url)
        assert axe.check(page, sound=sound) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], url


def test_axe_finds_what_is_planted(browser: Any, address: str, troubles: list[str]) -> None:
    page = open_page(browser, troubles, address=address)
    page.goto(f"{address}/desk")
    page.evaluate("document.querySelector('main').append(document.createElement('input'))")
    assert [line.split(": ")[1] for line in axe.check(page)] == ["label"]


def test_pale_words_are_found_among_colours_that_are_sound(browser: Any, address: str, troubles: list[str]) -> None:
    page, sound = open_page(browser, troubles, address=address), set[int]()
    page.goto(f"{address}/desk")
    assert axe.check_contrast(page, sound) == []
    known = set(sound)
    assert known
    page.evaluate("""() => {
      const pale = document.createElement("p");
      pale.className = "pale"; pale.textContent = "看不清"; pale.style.color = "#ddd";
      document.querySelector("main").append(pale);
    }""")
    (found,) = axe.check_contrast(page, sound)
    assert ": color-contrast: .pale: " in found
    assert sound == known, "what is not sound is looked at again"


def test_the_error_summary_has_the_focus_and_its_links_lead_to_the_boxes(
    browser: Any, address: str, troubles: list[str]
) -> None:
    page = open_page(browser, troubles, address=address)
    page.goto(f"{address}/form?wrong=1")
    assert page.evaluate("document.activeElement.className") == "error-summary"
    page.click("text=最高限价：看不懂金额")
    assert page.evaluate("document.activeElement.id") == "ceiling"


def test_a_changed_box_is_saved_and_says_when(browser: Any, address: str, troubles: list[str]) -> None:
    page = open_page(browser, troubles, address=address)
    page.goto(f"{address}/form")
    page.fill("#title", "居家养老探访")
    page.press("#title", "Tab")
    page.wait_for_selector("text=已保存 14:03:22")
    page.check("text=比选")
    page.wait_for_selector("fieldset >> text=已保存 14:03:22")


def test_a_box_that_could_not_be_saved_says_so(browser: Any, address: str, troubles: list[str]) -> None:
    page = open_page(browser, troubles, address=address)
    page.goto(f"{address}/form")
    page.evaluate("document.querySelector('main [name=csrf_token]').value = 'expired'")
    page.fill("#title", "居家养老探访")
    page.press("#title", "Tab")
    page.wait_for_selector(".saved-failed >> text=登录或页面已过期")
    assert [line for line in troubles if "400" in line]
    troubles.clear()


def test_an_act_asks_first_and_can_be_called_off(browser: Any, address: str, troubles: list[str]) -> None:
    page = open_page(browser, troubles, address=address)
    page.goto(f"{address}/tender")
    page.click("button:text('终止采购')")
    assert page.inner_text("dialog p") == "终止后资金退回。确定终止吗？"
    assert axe.check(page) == []
    page.click("dialog >> text=取消")
    assert page.url.endswith("/tender")
    page.click("button:text('终止采购')")
    with page.expect_navigation():
        page.click("dialog .btn-danger")
    assert page.url.endswith("/form")
    assert page.inner_text("h1") == "编制采购项目"
    troubles[:] = [line for line in troubles if "422" not in line]


def test_without_javascript_the_act_the_menu_and_the_focus_still_work(
    browser: Any, address: str, troubles: list[str]
) -> None:
    page = open_page(browser, troubles, address=address, java_script_enabled=False, viewport=PHONE)
    page.goto(f"{address}/tender")
    page.click("summary")
    page.click("nav details >> text=公开信息")
    assert page.url.endswith("/form")
    page.goto(f"{address}/tender")
    page.click("button:text('发布公告')")
    assert page.inner_text("h1") == "编制采购项目"
    troubles[:] = [line for line in troubles if "422" not in line]


def test_time_left_is_reckoned_by_the_servers_clock(browser: Any, address: str, troubles: list[str]) -> None:
    page = open_page(browser, troubles, address=address, lang="en")
    page.goto(f"{address}/tender")
    assert page.inner_text(".summary-list .left") == "22 h left" or "21 h 59 min left" in page.inner_text(
        ".summary-list .left"
    )
    page.goto(f"{address}/desk")
    assert page.inner_text("td .left") == "Closed"


def test_the_typed_text_of_a_late_form_is_sent_again_by_one_button(
    browser: Any, address: str, troubles: list[str]
) -> None:
    page = open_page(browser, troubles, address=address)
    page.goto(f"{address}/form")
    page.fill("#reason", "第一行\n第二行")
    page.context.clear_cookies(name="session")
    page.click("button:text-is('保存')")
    assert page.inner_text("h1") == "页面已过期，请再提交一次"
    assert axe.check(page) == []
    page.click("button:text('再提交一次')")
    assert page.input_value("#reason") == "第一行\n第二行"
    troubles[:] = [line for line in troubles if "400" not in line and "422" not in line]
