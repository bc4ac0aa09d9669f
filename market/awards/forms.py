"""Forms of the award."""

from __future__ import annotations

from enum import StrEnum

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import Length

from market.kernel.text import N_
from market.web.fields import ChoiceRadios, Form, FormToken, Required


class ConfirmForm(Form):
    """Confirm the candidate with a reason."""

    seen = HiddenField(default="")  # whom the page named
    reason = TextAreaField(
        _l("确定理由"), [Required(), Length(max=1000)], description=_l("会写入结果公告，例如：按评审报告推荐顺序确定")
    )


class DeclineForm(Form):
    """The supplier gave the award up."""

    reason = TextAreaField(_l("放弃的原因"), [Required(), Length(max=1000)], description=_l("会公布"))


class RefuseForm(Form):
    """Why a proposed award is not confirmed."""

    reason = TextAreaField(
        _l("不予确认的原因"), [Required(), Length(max=1000)], description=_l("会公布，并通知承接机构")
    )


class ObjectionForm(Form):
    """Anybody's objection to a proposed award."""

    token = FormToken()
    text = TextAreaField(
        _l("异议内容"),
        [Required(), Length(max=4000)],
        description=_l("请写明对哪一项有异议、事实和理由；请不要写他人的身份证号、病情等隐私"),
    )
    name = StringField(_l("姓名或单位名称"), [Required(), Length(max=100)], description=_l("只供核查使用，不会公开"))
    contact = StringField(
        _l("联系电话或电子邮箱"), [Required(), Length(max=100)], description=_l("用来告知您处理结果，不会公开")
    )


class Ruling(StrEnum):
    """What the district decides about an objection."""

    UPHOLD = "uphold"
    REJECT = "reject"


RULINGS = {Ruling.UPHOLD: N_("异议成立，结果不能确认"), Ruling.REJECT: N_("异议不成立")}


class AnswerForm(Form):
    """The answer to an objection."""

    ruling = ChoiceRadios(_l("处理意见"), [Required()], members=Ruling, labels=RULINGS)
    reply = TextAreaField(
        _l("答复"), [Required(), Length(max=2000)], description=_l("会公布；请不要写提出人的姓名和联系方式")
    )
