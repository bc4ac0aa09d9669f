"""Editing and publishing a district's guidance catalogue, and loading the lists that ship with the product."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from market.catalogue import shipped
from market.catalogue.models import CatalogueItem, CatalogueVersion, NegativeItem
from market.catalogue.notices import catalogue_data
from market.catalogue.queries import content_digest, edition, items_of, negatives, version_in_force
from market.catalogue.rules import check_indicators, check_price, negative_hits
from market.catalogue.states import Category
from market.db.session import db
from market.kernel.clock import beijing_day
from market.kernel.errors import NotFound, Refused
from market.kernel.permits import Actor, Permit, Scope, require
from market.kernel.seen import require_seen
from market.kernel.text import N_
from market.places.models import District
from market.records.audit import record
from market.records.notices import post

_COPIED = (
    "code",
    "category",
    "name",
    "unit",
    "description",
    "requirements",
    "guiding_department",
    "price_low_fen",
    "price_high_fen",
    "indicators",
)


@dataclass(frozen=True)
class ItemFacts:
    """One service as typed; prices in fen for one unit, points of indicators in hundredths."""

    code: str
    category: Category
    name: str
    unit: str
    description: str
    requirements: str
    guiding_department: str
    price_low_fen: int | None
    price_high_fen: int | None
    indicators: Sequence[Mapping[str, Any]]
    negatives_checked: bool = False  # an officer read the negative items that were pointed at and they do not apply


def load_negative_list() -> int:
    """Write the negative list that ships with the product; return how many rows are new or changed."""
    there = {row.number: row for row in negatives()}
    changed = 0
    for values in shipped.negative_rows():
        row = there.get(values["number"])
        if row is None:
            db.session.add(NegativeItem(**values))
        elif (row.title, row.words, row.source) != (values["title"], values["words"], values["source"]):
            row.title, row.words, row.source = values["title"], values["words"], values["source"]
        else:
            continue
        changed += 1
    db.session.flush()
    return changed


def open_edition(
    actor: Actor, district: District, number: str, effective_from: date, source: str, at: datetime
) -> CatalogueVersion:
    """Begin a new edition with the items of the one in force. Raises Refused while another one is being edited."""
    require(actor, Permit.CATALOGUE_EDIT, district.subject.scope)
    rows = list(db.session.scalars(select(CatalogueVersion).filter_by(district_id=district.id)))
    if any(row.published_at is None for row in rows):
        raise Refused(N_("已有一个版本正在编辑，请先发布它。"))
    if any(row.number == number.strip() for row in rows):
        raise Refused(N_("版本号“%(number)s”已经用过，请换一个。"), field="number", number=number.strip())
    row = CatalogueVersion(
        district_id=district.id,
        number=number.strip(),
        effective_from=effective_from,
        source=source.strip(),
        published_at=None,
        district=district,
    )
    db.session.add(row)
    db.session.flush()
    before = version_in_force(district.id)
    if before is not None:
        _copy(items_of(before.id), row)
    record(row.subject, "open", actor, at, permit=Permit.CATALOGUE_EDIT, facts={"number": row.number})
    return row


def _copy(items: Sequence[CatalogueItem], version: CatalogueVersion) -> None:
    db.session.add_all(
        CatalogueItem(version_id=version.id, **{name: getattr(item, name) for name in _COPIED}) for item in items
    )
    db.session.flush()


def load_starter(actor: Actor, district: District, number: str, effective_from: date, at: datetime) -> CatalogueVersion:
    """Publish the shipped starting catalogue as a district's edition."""
    source, items = shipped.starter()
    row = open_edition(actor, district, number, effective_from, source, at)
    for values in items:
        save_item(actor, row.id, None, ItemFacts(**{**values, "category": Category(values["category"])}), at)
    publish_edition(actor, row.id, at)
    return row


def _editable(actor: Actor, version_id: int) -> CatalogueVersion:
    row = edition(version_id)
    if row is None:
        raise NotFound(N_("没有找到您要的内容，链接可能已失效。"))
    require(actor, Permit.CATALOGUE_EDIT, row.subject.scope)
    # Whoever edits and whoever publishes wait for each other: nothing changes what is being published.
    db.session.refresh(row, ["published_at", "effective_from"], with_for_update=True)
    if row.published_at is not None:
        raise Refused(N_("这个版本已经发布，不能再改；请另建新版本。"))
    return row


