"""Forms of a tender: the first step, one form per section of a draft, and the acts that need a reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, FieldList, FormField, StringField, TextAreaField
from wtforms.validators import Length, NumberRange

from market.budgets.models import BudgetLine
from market.budgets.states import FUND_SOURCE_LABELS, FundSource
from market.kernel.money import BP, MAX_FEN, format_yuan
from market.tenders.models import Lot, Tender
from market.tenders.rules import FULL_SCORE_CENTI
from market.tenders.states import (
    METHOD_LABELS,
    MILESTONE_BASE_LABELS,
    CriterionKind,
    Method,
    MilestoneBase,
)
from market.web import fields, filters
from market.web.choices import CheckboxesField, ChoiceField, ChoiceRadios, PickField

Line = tuple[BudgetLine, int]
_LONG, _LINE = 20_000, 200
GRADES = ("excellent", "good", "pass", "fail")

TERM_CONDITIONS = (
    ("budget_assured", _l("预算有保障")),
    ("content_stable", _l("内容相对固定")),
    ("continuous", _l("连续性强")),
    ("funding_stable", _l("经费来源稳定")),
    ("price_stable", _l("价格变化幅度小")),
)
KIND_LABELS = {CriterionKind.QUALITY: _l("专家评分"), CriterionKind.PRICE: _l("报价分（系统计算）")}


def line_label(line: BudgetLine, unspent_fen: int) -> str:
    """A budget line as it is offered: title, source, what is left."""
    source = filters.text(FUND_SOURCE_LABELS[FundSource(line.source)])
    return gettext(
        "%(title)s（%(source)s），未使用 %(left)s", title=line.title, source=source, left=format_yuan(unspent_fen)
    )


class CreateForm(fields.Form):
    """The first step: what, from which money, for how much."""

    form_token = fields.FormToken()
    item = PickField(_l("服务目录项"), [fields.Required()], description=_l("须在本区现行指导性目录内。"))
    demand = PickField(_l("对应的居民需求"), [fields.optional()], blank=_l("不对应具体需求"))
    line = PickField(
        _l("资金来源"), [fields.Required()], description=_l("先有预算后采购；只列出本年度已批复的预算项。")
    )
    amount = fields.YuanField(
        _l("预算金额"), [fields.Required(), NumberRange(1, MAX_FEN)], description=_l("即最高限价。可写 18万。")
    )
    title = StringField(
        _l("项目名称"), [Length(max=_LINE)], description=_l("可以不填，系统按街道、年度和服务名称拟定。")
    )


class ReasonForm(fields.Form):
    """An act that needs a reason."""

    reason = TextAreaField(_l("理由"), [fields.Required(), Length(max=2000)])


class CancelForm(fields.Form):
    """Calling a published purchase off."""

    reason = TextAreaField(
        _l("取消的理由"), [fields.Required(), Length(max=2000)], description=_l("理由将随公告公开。")
    )


# --- sections --------------------------------------------------------------------------------------------------------


class BasicsForm(fields.Part):
    """What is bought and for how long."""

    title = StringField(_l("项目名称"), [fields.Required(), Length(max=_LINE)])
    demand_id = PickField(_l("对应的居民需求"), [fields.optional()], blank=_l("不对应具体需求"))
    requirement = TextAreaField(
        _l("采购需求"),
        [fields.Required(), Length(max=_LONG)],
        description=_l("写清服务对象、服务内容、数量、频次和质量要求。公共服务项目应当听取服务对象的意见。"),
    )
    starts_on = fields.DayField(_l("服务开始日"), [fields.Required()])
    ends_on = fields.DayField(_l("服务结束日"), [fields.Required()], description=_l("期限一般不超过一年。"))
    term_conditions = CheckboxesField(
        _l("超过一年的条件"),
        [fields.optional()],
        choices=TERM_CONDITIONS,
        description=_l("五项都符合才可以超过一年，最长三年。"),
    )
    negative_note = TextAreaField(
        _l("负面清单说明"),
        [Length(max=2000)],
        description=_l("只有检查提示命中负面清单而确属误判时才填写，供审核人判断。"),
    )


class TimingForm(fields.Part):
    """Method and dates."""

    method = ChoiceRadios(_l("采购方式"), [fields.Required()], members=Method, labels=METHOD_LABELS)
    deadline_at = fields.BeijingDateTimeField(
        _l("希望的递交截止时间"),
        [fields.optional()],
        description=_l("北京时间。可以不填，由系统按规定取最早的工作日上午。"),
    )
    small_deduction_bp = fields.PercentField(
        _l("小微企业价格扣除"),
        [fields.optional(), NumberRange(0, BP)],
        description=_l("不设填 0。社会组织不属于中小企业，不能享受。"),
    )
    bond_bp = fields.PercentField(_l("履约保证金（合同金额的百分之几）"), [fields.optional(), NumberRange(0, BP)])
    intention_waiver = TextAreaField(
        _l("不公开采购意向的理由"),
        [Length(max=2000)],
        description=_l("只有因不可预见的原因急需采购时才填写，理由随公告公开。"),
    )


class Row(fields.Part):
    """One row of a list. Without a name the row is left out."""

    def validate(self, extra_validators: Any = None) -> bool:
        return bool(super().validate(extra_validators)) if self["title"].data else True

    def begun(self) -> bool:
        """True when something besides the name was typed."""
        return any(
            isinstance(field, StringField | fields.CentiField | fields.PercentField | fields.DayField)
            and field.short_name != "title"
            and any(str(one).strip() for one in field.raw_data or ())
            for field in self
        )


class RowsForm(fields.Part):
    """A section that is a list; `existing` rows are stored, the others are new."""

    existing = 0

    def validate(self, extra_validators: Any = None) -> bool:
        good = bool(super().validate(extra_validators))
        for entry in self["rows"].entries[self.existing :]:
            if not entry.form["title"].data and entry.form.begun():
                entry.form["title"].errors = [gettext("请填写名称。")]
                good = False
        return good

    def wanted(self) -> list[dict[str, Any]]:
        """The rows that have a name."""
        return [entry.form.data for entry in self["rows"].entries if entry.form["title"].data]


class CriterionRow(Row):
    """One criterion."""

    title = StringField(_l("评分项"), [Length(max=_LINE)])
    kind = ChoiceField(
        _l("评分方式"), members=CriterionKind, labels=KIND_LABELS, blank=None, default=CriterionKind.QUALITY
    )
    max_centi = fields.CentiField(_l("满分"), [fields.Required(), NumberRange(1, FULL_SCORE_CENTI)])
    guidance = StringField(_l("评分说明"), [Length(max=2000)])


class CriteriaForm(RowsForm):
    """Criteria of a lot."""

    rows = FieldList(FormField(CriterionRow))


class QualificationRow(Row):
    """One condition."""

    title = StringField(_l("资格条件"), [Length(max=_LINE)])
    evidence = StringField(_l("证明材料"), [fields.Required(), Length(max=_LINE)])


class QualificationForm(RowsForm):
    """Conditions of the tender."""

    rows = FieldList(FormField(QualificationRow))


class MilestoneRow(Row):
    """One payment milestone."""

    title = StringField(_l("节点"), [Length(max=_LINE)])
    share_bp = fields.PercentField(_l("付款比例"), [fields.Required(), NumberRange(1, BP)])
    due_on = fields.DayField(_l("完成日期"), [fields.Required()])
    base = ChoiceField(
        _l("付款依据"),
        members=MilestoneBase,
        labels=MILESTONE_BASE_LABELS,
        blank=None,
        default=MilestoneBase.ACCEPTANCE,
    )
    evidence = StringField(_l("验收材料"), [fields.Required(), Length(max=2000)])


class MilestonesForm(RowsForm):
    """Milestones of a lot."""

    rows = FieldList(FormField(MilestoneRow))


class IndicatorRow(Row):
    """One indicator."""

    title = StringField(_l("指标"), [Length(max=_LINE)])
    target = StringField(_l("目标值"), [fields.Required(), Length(max=_LINE)])
    max_centi = fields.CentiField(_l("满分"), [fields.Required(), NumberRange(1, FULL_SCORE_CENTI)])


def _share(label: object) -> Any:
    return fields.PercentField(label, [fields.Required(), NumberRange(0, BP)])


def _floor(label: object) -> Any:
    return fields.CentiField(label, [fields.Required(), NumberRange(1, FULL_SCORE_CENTI)])


class EvaluationForm(RowsForm):
    """How a lot's service is judged, and what a grade pays."""

    weight_self = _share(_l("自评"))
    weight_mutual = _share(_l("互评"))
    weight_public = _share(_l("群众评"))
    weight_third = _share(_l("第三方评"))
    min_mutual = fields.CountField(_l("互评最少"), [fields.Required(), NumberRange(0, 100)], unit=_l("家"))
    min_public = fields.CountField(_l("群众评最少"), [fields.Required(), NumberRange(0, 100_000)], unit=_l("份"))
    renormalise = BooleanField(_l("缺少某一来源时，其余来源按权重折算"))
    from_excellent = _floor(_l("优秀不低于"))
    share_excellent = _share(_l("优秀兑付"))
    from_good = _floor(_l("良好不低于"))
    share_good = _share(_l("良好兑付"))
    from_pass = _floor(_l("合格不低于"))
    share_pass = _share(_l("合格兑付"))
    share_fail = _share(_l("不合格兑付"))
    rows = FieldList(FormField(IndicatorRow))

    def terms(self, old: Mapping[str, Any]) -> dict[str, Any]:
        """The evaluation terms as a lot keeps them; indicators keep their codes by place."""
        codes = [str(i["code"]) for i in old["indicators"]]
        wanted = self.wanted()
        codes += [f"I{n}" for n in range(len(codes) + 1, len(wanted) + 1)]
        return {
            "weights_bp": {name: self[f"weight_{name}"].data for name in ("self", "mutual", "public", "third")},
            "renormalise": bool(self.renormalise.data),
            "min_mutual": self.min_mutual.data,
            "min_public": self.min_public.data,
            "bands": [
                {
                    "grade": grade,
                    "from_centi": 0 if grade == "fail" else self[f"from_{grade}"].data,
                    "share_bp": self[f"share_{grade}"].data,
                }
                for grade in GRADES
            ],
            "indicators": [{"code": code, **row} for code, row in zip(codes, wanted, strict=False)],
        }


