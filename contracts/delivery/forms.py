"""Forms of reports, evidence, returns and acceptance."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, TextAreaField
from wtforms.validators import Length

from market.web.fields import CountField, Form, FormToken, OneFileField, Required


class ReportForm(Form):
    """What was done, with one file at a time that is kept at once and leaves the words in their boxes."""

    form_token = FormToken()
    seen = HiddenField(default="")  # which evidence the page showed
    document = OneFileField(
        _l("证明材料"),
        accept=".pdf,.jpg,.jpeg,.png,.docx,.xlsx,.csv,.zip",
        description=_l("PDF、图片、Office 文档、CSV 或 ZIP，每份不超过 20 MB。服务对象请用代号，不写姓名和病情。"),
    )
    text = TextAreaField(
        _l("完成情况"), [Required(), Length(max=8000)], description=_l("对照本节点的要求，写明做了什么、结果怎样。")
    )
    people_served = CountField(_l("服务人数"), [Required()], unit=_l("人"))
    sessions_held = CountField(_l("服务次数"), [Required()], unit=_l("次"))


class ReturnForm(Form):
    """Why a report goes back."""

    seen = HiddenField(default="")  # which report the page was about
    opinion = TextAreaField(
        _l("退回原因"), [Required(), Length(max=2000)], description=_l("写明哪一项不符合、怎样补正。")
    )


class AcceptForm(Form):
    """The named person's opinion, and the users'."""

    seen = HiddenField(default="")  # which report the page showed
    opinion = TextAreaField(_l("验收意见"), [Required(), Length(max=4000)], description=_l("逐项对照合同要求。"))
    users_invited = CountField(
        _l("邀请参加验收的服务对象"),
        [Required()],
        unit=_l("人"),
        description=_l("公共服务项目的验收应当邀请服务对象参加。"),
    )
    users_satisfied = CountField(_l("其中表示满意的"), [Required()], unit=_l("人"))
    users_opinion = TextAreaField(
        _l("服务对象的意见"), [Required(), Length(max=4000)], description=_l("归纳填写，不写姓名。没有意见的，写“无”。")
    )
