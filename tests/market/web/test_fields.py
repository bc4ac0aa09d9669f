"""What is typed becomes what the rules reckon with, and stays in the box when it cannot be read."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import partial

import pytest
from flask import Flask
from flask_babel import force_locale
from werkzeug.datastructures import FileStorage, MultiDict
from wtforms import FieldList, FormField, IntegerField, PasswordField, StringField, TextAreaField
from wtforms.validators import Length, NumberRange

from market.kernel.errors import Refused
from market.kernel.money import MAX_FEN
from market.web import fields
from market.web.drawing import error_links
from tests.market.web.gallery import LABELS, Method, SampleForm

GOOD = {
    "form_token": "0123456789abcdef" * 2, "title": " 居家养老\x00探访 ", "method": "compare", "item": "2",
    "ceiling": "128.64万", "weight": "12.5%", "score": "88.5", "visits": "1,200", "deadline": "2026-04-02T17:30",
    "starts": "2026-05-01", "uscc": "n2320115 mf２２22-2269", "reason": "由熟悉社区的机构承接\r\n更合适",
    "passphrase": " 口令 ", "agree": "y",
}  # fmt: skip


@pytest.fixture(autouse=True)
def request_context(gallery: Flask) -> Iterator[None]:
    with gallery.test_request_context(method="POST"):
        yield


def fill(**changed: object) -> SampleForm:
    data = MultiDict({k: v for k, v in {**GOOD, **changed}.items() if v is not None})
    if "paper" not in changed:
        data["paper"] = FileStorage(io.BytesIO(b"%PDF"), "需求.pdf")
    data.setlist("groups", ["old", "child"])
    form = SampleForm(data, meta={"csrf": False})
    form.validate()
    return form


def test_a_good_form_arrives_as_values() -> None:
    form = fill()
    assert form.errors == {}
    assert form.title.data == "居家养老探访"
    assert form.method.data is Method.COMPARE
    assert form.item.data == 2
    assert form.ceiling.data == 128_640_000
    assert form.weight.data == 1_250
    assert form.score.data == 8_850
    assert form.visits.data == 1_200
    assert form.deadline.data == datetime(2026, 4, 2, 9, 30, tzinfo=UTC)
    assert form.starts.data == date(2026, 5, 1)
    assert form.uscc.data == "N2320115MF22222269"
    assert form.groups.data == ["old", "child"]
    assert form.reason.data == "由熟悉社区的机构承接\n更合适"
    assert form.passphrase.data == " 口令 "
    assert form.paper.data.filename == "需求.pdf"
    assert form.papers.data == []
    assert form.agree.data is True


@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [
        ("title", "   ", "请填写“项目名称”。"),
        ("title", "长" * 41, "最多填写 40 个字符，请缩短。"),
        ("method", "auction", "请从列出的选项中选择。"),
        ("method", None, "请选择“采购方式”。"),
        ("item", "3", "请从列出的选项中选择。"),
        ("item", "x", "请从列出的选项中选择。"),
        ("item", "", "请选择“服务目录”。"),
        ("ceiling", "一百万", "看不懂金额“一百万”。请只写数字，可用千分位逗号和小数点，例如 1,234.50 或 200万。"),
        ("ceiling", "1.005", "金额最多精确到分：“1.005”的小数位太多。"),
        ("weight", "12.555", "请填写百分数，最多两位小数，例如 12.5。"),
        ("weight", "-1", "请填写百分数，最多两位小数，例如 12.5。"),
        ("score", "八十", "请填写分数，最多两位小数，例如 88.5。"),
        ("visits", "1.5", "请填写整数，例如 12。"),
        ("visits", "9" * 16, "请填写整数，例如 12。"),
        ("starts", "2026-02-30", "请填写日期，例如 2026-03-31。"),
        ("starts", "9999-12-31", "请核对年份，应在 1900 至 2199 年之间。"),
        ("deadline", "明天", "请填写日期和时间，例如 2026-03-31 09:00。"),
        ("deadline", "0001-01-01T00:00", "请核对年份，应在 1900 至 2199 年之间。"),
        ("paper", None, "请上传“采购需求文件”。"),
        ("agree", None, "请勾选“我确认以上内容属实”。"),
        ("form_token", "../../x", "页面不完整，请再提交一次。"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(name: str, typed: str | None, sentence: str) -> None:
    form = fill(**{name: typed})
    assert {key: [str(error) for error in errors] for key, errors in form.errors.items()} == {name: [sentence]}


@pytest.mark.parametrize("name", ["ceiling", "weight", "score", "visits", "title", "uscc"])
def test_typed_text_stays_in_the_box(name: str) -> None:
    form = fill(**{name: "看不懂 <b>"})
    assert 'value="看不懂 &lt;b&gt;"' in str(form[name]())


def test_stored_values_are_shown_as_a_person_would_type_them() -> None:
    form = SampleForm(
        None, meta={"csrf": False}, ceiling=128_640_000, weight=1_250, score=8_850, method=Method.OPEN, item=1,
        deadline=datetime(2026, 4, 2, 9, 30, tzinfo=UTC), starts=date(2026, 5, 1),
    )  # fmt: skip
    assert 'value="1,286,400.00"' in str(form.ceiling())
    assert 'value="12.5"' in str(form.weight())
    assert 'value="88.50"' in str(form.score())
    assert 'value="2026-04-02T17:30"' in str(form.deadline())
    assert 'value="2026-05-01"' in str(form.starts())
    assert '<option value="1" selected>居家养老探访</option>' in str(form.item())
    assert [option.chosen for option in form.method] == [True, False, False]
    assert len(form.form_token.data) == 32


def test_no_box_lets_the_browser_cut_what_is_pasted() -> None:
    class Part(fields.Part):
        name = StringField("名称", [Length(max=4)])

    class Texts(fields.Form):
        title = StringField("标题", [Length(max=4)])
        reason = TextAreaField("理由", [Length(max=4)])
        password = PasswordField("口令", [Length(max=4)])
        rows = FieldList(FormField(Part), min_entries=1)

    form = Texts(MultiDict({"title": "一二三四五", "reason": "一二三四五"}), meta={"csrf": False})
    form.validate()
    drawn = [form.title(), form.reason(class_="form-control"), form.password(), form.rows[0].form["name"]()]
    assert not [one for one in drawn if "maxlength" in str(one)]
    assert "一二三四五" in str(form.title())
    assert [str(error) for error in form.reason.errors] == ["最多填写 4 个字符，请缩短。"]


def test_zero_counts_as_given_and_empty_optional_as_none() -> None:
    form = fill(ceiling="0", score="")
    assert form.errors == {}
    assert form.ceiling.data == 0
    assert form.score.data is None


def test_an_unreadable_number_is_not_also_out_of_range() -> None:
    class Small(fields.Form):
        days = fields.CountField("天数", [fields.Required(), NumberRange(1, 30)])
        plain = IntegerField("件数", [NumberRange(min=1)])
        name = StringField("名称", [Length(2, 4)])

    form = Small(MultiDict({"days": "许多", "plain": "0", "name": "一"}), meta={"csrf": False})
    form.validate()
    assert [str(error) for error in form.days.errors] == ["请填写整数，例如 12。"]
    assert [str(error) for error in form.plain.errors] == ["不能小于 1。"]
    assert [str(error) for error in form.name.errors] == ["请填写 2 到 4 个字符。"]
    form = Small(MultiDict({"days": "31", "plain": "1", "name": "一二"}), meta={"csrf": False})
    form.validate()
    assert {name: [str(one) for one in errors] for name, errors in form.errors.items()} == {
        "days": ["请填写 1 到 30 之间的数。"]
    }


@pytest.mark.parametrize(
    ("kind", "least", "most", "typed", "sentence", "english"),
    [
        (fields.PercentField, 0, 10_000, "300", "请填写 0 到 100%。", "Enter a value from 0 to 100%."),
        (fields.PercentField, 1, 10_000, "0", "必须大于 0，不超过 100%。", "Must be more than 0 and at most 100%."),
        (fields.PercentField, 1_250, 5_000, "1", "请填写 12.5 到 50%。", "Enter a value from 12.5 to 50%."),
        (fields.CentiField, 0, 10_000, "200", "请填写 0 到 100 分。", "Enter a value from 0 to 100 points."),
        (fields.CentiField, 1, 900, "200", "必须大于 0，不超过 9 分。", "Must be more than 0 and at most 9 points."),
        (fields.YuanField, 1, MAX_FEN, "0", "必须大于 0 元。", "Must be more than 0 yuan."),
        (fields.YuanField, 150, None, "1", "不能小于 1.50 元。", "Must be 1.50 yuan or more."),
        (fields.HoursField, None, 6_000, "61", "不能大于 60 小时。", "Must be 60 hours or less."),
        (partial(fields.CountField, unit="家"), 1, 100, "0", "请填写 1 到 100 家。", "Enter a value from 1 to 100 家."),
    ],
)
def test_a_range_is_said_in_the_unit_that_is_typed(
    kind: type[fields.YuanField], least: int | None, most: int | None, typed: str, sentence: str, english: str
) -> None:
    class One(fields.Form):
        box = kind("数", [fields.Required(), NumberRange(least, most)])

    for language, said in (("zh_Hans_CN", sentence), ("en", english)):
        with force_locale(language):
            form = One(MultiDict({"box": typed}), meta={"csrf": False})
            form.validate()
            assert [str(error) for error in form.box.errors] == [said]


def test_messages_speak_english_too() -> None:
    with force_locale("en"):
        form = fill(title="", visits="x")
        assert [str(error) for error in form.title.errors] == ["Enter “项目名称”."]
        assert [str(error) for error in form.visits.errors] == ["Enter a whole number, such as 12."]


def test_enum_choices_offer_only_their_members() -> None:
    class Some(fields.Form):
        method = fields.ChoiceField("方式", [fields.optional()], members=[Method.OPEN, Method.COMPARE], labels=LABELS)
        methods = fields.EnumCheckboxesField("方式", members=Method, labels=LABELS)

    form = Some(MultiDict([("method", "single"), ("methods", "open"), ("methods", "x")]), meta={"csrf": False})
    assert not form.validate()
    assert set(form.errors) == {"method", "methods"}
    form = Some(MultiDict([("method", ""), ("methods", "single"), ("methods", "open")]), meta={"csrf": False})
    assert form.validate()
    assert form.method.data is None
    assert form.methods.data == [Method.SINGLE, Method.OPEN]
    assert [option.text for option in form.method] == ["公开招标", "比选"]
    assert str(form.method()).startswith('<select id="method" name="method"><option value="">请选择</option>')


class _Lot(fields.Part):
    ceiling = fields.YuanField("限价")


class _Lots(fields.Form):
    name = StringField("名称")
    lots = FieldList(FormField(_Lot), min_entries=2)


def test_a_refusal_stands_beside_its_field_or_above_the_form() -> None:
    form = _Lots(MultiDict({"name": "甲", "lots-0-ceiling": "1", "lots-1-ceiling": "2"}), meta={"csrf": False})
    assert form.validate()
    fields.show_refusal(form, Refused("超过余额 %(rest)s 元", field="lots-1-ceiling", rest="1.00"))
    fields.show_refusal(form, Refused("资金不足", field="no_such_field"))
    assert list(form.lots[1].form.ceiling.errors) == ["超过余额 1.00 元"]
    assert [(link.anchor, link.message) for link in error_links(form)] == [
        (None, "资金不足"),
        ("lots-1-ceiling", "限价：超过余额 1.00 元"),
    ]
    assert form.errors


def test_the_summary_names_the_field_and_leads_to_its_first_control() -> None:
    form = fill(method="x", visits="许多", form_token="")
    links = {link.message: link.anchor for link in error_links(form)}
    assert links == {
        "页面不完整，请再提交一次。": None,
        "采购方式：请从列出的选项中选择。": "method-0",
        "探访次数：请填写整数，例如 12。": "visits",
    }
