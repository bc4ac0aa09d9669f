"""Forms of sign-in, second factor, password, keys and accounts."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import PasswordField, StringField
from wtforms.validators import EqualTo, Length

from market.kernel.permits import ROLE_LABELS, Role
from market.people.rules import email_trouble, login_trouble
from market.web.checks import Sound
from market.web.fields import ChoiceField, Form, FormToken, PickField, Required


class SignInForm(Form):
    """Login and password."""

    login = StringField(_l("登录名"), [Required(), Length(max=100)])
    password = PasswordField(_l("密码"), [Required(), Length(max=200)])


class CodeForm(Form):
    """Second factor."""

    code = StringField(_l("动态验证码"), [Required(), Length(max=10)], description=_l("验证器上的六位数字"))


class ForgottenForm(Form):
    """Ask for a reset link."""

    login = StringField(_l("登录名"), [Required(), Length(max=100)])


class NewPasswordForm(Form):
    """A new password, twice."""

    password = PasswordField(
        _l("新密码"), [Required(), Length(max=200)], description=_l("至少 10 个字符；可以用一句容易记住的话。")
    )
    again = PasswordField(_l("再输入一次"), [Required(), EqualTo("password", _l("两次填写的内容不一致。"))])


class KeysForm(Form):
    """The code of the identity check, and the passphrase under which a person's keys are locked."""

    code = StringField(
        _l("办理码"),
        [Required(), Length(max=40)],
        description=_l("由经办人当面核对您的身份后发给您，三天内有效，只能用一次"),
    )
    passphrase = PasswordField(
        _l("密钥口令"),
        [Required(), Length(max=200)],
        description=_l("与登录密码分开，至少 10 个字符。口令不保存在系统中，遗忘后无法找回，只能重新办理密钥。"),
    )
    again = PasswordField(_l("再输入一次"), [Required(), EqualTo("passphrase", _l("两次填写的内容不一致。"))])


# Roles within an organisation are given by the organisation itself.
OFFICIAL_ROLES = [role for role in Role if not role.value.startswith("organisation_")]


class AccountForm(Form):
    """A new account with one role."""

    token = FormToken()
    name = StringField(_l("姓名"), [Required(), Length(max=60)])
    login = StringField(
        _l("登录名"),
        [Required(), Length(min=3, max=60), Sound(login_trouble)],
        description=_l("字母和数字，以后不能更改"),
    )
    email = StringField(
        _l("电子邮箱"),
        [Required(), Length(max=120), Sound(email_trouble)],
        description=_l("设置密码的链接发到这里"),
    )
    role = ChoiceField(_l("角色"), [Required()], members=OFFICIAL_ROLES, labels=ROLE_LABELS)
    place = PickField(_l("任职范围"), [Required()], choices=[], coerce=str)


class GrantForm(Form):
    """One more role for a person."""

    token = FormToken()
    role = ChoiceField(_l("角色"), [Required()], members=OFFICIAL_ROLES, labels=ROLE_LABELS)
    place = PickField(_l("任职范围"), [Required()], choices=[], coerce=str)
