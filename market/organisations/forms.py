"""Forms of registration, confirmation, bank account and members."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, PasswordField, StringField, TextAreaField
from wtforms.validators import Length

from market.kernel.categories import CATEGORY_LABELS, Category
from market.kernel.clock import beijing_day
from market.kernel.errors import Refused
from market.kernel.permits import ROLE_LABELS, Role
from market.kernel.uscc import ProviderType
from market.organisations.rules import check_identity, check_size, phone_trouble, registered_trouble
from market.organisations.states import RATING_KIND_LABELS, RatingKind
from market.people.rules import email_trouble, login_trouble, password_trouble
from market.web.checks import Sound
from market.web.fields import (
    ChoiceField,
    ChoiceRadios,
    DayField,
    EnumCheckboxesField,
    Form,
    FormToken,
    PickField,
    Required,
    UsccField,
    optional,
    show_refusal,
)
from market.web.guard import now

REGISTRABLE = [
    ProviderType.SERVICE_AGENCY,
    ProviderType.SOCIAL_GROUP,
    ProviderType.FOUNDATION,
    ProviderType.ENTERPRISE,
    ProviderType.INDIVIDUAL_BUSINESS,
    ProviderType.COOPERATIVE,
    ProviderType.GROUP_COLLECTIVE,
    ProviderType.VILLAGE_COLLECTIVE,
    ProviderType.TOWNSHIP_COLLECTIVE,
    ProviderType.LAW_FIRM,
    ProviderType.PUBLIC_INSTITUTION,
    ProviderType.COMMUNITY_GROUP,
]


class FactsForm(Form):
    """What an organisation says of itself."""

    name = StringField(_l("机构名称"), [Required(), Length(max=120)], description=_l("与登记证书完全一致"))
    provider_type = ChoiceField(_l("机构类型"), [Required()], members=REGISTRABLE)
    uscc = UsccField(
        _l("统一社会信用代码"), [optional()], description=_l("18 位，逐位核对；备案的社区社会组织没有代码，请留空")
    )
    legal_representative = StringField(_l("法定代表人"), [Required(), Length(max=60)])
    registered_on = DayField(
        _l("登记日期"), [optional(), Sound(lambda day: registered_trouble(day, beijing_day(now())))]
    )
    address = StringField(_l("住所"), [Required(), Length(max=200)])
    contact_name = StringField(_l("联系人"), [Required(), Length(max=60)])
    contact_phone = StringField(
        _l("联系电话"),
        [Required(), Length(max=40), Sound(phone_trouble)],
        description=_l("只供采购人联系，不公开"),
    )
    service_fields = EnumCheckboxesField(_l("服务领域"), [Required()], members=Category, labels=CATEGORY_LABELS)
    introduction = TextAreaField(_l("机构简介"), [Length(max=2000)], description=_l("会在公开名录中显示"))
    is_small = BooleanField(
        _l("声明为小型、微型企业"), description=_l("仅企业和个体工商户可以声明；社会组织不划分企业规模")
    )

    def validate(self, extra_validators: Any = None) -> bool:
        """Judge code, type and size beside each other as well, so that nobody mends one and learns of the next."""
        good, kind = bool(super().validate(extra_validators)), self.provider_type.data
        if kind is None:
            return good
        for check in (
            lambda: check_identity(self.uscc.data, kind),
            lambda: check_size(self.is_small.data, kind),
        ):
            try:
                check()
            except Refused as error:
                show_refusal(self, error)
                good = False
        return good


class RegisterForm(FactsForm):
    """Registration by somebody without an account: person and organisation in one page."""

    token = FormToken()
    district = PickField(_l("登记管理机关所在区县"), [Required()], choices=[], coerce=int)
    person_name = StringField(_l("您的姓名"), [Required(), Length(max=60)])
    login = StringField(
        _l("登录名"),
        [Required(), Length(min=3, max=60), Sound(login_trouble)],
        description=_l("以后用它登录，可以用邮箱"),
    )
    email = StringField(_l("电子邮箱"), [Required(), Length(max=120), Sound(email_trouble)])
    password = PasswordField(
        _l("密码"),
        [Required(), Length(max=200), Sound(password_trouble, "login")],
        description=_l("至少 10 个字符；可以用一句容易记住的话。"),
    )


class ReasonForm(Form):
    """Why a registration is returned."""

    reason = TextAreaField(_l("退回原因"), [Required(), Length(max=1000)], description=_l("写明哪一项不对、怎样改"))


class BarForm(Form):
    """Until when and why an organisation is barred."""

    until = DayField(_l("禁止参加至"), [Required()])
    reason = TextAreaField(_l("原因和依据"), [Required(), Length(max=1000)])


class BankForm(Form):
    """Where the organisation wants to be paid."""

    token = FormToken()
    holder = StringField(_l("户名"), [Required(), Length(max=120)], description=_l("须与机构登记名称一致"))
    account_no = StringField(_l("银行账号"), [Required(), Length(max=40)])
    bank_name = StringField(_l("开户银行"), [Required(), Length(max=120)], description=_l("写到支行"))
    cnaps = StringField(_l("联行号"), [Required(), Length(max=20)], description=_l("12 位数字，可向开户银行查询"))


class AddressForm(Form):
    """Where a colleague's link should have gone."""

    token = FormToken()
    email = StringField(_l("电子邮箱"), [Required(), Length(max=120), Sound(email_trouble)])


class MemberForm(Form):
    """A colleague's account within the organisation."""

    token = FormToken()
    name = StringField(_l("姓名"), [Required(), Length(max=60)])
    login = StringField(_l("登录名"), [Required(), Length(min=3, max=60), Sound(login_trouble)])
    email = StringField(
        _l("电子邮箱"),
        [Required(), Length(max=120), Sound(email_trouble)],
        description=_l("此人自己的邮箱；设置密码的链接只发到这里。"),
    )
    role = ChoiceField(
        _l("角色"),
        [Required()],
        members=[Role.ORGANISATION_EDITOR, Role.ORGANISATION_SIGNATORY, Role.ORGANISATION_ADMIN],
        labels=ROLE_LABELS,
    )


class RatingForm(Form):
    """A grade or star rating, as the deciding document has it."""

    kind = ChoiceRadios(_l("登记内容"), [Required()], members=RatingKind, labels=RATING_KIND_LABELS)
    level = PickField(
        _l("等级或星级"),
        [Required()],
        choices=[
            (1, _l("1A / 一星")),
            (2, _l("2A / 二星")),
            (3, _l("3A / 三星")),
            (4, _l("4A / 四星")),
            (5, _l("5A / 五星")),
        ],
    )
    rater = StringField(
        _l("评定机关"), [Required(), Length(max=120)], description=_l("等级为登记管理机关，星级为区民政部门")
    )
    basis = StringField(_l("依据"), [Length(max=200)], description=_l("文号、评定周期等；星级必填"))
    valid_from = DayField(_l("有效期起"), [Required()])
    valid_until = DayField(_l("有效期止"), [optional()], description=_l("星级必填；等级按规定年限自动计算"))


class WithdrawForm(Form):
    """Why a rating is withdrawn."""

    reason = TextAreaField(
        _l("撤销原因"), [Required(), Length(max=500)], description=_l("例如录入有误、评定机关已撤销")
    )
