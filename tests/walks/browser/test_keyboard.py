"""Signing in and filling a form with nothing but the keyboard."""

from __future__ import annotations

import pytest

from market.demo.cast import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-town")]

# What has the focus, by its name, and whether that can be seen.
_FOCUSED = """() => {
  const one = document.activeElement, style = getComputedStyle(one);
  const label = one.labels && one.labels[0] ? one.labels[0].innerText : one.innerText;
  const visible = (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
  return {name: (label || "").trim(), visible, kind: one.className || one.tagName};
}"""


def tab_to(person, name: str) -> None:
    """Press Tab until the control of this name has the focus, which must be visible at every stop."""
    for _stop in range(80):
        person.page.keyboard.press("Tab")
        focused = person.page.evaluate(_FOCUSED)
        if focused["kind"] == "BODY":
            continue  # once around
        assert focused["visible"], f"the focus on “{focused['name']}” cannot be seen"
        if focused["name"].startswith(name):
            return
    raise AssertionError(f"“{name}” is not reached with Tab on {person.page.url}")


def enter(person) -> None:
    """Press Enter and look at the page that comes."""
    with person.page.expect_navigation():
        person.page.keyboard.press("Enter")
    person.look()


def test_a_clerk_signs_in_and_records_a_need_by_keyboard_alone(someone):
    clerk = someone()
    clerk.open("/")
    tab_to(clerk, "跳到正文")
    clerk.page.keyboard.press("Enter")
    assert clerk.page.evaluate("document.activeElement.id") == "main"
    clerk.open("/")
    tab_to(clerk, "登录")
    enter(clerk)
    tab_to(clerk, "登录名")
    clerk.page.keyboard.type("clerk-jn")
    tab_to(clerk, "密码")
    clerk.page.keyboard.type("not the password")
    enter(clerk)
    assert "error-summary" in clerk.page.evaluate(_FOCUSED)["kind"], "the summary of errors has the focus"
    tab_to(clerk, "密码")
    clerk.page.keyboard.type(PASSWORD)
    enter(clerk)
    assert clerk.heading == "工作台"

    clerk.widen()
    tab_to(clerk, "资金与需求")
    clerk.page.keyboard.press("Enter")
    tab_to(clerk, "服务目录")
    clerk.page.keyboard.press("Escape")
    assert clerk.page.evaluate(_FOCUSED)["name"] == "资金与需求", "Escape folds the group and stays where it was opened"
    clerk.page.keyboard.press("Enter")
    tab_to(clerk, "居民诉求")
    enter(clerk)
    tab_to(clerk, "登记诉求")
    enter(clerk)
    tab_to(clerk, "登记")
    enter(clerk)
    assert "error-summary" in clerk.page.evaluate(_FOCUSED)["kind"]
    assert clerk.page.title().startswith("错误：")
    tab_to(clerk, "请填写“诉求内容”。")
    clerk.page.keyboard.press("Enter")
    assert clerk.page.evaluate(_FOCUSED)["name"].startswith("诉求内容"), "an error leads to its field"
    clerk.page.keyboard.type("楼道没有扶手，老人上下楼不便。")
    tab_to(clerk, "涉及人数")
    clerk.page.keyboard.type("35")
    for label in ("街道", "来源渠道", "服务类别"):
        tab_to(clerk, label)
        clerk.page.keyboard.press("ArrowDown")
    tab_to(clerk, "登记")
    enter(clerk)
    clerk.sees("楼道没有扶手")
