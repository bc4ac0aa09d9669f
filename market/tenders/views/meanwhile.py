"""Two people on one section of a draft: what a page showed, what was saved meanwhile, and what was typed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField

from market.kernel.seen import seen_mark
from market.tenders.forms import as_typed, field_named

_ROW = re.compile(r"rows-(\d+)-")


def mark(values: Iterable[str]) -> str:
    """A short digest by which a page remembers what stood in a box; spaces around and line ends do not count."""
    return seen_mark(sorted(one.replace("\r\n", "\n").strip() for one in values if one.strip()))


def _meant(form: Any) -> dict[str, list[str]]:
    """What stands in each box in the one way the draft writes it: 36 and 36.00 are the same, so are none and nothing.

    What cannot be read is what was typed.
    """
    meant = as_typed(form)
    for name in meant:
        field = field_named(form, name)
        if hasattr(field, "write") and not field.process_errors:
            meant[name] = [field.write(field.data)] if field.data else []
    return meant


def marks(form: Any) -> str:
    """The marks of all boxes as they stand in the draft, for the page's hidden field."""
    return json.dumps({name: mark(values) for name, values in _meant(form).items()})


def mark_of(form: Any, name: str) -> str:
    """The mark of one box as it stands in this form."""
    return mark(_meant(form).get(name, []))


def compare(
    shown: dict[str, str], standing: Any, sent: Any, posted: MultiDict[str, str]
) -> tuple[MultiDict[str, str], list[str]]:
    """Return what is to be saved, and the names of the boxes somebody else changed as well since.

    `standing` is the section's form as the draft stands, `sent` the same form as `posted`. A box this person left
    alone takes what stands there now. Boxes of a list never do: with a row more or less the numbers mean other rows.
    What this person's page has saved by itself a moment ago is no other's, however it was typed.
    """
    there, now, meant = as_typed(standing), _meant(standing), _meant(sent)
    wanted, both = MultiDict(posted), []
    for name in dict.fromkeys([*now, *shown]):
        here, typed = mark(now.get(name, [])), mark(meant.get(name, []))
        before = shown.get(name, mark([]))
        if here in (before, typed):
            continue
        if not _ROW.match(name) and (typed == before or not _sent(standing, name, posted)):
            wanted.setlist(name, there.get(name, []))
        else:
            both.append(name)
    return wanted, both


def _sent(standing: Any, name: str, posted: MultiDict[str, str]) -> bool:
    """Whether the box was on the page; a box to tick is not heard of when it is empty."""
    field = field_named(standing, name)
    return name in posted or isinstance(field, BooleanField) or hasattr(field, "offers")


def tell(form: Any, standing: Any, both: Sequence[str]) -> list[tuple[str, str]]:
    """Mark these boxes of the form as typed; return for each its label and what was saved in it meanwhile."""
    sentence = _("您打开页面后，有人保存了这一部分。您填写的还没有保存，仍在框里，请核对。")
    form.form_errors = [*form.form_errors, sentence]
    now, told = as_typed(standing), []
    for name in both:
        field = field_named(form, name)
        if field is not None:
            field.errors = [*field.errors, _("这一栏刚刚有人改过。核对上方对方的内容后再保存，会以您的为准。")]
        else:
            field = field_named(standing, name)
        if field is not None:
            told.append((_label(field), _text(field, now.get(name, []))))
    return told


def _label(field: Any) -> str:
    row = _ROW.match(field.name)
    label = str(field.label.text)
    return _("第 %(n)s 项：%(label)s", n=int(row[1]) + 1, label=label) if row else label


def _text(field: Any, values: Sequence[str]) -> str:
    if isinstance(field, BooleanField):
        return _("已勾选") if values else _("未勾选")
    said = [one for one in values if one.strip()]
    if hasattr(field, "offers"):
        texts = {str(getattr(value, "value", value)): str(text) for value, text in field.offers()}
        said = [texts.get(one, one) for one in said]
    return "\n".join(said) or _("（空）")
