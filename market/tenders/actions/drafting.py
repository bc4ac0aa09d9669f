"""Writing a tender: begun from a catalogue item with sane values, then changed part by part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from market.budgets.models import BudgetLine
from market.budgets.queries import lines_for
from market.catalogue.models import CatalogueItem
from market.catalogue.queries import item as find_item
from market.catalogue.queries import version_in_force
from market.db.session import db
from market.kernel.canonical import plain
from market.kernel.categories import CATEGORY_LABELS, Category
from market.kernel.clock import beijing_day
from market.kernel.errors import NotFound, Refused
from market.kernel.permits import Actor, Permit, require
from market.kernel.rulebook import Regime, RuleSet
from market.kernel.text import N_
from market.needs.models import DemandItem
from market.needs.queries import demand
from market.places.models import Street
from market.places.queries import rules_for
from market.places.queries import street as find_street
from market.records.audit import acts_of, record
from market.records.moves import move
from market.records.purchases import open_file
from market.records.search import index_text
from market.tenders import rules
from market.tenders.actions.publishing import fiscal_year, locked
from market.tenders.models import Criterion, Lot, LotFunding, PlannedMilestone, QualificationItem, Tender
from market.tenders.queries import lot as find_lot
from market.tenders.queries import sources_of, tender, tender_by_token
from market.tenders.states import LOT_MACHINE, LotState, LotVerb, Method, TenderState

# What `save_tender` and `save_lot` may set.
_COLUMNS = frozenset(
    {
        "title", "requirement", "starts_on", "ends_on", "demand_id", "method", "small_deduction_bp", "bond_bp",
        "deadline_at", "term_conditions", "negative_note", "intention_waiver",
    }
)  # fmt: skip
_ROWS = {"criteria": Criterion, "milestones": PlannedMilestone}


def create_tender(
    actor: Actor,
    street_id: int,
    item_id: int,
    funding: Mapping[int, int],
    at: datetime,
    *,
    title: str = "",
    demand_id: int | None = None,
    form_token: str | None = None,
) -> Tender:
    """Begin a draft for a catalogue item, paid from `funding` (line id -> fen); everything else gets a sane value.

    Opens the purchase file. The same `form_token` again returns the same draft.
    """
    street, item = find_street(street_id), find_item(item_id)
    if street is None or item is None:
        raise NotFound(N_("没有找到您要的内容，链接可能已失效。"))
    require(actor, Permit.TENDER_DRAFT, street.scope)
    if form_token and (twin := tender_by_token(form_token, actor.user_id)):
        return tender(twin.id) or twin
    _check_item(street, item)
    asked = _demand_of(street.id, demand_id)
    row = _blank(street, item, title, at)
    row.created_by, row.form_token = actor.user_id, form_token
    if asked is not None:
        row.demand_id = asked.id
    row.requirement = rules.default_requirement(
        asked.description if asked is not None else "", item.description, item.requirements
    )
    db.session.add(row)
    db.session.flush()
    _new_lot(row, funding, at)
    _resolve(row, at)
    record(row.subject, "create", actor, at, permit=Permit.TENDER_DRAFT, facts={"item": item.code})
    index_text("tender", row.id, f"{row.title} {item.name}")
    return row


def _blank(street: Street, item: CatalogueItem, title: str, at: datetime) -> Tender:
    """A draft in a file of its own, with everything a tender needs before its lots and money."""
    name = title.strip() or f"{street.name}{beijing_day(at).year}年{item.name}"  # zh-only
    file = open_file(street.district_id, street.id, street.code, Regime.COMPARISON.value, name, at)
    starts_on, ends_on = rules.default_term(beijing_day(at))
    return Tender(
        file_id=file.id,
        district_id=street.district_id,
        street_id=street.id,
        item_id=item.id,
        demand_id=None,
        title=name,
        category=item.category,
        requirement="",
        method=Method.COMPARISON.value,
        resolution={},
        budget_fen=1,
        starts_on=starts_on,
        ends_on=ends_on,
        term_conditions=[],
        small_deduction_bp=0,
        bond_bp=0,
        negative_note="",
        intention_waiver="",
        state=TenderState.DRAFT.value,
        return_reason="",
        typed={},
        seen=[],
        rules=None,
        rules_digest="",
        calendar_version="",
        provisional=False,
        created_at=at,
        file=file,
        street=street,
        item=item,
        lots=[],
        qualifications=[QualificationItem(number=n, **q) for n, q in enumerate(rules.default_qualifications(), 1)],
    )


def _check_item(street: Street, item: CatalogueItem) -> None:
    version = version_in_force(street.district_id)
    if version is None or version.id != item.version_id:
        raise Refused(N_("所选服务不在本区现行指导性目录中，请重新选择。"), field="item")


def _demand_of(street_id: int, demand_id: int | None) -> DemandItem | None:
    found = demand(demand_id) if demand_id else None
    if demand_id and (found is None or found.street_id != street_id):
        raise Refused(N_("所选需求不属于本街道，请重新选择。"), field="demand")
    return found


def draft_of(actor: Actor, tender_id: int) -> Tender:
    """Return a draft the actor may write on, whole and locked. Raises Refused once it has left the draft state."""
    row = locked(tender_id)
    require(actor, Permit.TENDER_DRAFT, row.subject.scope)
    if row.state != TenderState.DRAFT:
        raise Refused(N_("项目已提交审核或已发布，不能再修改。"))
    return row


def save_tender(
    actor: Actor,
    tender_id: int,
    at: datetime,
    *,
    section: str = "basics",
    quietly: bool = False,
    qualifications: Sequence[Mapping[str, str]] | None = None,
    **changes: Any,
) -> Tender:
    """Change parts of a draft that concern the whole tender.

    `changes` are columns: title, requirement, starts_on, ends_on, demand_id, method, small_deduction_bp, bond_bp,
    deadline_at (a wish), term_conditions, negative_note, intention_waiver; `qualifications` are rows of title and
    evidence.
    `quietly` (saving field by field) writes one audit entry a person, otherwise each save is one.
    """
    row = draft_of(actor, tender_id)
    if unknown := set(changes) - _COLUMNS:
        raise TypeError(f"save_tender cannot set {sorted(unknown)}")
    if "demand_id" in changes:
        asked = _demand_of(row.street_id, changes.pop("demand_id"))
        row.demand_id = asked.id if asked is not None else None
    if changes.get("starts_on", row.starts_on) >= changes.get("ends_on", row.ends_on):
        raise Refused(N_("服务结束日应晚于服务开始日。"), field="ends_on")
    for wrong in rules.check_bond(changes.get("bond_bp", 0), _book(row, at)):
        raise Refused(wrong.text, field="bond_bp", **wrong.params)
    term = (row.starts_on, row.ends_on)
    for name, value in changes.items():
        setattr(row, name, value)
    _follow_term(row, *term, at)
    if qualifications is not None:
        _set_rows(row.qualifications, QualificationItem, qualifications)
    _saved(row, section, actor, at, quietly)
    index_text("tender", row.id, f"{row.title} {row.item.name}")
    return row


def save_lot(
    actor: Actor,
    lot_id: int,
    at: datetime,
    *,
    section: str = "money",
    quietly: bool = False,
    title: str | None = None,
    funding: Mapping[int, int] | None = None,
    evaluation_terms: Mapping[str, Any] | None = None,
    **rows: Sequence[Mapping[str, Any]],
) -> Lot:
    """Change a lot of a draft: title, `funding` (line id -> fen; the ceiling is their sum), evaluation terms.

    `criteria` are rows of kind, title, guidance, max_centi; `milestones` of title, share_bp, base, due_on, evidence.
    """
    part = find_lot(lot_id)
    if part is None:
        raise NotFound(N_("没有找到您要的内容，链接可能已失效。"))
    row = draft_of(actor, part.tender_id)
    part = next(one for one in row.lots if one.id == lot_id)
    if title is not None:
        part.title = title.strip()
    if evaluation_terms is not None:
        part.evaluation_terms = plain(evaluation_terms)
    for name, wanted in rows.items():
        _set_rows(getattr(part, name), _ROWS[name], wanted)
    if funding is not None:
        _fund(row, part, funding, at)
        _resolve(row, at)
    _saved(row, section, actor, at, quietly, part.number)
    return part


def add_lot(actor: Actor, tender_id: int, funding: Mapping[int, int], at: datetime) -> Lot:
    """Add a lot with the same sane values as the first one."""
    row = draft_of(actor, tender_id)
    part = _new_lot(row, funding, at)
    _resolve(row, at)
    _saved(row, "money", actor, at, False, part.number)
    return part


def remove_lot(actor: Actor, lot_id: int, at: datetime) -> Tender:
    """Take a lot out of a draft; the last one stays."""
    part = find_lot(lot_id)
    if part is None:
        raise NotFound(N_("没有找到您要的内容，链接可能已失效。"))
    row = draft_of(actor, part.tender_id)
    if len(row.lots) == 1:
        raise Refused(N_("至少要有一个采购包。"))
    part = next(one for one in row.lots if one.id == lot_id)
    move(part, LOT_MACHINE, LotVerb.CANCEL, actor, at)
    for child in (*part.criteria, *part.milestones, *part.funding):
        db.session.delete(child)
    row.lots.remove(part)
    db.session.delete(part)
    db.session.flush()
    for number, one in enumerate(row.lots, 1):
        one.number = number
        db.session.flush()
    row.typed = {}
    _total(row)
    _resolve(row, at)
    _saved(row, "money", actor, at, False)
    return row


def keep_typed(actor: Actor, tender_id: int, section: str, fields: Mapping[str, Sequence[str]], at: datetime) -> None:
    """Keep what was typed into a section and cannot be used yet, so that nothing is lost; empty removes it.

    `section` is the section's name, with `:lot` for the parts of a lot.
    """
    row = draft_of(actor, tender_id)
    typed = {name: dict(values) for name, values in row.typed.items() if name != section}
    row.typed = {**typed, section: {name: list(values) for name, values in fields.items()}} if fields else typed
    _saved(row, section, actor, at, True)


# --- parts -----------------------------------------------------------------------------------------------------------


def _follow_term(row: Tender, starts_on: date, ends_on: date, at: datetime) -> None:
    """Milestones that still lie where they were proposed move with the service period."""
    if (row.starts_on, row.ends_on) == (starts_on, ends_on):
        return
    book = _book(row, at)
    proposed = [m["due_on"] for m in rules.default_milestones(starts_on, ends_on, book)]
    moved = [m["due_on"] for m in rules.default_milestones(row.starts_on, row.ends_on, book)]
    for part in row.lots:
        if [m.due_on for m in part.milestones] == proposed:
            for milestone, day in zip(part.milestones, moved, strict=True):
                milestone.due_on = day


def _new_lot(row: Tender, funding: Mapping[int, int], at: datetime) -> Lot:
    book = _book(row, at)
    number = len(row.lots) + 1
    part = Lot(
        file_id=row.file_id,
        district_id=row.district_id,
        street_id=row.street_id,
        number=number,
        title=row.title if number == 1 else f"{row.title}（第{number}包）",  # zh-only
        ceiling_fen=1,
        state=LotState.DRAFT.value,
        failure_reason="",
        evaluation_terms=rules.default_terms(book, row.item.indicators or ()),
        criteria=[Criterion(number=n, **c) for n, c in enumerate(rules.default_criteria(book), 1)],
        milestones=[
            PlannedMilestone(number=n, **m)
            for n, m in enumerate(rules.default_milestones(row.starts_on, row.ends_on, book), 1)
        ],
        funding=[],
    )
    row.lots.append(part)
    with db.session.no_autoflush:
        _fund(row, part, funding, at)
    db.session.flush()
    return part


def _fund(row: Tender, part: Lot, funding: Mapping[int, int], at: datetime) -> None:
    """Set where a lot's money comes from; lines must be approved, of this street, this year and this category."""
    wanted = {line_id: fen for line_id, fen in funding.items() if fen}
    lines = {line.id: line for line, _ in lines_for(row.street_id, fiscal_year(at), row.category)}
    if not set(wanted) <= set(lines):
        wrong = N_("这笔资金不能用于“%(category)s”类服务；请改选本街道本年度已批复的同类资金。")
        raise Refused(wrong, field="line", category=CATEGORY_LABELS[Category(row.category)])
    if not wanted:
        raise Refused(N_("请至少从一项预算中安排资金。"), field="funding")
    _set_funding(part, wanted, lines)
    part.ceiling_fen = sum(wanted.values())
    _total(row)