def save_item(actor: Actor, version_id: int, item_id: int | None, facts: ItemFacts, at: datetime) -> CatalogueItem:
    """Add a service to an edition, or change it (`item_id`). Raises Refused at a field."""
    version = _editable(actor, version_id)
    _check(facts)
    rows = {row.code: row for row in items_of(version.id)}
    same = rows.get(facts.code.strip())
    if same is not None and same.id != item_id:
        raise Refused(N_("代码 %(code)s 已用于“%(name)s”。"), field="code", code=same.code, name=same.name)
    row = next((r for r in rows.values() if r.id == item_id), None)
    if item_id is not None and row is None:
        raise NotFound(N_("没有找到您要的内容，链接可能已失效。"))
    values = {name: getattr(facts, name) for name in _COPIED}
    values |= {"code": facts.code.strip(), "category": facts.category.value, "indicators": list(facts.indicators)}
    if row is None:
        row = CatalogueItem(version_id=version.id, **values)
        db.session.add(row)
    else:
        for name, value in values.items():
            setattr(row, name, value)
    db.session.flush()
    facts_written = {"item": row.id, "code": row.code}
    record(version.subject, "save_item", actor, at, permit=Permit.CATALOGUE_EDIT, facts=facts_written)
    return row


def _check(facts: ItemFacts) -> None:
    check_price(facts.price_low_fen, facts.price_high_fen)
    check_indicators(facts.indicators)
    hits = negative_hits(f"{facts.name} {facts.description}", negatives())
    if hits and not facts.negatives_checked:
        raise Refused(
            N_("“%(word)s”指向负面清单第 %(number)s 项（%(title)s）。请修改文字；确实不属于该项的，勾选“已核对”。"),
            field="negatives_checked",
            word=hits[0].word,
            number=hits[0].number,
            title=hits[0].title,
        )


def remove_item(actor: Actor, version_id: int, item_id: int, at: datetime) -> None:
    """Take a service out of an edition that is being edited."""
    version = _editable(actor, version_id)
    row = next((r for r in items_of(version.id) if r.id == item_id), None)
    if row is None:
        raise NotFound(N_("没有找到您要的内容，链接可能已失效。"))
    db.session.delete(row)
    db.session.flush()
    record(version.subject, "remove_item", actor, at, permit=Permit.CATALOGUE_EDIT, facts={"code": row.code})


def publish_edition(actor: Actor, version_id: int, at: datetime, *, seen: str | None = None) -> None:
    """Publish an edition: in force from its day on, never changed again (管理办法 art. 11).

    `seen` is the `content_digest` of what the page showed; whoever acts without a page leaves it out. Raises Refused
    when a colleague has changed the edition since.
    """
    version = _editable(actor, version_id)
    items = items_of(version.id)
    if not items:
        raise Refused(N_("目录里还没有服务项目，请先添加。"))
    require_seen(seen, content_digest(version, items))
    if version.effective_from < beijing_day(at) and version_in_force(version.district_id) is not None:
        raise Refused(N_("生效日期已经过去，请改为今天或以后。"), field="effective_from")
    version.published_at = at
    db.session.flush()
    record(version.subject, "publish", actor, at, permit=Permit.CATALOGUE_EDIT, facts={"number": version.number})
    post(
        "catalogue",
        f"{version.district.code}-{version.number}",
        f"{version.district.full_name}购买服务指导性目录（{version.number}）",  # zh-only
        catalogue_data(version, items),
        version.subject.chain,
        Scope(version.district_id),
        actor,
        at,
    )


def change_day(actor: Actor, version_id: int, effective_from: date, at: datetime) -> None:
    """Change from when an unpublished edition will be in force."""
    version = _editable(actor, version_id)
    version.effective_from = effective_from
    facts = {"effective_from": effective_from.isoformat()}
    record(version.subject, "change_day", actor, at, permit=Permit.CATALOGUE_EDIT, facts=facts)
