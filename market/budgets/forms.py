"""Forms of a street's yearly fund."""

from __future__ import annotations

import re

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import StringField, TextAreaField
from wtforms.validators import Length, NumberRange

from market.budgets.states import FUND_SOURCE_LABELS, FundSource
from market.kernel.categories import CATEGORY_LABELS, Category
from market.kernel.money import MAX_FEN
from market.web.fields import (
    ChoiceField,
    ChoiceRadios,
    CountField,
    Form,
    FormToken,
    PickField,
    Required,
    YuanField,
    optional,
)


class YearField(CountField):
    """A calendar year."""

    def read(self, typed: str) -> int:
        # Digits of any width; the reading below puts them right.
        if not re.fullmatch(r"\d{4}", typed):
            raise ValueError(gettext("请填写四位年份，例如 2026。"))
        return super().read(typed)


class YearForm(Form):
    """A new plan."""

    token = FormToken()
    street = PickField(_l("街道"), [Required()], choices=[])
    year = YearField(_l("年度"), [Required(), NumberRange(2015, 2100)], unit="")
    previous_yuan = YuanField(
        _l("上年资金总额"), [optional()], description=_l("上年计划已在本平台批复的不必填写；用于检查增长")
    )


class PreviousForm(Form):
    """Last year's total, where it was not kept here."""

    previous_yuan = YuanField(_l("上年资金总额"), [optional()], description=_l("没有上年数的请留空"))


class LineForm(Form):
    """One line of a plan."""

    source = ChoiceRadios(_l("资金来源"), [Required()], members=FundSource, labels=FUND_SOURCE_LABELS)
    category = ChoiceField(_l("服务类别"), [Required()], members=Category, labels=CATEGORY_LABELS)
    title = StringField(_l("项目名称"), [Required(), Length(max=80)])
    amount_yuan = YuanField(
        _l("金额"), [Required(), NumberRange(1, MAX_FEN)], description=_l("例如 1,200,000 或 120万")
    )
    donor_purpose = StringField(_l("捐赠用途"), [Length(max=200)], description=_l("仅社会捐赠填写：捐赠协议约定的用途"))


class ReturnForm(Form):
    """Why a plan is returned."""

    reason = TextAreaField(_l("退回意见"), [Required(), Length(max=1000)], description=_l("写明哪一项要改、怎样改"))
