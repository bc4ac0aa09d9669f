"""What is typed for a call and for an application, and the ticks that both sides set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import wtforms
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, StringField, TextAreaField
from wtforms.validators import Length, NumberRange

from market.kernel.categories import CATEGORY_LABELS, Category
from market.kernel.text import N_
from market.kernel.uscc import ProviderType
from market.venture.actions import RoundFacts
from market.venture.models import Round
from market.venture.rules.content import GOALS
from market.venture.rules.eligibility import Conditions
from market.venture.states import REGIME_HINTS, ROUND_REGIME_LABELS, RoundRegime
from market.web import filters
from market.web.fields import (
    CentiField,
    CheckboxesField,
    ChoiceRadios,
    CountField,
    DayField,
    Form,
    FormToken,
    PercentField,
    PickField,
    Required,
    YuanField,
    optional,
)

MOST = 4_000
CRITERIA_ROWS = 6
# Providers a street may fund; organs and mass groups fed by the budget are none (条例, 102号令 7).
KINDS = tuple(
    k
    for k in ProviderType
    if k not in {ProviderType.STATE_ORGAN, ProviderType.MASS_GROUP, ProviderType.COMMUNITY_GROUP}
)
SURE = N_("我已核对，确认办理；办理后不能撤回")


class SureForm(Form):
    """An act that cannot be undone: ticked first, pressed then; works without JavaScript."""

    sure = BooleanField(_l(SURE), [Required(_l("请先勾选确认。"))])


class ReasonForm(SureForm):
    """A reason for an act that cannot be undone."""

    reason = TextAreaField(_l("理由"), [Required(), Length(max=MOST)])


class ReturnForm(Form):
    """Why a draft goes back."""

    reason = TextAreaField(_l("退回的理由"), [Required(), Length(max=MOST)])


class NewForm(Form):
    """The first lines of a round."""

    token = FormToken()
    street = PickField(_l("街道"), [Required()], choices=[])
    regime = ChoiceRadios(
        _l("资助方式"), [Required()], members=RoundRegime, labels=ROUND_REGIME_LABELS, default=RoundRegime.VENTURE
    )
    title = StringField(_l("名称"), [Required(), Length(max=80)], description=_l("例如：2026年社区公益项目征集"))

    hints = REGIME_HINTS


# --- the whole round --------------------------------------------------------------------------------------------------


class RoundForm(Form):
    """A round on one page. Themes, criteria and lines are fields added by `round_form`."""

    title = StringField(_l("名称"), [Required(), Length(max=80)])
    purpose = TextAreaField(
        _l("目的和要求"), [optional(), Length(max=MOST)], description=_l("为什么征集、希望解决什么问题；会写入征集公告")
    )
    kinds = CheckboxesField(_l("可以申报的组织"), [optional()], choices=[], coerce=str)
    months = CountField(_l("登记成立满"), [optional(), NumberRange(0, 120)], unit=_l("个月"))
    groups = BooleanField(_l("没有法人资格的团队可以由支持机构代为申报"))
    project_cap = YuanField(_l("单个项目上限"), [Required()])
    own_min = PercentField(_l("自筹不少于总预算的"), [optional(), NumberRange(0, 10_000)])
    projects_most = CountField(
        _l("入选项目最多"), [optional(), NumberRange(0, 1000)], unit=_l("个"), description=_l("不限则留空")
    )
    apply_days = CountField(_l("申报期"), [Required(), NumberRange(1, 180)], unit=_l("日"))
    starts_on = DayField(_l("项目开始"), [Required()])
    ends_on = DayField(_l("项目结束"), [Required()])

    @property
    def themes(self) -> Iterator[tuple[str, wtforms.Field, wtforms.Field, wtforms.Field]]:
        """Category with its tick, its words and its least number of projects."""
        for category in Category:
            yield category.value, self[f"use-{category}"], self[f"theme-{category}"], self[f"least-{category}"]

    @property
    def criteria(self) -> Iterator[tuple[wtforms.Field, wtforms.Field, wtforms.Field]]:
        """Title, guidance and points of each line of the score sheet."""
        for n in range(1, CRITERIA_ROWS + 1):
            yield self[f"criterion-{n}"], self[f"guidance-{n}"], self[f"points-{n}"]

    @property
    def lines(self) -> Iterator[tuple[int, wtforms.Field]]:
        """Budget line and the amount taken from it."""
        for field in self:
            if field.short_name.startswith("line-"):
                yield int(field.short_name.removeprefix("line-")), field

    def facts(self) -> RoundFacts:
        """What was typed; after validation."""
        starts, ends = self.starts_on.data, self.ends_on.data
        assert starts is not None and ends is not None, "validated before"  # noqa: PT018
        return RoundFacts(
            title=self.title.data or "",
            purpose=self.purpose.data or "",
            themes=[
                {"field": name, "title": words.data or "", "least": least.data or 0}
                for name, use, words, least in self.themes
                if use.data
            ],
            conditions=Conditions(tuple(self.kinds.data or ()), self.months.data or 0, bool(self.groups.data)),
            project_cap_fen=self.project_cap.data or 0,
            own_min_bp=self.own_min.data or 0,
            projects_most=self.projects_most.data or 0,
            criteria=[
                {"id": n, "title": title.data, "guidance": guidance.data or "", "max_centi": points.data or 0}
                for n, (title, guidance, points) in enumerate((row for row in self.criteria if row[0].data), 1)
            ],
            starts_on=starts,
            ends_on=ends,
            apply_days=self.apply_days.data or 0,
            funding={line: field.data or 0 for line, field in self.lines if field.data},
        )


def round_form(lines: Iterable[tuple[int, str]], row: Round) -> RoundForm:
    """Return the form of a round with a box for each budget line (id, label), filled with what is saved."""
    fields: dict[str, Any] = {}
    for category in Category:
        name = CATEGORY_LABELS[category]
        fields[f"use-{category}"] = BooleanField(filters.text(name))
        fields[f"theme-{category}"] = StringField(_l("征集内容"), [optional(), Length(max=200)])
        fields[f"least-{category}"] = CountField(_l("至少入选"), [optional(), NumberRange(0, 100)], unit=_l("个"))
    for n in range(1, CRITERIA_ROWS + 1):
        fields[f"criterion-{n}"] = StringField(_l("评分项"), [optional(), Length(max=60)])
        fields[f"guidance-{n}"] = StringField(_l("评分说明"), [optional(), Length(max=200)])
        fields[f"points-{n}"] = CentiField(_l("满分"), [optional(), NumberRange(1, 10_000)])
    for line_id, label in lines:
        fields[f"line-{line_id}"] = YuanField(label, [optional(), NumberRange(0)])
    made: RoundForm = type("FilledRound", (RoundForm,), fields)(data=_saved(row))
    made.kinds.choices = [(kind.value, filters.text(kind.label)) for kind in KINDS]
    return made


def _saved(row: Round) -> dict[str, Any]:
    data: dict[str, Any] = {
        "title": row.title,
        "purpose": row.purpose,
        "kinds": row.conditions["kinds"],
        "months": row.conditions["months"] or None,
        "groups": row.conditions["groups"],
        "project_cap": row.project_cap_fen,
        "own_min": row.own_min_bp or None,
        "projects_most": row.projects_most or None,
        "apply_days": row.apply_days,
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
    }
    for theme in row.themes:
        name = theme["field"]
        data |= {f"use-{name}": True, f"theme-{name}": theme["title"], f"least-{name}": theme["least"] or None}
    for n, one in enumerate(row.criteria, 1):
        data |= {f"criterion-{n}": one["title"], f"guidance-{n}": one["guidance"], f"points-{n}": one["max_centi"]}
    return data | {f"line-{share.line_id}": share.amount_fen for share in row.funding}


# --- applying ---------------------------------------------------------------------------------------------------------

_BOXES = {"total_fen": "total", "own_fen": "own", "raised_fen": "raised", "asked_fen": "asked"}


class ApplicationForm(Form):
    """One application; saved box by box."""

    title = StringField(_l("项目名称"), [optional(), Length(max=80)])
    field = PickField(_l("申报方向"), [optional()], choices=[], coerce=str)
    summary = TextAreaField(_l("项目简介"), [optional(), Length(max=500)], description=_l("入选或落选后都会公开"))
    need = TextAreaField(_l("需求分析"), [optional(), Length(max=MOST)])
    plan = TextAreaField(_l("实施方案"), [optional(), Length(max=MOST)], description=_l("只给街道和评委看"))
    team = TextAreaField(
        _l("团队和分工"), [optional(), Length(max=MOST)], description=_l("只给街道和评委看，不写身份证号和电话")
    )
    beneficiaries = CountField(_l("受益人数"), [optional(), NumberRange(1, 1_000_000)], unit=_l("人"))
    goal_1 = StringField(_l("目标一"), [optional(), Length(max=80)], description=_l("例如：上门陪伴"))
    target_1 = StringField(_l("目标一的数量"), [optional(), Length(max=80)], description=_l("例如：1,000 人次"))
    goal_2 = StringField(_l("目标二"), [optional(), Length(max=80)])
    target_2 = StringField(_l("目标二的数量"), [optional(), Length(max=80)])
    goal_3 = StringField(_l("目标三"), [optional(), Length(max=80)])
    target_3 = StringField(_l("目标三的数量"), [optional(), Length(max=80)])
    total = YuanField(_l("项目总预算"), [optional(), NumberRange(1)])
    own = YuanField(_l("自筹"), [optional(), NumberRange(0)])
    raised = YuanField(_l("其他配套"), [optional(), NumberRange(0)], description=_l("捐赠、众筹等，没有则不填"))
    asked = YuanField(_l("申请额"), [optional(), NumberRange(0)])
    report_filed_on = DayField(
        _l("最近一次年检报告报送日"), [optional()], description=_l("向登记管理机关报送年度报告的日期")
    )
    version = HiddenField()
    seen = HiddenField()

    def named(self) -> dict[str, wtforms.Field]:
        """Fields by their name in the draft."""
        boxes = {box: name for name, box in _BOXES.items()}
        return {
            boxes.get(f.short_name, f.short_name): f
            for f in self
            if f.short_name not in {"version", "seen", "csrf_token"}
        }

    def typed(self) -> dict[str, Any]:
        """What stands in the boxes, as the draft keeps it; a box that could not be read is left out."""
        found: dict[str, Any] = {}
        for name, field in self.named().items():
            if field.errors:
                continue
            found[name] = field.data.isoformat() if name == "report_filed_on" and field.data else field.data
        return found

    @property
    def goals(self) -> Iterator[tuple[wtforms.Field, wtforms.Field]]:
        """Pairs of a goal and its number."""
        for n in range(1, GOALS + 1):
            yield self[f"goal_{n}"], self[f"target_{n}"]


def application_form(themes: Sequence[Mapping[str, Any]], values: Mapping[str, Any]) -> ApplicationForm:
    """Return the form filled with a draft's values."""
    data = {_BOXES.get(name, name): value for name, value in values.items()}
    if data.get("report_filed_on"):
        data["report_filed_on"] = date.fromisoformat(data["report_filed_on"])
    form = ApplicationForm(data=data)
    form.field.choices = [
        (t["field"], f"{filters.text(CATEGORY_LABELS[Category(t['field'])])} {t['title']}") for t in themes
    ]
    return form


def box_of(name: str) -> str:
    """The box of a draft's field."""
    return _BOXES.get(name, name)


class SubmitForm(Form):
    """The one button that hands an application in: the mark of what the page showed, and a promise about just that."""

    seen = HiddenField(default="")
    true = BooleanField(_l("我单位承诺所填内容真实，未就同一项目重复申请财政资金"), [Required(_l("请先勾选承诺。"))])
