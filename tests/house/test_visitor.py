"""The visitor of the tests sees what it should: each planted fault is found, a sound page has none."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction

import pytest
from werkzeug.wrappers import Response

from tests.fixtures.visitor import Page, _odd, look

SOUND = """<!doctype html>
<html lang="zh-Hans"><head><meta charset="utf-8"><title>采购项目 – 邻里购</title></head><body><main>
<h1>采购项目</h1>
<form method="post" action="/tenders"><input type="hidden" name="csrf_token" value="abc">
<label for="title">名称</label><input id="title" name="title"><button>保存</button></form>
</main></body></html>"""


def _page(html: str) -> Page:
    return Page("/tenders", Response(html, mimetype="text/html"), [])


def test_a_sound_page_has_no_findings() -> None:
    assert look(_page(SOUND)) == []


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        (("<h1>采购项目</h1>", "<p><div>x</div></p><h1>采购项目</h1>"), "invalid HTML"),
        (("<h1>采购项目</h1>", ""), "0 level-one headings"),
        (("<h1>采购项目</h1>", "<h1>合同</h1>"), "does not carry the heading"),
        (("<h1>", "<h1 id='title'>"), "occurs twice"),
        ((' action="/tenders"', ""), "without an action"),
        ((' value="abc"', ' value=""'), "has no token"),
        (('<label for="title">名称</label>', ""), "has no label"),
        (("<h1>", '<h1 style="color: red">'), "inline style"),
        (("</main>", "<script>1</script></main>"), "inline style or script"),
        (("<button>", '<button onclick="go()">'), "event attribute"),
        (("</main>", "<p>金额 None</p></main>"), "raw text"),
        (("</main>", "<p>%(days)s 天</p></main>"), "raw text"),
        ((' lang="zh-Hans"', ""), "no language"),
    ],
)
def test_a_planted_fault_is_found(planted: tuple[str, str], found: str) -> None:
    html = SOUND.replace(*planted)
    assert html != SOUND
    assert any(found in finding for finding in look(_page(html)))


def test_floats_and_naive_times_in_a_context_are_odd() -> None:
    assert _odd({"rows": [{"amount": 1.5}]}, 3) == "the float 1.5"
    assert _odd([datetime(2026, 3, 31)], 3) == "the naive time 2026-03-31 00:00:00"  # noqa: DTZ001
    assert _odd({"rows": [1, "x", Fraction(1, 3), None]}, 3) is None


def test_forms_are_read_as_a_browser_reads_them() -> None:
    form = _page(SOUND).form("保存")
    assert form.values == {"csrf_token": ["abc"], "title": [""]}
    assert (form.method, form.action) == ("post", "/tenders")