def money_form(lines: Iterable[Line]) -> type[fields.Part]:
    """A form with one amount for each budget line that may pay, and the lot's title."""
    made: dict[str, Any] = {"title": StringField(_l("采购包名称"), [fields.Required(), Length(max=_LINE)])}
    for line, unspent_fen in lines:
        made[f"line_{line.id}"] = fields.YuanField(
            line_label(line, unspent_fen), [fields.optional(), NumberRange(0, MAX_FEN)]
        )
    return type("MoneyForm", (fields.Part,), made)


# --- between rows of the database, what a page shows, and what an action takes ----------------------------------------

_CLASSES: dict[str, type[fields.Part]] = {
    "basics": BasicsForm,
    "timing": TimingForm,
    "criteria": CriteriaForm,
    "qualification": QualificationForm,
    "milestones": MilestonesForm,
    "evaluation": EvaluationForm,
}
LOT_SECTIONS = ("money", "criteria", "milestones", "evaluation")
_PLAIN = {
    "basics": ("title", "demand_id", "requirement", "starts_on", "ends_on", "term_conditions", "negative_note"),
    "timing": ("method", "deadline_at", "small_deduction_bp", "bond_bp", "intention_waiver"),
}


def section_form(
    section: str,
    tender: Tender,
    lot: Lot,
    lines: Sequence[Line] = (),
    *,
    typed: Mapping[str, list[str]] | None = None,
    posted: MultiDict[str, str] | None = None,
) -> Any:
    """The form of a section: as `posted` by the whole page, or the draft's content with what was `typed` laid over."""
    kind = money_form(lines) if section == "money" else _CLASSES[section]
    form = kind(formdata=None, data=_stored(section, tender, lot))
    if isinstance(form, RowsForm):
        form.existing = len(form["rows"].entries)
        form["rows"].append_entry()
    if typed or posted is not None:
        existing = getattr(form, "existing", 0)
        form = kind(formdata=posted if posted is not None else MultiDict({**as_typed(form), **(typed or {})}))
        form.existing = existing
    return form


