"""Forms of a termination, of its decision, of money that came back, and of a waiver."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import Length, NumberRange

from contracts.endings.states import GROUND_LABELS, Ground
from market.web.fields import ChoiceRadios, DayField, Form, FormToken, PercentField, Required, YuanField, optional


class TerminationForm(Form):
    """Why the contract ends, and what accepted work without a result is settled at."""

    ground = ChoiceRadios(_l("终止的原因"), [Required()], members=Ground, labels=GROUND_LABELS)
    reason = TextAreaField(
        _l("事实和理由"),
        [Required(), Length(max=2000)],
        description=_l("会随终止公告公布，请不要写个人信息。"),
    )
    settle_bp = PercentField(
        _l("已验收、未评估节点的结算比例"),
        [Required(), NumberRange(min=0, max=10_000)],
        description=_l("双方商定的比例，例如 80%；没有这类节点的，填 0。"),
    )
    claim_bp = PercentField(
        _l("追回已付款项的比例"),
        [optional(), NumberRange(min=0, max=10_000)],
        description=_l("只在供应商违约、合同没有约定追回比例时填写；其他情形不填。"),
    )


class AnswerForm(Form):
    """Why something is not approved."""

    answer = TextAreaField(_l("原因"), [Required(), Length(max=500)], description=_l("对方会看到这段话。"))


class ReceiptForm(Form):
    """An amount that came back, as the bank shows it."""

    token = FormToken()
    amount_fen = YuanField(_l("到账金额"), [Required()])
    bank_reference = StringField(_l("银行流水号"), [Required(), Length(max=100)])
    received_on = DayField(_l("到账日期"), [Required()])


class WaiveForm(Form):
    """Why the district gives money up."""

    seen = HiddenField(default="")  # how much the page said it is
    reason = TextAreaField(_l("免予追回的理由"), [Required(), Length(max=2000)], description=_l("会公布。"))
