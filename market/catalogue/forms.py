"""Forms of the guidance catalogue."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, StringField, TextAreaField
from wtforms.validators import Length

from market.catalogue.states import CATEGORY_LABELS, Category
from market.web.fields import ChoiceField, DayField, Form, FormToken, Required, YuanField, optional


class EditionForm(Form):
    """A new edition."""

    token = FormToken()
    number = StringField(_l("版本号"), [Required(), Length(max=30)], description=_l("例如 2026-2"))
    effective_from = DayField(_l("生效日期"), [Required()])
    source = StringField(_l("依据"), [Required(), Length(max=200)], description=_l("文件名称和文号"))


class ItemForm(Form):
    """One service."""

    category = ChoiceField(_l("服务类别"), [Required()], members=Category, labels=CATEGORY_LABELS)
    code = StringField(_l("代码"), [Required(), Length(max=20)], description=_l("例如 A0101，目录按它排序"))
    name = StringField(_l("服务名称"), [Required(), Length(max=60)])
    unit = StringField(_l("计量单位"), [Required(), Length(max=20)], description=_l("例如 人次、小时、场次、户"))
    description = TextAreaField(_l("服务内容"), [Required(), Length(max=1000)])
    requirements = TextAreaField(_l("服务要求"), [Required(), Length(max=2000)])
    guiding_department = StringField(
        _l("业务指导部门"), [Required(), Length(max=40)], description=_l("法律援助类填司法局")
    )
    price_low_yuan = YuanField(_l("参考价下限"), [optional()], description=_l("每一计量单位；只供参考，不是限价"))
    price_high_yuan = YuanField(_l("参考价上限"), [optional()])
    indicators = TextAreaField(
        _l("常用评价指标"),
        [Length(max=2000)],
        description=_l("每行一项：指标 | 目标 | 满分；满分合计 100"),
    )
    negatives_checked = BooleanField(_l("已核对：不属于负面清单所列事项"))
