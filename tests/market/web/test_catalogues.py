"""The English catalogues: what is extracted, what is found wrong, and that the shared one is complete."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from flask import Flask, render_template_string
from flask_babel import force_locale, ngettext
from werkzeug.exceptions import NotFound

from market.paths import resource_dir
from market.web import bookkeeping, catalogues, extracting
from market.web.bookkeeping import Book, disagreements, faults, read_book, updated, write_book
from market.web.extracting import Source, read_source, template_room

PYTHON = '''
"""A docstring may be Chinese: 说明。"""
TITLE = _l("标题")
def view():
    flash(_("已保存 %(n)s 份", n=3))
    ngettext("%(num)d 份投标", "%(num)d 份投标", n)
    pgettext("状态", "关闭")
    Move(label=N_("发布" "公告"))
    other("没有标记")
    names("张三")  # zh-only
'''
TEMPLATE = """{# 注释不算 #}{% extends "x" %}
<p>{{ _("采购项目") }}</p>
<p title="{{ "漏掉的" }}">漏了这句</p>
<a lang="zh-Hans">中文</a>
"""


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A house with one room of its own, in a folder of its own."""
    for folder in ("market/tenders", "market/kernel", "contracts", "templates/market/tenders", "templates/mail"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "market/tenders/views.py").write_text(PYTHON, encoding="utf-8")
    (tmp_path / "market/tenders/rules.py").write_text('NAMES = ["数据"]\nN_("规则")\n', encoding="utf-8")
    (tmp_path / "market/kernel/money.py").write_text('N_("金额")\n', encoding="utf-8")
    (tmp_path / "templates/market/tenders/show.html").write_text(TEMPLATE, encoding="utf-8")
    (tmp_path / "templates/mail/base.txt").write_text('{{ _("此致") }}', encoding="utf-8")
    (tmp_path / "templates/mail/tenders_published.txt").write_text('{{ _("已发布") }}', encoding="utf-8")
    monkeypatch.setattr(extracting, "_CODE", tmp_path)
    monkeypatch.setattr(extracting, "resource_dir", lambda name: tmp_path / name)
    monkeypatch.setattr(bookkeeping, "FOLDER", tmp_path / "translations")
    extracting.rooms.cache_clear()
    yield tmp_path
    extracting.rooms.cache_clear()


def test_a_room_is_read_from_its_python_its_pages_its_mail(house: Path) -> None:
    source = read_source("tenders")
    assert set(source.messages) == {
        (None, "标题"), (None, "已保存 %(n)s 份"), (None, ("%(num)d 份投标", "%(num)d 份投标")), ("状态", "关闭"),
        (None, "发布公告"), (None, "规则"), (None, "采购项目"), (None, "已发布"),
    }  # fmt: skip
    assert source.messages[None, "采购项目"] == {"templates/market/tenders/show.html"}
    assert set(read_source("shared").messages) == {(None, "金额"), (None, "此致")}


def test_chinese_that_nobody_marked_is_named_with_its_place(house: Path) -> None:
    assert read_source("tenders").unmarked == [
        "market/tenders/views.py:9: '没有标记'",
        'templates/market/tenders/show.html:3: "漏掉的"',
        'templates/market/tenders/show.html:3: ">漏了这句</p>',
    ]


def test_templates_belong_to_the_room_they_are_named_after() -> None:
    names = ["awards", "bids", "shared", "payouts"]
    assert template_room(Path("market/bids/show.html"), names) == "bids"
    assert template_room(Path("pdf/awards_letter.html"), names) == "awards"
    assert template_room(Path("mail/bids.txt"), names) == "bids"
    assert template_room(Path("mail/bidsx.txt"), names) == "shared"
    assert template_room(Path("pdf/base.html"), names) == "shared"
    assert template_room(Path("shared/layout.html"), names) == "shared"


def test_an_update_keeps_translations_drops_what_is_gone_and_borrows_from_other_rooms(house: Path) -> None:
    old = Book("tenders", Catalog(locale="en"))
    old.catalogue.add("采购项目", "Tenders")
    old.catalogue.add("不再用", "Unused")
    fresh = updated(old, read_source("tenders"), {(None, "标题"): "Title"})
    strings = {message.id: message.string for message in fresh.entries()}
    assert strings["采购项目"] == "Tenders"
    assert strings["标题"] == "Title"
    assert strings["规则"] == ""
    assert "不再用" not in strings
    write_book(fresh)
    first = fresh.po.read_bytes(), fresh.mo.read_bytes()
    write_book(updated(read_book("tenders"), read_source("tenders"), {}))
    assert (fresh.po.read_bytes(), fresh.mo.read_bytes()) == first
    assert b"EMAIL" not in first[0]


@pytest.mark.parametrize(
    ("said", "translated", "flags", "in_template", "found"),
    [
        ("好", "Good", (), False, []),
        ("好", "", (), False, ["untranslated: 好"]),
        ("好", "Good", ("fuzzy",), False, ["fuzzy: 好"]),
        ("好", "好", (), False, ["translation is the Chinese text: 好"]),
        ("共 %(n)s 份", "%(m)s in all", (), False, ["placeholders differ (%(m)s, %(n)s): 共 %(n)s 份"]),
        ("还剩 {span}", "left", (), False, ["placeholders differ ({span}): 还剩 {span}"]),
        ("占 5%", "5%", (), True, ["a percent sign must be written %%: 占 5%"]),
        ("占 5%", "5%", (), False, []),
        ("占 %(n)s%", "%(n)s%%", (), False, ["a percent sign must be written %%: 占 %(n)s%"]),
        (("%(num)d 份", "%(num)d 份"), ("one", "%(num)d in all"), (), False, []),
        (
            ("%(num)d 份", "%(num)d 份"),
            ("one", "many"),
            (),
            False,
            ["placeholders differ (%(num)d): %(num)d 份 | %(num)d 份"],
        ),
        (("%(num)d 份", "%(num)d 份"), ("one", ""), (), False, ["untranslated: %(num)d 份 | %(num)d 份"]),
    ],
)
def test_each_fault_is_named(
    house: Path, said: object, translated: object, flags: tuple[str, ...], in_template: bool, found: list[str]
) -> None:
    book = Book("tenders", Catalog(locale="en"))
    book.catalogue.add(said, translated, flags=flags)
    write_book(book)
    source = Source({(None, said): {"x"}}, {(None, said)} if in_template else set())
    assert faults(book, source) == found


def test_missing_obsolete_and_uncompiled_are_named(house: Path) -> None:
    book = Book("tenders", Catalog(locale="en"))
    book.catalogue.add("旧", "Old")
    source = Source({(None, "新"): {"x"}}, unmarked=["views.py:1: '漏'"])
    assert faults(book, source) == [
        "not in the catalogue: 新",
        "obsolete: 旧",
        "not marked for translation: views.py:1: '漏'",
        "the .mo is not compiled from this .po",
    ]


def test_one_sentence_has_one_translation_in_the_whole_house() -> None:
    books = [Book("bids", Catalog(locale="en")), Book("tenders", Catalog(locale="en"))]
    for book, word in zip(books, ("State", "Status"), strict=True):
        book.catalogue.add("状态", word)
        book.catalogue.add("名称", "Name")
    assert disagreements(books) == ["bids and tenders differ: 状态: 'State' / 'Status'"]


def test_the_command_updates_and_its_check_changes_nothing(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bookkeeping.main(["--check"]) == 1
    assert "tenders: not in the catalogue: 规则" in capsys.readouterr().out
    assert not (house / "translations").exists()
    assert bookkeeping.main(["tenders"]) == 0
    assert "tenders: untranslated: 规则" in capsys.readouterr().out
    assert (house / "translations/en/LC_MESSAGES/tenders.mo").exists()
    assert not (house / "translations/en/LC_MESSAGES/shared.mo").exists()
    with pytest.raises(SystemExit):
        bookkeeping.main(["no_such_room"])


def test_both_languages_are_read_from_all_rooms(gallery: Flask) -> None:
    page = '{{ _("还剩 {span}") }} {{ _("标有 %(mark)s 的为必填项。", mark="<b>") }}'
    with gallery.test_request_context():
        assert render_template_string(page) == "还剩 {span} 标有 &lt;b&gt; 的为必填项。"
        with force_locale("en"):
            assert render_template_string(page) == "{span} left Fields marked &lt;b&gt; are required."
            assert ngettext("%(num)d 份", "%(num)d 份", 1) == "1 份"


@pytest.mark.parametrize(("months", "said"), [(1, "At least 1 month"), (6, "At least 6 months")])
def test_a_time_asked_for_is_right_english_for_one_and_for_several(gallery: Flask, months: int, said: str) -> None:
    with gallery.test_request_context(), force_locale("en"):
        assert ngettext("满 %(num)d 个月", "满 %(num)d 个月", months) == said
        last = catalogues.translated("距截止不少于 %(n)s 日，再晚须顺延截止时间") % {"n": months}
        assert last.startswith(f"Minimum days before the deadline: {months};")


def test_signs_between_values_are_those_of_the_language(gallery: Flask) -> None:
    page = '{{ ["<甲>", "乙"]|join(_("、")) }}{{ _("：") }}{{ 1 }}{{ _("，") }}{{ 2 }}{{ _("；") }}{{ 3 }}'
    with gallery.test_request_context():
        assert render_template_string(page) == "&lt;甲&gt;、乙：1，2；3"
        with force_locale("en"):
            assert render_template_string(page) == "&lt;甲&gt;, 乙: 1, 2; 3"


def test_no_template_sets_a_full_width_sign_between_two_values() -> None:
    between = re.compile(r"""\}\}(?:<[^>]*>)*[：；，、](?:<[^>]*>)*\{\{|join\("[：；，、]"\)(?!\|zh)""")
    folder = resource_dir("templates")
    found = [
        f"{path.relative_to(folder)}: {line}"
        for path in folder.rglob("*.html")
        if "pdf" not in path.parts
        for line in path.read_text(encoding="utf-8").splitlines()
        if between.search(line) and "zh-only" not in line
    ]
    assert found == []


def test_the_choice_of_language_is_kept_for_a_year_and_only_for_languages_there_are(gallery: Flask) -> None:
    with gallery.test_request_context(base_url="https://linli.example"):
        answer = catalogues.remember_locale(gallery.response_class(), "en")
        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith("lang=en; ")
        assert "Max-Age=31536000" in cookie
        assert "Secure; HttpOnly" in cookie
        with pytest.raises(NotFound):
            catalogues.remember_locale(gallery.response_class(), "fr")
    assert catalogues.chosen_locale() == "zh_Hans_CN"


def test_the_shared_room_speaks_english_completely() -> None:
    assert faults(read_book("shared"), read_source("shared")) == []
