"""What people type in the register of experts."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import StringField
from wtforms.validators import Length

from market.kernel.categories import CATEGORY_LABELS, Category
from market.panels.states import TIE_LABELS, TieKind
from market.web.fields import (
    ChoiceField,
    DayField,
    EnumCheckboxesField,
    Form,
    PickField,
    Required,
    optional,
)


class ExpertForm(Form):
    """A person to be entered."""

    login = StringField(
        _l("登录名"), [Required(), Length(max=60)], description=_l("须是已开通并授予“评审专家”角色的账号")
    )
    fields = EnumCheckboxesField(_l("专业领域"), [Required()], members=Category, labels=CATEGORY_LABELS)
    employer = StringField(
        _l("工作单位"), [Required(), Length(max=120)], description=_l("写全称；与采购人或投标人同名的自动回避")
    )
    title = StringField(_l("职称或职业资格"), [Length(max=120)])


class TieForm(Form):
    """A tie with an organisation or a street."""

    kind = ChoiceField(_l("关系"), [Required()], members=TieKind, labels=TIE_LABELS)
    organisation = StringField(
        _l("机构"), [optional(), Length(max=120)], description=_l("机构全称或统一社会信用代码；与街道二选一")
    )
    street = PickField(_l("街道"), [optional()], choices=[], coerce=int)
    began_on = DayField(_l("开始日期"), [optional()])
    ended_on = DayField(_l("结束日期"), [optional()], description=_l("仍在持续的不填；结束后三年内仍须回避"))
    note = StringField(_l("说明"), [optional(), Length(max=200)])
