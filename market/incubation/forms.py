"""Forms of the network, of residencies, of trainings and of hosting."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import FieldList, FormField, HiddenField, StringField, TextAreaField
from wtforms.validators import Length, NumberRange

from market.incubation.rules import SLOTS_OF_DAY, slot_text
from market.incubation.states import LEVEL_LABELS, MODE_LABELS, TRACK_LABELS, Mode, NodeLevel, Track
from market.kernel.categories import CATEGORY_LABELS, Category
from market.web.fields import (
    BeijingDateTimeField,
    ChoiceField,
    ChoiceRadios,
    CountField,
    DayField,
    EnumCheckboxesField,
    Form,
    FormToken,
    Part,
    PickField,
    PickRadios,
    Required,
    optional,
)

_BEGINNINGS = [(slot, slot_text(slot)) for slot in range(SLOTS_OF_DAY)]
_ENDS = [(slot, slot_text(slot)) for slot in range(1, SLOTS_OF_DAY + 1)]


def _natural(most: int = 1_000_000) -> NumberRange:
    return NumberRange(0, most, _l("请填写 0 以上的整数。"))


class NodeForm(Form):
    """What is written down of a node; level, street and parent can be chosen once only."""

    token = FormToken()
    level = ChoiceField(_l("层级"), [Required()], members=NodeLevel, labels=LEVEL_LABELS)
    street = PickField(
        _l("所在街道"), [optional()], choices=[], blank=_l("区级基地不选"), description=_l("街道及以下的节点必选")
    )
    parent = PickField(
        _l("上级节点"), [optional()], choices=[], blank=_l("区级基地不选"), description=_l("上一级、同一街道的节点")
    )
    name = StringField(_l("节点名称"), [Required(), Length(max=80)])
    operator = StringField(
        _l("运营机构"),
        [optional(), Length(max=120)],
        description=_l("委托机构运营的，填机构全称或统一社会信用代码；由区或街道自己运营的留空"),
    )
    address = StringField(_l("地址"), [Required(), Length(max=200)])
    area = CountField(_l("建筑面积"), [Required(), _natural()], unit=_l("平方米"))
    workstations = CountField(_l("可分配工位"), [Required(), _natural(10_000)], unit=_l("个工位"))
    premises = TextAreaField(
        _l("场地和设施"), [optional(), Length(max=1000)], description=_l("共享办公、会议、路演、仓储等，会公开")
    )
    earlier = CountField(
        _l("使用本平台前已孵化"),
        [optional(), _natural()],
        unit=_l("家机构"),
        description=_l("以台账为准，计入累计数；没有的填 0"),
    )


class StaffForm(Form):
    """Somebody becomes staff of a node."""

    login = StringField(_l("登录名"), [Required(), Length(max=60)], description=_l("须是已开通的账号"))


class RoomForm(Form):
    """A bookable room."""

    token = FormToken()
    name = StringField(_l("场地名称"), [Required(), Length(max=60)])
    seats = CountField(_l("座位"), [Required(), NumberRange(1, 5000, _l("请填写 1 以上的人数。"))], unit=_l("座"))
    equipment = StringField(_l("场地设备"), [optional(), Length(max=200)])
    opens = PickField(_l("开放时间"), [Required()], choices=_BEGINNINGS)
    closes = PickField(_l("关闭时间"), [Required()], choices=_ENDS)


class BookingForm(Form):
    """A stretch of one day, once or weekly; the view sets organisations and the hours the room is open."""

    token = FormToken()
    organisation = PickField(_l("预约机构"), [optional()], choices=[], blank=_l("本节点自用"))
    day = DayField(_l("日期"), [Required()])
    from_slot = PickField(_l("开始时间"), [Required()])
    until_slot = PickField(_l("结束时间"), [Required()])
    weeks = CountField(
        _l("连续预约"),
        [Required(), NumberRange(1, 60, _l("请填写 1 以上的周数。"))],
        unit=_l("周"),
        description=_l("只用一次填 1；多周的每周同一时间，任何一次被占用则整体不成立"),
    )
    purpose = StringField(_l("用途"), [Required(), Length(max=100)], description=_l("写活动名称，不写个人信息"))


class ApplicationForm(Form):
    """What an organisation asks of a node."""

    token = FormToken()
    organisation = PickField(_l("申请机构"), [Required()], choices=[])
    mode = ChoiceRadios(
        _l("入驻方式"),
        [Required()],
        members=Mode,
        labels=MODE_LABELS,
        description=_l("虚拟入驻不占工位，同样享受辅导和培训"),
    )
    track = ChoiceRadios(
        _l("培育方式"),
        [Required()],
        members=Track,
        labels=TRACK_LABELS,
        description=_l("集中孵化在基地进行；网格培育在机构服务的社区进行"),
    )
    workstations = CountField(_l("需要工位"), [Required(), _natural(500)], unit=_l("个工位"))
    purpose = TextAreaField(
        _l("服务设想"), [Required(), Length(max=2000)], description=_l("服务谁、解决什么问题、准备怎么做")
    )
    support_wanted = TextAreaField(_l("希望得到的支持"), [Required(), Length(max=2000)])


class ReasonForm(Form):
    """Why."""

    reason = TextAreaField(_l("原因"), [Required(), Length(max=1000)], description=_l("会通知对方，请写具体"))


class OfferForm(Form):
    """The agreement's text and term."""

    months = CountField(_l("孵化期"), [Required(), NumberRange(1, 60, _l("请填写 1 以上的月数。"))], unit=_l("个月"))
    text = TextAreaField(_l("协议全文"), [Required(), Length(max=10_000)])


