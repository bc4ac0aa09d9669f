"""A check of a form field by a rule of a room, so that all the fields of a page are judged at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wtforms import Field, Form
from wtforms.validators import StopValidation

from market.web.filters import text


class Sound:
    """Asks the rule what is wrong with a filled field; its sentence, a catalogue key, stands at the field."""

    def __init__(self, trouble: Callable[[Any], str | None]) -> None:
        self.trouble = trouble

    def __call__(self, form: Form, field: Field) -> None:
        sentence = self.trouble(field.data) if field.data else None
        if sentence is not None:
            raise StopValidation(text(sentence))
