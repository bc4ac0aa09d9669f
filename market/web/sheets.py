"""A score sheet: points and reason for each criterion, of bids and of applications alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

import wtforms
from flask_babel import gettext
from wtforms import TextAreaField
from wtforms.validators import Length

from market.web import filters
from market.web.fields import CentiField, Form, optional


class Given(Protocol):
    """What is saved of one criterion."""

    criterion_id: Any
    score_centi: Any
    reason: Any


class SheetForm(Form):
    """A member's scores of one subject: points and reason for each criterion."""

    @property
    def rows(self) -> Iterator[tuple[int, wtforms.Field, wtforms.Field]]:
        """Criterion, score field and reason field."""
        for field in self:
            if field.short_name.startswith("score-"):
                criterion = field.short_name.removeprefix("score-")
                yield int(criterion), field, self[f"reason-{criterion}"]


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
        if row := given.get(key):
            data |= {f"score-{key}": row.score_centi, f"reason-{key}": row.reason}
    made: SheetForm = type("FilledSheet", (SheetForm,), fields)(data=data)
    return made