def _stored(section: str, tender: Tender, lot: Lot) -> dict[str, Any]:
    match section:
        case "money":
            return {"title": lot.title, **{f"line_{s.line_id}": s.amount_fen for s in lot.funding}}
        case "criteria":
            return {"rows": [_columns(c, "title", "kind", "max_centi", "guidance") for c in lot.criteria]}
        case "qualification":
            return {"rows": [_columns(q, "title", "evidence") for q in tender.qualifications]}
        case "milestones":
            return {"rows": [_columns(m, "title", "share_bp", "due_on", "base", "evidence") for m in lot.milestones]}
        case "evaluation":
            return _terms_data(lot.evaluation_terms)
    return _columns(tender, *_PLAIN[section])


def _columns(row: object, *names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _terms_data(terms: Mapping[str, Any]) -> dict[str, Any]:
    data = {f"weight_{name}": bp for name, bp in terms["weights_bp"].items()}
    for band in terms["bands"]:
        data[f"from_{band['grade']}"] = band["from_centi"]
        data[f"share_{band['grade']}"] = band["share_bp"]
    names = ("min_mutual", "min_public", "renormalise")
    rows = [{name: i[name] for name in ("title", "target", "max_centi")} for i in terms["indicators"]]
    return {**data, **{name: terms[name] for name in names}, "rows": rows}


def as_typed(form: Any) -> dict[str, list[str]]:
    """What a browser would send of a form as it stands."""
    sent: dict[str, list[str]] = {}
    for field in _leaves(form):
        if isinstance(field, CheckboxesField):
            sent[field.name] = [str(one) for one in field.data]
        elif isinstance(field, BooleanField):
            sent[field.name] = ["y"] if field.data else []
        elif hasattr(field, "offers"):
            sent[field.name] = [] if field.data is None else [str(getattr(field.data, "value", field.data))]
        else:
            sent[field.name] = [field._value()]  # noqa: SLF001  the library's own way to say what stands in the box
    return sent


def _leaves(form: Any) -> Iterable[Any]:
    for field in form:
        if isinstance(field, FieldList | FormField):
            yield from _leaves(field)
        else:
            yield field


def field_named(form: Any, name: str) -> Any:
    """The field with this name, or None."""
    return next((field for field in _leaves(form) if field.name == name), None)


def changes(section: str, form: Any, lot: Lot) -> dict[str, Any]:
    """What a checked section form asks `save_tender` or `save_lot` to change."""
    match section:
        case "money":
            amounts = {n: v for n, v in form.data.items() if n.startswith("line_")}
            funding = {int(name.removeprefix("line_")): fen for name, fen in amounts.items() if fen}
            return {"title": form.title.data, "funding": funding}
        case "criteria" | "milestones":
            return {section: form.wanted()}
        case "qualification":
            return {"qualifications": form.wanted()}
        case "evaluation":
            return {"evaluation_terms": form.terms(lot.evaluation_terms)}
    values = {name: form[name].data for name in _PLAIN[section]}
    if section == "timing":
        values["method"] = values["method"].value
        # Boxes that do not concern the method are not on the page.
        values |= {name: values[name] or 0 for name in ("small_deduction_bp", "bond_bp")}
        values["intention_waiver"] = values["intention_waiver"] or ""
    return values
