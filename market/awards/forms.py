"""Forms of the award."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import TextAreaField
from wtforms.validators import Length

from market.web.fields import Form, Required


class ConfirmForm(Form):
    """Confirm the candidate with a reason."""

    reason = TextAreaField(
        _l("确定理由"), [Required(), Length(max=1000)], description=_l("会写入结果公告，例如：按评审报告推荐顺序确定")
    )


class DeclineForm(Form):
    """The supplier gave the award up."""

    reason = TextAreaField(_l("放弃的原因"), [Required(), Length(max=1000)], description=_l("会公布；随后可确定下一名"))
