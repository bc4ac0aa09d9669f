"""What people type in this room."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import wtforms
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, PasswordField, StringField, TextAreaField
from wtforms.validators import Length, NumberRange

from market.bids.rules import ANSWER, FILE, WORKER
from market.kernel.seen import marks_in
from market.tenders.models import Criterion
from market.web.fields import (
    CheckboxesField,
    FilesField,
    Form,
    FormToken,
    HoursField,
    PickField,
    Required,
    YuanField,
    optional,
)

MOST_CHARACTERS = 20_000
_MOST_HOURS_CENTI = 60_00
_TOO_MANY = _l("每周工时请填写 0 到 60 之间的数。")
ACCEPTED = ".pdf,.jpg,.jpeg,.png,.doc,.docx,.xls,.xlsx,.ppt,.pptx,.ofd,.csv,.txt,.zip"
_TEXT = [optional(), Length(max=MOST_CHARACTERS)]
_ANSWER, _WORKER = "answer_", "worker_"
# Fields whose empty box says nothing, not an empty text.
_NUMBERS = ("price_fen", WORKER)


class DraftForm(Form):
    """A bid being written. Nothing is required here: what is missing is said before submission."""

    version = HiddenField(default="0")
    seen = HiddenField(default="{}")
    # Saved as it is typed, and no browser shall offer it to whoever sits at the machine next.
    price = YuanField(
        _l("报价"), [optional()], description=_l("含税总价。可写 128.64万。"), render_kw={"autocomplete": "off"}
    )
    plan = TextAreaField(_l("总体说明"), _TEXT, description=_l("可不填；评分只看上面对各评分项的回应。"))
    team = TextAreaField(_l("项目团队"), _TEXT, description=_l("负责人、专业人员的资质和分工。"))
    schedule = TextAreaField(_l("实施进度"), _TEXT, description=_l("按采购文件的阶段写明时间和成果。"))
    legal_representative = StringField(
        _l("法定代表人（负责人）"),
        [optional(), Length(max=100)],
        description=_l("须与登记证书一致；与另一家投标单位为同一人的，两家均无效。"),
    )
    declaration_ties = TextAreaField(
        _l("关联关系声明"),
        _TEXT,
        description=_l("与其他单位有控股、管理关系，或参与过本项目需求编制的，逐一写明；没有的，写“无”。"),
    )
    declaration_small = BooleanField(_l("本单位为小微企业，据实声明"))
    secret = CheckboxesField(_l("商业秘密"), choices=[])
    uploads = FilesField(
        _l("添加附件"),
        accept=ACCEPTED,
        description=_l("PDF、图片、Office 文档、CSV 或 ZIP，每个不超过 20 MB。上传后立即加密保存。"),
    )

    @property
    def answers(self) -> list[tuple[int, wtforms.Field]]:
        """The answer fields with the id of their criterion."""
        return [(int(f.short_name.removeprefix(_ANSWER)), f) for f in self if f.short_name.startswith(_ANSWER)]

    @property
    def people(self) -> list[tuple[int, wtforms.Field]]:
        """The fields of planned hours with the id of their person."""
        return [(int(f.short_name.removeprefix(_WORKER)), f) for f in self if f.short_name.startswith(_WORKER)]

    def named(self) -> dict[str, wtforms.Field]:
        """The saved fields by their name in the draft."""
        plain = ("plan", "team", "schedule", "legal_representative", "declaration_ties", "declaration_small")
        return {
            "price_fen": self.price,
            **{name: self[name] for name in plain},
            **{f"{ANSWER}{key}": field for key, field in self.answers},
            **{f"{WORKER}{key}": field for key, field in self.people},
            "secret_fields": self.secret,
        }

    def typed(self) -> dict[str, Any]:
        """What was typed and can be kept, by its name in the draft; unreadable fields are left out."""
        return {name: _kept(field) for name, field in self.named().items() if not field.errors}

    def seen_marks(self) -> tuple[int, dict[str, str]]:
        """The version and the marks of what the page showed; nothing is trusted but their shape."""
        try:
            return int(self.version.data or 0), marks_in(self.seen.data)
        except ValueError:
            return 0, {}


def _kept(field: wtforms.Field) -> Any:
    if field.short_name == "secret":
        return sorted(field.data or [])
    number = field.short_name == "price" or field.short_name.startswith(_WORKER)
    return field.data if field.data is not None or number else ""


def blank(name: str) -> str | None:
    """What a field of the draft holds before anything is typed."""
    return None if name.startswith(_NUMBERS) else ""


def draft_form(criteria: Iterable[Criterion], people: Iterable[tuple[int, str]] = ()) -> type[DraftForm]:
    """The form of one lot: an answer for each criterion that the panel scores, hours for each person of the register.

    `people` are (id, name) of those the organisation may name.
    """
    answers: dict[str, Any] = {
        f"{_ANSWER}{one.id}": TextAreaField(one.title, _TEXT, description=one.guidance) for one in criteria
    }
    hours = {
        f"{_WORKER}{key}": HoursField(name, [optional(), NumberRange(0, _MOST_HOURS_CENTI, _TOO_MANY)])
        for key, name in people
    }
    return type("LotDraftForm", (DraftForm,), answers | hours)


def draft_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """A draft's values by the names of the form."""
    shown = {name: value for name, value in values.items() if "/" not in name}
    shown["price"], shown["secret"] = shown.pop("price_fen", None), shown.pop("secret_fields", [])
    shown |= {f"{_WORKER}{n.removeprefix(WORKER)}": v for n, v in values.items() if n.startswith(WORKER)}
    return shown | {f"{_ANSWER}{n.removeprefix(ANSWER)}": v for n, v in values.items() if n.startswith(ANSWER)}


def field_name(name: str) -> str:
    """The form's name of a draft's field, for links to it."""
    for head, ours in ((ANSWER, _ANSWER), (WORKER, _WORKER)):
        if name.startswith(head):
            return f"{ours}{name.removeprefix(head)}"
    return {"price_fen": "price", "secret_fields": "secret"}.get(name, "uploads" if name.startswith(FILE) else name)


class SubmitForm(Form):
    """The one submission: a token, the mark of what the page showed, and a tick for just that."""

    form_token = FormToken()
    seen = HiddenField(default="")
    sure = BooleanField(_l("我已核对上述内容，代表本单位递交"), [Required()])


class ConfirmForm(Form):
    """An act that only needs a tick."""

    sure = BooleanField(_l("我确认"), [Required()])


class PassphraseForm(Form):
    """An act that needs one's own key."""

    passphrase = PasswordField(
        _l("密钥口令"), [Required(), Length(max=200)], description=_l("生成密钥时设定的口令，不是登录密码。")
    )


class ReplaceForm(PassphraseForm):
    """Who lost the key, who replaces, and why."""

    lost = PickField(_l("密钥不能使用的开标人"), [Required()])
    replacement = PickField(
        _l("接替人"), [Required()], description=_l("可以是同一个人（已换新密钥），也可以是另一位开标人。")
    )
    reason = TextAreaField(_l("原因"), [Required(), Length(max=1000)])
