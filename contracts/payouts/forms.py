"""Forms of payments: sending back, choosing payments for a bank file, the bank's result file, paying accounts."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import StringField, TextAreaField
from wtforms.validators import Length

from contracts.payouts.states import ROUTE_LABELS, Route
from market.budgets.states import FUND_SOURCE_LABELS, FundSource
from market.kernel.text import N_
from market.web.fields import CheckboxesField, ChoiceField, ChoiceRadios, Form, FormToken, OneFileField, Required


class ReasonForm(Form):
    """Why something goes back."""

    reason = TextAreaField(_l("原因"), [Required(), Length(max=500)], description=_l("对方会看到这段话。"))


class BatchForm(Form):
    """Which approved payments go into one bank file."""

    token = FormToken()
    payments = CheckboxesField(_l("付款单"), [Required()], choices=[], coerce=int)


class StatementForm(Form):
    """The bank's result file."""

    file = OneFileField(
        _l("银行结果文件"),
        [Required()],
        accept=".csv,.xlsx,.xls",
        description=_l(
            "CSV 或 Excel，须有付款单号、金额、结果、银行流水号、日期这几列，最大 10 MB。"
            "付款单号填付款文件里的指令编号，末尾带 -1、-2；结果填成功、失败或退票。"
        ),
    )


class AccountForm(Form):
    """A street's paying account for one fund source."""

    source = ChoiceField(_l("资金来源"), [Required()], members=FundSource, labels=FUND_SOURCE_LABELS)
    holder = StringField(_l("户名"), [Required(), Length(max=140)], description=_l("与银行开户名称完全一致。"))
    account_no = StringField(_l("账号"), [Required(), Length(max=50)])
    bank_name = StringField(_l("开户行"), [Required(), Length(max=140)])
    cnaps = StringField(_l("联行号"), [Required(), Length(max=20)], description=_l("开户行的 12 位联行号。"))


class RouteForm(Form):
    """How an organisation wants to be paid."""

    route = ChoiceRadios(
        _l("收款方式"),
        [Required()],
        members=(Route.BANK, Route.STRIPE),
        labels={Route.BANK: N_("银行账户"), Route.STRIPE: ROUTE_LABELS[Route.STRIPE]},
    )
