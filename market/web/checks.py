"""A check of a form field by a rule of a room, so that all the fields of a page are judged at once."""

from __future__ import annotations

from collections.abc import Callable

from wtforms import Field, Form
from wtforms.validators import StopValidation

from market.web.filters import text


class Sound:
    """Asks the rule what is wrong with a filled field; its sentence, a catalogue key, stands at the field.

    `beside` names other fields of the form whose text the rule wants as well.
    """

    def __init__(self, trouble: Callable[..., str | None], *beside: str) -> None:
        self.trouble, self.beside = trouble, beside

    def __call__(self, form: Form, field: Field) -> None:
        others = [form[name].data or "" for name in self.beside]
        sentence = self.trouble(field.data, *others) if field.data else None
        if sentence is not None:
            raise StopValidation(text(sentence))
