"""What is typed from the check to the decision: checking, drawing, voting, scoring, deciding."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import Length, NumberRange

from market.panels.models import Score
from market.venture.forms.writing import MOST, SureForm
from market.web import sheets
from market.web.fields import (
    BeijingDateTimeField,
    CentiField,
    CheckboxesField,
    CountField,
    Form,
    FormToken,
    OneFileField,
    Required,
    optional,
)
from market.web.sheets import SheetForm


class ScreenForm(Form):
    """The formal check of one application."""

    reason = TextAreaField(_l("意见"), [optional(), Length(max=MOST)], description=_l("不予通过时必填，申报单位会看到"))


class BonusForm(Form):
    """Bonus points."""

    fundraising = CentiField(_l("筹款加分"), [optional(), NumberRange(0, 10_000)])
    policy = CentiField(_l("政策加分"), [optional(), NumberRange(0, 10_000)])


class DrawForm(SureForm):
    """Size and make-up of a jury."""

    size = CountField(_l("评委人数"), [Required()], unit=_l("人"), description=_l("单数"))
    named = _l("居民代表、财政代表等；不选的席位全部从专家库抽取，专家不少于三分之二")
    sitting = CheckboxesField(_l("指定的评委"), [optional()], choices=[], coerce=int, description=named)


class FileForm(Form):
    """One attachment."""

    said = _l("PDF、图片、Office 文档或 ZIP，单个不超过 20 MB；不要含服务对象的姓名和证件号。")
    document = OneFileField(_l("附件"), accept=".pdf,.jpg,.jpeg,.png,.docx,.xlsx,.pptx,.zip", description=said)


class PitchForm(Form):
    """When the projects are presented."""

    pitch_at = BeijingDateTimeField(_l("现场展示时间"), [Required()])


class VoteForm(Form):
    """Until when residents vote."""

    until = BeijingDateTimeField(_l("投票截止"), [Required()])


class CodesForm(Form):
    """How many slips."""

    token = FormToken()
    number = CountField(_l("生成投票码"), [Required(), NumberRange(1, 500)], unit=_l("个"))


class DeclareForm(Form):
    """One tick for everybody who applied."""

    confirmed = CheckboxesField(_l("与下列单位没有利害关系"), [Required()], choices=[], coerce=int)


def sheet_form(criteria: Iterable[Mapping[str, Any]], saved: Iterable[Score]) -> SheetForm:
    """Return the form of these criteria, filled with what is saved."""
    rows = [(int(one["id"]), one["title"], one["max_centi"]) for one in criteria]
    return sheets.sheet_form(rows, saved, lambda title: gettext("“%(title)s”打分理由", title=title), MOST)


class FinishForm(SureForm):
    """The last act of a juror."""

    dissent = TextAreaField(
        _l("不同意见"), [optional(), Length(max=MOST)], description=_l("对评审有不同意见的写明理由；不写视为同意")
    )


# --- decision and vote ------------------------------------------------------------------------------------------------


class DecideForm(SureForm):
    """The list of projects to fund."""

    chosen = CheckboxesField(_l("拟资助项目"), [Required(_l("请至少选择一个项目。"))], choices=[], coerce=int)
    departure = TextAreaField(
        _l("与测算结果不同的理由"),
        [optional(), Length(max=MOST)],
        description=_l("名单与测算结果一致时不填；不一致时必填，会随结果公开"),
    )


class CodeForm(Form):
    """A resident's code."""

    code = StringField(_l("投票码"), [Required(), Length(max=40)])


class BallotForm(CodeForm):
    """A ballot; the code travels with it."""

    code = HiddenField()
    choices = CheckboxesField(_l("请选择项目"), [Required(_l("请至少选择一个项目。"))], choices=[], coerce=int)
