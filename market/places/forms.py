"""Forms of a district's calendar, rules and communities."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import StringField, TextAreaField
from wtforms.validators import Length

from market.kernel.naming import REGIME_LABELS
from market.kernel.rulebook import Regime
from market.web.fields import ChoiceField, DayField, Form, FormToken, Required


class CalendarForm(Form):
    """A year's holidays and make-up days, as in the State Council's notice."""

    source = StringField(
        _l("依据"), [Required(), Length(max=200)], description=_l("例如：国务院办公厅关于2027年部分节假日安排的通知")
    )
    off = TextAreaField(
        _l("放假日"),
        [Required(), Length(max=4000)],
        description=_l("一行一个日期或一段日期，例如 2026-10-01至2026-10-07；其中的周六、周日不必剔除"),
    )
    on = TextAreaField(_l("调休上班日"), [Length(max=2000)], description=_l("只写因调休而上班的周六、周日，一行一个"))


class OverrideForm(Form):
    """A district's own value of a rule."""

    token = FormToken()
    regime = ChoiceField(_l("适用的采购方式"), [Required()], members=Regime, labels=REGIME_LABELS, blank=None)
    value = StringField(_l("本区取值"), [Required(), Length(max=500)])
    effective_from = DayField(_l("生效日期"), [Required()])
    reason = TextAreaField(
        _l("理由和依据"), [Required(), Length(max=1000)], description=_l("写明文件名称和文号，将与取值一并公布")
    )


class CommunityForm(Form):
    """One more community."""

    name = StringField(_l("社区名称"), [Required(), Length(max=60)])
