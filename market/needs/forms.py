"""Forms of needs and demand items."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import StringField, TextAreaField
from wtforms.validators import Length, NumberRange

from market.kernel.categories import CATEGORY_LABELS, Category
from market.needs.states import CHANNEL_LABELS, NeedChannel
from market.web.fields import (
    CheckboxesField,
    ChoiceField,
    CountField,
    Form,
    FormToken,
    PickField,
    Required,
    optional,
)


class NeedForm(Form):
    """One need, without personal data."""

    token = FormToken()
    street = PickField(_l("街道"), [Required()], choices=[])
    community = PickField(_l("社区"), [optional()], choices=[], blank=_l("不限于一个社区"))
    channel = ChoiceField(_l("来源渠道"), [Required()], members=NeedChannel, labels=CHANNEL_LABELS)
    category = ChoiceField(_l("服务类别"), [Required()], members=Category, labels=CATEGORY_LABELS)
    summary = TextAreaField(
        _l("诉求内容"),
        [Required(), Length(max=500)],
        description=_l("只写事情和涉及的人群，不写姓名、电话、身份证号、住址和病情"),
    )
    people_affected = CountField(
        _l("涉及人数"), [Required(), NumberRange(1, 1_000_000, _l("请填写 1 以上的人数。"))], unit=_l("人")
    )


class DemandForm(Form):
    """Needs put into words that a purchase can answer."""

    token = FormToken()
    needs = CheckboxesField(_l("归并的诉求"), [Required(_l("请至少选一条诉求。"))], choices=[], coerce=int)
    title = StringField(_l("需求名称"), [Required(), Length(max=80)])
    category = ChoiceField(_l("服务类别"), [Required()], members=Category, labels=CATEGORY_LABELS)
    description = TextAreaField(
        _l("需求说明"), [Required(), Length(max=2000)], description=_l("服务对象、现状、希望达到的效果；会随采购公开")
    )
