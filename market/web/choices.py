"""Fields that offer a list: members of an enum, rows of a table, ticks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any

import wtforms
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import widgets
from wtforms.validators import StopValidation

from market.web import filters


def enum_choices(members: Iterable[Enum], labels: Mapping[Any, str] | None) -> list[tuple[str, str]]:
    """(value, translated label) of each member, in order."""
    return [(str(member.value), filters.label(member, labels)) for member in members]


class _EnumChoices:
    """Reads an enum member from a fixed list; `members` is the enum or some of its members."""

    members: tuple[Enum, ...]
    labels: Mapping[Any, str] | None

    def offer(self, members: Iterable[Enum], labels: Mapping[Any, str] | None) -> None:
        self.members, self.labels = tuple(members), labels

    def member(self, value: object) -> Enum | None:
        """The member meant by `value`; None for nothing. Raises ValueError for what is not offered."""
        if value is None or value == "" or isinstance(value, Enum):
            return value or None  # type: ignore[return-value]
        for member in self.members:
            if str(member.value) == value:
                return member
        raise ValueError(value)


class ChoiceField(_EnumChoices, wtforms.SelectField):
    """One member of an enum from a drop-down list. `blank` is the text of the empty first line, None for none."""

    def __init__(
        self,
        label: object = None,
        validators: Iterable[Any] = (),
        *,
        members: Iterable[Enum],
        labels: Mapping[Any, str] | None = None,
        blank: object = _l("请选择"),
        **kwargs: Any,
    ) -> None:
        self.offer(members, labels)
        self.blank = blank
        super().__init__(label, validators, coerce=self.member, choices=self._lines, **kwargs)

    def _lines(self) -> list[tuple[str, str]]:
        lines = enum_choices(self.members, self.labels)
        return lines if self.blank is None else [("", str(self.blank)), *lines]

    def iter_choices(self) -> Iterable[tuple[Any, ...]]:
        chosen = str(self.data.value) if isinstance(self.data, Enum) else ""
        return ((value, text, value == chosen, {}) for value, text in self._lines())

    def pre_validate(self, form: wtforms.Form) -> None:
        if self.process_errors:
            raise StopValidation
        if self.data is not None and self.data not in self.members:
            raise StopValidation(gettext("请从列出的选项中选择。"))


class ChoiceRadios(ChoiceField):
    """One member of an enum from radio buttons."""

    widget = widgets.ListWidget(prefix_label=False)
    option_widget = widgets.RadioInput()
    validate_choice = True

    def __init__(self, label: object = None, validators: Iterable[Any] = (), **kwargs: Any) -> None:
        super().__init__(label, validators, blank=None, **kwargs)


class PickField(wtforms.SelectField):
    """One row of a list given by the view: `choices` of (id, text). Data is an id made by `coerce`, or None."""

    def __init__(
        self,
        label: object = None,
        validators: Iterable[Any] = (),
        *,
        coerce: Callable[[str], Any] = int,
        blank: object = _l("请选择"),
        **kwargs: Any,
    ) -> None:
        self.blank = blank
        super().__init__(label, validators, coerce=lambda one: None if one in ("", None) else coerce(one), **kwargs)

    def iter_choices(self) -> Iterable[tuple[Any, ...]]:
        if self.blank is not None:
            yield ("", str(self.blank), self.data is None, {})
        for value, text, *_ in super().iter_choices():
            yield (value, text, self.data is not None and value == self.data, {})

    def pre_validate(self, form: wtforms.Form) -> None:
        if self.process_errors:
            raise StopValidation
        if self.data is not None and self.data not in [value for value, *_ in super().iter_choices()]:
            raise StopValidation(gettext("请从列出的选项中选择。"))


class CheckboxesField(wtforms.SelectMultipleField):
    """Any number of ticks from a list: `choices` of (value, text); data is a list of values."""

    widget = widgets.ListWidget(prefix_label=False)
    option_widget = widgets.CheckboxInput()


class EnumCheckboxesField(_EnumChoices, wtforms.SelectMultipleField):
    """Any number of members of an enum; data is a list of members."""

    widget = widgets.ListWidget(prefix_label=False)
    option_widget = widgets.CheckboxInput()

    def __init__(
        self,
        label: object = None,
        validators: Iterable[Any] = (),
        *,
        members: Iterable[Enum],
        labels: Mapping[Any, str] | None = None,
        **kwargs: Any,
    ) -> None:
        self.offer(members, labels)
        super().__init__(
            label, validators, coerce=self.member, choices=lambda: enum_choices(self.members, self.labels), **kwargs
        )

    def iter_choices(self) -> Iterable[tuple[Any, ...]]:
        chosen = {str(member.value) for member in self.data or () if isinstance(member, Enum)}
        return ((value, text, value in chosen, {}) for value, text in enum_choices(self.members, self.labels))

    def pre_validate(self, form: wtforms.Form) -> None:
        if self.process_errors:
            raise StopValidation
        if any(member not in self.members for member in self.data or ()):
            raise StopValidation(gettext("请从列出的选项中选择。"))
