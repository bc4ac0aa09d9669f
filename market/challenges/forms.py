"""Forms of a challenge."""

from __future__ import annotations

from enum import StrEnum

from flask_babel import lazy_gettext as _l
from wtforms import TextAreaField
from wtforms.validators import Length

from market.kernel.text import N_
from market.web.fields import ChoiceRadios, Form, FormToken, PickField, Required


class Ruling(StrEnum):
    """What the reviewer decides."""

    REJECT = "reject"
    NEXT = "next"
    RERUN = "rerun"


RULING_LABELS = {
    Ruling.REJECT: N_("质疑不成立，成交结果有效"),
    Ruling.NEXT: N_("质疑成立，成交结果无效，顺延下一名"),
    Ruling.RERUN: N_("质疑成立，成交结果无效，废标后重新采购"),
}


class ChallengeForm(Form):
    """File a challenge."""

    token = FormToken()
    organisation = PickField(_l("提出质疑的机构"), [Required()], choices=[], coerce=int)
    facts = TextAreaField(
        _l("事实和理由"),
        [Required(), Length(max=5000)],
        description=_l("写明哪一项、依据什么；请勿写入商业秘密，质疑会公开"),
    )
    request = TextAreaField(_l("请求"), [Required(), Length(max=1000)], description=_l("例如：重新评审、认定成交无效"))


class ReplyForm(Form):
    """Answer in writing."""

    reply = TextAreaField(
        _l("书面答复"),
        [Required(), Length(max=5000)],
        description=_l("逐条回应，不得涉及其他供应商的商业秘密；答复会公开"),
    )


class DecisionForm(Form):
    """Decide with reasons."""

    ruling = ChoiceRadios(_l("处理决定"), [Required()], members=Ruling, labels=RULING_LABELS)
    decision = TextAreaField(_l("决定的事实和依据"), [Required(), Length(max=5000)], description=_l("决定会公布"))
