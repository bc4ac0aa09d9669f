"""Forms of inviting, rating and trying out; a rating form is made for the indicators of one contract."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, StringField, TextAreaField
from wtforms.validators import Length, NumberRange

from market.awards.rules import WHOLE_CENTI, Indicator
from market.kernel.money import format_centi
from market.kernel.text import N_
from market.web.fields import CentiField, CountField, Form, FormToken, PickField, PickRadios, Required, optional

# From the best answer to the worst, as in the contract.
LEVELS = (N_("很满意"), N_("满意"), N_("一般"), N_("不满意"), N_("很不满意"))


class InviteOrganisationForm(Form):
    """An organisation to be asked for mutual evaluation."""

    organisation = PickField(_l("互评机构"), [Required()], choices=[], description=_l("与被评估机构没有关联的机构。"))


class InviteEvaluatorForm(Form):
    """A third-party evaluator."""

    evaluator = PickField(
        _l("第三方评估员"), [Required()], choices=[], description=_l("与街道和被评估机构都没有关联的人员。")
    )


class CodesForm(Form):
    """How many codes for residents."""

    token = FormToken()
    number = CountField(
        _l("生成数量"), [Required(), NumberRange(min=1, max=500)], unit=_l("个"), description=_l("一次最多 500 个。")
    )


class DeclareForm(Form):
    """The statement that there is no tie."""

    agree = BooleanField(_l("我声明以上内容属实"), [Required()])


class DeclineForm(Form):
    """Why the invited does not rate."""

    reason = TextAreaField(
        _l("利害关系或者不能参加的原因"), [Required(), Length(max=1000)], description=_l("只有街道经办人能看到。")
    )


class RateForm(Form):
    """Base of a rating: fields for indicators are added per contract."""

    comment = TextAreaField(_l("总体意见"), [Length(max=4000)], description=_l("可以不填。"))

    codes: Sequence[str] = ()

    def points(self) -> dict[str, int]:
        """Points per indicator in hundredths; `total` where there are none."""
        return {code: self[f"points_{code}"].data for code in self.codes if self[f"points_{code}"].data is not None}

    def findings(self) -> dict[str, str]:
        """Grounds per indicator."""
        return {code: self[f"findings_{code}"].data or "" for code in self.codes if f"findings_{code}" in self}


def rate_form(indicators: Sequence[Indicator], grounds: object) -> type[RateForm]:
    """Make the form for these indicators; `grounds` is the label of the reason beside each."""
    fields: dict[str, Any] = {"codes": tuple(one.code for one in indicators) or ("total",)}
    for one in indicators:
        # The same label stands beside each indicator: the summary of errors must tell them apart.
        missing = _l("请写明“%(title)s”的评分依据。", title=one.title)
        hint = _l("满分 %(most)s 分。目标：%(target)s", most=format_centi(one.max_centi), target=one.target or "-")
        fields[f"points_{one.code}"] = CentiField(one.title, [Required()], description=hint)
        fields[f"findings_{one.code}"] = TextAreaField(grounds, [Required(missing), Length(max=2000)])
    if not indicators:
        fields["points_total"] = CentiField(_l("总分"), [Required()], description=_l("0 到 100 分，最多两位小数。"))
    return type("IndicatorsForm", (RateForm,), fields)


class CodeForm(Form):
    """The code on a resident's slip."""

    code = StringField(
        _l("评价码"), [Required(), Length(max=40)], description=_l("纸条上的 12 位代码，不分大小写，横线可以不输。")
    )


class SurveyForm(Form):
    """Base of a resident's answers: one radio group per question."""

    code = HiddenField()
    comment = TextAreaField(
        _l("还想说的话"), [Length(max=1000)], description=_l("可以不填。请不要写姓名、电话和病情。")
    )
    count = 0

    def levels(self) -> list[int]:
        """The chosen levels in the order of the questions; 0 is the best."""
        return [self[f"question_{number}"].data for number in range(self.count)]


def survey_form(questions: Sequence[str], levels: Sequence[str]) -> type[SurveyForm]:
    """Make the form for these questions and answers, both in the reader's language."""
    choices = list(enumerate(levels))
    fields: dict[str, Any] = {"count": len(questions)}
    for number, question in enumerate(questions):
        fields[f"question_{number}"] = PickRadios(question, [Required()], choices=choices)
    return type("QuestionsForm", (SurveyForm,), fields)


class ScoreField(CentiField):
    """A source's score: a mean of ratings, so no more than the whole."""

    def read(self, typed: str) -> int:
        score = super().read(typed)
        if not 0 <= score <= WHOLE_CENTI:
            raise ValueError(gettext("请填写 0 到 %(most)s 之间的得分。", most=WHOLE_CENTI // 100))
        return score


class WhatIfForm(Form):
    """Four scores to try out; an empty one is a missing source."""

    class Meta(Form.Meta):
        # A question asked by GET that changes nothing.
        csrf = False

    self_score = ScoreField(_l("自评得分"), [optional()])
    mutual_score = ScoreField(_l("互评得分"), [optional()])
    public_score = ScoreField(_l("群众评得分"), [optional()])
    third_score = ScoreField(_l("第三方评得分"), [optional()])

    def scores(self) -> dict[str, int]:
        """The scores that were filled in, in hundredths of a point."""
        given = {
            "self": self.self_score.data,
            "mutual": self.mutual_score.data,
            "public": self.public_score.data,
            "third": self.third_score.data,
        }
        return {source: score for source, score in given.items() if score is not None}
