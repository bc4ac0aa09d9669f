"""A score sheet: points and reason for each criterion, of bids and of applications alike.

A sheet may be open on two pages at once. What one of them has saved the other neither overwrites unseen nor loses:
each page remembers by marks what it showed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

import wtforms
from flask_babel import gettext
from wtforms import TextAreaField
from wtforms.validators import Length

from market.kernel.errors import NotFound, Refused
from market.kernel.seen import marks_in, seen_mark
from market.kernel.text import N_
from market.web import filters
from market.web.fields import CentiField, Form, optional


class Given(Protocol):
    """What is saved of one criterion."""

    criterion_id: Any
    score_centi: Any
    reason: Any


class SheetForm(Form):
    """A member's scores of one subject: points and reason for each criterion."""

    # What is saved, by the name of its field, and the criteria changed both here and on another page.
    saved: dict[str, Any]
    clashes: frozenset[int] = frozenset()

    @property
    def rows(self) -> Iterator[tuple[int, wtforms.Field, wtforms.Field]]:
        """Criterion, score field and reason field."""
        for field in self:
            if field.short_name.startswith("score-"):
                criterion = field.short_name.removeprefix("score-")
                yield int(criterion), field, self[f"reason-{criterion}"]

    @property
    def shown(self) -> str:
        """What the page is to remember of what it shows."""
        return json.dumps({name: seen_mark(value) for name, value in self.saved.items()})

    def validate_beside(self, shown: str | None) -> bool:
        """Validate what a page sent that showed `shown`; also False when another page has changed the same since.

        What was changed only there is taken over into the form, so that saving here does not put it back. The saved
        scores must be locked.
        """
        self.clashes = frozenset(self._changed_elsewhere(marks_in(shown)))
        sound = self.validate_on_submit()
        for criterion, score, _reason in self.rows:
            if criterion in self.clashes:
                clash = gettext(
                    "您在另一个页面改过这一项。这里填写的仍在框里；核对另一页面保存的内容后再保存，会以这里的为准。"
                )
                score.errors = [*score.errors, clash]
        return sound and not self.clashes

    def left(self, name: str, shown: str | None) -> Any:
        """The value of one field as it was left on a page that showed `shown` in it.

        Raises NotFound for a field that there is not, and Refused for a wrong value and for one that another page has
        changed since. The saved scores must be locked.
        """
        # Only what a sheet saves: the form has a token besides.
        if name not in self.saved:
            raise NotFound(N_("没有找到您要的内容，链接可能已失效。"))
        if not self[name].validate(self):
            raise Refused(str(self[name].errors[0]))
        value, saved = _typed(self[name]), self.saved[name]
        if value != saved and shown is not None and shown != seen_mark(saved):
            raise Refused(N_("您在另一个页面改过这一项，这里填写的没有保存。请按页面下方的保存按钮，核对两处的内容。"))
        return value

    def _changed_elsewhere(self, shown: dict[str, str]) -> Iterator[int]:
        for criterion, *fields in self.rows:
            marks = {field: shown.get(field.short_name, seen_mark(self.saved[field.short_name])) for field in fields}
            touched = any(field.process_errors or seen_mark(_typed(field)) != marks[field] for field in fields)
            clash = False
            for field in fields:
                saved = self.saved[field.short_name]
                if seen_mark(saved) == marks[field] or (_typed(field) == saved and not field.process_errors):
                    continue
                if touched:
                    clash = True
                else:
                    field.data, field.raw_data = saved, None
            if clash:
                yield criterion


def _typed(field: wtforms.Field) -> Any:
    return field.data if field.short_name.startswith("score-") else field.data or ""


class WithinPoints:
    """A score from 0 to the criterion's greatest."""

    def __init__(self, most_centi: int) -> None:
        self.most_centi = most_centi

    def __call__(self, form: wtforms.Form, field: wtforms.Field) -> None:
        if field.data is not None and field.data > self.most_centi:
            most = filters.centi(self.most_centi)
            raise wtforms.ValidationError(gettext("满分 %(most)s 分，请填写 0 到 %(most)s。", most=most))


def sheet_form(
    criteria: Iterable[tuple[int, str, int]], saved: Iterable[Given], reason: Callable[[str], str], most: int
) -> SheetForm:
    """Return the form of these criteria (id, title, greatest score in hundredths), filled with what is saved.

    `reason` labels the reason beside a criterion of this title; a reason has at most `most` characters.
    """
    fields: dict[str, Any] = {}
    given = {score.criterion_id: score for score in saved}
    data: dict[str, Any] = {}
    for key, title, most_centi in criteria:
        limits = [optional(), WithinPoints(most_centi)]
        fields[f"score-{key}"] = CentiField(gettext("“%(title)s”得分", title=title), limits)
        fields[f"reason-{key}"] = TextAreaField(reason(title), [optional(), Length(max=most)])
        row = given.get(key)
        data |= {f"score-{key}": row.score_centi if row else None, f"reason-{key}": row.reason or "" if row else ""}
    made: SheetForm = type("FilledSheet", (SheetForm,), fields)(data=data)
    made.saved = data
    return made
