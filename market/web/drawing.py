"""What the form macros ask about a form: how a field is drawn, what describes it, which errors there are and where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import wtforms
from flask_babel import gettext
from wtforms import widgets

from market.kernel.errors import DomainError
from market.web import filters


@dataclass(frozen=True)
class ErrorLink:
    """One line of the error summary; `anchor` is the id of the control, None for the form as a whole."""

    anchor: str | None
    message: str


def show_refusal(form: wtforms.Form, error: DomainError) -> None:
    """Put a refusal beside the field it names, or above the form. The name may be nested: `lots-0-ceiling`."""
    sentence = filters.text(error)
    field = _find(form, error.field) if error.field else None
    if field is None:
        form.form_errors = [*form.form_errors, sentence]
    else:
        field.errors = [*field.errors, sentence]


def _find(form: wtforms.Form, name: str) -> wtforms.Field | None:
    return next((field for field in _leaves(form) if field.name == name or field.short_name == name), None)


def _leaves(fields: Iterable[wtforms.Field]) -> Iterable[wtforms.Field]:
    for field in fields:
        if isinstance(field, wtforms.FormField | wtforms.FieldList):
            yield from _leaves(field)
        else:
            yield field


def error_links(form: wtforms.Form) -> list[ErrorLink]:
    """Every error of the form in the order of the page, form-level ones first."""
    links = [ErrorLink(None, str(message)) for message in form.form_errors]
    for field in _leaves(form):
        kind, name = field_kind(field), str(field.label.text)
        anchor = None if kind == "hidden" else f"{field.id}-0" if kind in ("radios", "checkboxes") else field.id
        for message in map(str, field.errors):
            # "A whole number, please" helps nobody in a list: say of which field.
            named = message if not name or name in message else gettext("%(label)s：%(text)s", label=name, text=message)
            links.append(ErrorLink(anchor, named))
    return links


def field_kind(field: wtforms.Field) -> str:
    """How the macro draws the field: text, textarea, select, radios, checkboxes, checkbox, date, file, hidden …"""
    if kind := getattr(field, "kind", None):
        return str(kind)
    if isinstance(field.widget, widgets.TextArea):
        return "textarea"
    return str(getattr(field.widget, "input_type", "text"))


def control_attributes(
    field: wtforms.Field, hint: object, unit: object, autosave: str | None, rows: int | None, extra: Mapping[str, Any]
) -> dict[str, Any]:
    """The attributes a control carries besides its class: what describes it, whether it is wrong, where it saves."""
    parts = [("hint", hint), ("error", field.errors), ("unit", unit)]
    described = " ".join(f"{field.id}-{name}" for name, present in parts if present)
    attributes = dict(extra)
    if described:
        attributes["aria-describedby"] = described
    if field.errors:
        attributes["aria-invalid"] = "true"
    if field_kind(field) == "textarea":
        attributes.setdefault("rows", rows or 5)
    if autosave:
        attributes["data-autosave"] = autosave
    return attributes
