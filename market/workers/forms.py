"""Forms of the register of social workers."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, StringField, TextAreaField
from wtforms.validators import Length, NumberRange

from market.web.fields import (
    ChoiceField,
    ChoiceRadios,
    DayField,
    Form,
    FormToken,
    HoursField,
    PickField,
    Required,
    optional,
)
from market.workers.actions import CertificateFacts
from market.workers.states import (
    LEARNING_LABELS,
    LEVEL_LABELS,
    MODE_LABELS,
    TIER_LABELS,
    LearningKind,
    Level,
    SupervisionMode,
    Tier,
)


class CertificateForm(Form):
    """A certificate in one registration period."""

    level = ChoiceField(_l("证书等级"), [Required()], members=Level, labels=LEVEL_LABELS)
    number = StringField(
        _l("证书编号"), [Required(), Length(max=60)], description=_l("照职业水平证书填写，不填身份证号")
    )
    issued_on = DayField(_l("发证日期"), [Required()])
    registered_on = DayField(
        _l("登记（再登记）日期"), [Required()], description=_l("从这一天起算一个三年登记期；再登记后请再录入一次")
    )

    def facts(self) -> CertificateFacts:
        """What was typed; every field is there once the form is valid."""
        issued_on, registered_on = self.issued_on.data, self.registered_on.data
        assert issued_on is not None
        assert registered_on is not None
        return CertificateFacts(self.level.data, self.number.data or "", issued_on, registered_on)


class WorkerForm(CertificateForm):
    """A person of the organisation with the certificate."""

    organisation = PickField(_l("所在机构"), [Required()], choices=[])
    name = StringField(_l("姓名"), [Required(), Length(max=60)], description=_l("只供本机构和区民政查阅，不公开"))
    from_on = DayField(_l("入职日期"), [Required()])


class LearningForm(Form):
    """Continuing education."""

    token = FormToken()
    kind = ChoiceField(_l("学习形式"), [Required()], members=LearningKind, labels=LEARNING_LABELS)
    day = DayField(_l("完成日期"), [Required()])
    title = StringField(_l("内容"), [Required(), Length(max=120)])
    provider = StringField(_l("举办单位"), [Required(), Length(max=120)])
    hours = HoursField(_l("学时"), [optional()], description=_l("学历教育不填，按规定折算，一个登记期只计一次"))


class SupervisionForm(Form):
    """One supervision received."""

    token = FormToken()
    supervisor = PickField(_l("本机构督导"), [optional()], choices=[], blank=_l("外聘督导，填下面的证书编号"))
    outside = StringField(_l("外聘督导的证书编号"), [optional(), Length(max=60)])
    mode = ChoiceField(_l("督导方式"), [Required()], members=SupervisionMode, labels=MODE_LABELS)
    day = DayField(_l("日期"), [Required()])
    hours = HoursField(_l("时长"), [Required(), NumberRange(1, 12_00, _l("一次督导请填写 0 到 12 之间的小时数。"))])
    topic = StringField(
        _l("主题"), [Required(), Length(max=120)], description=_l("只写专业主题，不写服务对象的姓名和情况")
    )


class LeaveForm(Form):
    """A person leaves the organisation."""

    until_on = DayField(_l("离职日期"), [Required()])
    reserve = BooleanField(
        _l("本人同意进入区人才储备库"), description=_l("区民政可以看到；今后由新机构凭姓名和证书编号接收，原有记录接续")
    )


class TierForm(Form):
    """Place in the talent programme."""

    tier = ChoiceRadios(_l("人才层次"), [Required()], members=Tier, labels=TIER_LABELS)


class ReasonForm(Form):
    """Why a certificate is sent back, or a posting ends early."""

    reason = TextAreaField(_l("原因"), [Required(), Length(max=500)])
