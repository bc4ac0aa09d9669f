"""Form fields every room shares: what a person types on one side, what the rules reckon with on the other.

Money becomes whole fen, shares ten-thousandths, scores hundredths, times aware UTC instants. What was typed stays
in the box when it cannot be read.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from datetime import date, datetime
from fractions import Fraction
from typing import Any

import wtforms
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField as _FileField
from flask_wtf.file import MultipleFileField as _MultipleFileField
from wtforms import validators, widgets
from wtforms.validators import StopValidation

from market.kernel import clock, money
from market.kernel.errors import DomainError
from market.web import filters
from market.web.choices import (
    CheckboxesField,
    ChoiceField,
    ChoiceRadios,
    EnumCheckboxesField,
    PickField,
    PickRadios,
)
from market.web.drawing import field_kind, show_refusal
from market.web.sentences import Sentences

__all__ = [
    "BeijingDateTimeField",
    "CentiField",
    "CheckboxesField",
    "ChoiceField",
    "ChoiceRadios",
    "CountField",
    "DayField",
    "EnumCheckboxesField",
    "FilesField",
    "Form",
    "FormToken",
    "HoursField",
    "OneFileField",
    "Part",
    "PercentField",
    "PickField",
    "PickRadios",
    "Required",
    "UsccField",
    "YuanField",
    "optional",
    "show_refusal",
    "stripped",
]

# Control characters never come from a keyboard and PostgreSQL refuses NUL; line breaks and tabs stay.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_TOKEN = re.compile(r"[0-9a-f]{32}")


def stripped(value: object) -> object:
    """Text without control characters and surrounding space; anything else as it is."""
    return _CONTROL.sub("", value).replace("\r\n", "\n").strip() if isinstance(value, str) else value


class Form(FlaskForm):
    """Base of every form: text arrives stripped, built-in messages are ours."""

    class Meta(FlaskForm.Meta):
        def get_translations(self, form: wtforms.Form) -> Sentences:
            return Sentences()

        def bind_field(self, form: wtforms.Form, unbound_field: Any, options: dict[str, Any]) -> wtforms.Field:
            kind = unbound_field.field_class
            if issubclass(kind, wtforms.StringField) and not issubclass(kind, wtforms.PasswordField):
                options["filters"] = [stripped, *unbound_field.kwargs.get("filters", ())]
                unbound_field = type(unbound_field)(
                    kind, *unbound_field.args, **{k: v for k, v in unbound_field.kwargs.items() if k != "filters"}
                )
            return unbound_field.bind(form=form, **options)

        def render_field(self, field: wtforms.Field, render_kw: dict[str, Any]) -> Any:
            # A browser cuts what is pasted at `maxlength` and says nothing; the check here keeps the text and says so.
            return super().render_field(field, {"maxlength": False, **render_kw})


class Part(Form):
    """Base of a form inside a form (FormField): the outer one carries the token."""

    class Meta(Form.Meta):
        csrf = False


class Required:
    """Something must be given; a zero is something, spaces are not. Names the field in its message."""

    field_flags = {"required": True}

    def __init__(self, message: object = None) -> None:
        self.message = message

    def __call__(self, form: wtforms.Form, field: wtforms.Field) -> None:
        given = [one for one in (field.raw_data or ()) if (one.strip() if isinstance(one, str) else one)]
        if given:
            return
        field.errors = []
        kind = field_kind(field)
        if self.message:
            sentence = self.message
        elif kind in ("select", "radios", "checkboxes"):
            sentence = gettext("请选择“%(label)s”。", label=field.label.text)
        elif kind == "file":
            sentence = gettext("请上传“%(label)s”。", label=field.label.text)
        elif kind == "checkbox":
            sentence = gettext("请勾选“%(label)s”。", label=field.label.text)
        else:
            sentence = gettext("请填写“%(label)s”。", label=field.label.text)
        raise StopValidation(sentence)


class _Within(validators.NumberRange):
    """A range whose bounds are said as a person types them: 100%, not ten thousand; 0 元, not one fen."""

    def __call__(self, form: wtforms.Form, field: wtforms.Field) -> None:
        value, least, most = field.data, self.min, self.max
        if value is None or ((least is None or value >= least) and (most is None or value <= most)):
            return
        raise validators.ValidationError(self._sentence(field, least, most))

    def _sentence(self, field: Any, least: int | None, most: int | None) -> str:
        # Amounts above the greatest are refused when they are read; to name it would help nobody.
        high = None if most is None or most >= money.MAX_FEN else field.bound(most)
        if field.finest and least == 1:
            # One hundredth is the least there is between nothing and something.
            if high is None:
                return gettext("必须大于 %(min)s。", min=field.bound(0))
            return gettext("必须大于 0，不超过 %(max)s。", max=high)
        if least is None:
            return gettext("不能大于 %(max)s。", max=field.bound(most))
        if high is None:
            return gettext("不能小于 %(min)s。", min=field.bound(least))
        low = field.bound(least, bare=True)
        if field.unit:
            return gettext("请填写 %(min)s 到 %(max)s。", min=low, max=high)
        return gettext("请填写 %(min)s 到 %(max)s 之间的数。", min=low, max=high)


class _Read(wtforms.Field):
    """A box whose text is read into another kind of value. Subclasses give `read` and `write`."""

    widget = widgets.TextInput()
    unit: object = None
    width = "short"
    keyboard: dict[str, str] = {}
    # A browser's date picker shows nothing for text that is no date, and complains.
    keeps_text = True
    validators: Any
    # True where a person types whole units and the value counts hundredths of them.
    finest = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["render_kw"] = {**self.keyboard, **(kwargs.get("render_kw") or {})}
        super().__init__(*args, **kwargs)
        self.validators = [
            _Within(one.min, one.max) if isinstance(one, validators.NumberRange) and one.message is None else one
            for one in self.validators
        ]

    def bound(self, value: int, *, bare: bool = False) -> str:
        """The least or greatest value as a person types it, with its unit unless `bare`."""
        number, unit = self.write(value).removesuffix(".00"), "" if bare else str(self.unit or "")
        return f"{number}{unit}" if unit == "%" else f"{number} {unit}".strip()

    def read(self, typed: str) -> Any:
        raise NotImplementedError

    def write(self, value: Any) -> str:
        return str(value)

    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist:
            return
        self.data = None
        if not isinstance(valuelist[0], str) or not valuelist[0].strip():
            return
        try:
            self.data = self.read(valuelist[0].strip())
        except DomainError as error:
            raise ValueError(filters.text(error)) from error

    def pre_validate(self, form: wtforms.Form) -> None:
        # What could not be read needs no second complaint from a range check.
        if self.process_errors:
            raise StopValidation

    def _value(self) -> str:
        if self.raw_data and (self.keeps_text or not self.process_errors):
            return str(self.raw_data[0])
        return "" if self.data is None else self.write(self.data)


class YuanField(_Read):
    """Yuan as typed (1,234.50 or 200万) <-> whole fen."""

    widget = widgets.TextInput()
    unit = _l("元")
    width = "medium"
    finest = True

    keyboard = {"inputmode": "decimal"}

    def read(self, typed: str) -> int:
        return money.parse_yuan(typed)

    def write(self, value: int) -> str:
        return money.format_yuan(value, symbol="")


class PercentField(_Read):
    """A percentage with at most two decimals, 12.5 or 12.5% <-> ten-thousandths."""

    unit = "%"
    finest = True

    keyboard = {"inputmode": "decimal"}

    def read(self, typed: str) -> int:
        found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,2})?)\s*%?", unicodedata.normalize("NFKC", typed), re.ASCII)
        if not found:
            raise ValueError(gettext("请填写百分数，最多两位小数，例如 12.5。"))
        return int(Fraction(found[1]) * 100)

    def write(self, value: int) -> str:
        return money.format_bp(value).removesuffix("%")


class CentiField(_Read):
    """A score with at most two decimals <-> hundredths."""

    unit = _l("分")
    finest = True

    keyboard = {"inputmode": "decimal"}

    def read(self, typed: str) -> int:
        return money.parse_centi(typed)

    def write(self, value: int) -> str:
        return money.format_centi(value)


class HoursField(_Read):
    """Hours with at most two decimals, 8 or 1.5 <-> hundredths of an hour."""

    unit = _l("小时")
    finest = True

    keyboard = {"inputmode": "decimal"}

    def read(self, typed: str) -> int:
        found = re.fullmatch(r"(\d{1,4}(?:\.\d{1,2})?)", unicodedata.normalize("NFKC", typed), re.ASCII)
        if not found:
            raise ValueError(gettext("请填写小时数，最多两位小数，例如 1.5。"))
        return int(Fraction(found[1]) * 100)

    def write(self, value: int) -> str:
        return money.format_centi(value).removesuffix(".00")


class CountField(_Read):
    """A whole number, with its unit beside the box."""

    keyboard = {"inputmode": "numeric"}

    def __init__(self, *args: Any, unit: object = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.unit = unit

    def read(self, typed: str) -> int:
        plain = unicodedata.normalize("NFKC", typed).replace(",", "")
        if not re.fullmatch(r"-?\d{1,15}", plain, re.ASCII):
            raise ValueError(gettext("请填写整数，例如 12。"))
        return int(plain)


# No law: rules count days and months from every date, and at the calendar's ends that cannot be done.
_FIRST_YEAR, _LAST_YEAR = 1900, 2199


def _check_year(year: int) -> None:
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise ValueError(gettext("请核对年份，应在 %(first)s 至 %(last)s 年之间。", first=_FIRST_YEAR, last=_LAST_YEAR))


class BeijingDateTimeField(_Read):
    """A Beijing wall time from the browser's own picker <-> an aware UTC instant."""

    keeps_text = False

    widget = widgets.DateTimeLocalInput()
    width = "medium"

    def read(self, typed: str) -> datetime:
        for pattern in ("%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"):
            try:
                wall = datetime.strptime(typed, pattern).replace(tzinfo=clock.BEIJING)
            except ValueError:
                continue
            _check_year(wall.year)
            return clock.aware(wall)
        raise ValueError(gettext("请填写日期和时间，例如 2026-03-31 09:00。"))

    def write(self, value: datetime) -> str:
        return clock.beijing(value).strftime("%Y-%m-%dT%H:%M")


