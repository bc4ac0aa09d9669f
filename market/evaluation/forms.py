"""What people type in this room."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import wtforms
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, StringField, TextAreaField
from wtforms.validators import Length

from market.bids.models import OpenedBid
from market.evaluation.models import QualificationCheck
from market.evaluation.states import MARK_LABELS, Mark
from market.kernel.naming import BARRED_ROLE_LABELS
from market.kernel.text import N_
from market.panels.models import Score
from market.panels.rules import NAMED_GROUNDS
from market.panels.states import GROUND_LABELS
from market.tenders.models import Criterion, QualificationItem
from market.web import filters, sheets
from market.web.fields import (
    CheckboxesField,
    ChoiceField,
    ChoiceRadios,
    CountField,
    FilesField,
    Form,
    PickField,
    Required,
    optional,
)
from market.web.sheets import SheetForm

MOST_CHARACTERS = 4_000
EVIDENCE = ".pdf,.jpg,.jpeg,.png,.doc,.docx,.xls,.xlsx,.csv,.txt,.zip"
SURE = N_("我已核对，确认办理；办理后不能撤回")


class SureForm(Form):
    """An act that cannot be undone: ticked first, pressed then; works without JavaScript."""

    sure = BooleanField(_l(SURE), [Required(_l("请先勾选确认。"))])


class GridForm(Form):
    """The qualification desk: a mark and a reason for each bid and condition."""

    @property
    def cells(self) -> Iterator[tuple[int, int, wtforms.Field, wtforms.Field]]:
        """Bid, condition, mark field and reason field of every cell."""
        for field in self:
            if field.short_name.startswith("mark-"):
                _, bid, item = field.short_name.split("-")
                yield int(bid), int(item), field, self[f"reason-{bid}-{item}"]

    def fill_met(self, bid_id: int | None = None) -> None:
        """Mark as met whatever has no mark yet, of one bid or of all; what was judged otherwise stays."""
        for bid, _item, mark, _reason in self.cells:
            if bid_id in (None, bid) and mark.data is None:
                mark.data = Mark.MET


def grid_form(
    bids: Iterable[OpenedBid],
    items: Iterable[QualificationItem],
    known: Mapping[tuple[int, int], QualificationCheck],
    *,
    sent: bool = True,
) -> GridForm:
    """Return the form of these bids and conditions, filled with what is saved; `sent`: the request may carry it."""
    fields: dict[str, Any] = {}
    saved: dict[str, Any] = {}
    conditions = list(items)
    for bid in bids:
        for item in conditions:
            mark, reason = f"mark-{bid.id}-{item.id}", f"reason-{bid.id}-{item.id}"
            fields[mark] = ChoiceRadios(item.title, [optional()], members=Mark, labels=MARK_LABELS)
            fields[reason] = StringField(_l("理由"), [Length(max=MOST_CHARACTERS)])
            row = known.get((bid.id, item.id))
            if row is not None:
                saved |= {mark: _mark(row.passed), reason: row.reason}
    filled = {"data": saved} if sent else {"data": saved, "formdata": None}
    made: GridForm = type("FilledGrid", (GridForm,), fields)(**filled)
    return made


def _mark(passed: bool | None) -> Mark | None:
    return None if passed is None else Mark.MET if passed else Mark.UNMET


class HelperForm(Form):
    """An organisation that shaped this purchase."""

    helper = PickField(_l("机构"), [Required()], choices=[], coerce=int)
    role = PickField(_l("参与的事项"), [Required()], choices=[], coerce=str)

    def offer(self, bids: Iterable[OpenedBid]) -> None:
        """Offer the bidders and the roles."""
        self.helper.choices = [(bid.organisation_id, bid.organisation.name) for bid in bids]
        self.role.choices = [(role, filters.text(label)) for role, label in BARRED_ROLE_LABELS.items()]


class WithdrawHelperForm(Form):
    """Why an organisation did not shape this purchase after all."""

    reason = TextAreaField(_l("理由"), [Required(), Length(max=MOST_CHARACTERS)])


class DrawForm(SureForm):
    """Size and make-up of a panel."""

    size = CountField(_l("评审组人数"), [Required()], unit=_l("人"), description=_l("单数"))
    expert_seats = CountField(_l("其中专家"), [Required()], unit=_l("人"), description=_l("不少于三分之二"))
    sitting = CheckboxesField(
        _l("采购人代表"), [optional()], choices=[], coerce=int, description=_l("不选的席位全部由专家担任")
    )
    grounds = CheckboxesField(
        _l("需要扩大评审组的情形"), [optional()], choices=[], description=_l("有其中一项的，评审组为 7 人以上单数")
    )

    def offer(self, people: Iterable[tuple[int, str]], accepted: Iterable[str]) -> None:
        """Offer representatives by id and name, and the grounds the purchase's rules accept."""
        self.sitting.choices = list(people)
        wanted = set(accepted)
        self.grounds.choices = [(g, filters.text(GROUND_LABELS[g])) for g in NAMED_GROUNDS if g in wanted]


class ReasonForm(SureForm):
    """A reason for an act that cannot be undone."""

    reason = TextAreaField(_l("理由"), [Required(), Length(max=MOST_CHARACTERS)])


class DeclareForm(Form):
    """One tick for every bidder."""

    confirmed = CheckboxesField(_l("与下列投标人没有利害关系"), [Required()], choices=[], coerce=int)


def sheet_form(criteria: Iterable[Criterion], saved: Iterable[Score]) -> SheetForm:
    """Return the form of these criteria, filled with what is saved."""
    rows = [(one.id, one.title, one.max_centi) for one in criteria]
    return sheets.sheet_form(rows, saved, lambda _title: gettext("理由"), MOST_CHARACTERS)


class FinishForm(SureForm):
    """The last act of a member."""

    dissent = TextAreaField(
        _l("不同意见"),
        [optional(), Length(max=MOST_CHARACTERS)],
        description=_l("对评审有不同意见的写明理由；不写视为同意"),
    )


class AskForm(SureForm):
    """Ask every bidder whose price is below a line."""

    minutes = CountField(_l("说明时间"), [Required()], unit=_l("分钟"))


class JudgeForm(AskForm):
    """Ask one bidder by the panel's judgement."""

    bid = PickField(_l("投标人"), [Required()], choices=[], coerce=int)
    reason = TextAreaField(_l("认为报价明显偏低的理由"), [Required(), Length(max=MOST_CHARACTERS)])


class AnswerForm(SureForm):
    """A bidder explains its price."""

    reply = TextAreaField(_l("成本构成和报价合理性说明"), [Required(), Length(max=MOST_CHARACTERS)])
    evidence = FilesField(
        _l("成本证明"), accept=EVIDENCE, description=_l("PDF、图片、Office 文档、CSV 或 ZIP，每个不超过 20 MB")
    )


class OpinionForm(ReasonForm):
    """What a member thinks of an explanation."""

    accepted = ChoiceField(
        _l("您的意见"),
        [Required()],
        members=Mark,
        labels={Mark.MET: N_("说明合理，接受报价"), Mark.UNMET: N_("不能说明合理性，投标无效")},
    )


class DecideForm(ReasonForm):
    """The text of the panel's conclusion on an explanation; what it is follows from the opinions."""