class AcceptForm(Form):
    """The digest of the text that was read."""

    digest = HiddenField("")


class ExtendForm(Form):
    """A longer term."""

    months = CountField(_l("延长"), [Required(), NumberRange(1, 60, _l("请填写 1 以上的月数。"))], unit=_l("个月"))
    reason = TextAreaField(_l("延长理由"), [Required(), Length(max=1000)])


class GraduateForm(Form):
    """Which fields a graduate can undertake."""

    service_fields = EnumCheckboxesField(
        _l("可承接的服务领域"),
        [Required()],
        members=Category,
        labels=CATEGORY_LABELS,
        description=_l("列入有承接能力的社会组织目录并公布"),
    )


class StageForm(Form):
    """What was looked at when a stage was found passed."""

    evidence = TextAreaField(
        _l("达标依据"), [Required(), Length(max=2000)], description=_l("查阅了哪些资料、看到了什么")
    )


class MentoringForm(Form):
    """Time with a mentor."""

    token = FormToken()
    mentor = StringField(_l("导师"), [Required(), Length(max=60)])
    day = DayField(_l("日期"), [Required()])
    minutes = CountField(
        _l("时长"), [Required(), NumberRange(1, 720, _l("请填写 1 到 720 之间的分钟数。"))], unit=_l("分钟")
    )
    topic = TextAreaField(_l("辅导内容"), [Required(), Length(max=1000)])


class SuccessorForm(Form):
    """The legal person a group has become."""

    successor = PickRadios(_l("登记后的法人"), [Required()], choices=[])


class TrainingForm(Form):
    """A training as announced."""

    token = FormToken()
    title = StringField(_l("培训名称"), [Required(), Length(max=80)])
    content = TextAreaField(_l("培训内容"), [Required(), Length(max=2000)])
    teacher = StringField(_l("主讲"), [Required(), Length(max=60)])
    room = PickField(
        _l("场地"),
        [optional()],
        choices=[],
        blank=_l("不在本节点场地"),
        description=_l("选本节点场地的，同时预约该时段"),
    )
    place = StringField(_l("地点"), [Required(), Length(max=120)])
    starts_at = BeijingDateTimeField(_l("开始时间"), [Required()])
    ends_at = BeijingDateTimeField(_l("结束时间"), [Required()])
    seats = CountField(_l("名额"), [Required(), NumberRange(1, 999, _l("请填写 1 到 999 之间的人数。"))], unit=_l("人"))


class SignUpForm(Form):
    """One person of an organisation takes part."""

    token = FormToken()
    organisation = PickField(_l("参加机构"), [Required()], choices=[])
    attendee = StringField(_l("参加人"), [Required(), Length(max=60)])


class HostingForm(Form):
    """A group asks a legal person to answer for it."""

    token = FormToken()
    group = PickField(_l("社区社会组织"), [Required()], choices=[])
    host = StringField(
        _l("支持机构"), [Required(), Length(max=120)], description=_l("机构全称或统一社会信用代码，须是已确认的法人")
    )
    begins_on = DayField(_l("开始日期"), [Required()])
    ends_on = DayField(_l("结束日期"), [Required()])
    terms = TextAreaField(_l("双方约定"), [Required(), Length(max=4000)])


# The plan is written in Chinese and kept so, whatever language the page around it speaks.
_WRITTEN = {"lang": "zh-Hans"}


class StagePart(Part):
    """One stage; a row without a title is left out."""

    title = StringField(_l("阶段名称"), [optional(), Length(max=40)], render_kw=_WRITTEN)
    by_month = CountField(
        _l("完成月份"), [optional(), NumberRange(1, 60, _l("请填写 1 以上的月数。"))], unit=_l("月底")
    )
    criteria = TextAreaField(
        _l("达标标准"), [optional(), Length(max=1000)], description=_l("一行一条"), render_kw=_WRITTEN
    )


class DimensionPart(Part):
    """One dimension of capacity; a row without a title is left out."""

    title = StringField(_l("维度名称"), [optional(), Length(max=20)], render_kw=_WRITTEN)
    hint = StringField(_l("说明"), [optional(), Length(max=100)], render_kw=_WRITTEN)


class SchemeForm(Form):
    """A new edition of the plan of cultivation."""

    stages = FieldList(FormField(StagePart), max_entries=12)
    dimensions = FieldList(FormField(DimensionPart), max_entries=12)
    levels = FieldList(
        StringField(_l("等级说明"), [Required(), Length(max=60)], render_kw=_WRITTEN), min_entries=5, max_entries=5
    )