class DayField(_Read):
    """A calendar day."""

    keeps_text = False

    widget = widgets.DateInput()

    def read(self, typed: str) -> date:
        try:
            day = date.fromisoformat(unicodedata.normalize("NFKC", typed).replace("/", "-"))
        except ValueError:
            raise ValueError(gettext("请填写日期，例如 2026-03-31。")) from None
        _check_year(day.year)
        return day

    def write(self, value: date) -> str:
        return value.isoformat()


class UsccField(_Read):
    """A unified social credit code: spaces, hyphens, width and case are put right; its digits are for the rules."""

    width = "medium"

    keyboard = {"autocapitalize": "characters", "spellcheck": "false"}

    def read(self, typed: str) -> str:
        return re.sub(r"[\s-]+", "", unicodedata.normalize("NFKC", _CONTROL.sub("", typed))).upper()


class FormToken(wtforms.HiddenField):
    """An id made with the page: a second press of the same button carries the same one and creates nothing twice."""

    data: Any

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("default", lambda: secrets.token_hex(16))
        super().__init__("", **kwargs)

    def pre_validate(self, form: wtforms.Form) -> None:
        if not _TOKEN.fullmatch(self.data or ""):
            self.data, self.raw_data = secrets.token_hex(16), None
            raise StopValidation(gettext("页面不完整，请再提交一次。"))


def _accepting(accept: str, kwargs: dict[str, Any]) -> dict[str, Any]:
    return {**kwargs, "render_kw": {"accept": accept, **(kwargs.get("render_kw") or {})}} if accept else kwargs


class OneFileField(_FileField):
    """One uploaded file (a FileStorage) or None. `accept` is a hint to the browser, never a check."""

    def __init__(self, *args: Any, accept: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **_accepting(accept, kwargs))


class FilesField(_MultipleFileField):
    """Any number of uploaded files; `data` is a list, empty when there is none."""

    data: Any

    def __init__(self, *args: Any, accept: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **_accepting(accept, kwargs))

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata(valuelist)
        self.data = list(self.data or [])


def optional() -> validators.Optional:
    """The box may stay empty; then no other check runs and the data is None or empty."""
    return validators.Optional()
