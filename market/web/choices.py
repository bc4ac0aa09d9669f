"""Fields that offer a list: members of an enum, rows of a table, ticks.

Drawn and read here from the base field up: the form library's own list fields are changing shape with each version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import wtforms
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from wtforms.validators import StopValidation
from wtforms.widgets import html_params

from market.web import filters

Offer = tuple[Any, object]


@dataclass(frozen=True)
class Option:
    """One radio button or tick of a list; calling it draws it."""

    id: str
    name: str
    value: str
    text: str
    chosen: bool
    kind: str

    def __call__(self, **attributes: Any) -> Markup:
        shown = {"type": self.kind, "id": self.id, "name": self.name, "value": self.value, "checked": self.chosen}
        return Markup(f"<input {html_params(**shown, **attributes)}>")  # noqa: S704  html_params escapes every value


class _Listed(wtforms.Field):
    """A field whose value is taken from a list of (value, text); `choices` may be set by the view before validation."""

    kind = "select"
    many = False
    blank: object = None
    choices: Sequence[Offer] = ()
    data: Any

    def __init__(self, *args: Any, coerce: Callable[[str], Any] = str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.coerce = coerce

    def read(self, key: str) -> Any:
        """The value meant by what the browser sent. Raises ValueError when it cannot be one."""
        return self.coerce(key)

    def offers(self) -> Iterable[Offer]:
        return self.choices

    def process_data(self, value: Any) -> None:
        self.data = list(value or ()) if self.many else value

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = [] if self.many else None
        keys = [key for key in valuelist if key]
        try:
            values = [self.read(key) for key in keys]
        except ValueError:
            raise ValueError(gettext("请从列出的选项中选择。")) from None
        if self.many:
            self.data = values
        elif values:
            self.data = values[0]

    def pre_validate(self, form: wtforms.Form) -> None:
        if self.process_errors:
            raise StopValidation
        offered = [value for value, _ in self.offers()]
        given = self.data if self.many else [self.data] if self.data is not None else []
        if any(value not in offered for value in given):
            raise StopValidation(gettext("请从列出的选项中选择。"))

    def __iter__(self) -> Iterator[Option]:
        chosen = self.data if self.many else [self.data]
        for place, (value, text) in enumerate(self.offers()):
            key = _key(value)
            yield Option(
                f"{self.id}-{place}", self.name, key, str(text), value in chosen, "checkbox" if self.many else "radio"
            )

    def widget(self, field: wtforms.Field, **attributes: Any) -> Markup:
        """Draw the drop-down list; radios and ticks are drawn one by one by the form macro."""
        lines = [] if self.blank is None else [Markup('<option value="">{}</option>').format(str(self.blank))]
        for option in self:
            picked = Markup(" selected") if option.chosen else ""
            lines.append(Markup('<option value="{}"{}>{}</option>').format(option.value, picked, option.text))
        attributes = {
            "id": self.id,
            "name": self.name,
            **({"required": True} if self.flags.required else {}),
            **attributes,
        }
        return Markup("<select {}>{}</select>").format(Markup(html_params(**attributes)), Markup("").join(lines))  # noqa: S704


def _key(value: object) -> str:
    return str(value.value if isinstance(value, Enum) else value)


class _EnumListed(_Listed):
    """`members` is the enum or some of its members; `labels` may be left out when members have `.label`."""

    def __init__(
        self, *args: Any, members: Iterable[Enum], labels: Mapping[Any, str] | None = None, **kwargs: Any
    ) -> None:
        self.members, self.labels = tuple(members), labels
        super().__init__(*args, **kwargs)

    def read(self, key: str) -> Enum:
        for member in self.members:
            if _key(member) == key:
                return member
        raise ValueError(key)

    def offers(self) -> Iterable[Offer]:
        return [(member, filters.label(member, self.labels)) for member in self.members]


class ChoiceField(_EnumListed):
    """One member of an enum from a drop-down list. `blank` is the text of the empty first line, None for none."""

    def __init__(self, *args: Any, blank: object = _l("请选择"), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.blank = blank


class ChoiceRadios(_EnumListed):
    """One member of an enum from radio buttons."""

    kind = "radios"


class EnumCheckboxesField(_EnumListed):
    """Any number of members of an enum; data is a list of members."""

    kind = "checkboxes"
    many = True


class PickField(_Listed):
    """One row of a list given by the view: `choices` of (id, text). Data is an id made by `coerce`, or None."""

    def __init__(
        self, *args: Any, choices: Sequence[Offer] = (), coerce: Callable[[str], Any] = int, **kwargs: Any
    ) -> None:
        self.blank = kwargs.pop("blank", _l("请选择"))
        super().__init__(*args, coerce=coerce, **kwargs)
        self.choices = choices


class PickRadios(PickField):
    """The same from radio buttons, for few rows."""

    kind = "radios"


class CheckboxesField(_Listed):
    """Any number of ticks from a list: `choices` of (value, text); data is a list of values made by `coerce`."""

    kind = "checkboxes"
    many = True

    def __init__(self, *args: Any, choices: Sequence[Offer] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choices = choices