def _set_funding(part: Lot, wanted: Mapping[int, int], lines: Mapping[int, BudgetLine]) -> None:
    for share in list(part.funding):
        if share.line_id in wanted:
            share.amount_fen = wanted[share.line_id]
        else:
            part.funding.remove(share)
            db.session.delete(share)
    there = {share.line_id for share in part.funding}
    part.funding += [
        LotFunding(line_id=line_id, line=lines[line_id], amount_fen=fen)
        for line_id, fen in wanted.items()
        if line_id not in there
    ]


def _set_rows(there: list[Any], kind: type[Any], wanted: Iterable[Mapping[str, Any]]) -> None:
    """Make the rows say what is wanted: changed in place, then added or removed at the end."""
    values = list(wanted)
    for number, fields in enumerate(values, 1):
        if number <= len(there):
            for name, value in fields.items():
                setattr(there[number - 1], name, value)
        else:
            there.append(kind(number=number, **fields))
    for extra in there[len(values) :]:
        there.remove(extra)
        db.session.delete(extra)


def _total(row: Tender) -> None:
    row.budget_fen = sum(part.ceiling_fen for part in row.lots)


def _book(row: Tender, at: datetime) -> RuleSet:
    return rules_for(row.street.district, row.method, beijing_day(at))


def _resolve(row: Tender, at: datetime) -> None:
    """Find the method anew; the draft follows where its own method is no longer lawful or none of ours."""
    found = rules.resolve(row.budget_fen, sources_of(row), _book(row, at))
    row.resolution = found.as_data()
    if Regime(row.method) not in found.allowed:
        row.method = found.method.value
        if row.method == Method.COMPARISON:
            row.small_deduction_bp = 0


def _saved(row: Tender, section: str, actor: Actor, at: datetime, quietly: bool, lot: int | None = None) -> None:
    """Write down who worked on the draft: it decides who may approve it."""
    if not quietly:
        key = f"{section}:{lot}" if lot else section
        row.typed = {name: values for name, values in row.typed.items() if name != key}
    db.session.flush()
    if quietly and Permit.TENDER_DRAFT in acts_of(actor, "tender", row.id):
        return
    facts = {"section": section, **({"lot": lot} if lot else {})}
    record(row.subject, "save", actor, at, permit=Permit.TENDER_DRAFT, facts=facts)
