"""Where things stand, carried on with each notice: cards for lists, search and pages, and a street's yearly figures.

Nothing here is a source: `rebuild` throws everything away and makes it again from the notices alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from fractions import Fraction
from typing import Any, NamedTuple

import orjson
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import undefer

from market.db.session import db
from market.kernel.clock import beijing_day
from market.kernel.money import round_half_up
from market.records import importing, search
from market.records.models import DirectoryCard, Notice, PurchaseCard, PurchaseFile, StreetFigures, SupplierWork

OCDS = "ocds"
PURCHASE = "purchase"
# Arrays of objects that OCDS 1.1 replaces as a whole ("wholeListMerge" in the release schema).
_WHOLE_LISTS = {"additionalIdentifiers", "additionalClassifications"}
_OF_ONE_RELEASE = {"id", "tag"}


def merge(old: Any, new: Any, name: str = "") -> Any:
    """Merge a release into a compiled one as OCDS does: objects by key, arrays of objects by id, the rest replaced.

    A null removes the value; what is empty says nothing; an object without an id is added to its array. The same
    release comes out of the standard's own tool (ocdsmerge), and a test holds that. Source: OCDS 1.1, "Merging".
    """
    if isinstance(new, dict):
        merged = dict(old) if isinstance(old, dict) else {}
        for key, value in new.items():
            if value is None:
                merged.pop(key, None)
            elif value != {} and ((found := merge(merged.get(key), value, key)) != [] or key in _WHOLE_LISTS):
                merged[key] = found
        return merged
    if isinstance(new, list) and name not in _WHOLE_LISTS and all(isinstance(item, dict) for item in new):
        return _merged_list(old if isinstance(old, list) else [], new)
    return new


def _merged_list(old: list[Any], new: list[Any]) -> list[Any]:
    rows = list(old)
    # As text: the standard's tool takes the ids 1 and "1" for the same.
    places = {str(item["id"]): at for at, item in enumerate(rows) if isinstance(item, dict) and "id" in item}
    for item in new:
        at = places.get(str(item["id"])) if "id" in item else None
        if at is not None:
            rows[at] = merge(rows[at], item)
        elif item:
            places |= {str(item["id"]): len(rows)} if "id" in item else {}
            rows.append(merge({}, item))
    return rows


def fen_of(amount: Mapping[str, Any] | None) -> int | None:
    """Return an OCDS value in fen; None when there is none. A number of yuan with decimals is read by its text."""
    if not amount or amount.get("amount") is None:
        return None
    yuan = amount["amount"]
    return yuan * 100 if isinstance(yuan, int) else round_half_up(Fraction(str(yuan)) * 100)


class Sums(NamedTuple):
    """What the money columns of a card say."""

    awarded_fen: int | None
    paid_fen: int | None
    supplier: str | None


def sums(compiled: Mapping[str, Any]) -> Sums:
    """Add up a compiled release: awards that have not fallen, and what has been paid on the contracts."""
    awards = [one for one in compiled.get("awards", ()) if one.get("status") in {"active", "pending"}]
    amounts = [fen for one in awards if (fen := fen_of(one.get("value"))) is not None]
    names = dict.fromkeys(s["name"] for one in awards for s in one.get("suppliers", ()) if s.get("name"))
    paid = [
        fen
        for contract in compiled.get("contracts", ())
        for one in contract.get("implementation", {}).get("transactions", ())
        if (fen := fen_of(one.get("value"))) is not None
    ]
    return Sums(sum(amounts) if amounts else None, sum(paid) if paid else None, "、".join(names) or None)


def works(compiled: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    """Return, by party id, what each supplier was awarded and paid (fen) in a compiled release.

    An award of several suppliers counts for each of them; a payment belongs to its payee.
    """
    awarded: dict[str, int] = {}
    paid: dict[str, int] = {}
    for one in compiled.get("awards", ()):
        if one.get("status") in {"active", "pending"}:
            for supplier in one.get("suppliers", ()):
                party = supplier.get("id", "")
                awarded[party] = awarded.get(party, 0) + (fen_of(one.get("value")) or 0)
    for contract in compiled.get("contracts", ()):
        for one in contract.get("implementation", {}).get("transactions", ()):
            party = one.get("payee", {}).get("id", "")
            paid[party] = paid.get(party, 0) + (fen_of(one.get("value")) or 0)
    return {party: (awarded.get(party, 0), paid.get(party, 0)) for party in {**awarded, **paid} if party}


def _keep_works(card: PurchaseCard) -> None:
    """Carry the suppliers' share of a purchase; nothing to do before there is an award."""
    if not card.compiled.get("awards"):
        return
    found = works(card.compiled)
    known = {row.party: row for row in db.session.scalars(select(SupplierWork).filter_by(file_id=card.file_id))}
    for party, (awarded_fen, paid_fen) in found.items():
        row = known.pop(party, None)
        if row is None:
            row = SupplierWork(party=party, file_id=card.file_id)
            db.session.add(row)
        row.awarded_fen, row.paid_fen = awarded_fen, paid_fen
    for row in known.values():
        db.session.delete(row)
    db.session.flush()


def project(file: PurchaseFile, release: Mapping[str, Any], facts: Mapping[str, Any], notice: Notice) -> PurchaseCard:
    """Carry one release and what was told beside it into the current state of its purchase."""
    card = db.session.get(PurchaseCard, file.id)
    before, words = (0, 0, 0), ""
    if card is None:
        card = _new_card(file, notice.published_at)
        db.session.add(card)
    else:
        before, words = _counted(card), _words(card)
    for name, value in facts.items():
        setattr(card, name, datetime.fromisoformat(value) if name == "deadline_at" else value)
    card.compiled = merge(card.compiled, {k: v for k, v in release.items() if k not in _OF_ONE_RELEASE})
    found = sums(card.compiled)
    card.paid_fen = found.paid_fen
    if card.compiled.get("awards"):
        card.awarded_fen, card.supplier = found.awarded_fen, found.supplier
    card.updated_notice_id = notice.id
    db.session.flush()
    _keep_works(card)
    if _words(card) != words:
        search.index_text(PURCHASE, file.id, _words(card))
    _count(card, tuple(now - then for now, then in zip(_counted(card), before, strict=True)))
    return card


def _new_card(file: PurchaseFile, at: datetime) -> PurchaseCard:
    return PurchaseCard(
        file_id=file.id,
        ocid=file.ocid,
        title=file.title,
        stage="planning",
        district_id=file.district_id,
        street_id=file.street_id,
        place="",
        buyer="",
        year=beijing_day(at).year,
        compiled={},
    )


def _words(card: PurchaseCard) -> str:
    return f"{card.title} {card.buyer} {card.place} {card.supplier or ''} {card.ocid}"


def _counted(card: PurchaseCard) -> tuple[int, int, int]:
    return 1, card.awarded_fen or 0, card.paid_fen or 0


def _count(card: PurchaseCard, change: tuple[int, ...]) -> None:
    """Carry a difference into the street's figures of the year; no statement when nothing changed."""
    if not any(change):
        return
    insert = sqlite_insert if db.session.get_bind().dialect.name == "sqlite" else pg_insert
    named = dict(zip(("purchases", "awarded_fen", "paid_fen"), change, strict=True))
    statement = insert(StreetFigures).values(
        street_id=card.street_id, district_id=card.district_id, year=card.year, **named
    )
    added = {name: getattr(StreetFigures, name) + statement.excluded[name] for name in named}
    db.session.execute(statement.on_conflict_do_update(index_elements=["year", "street_id"], set_=added))


def project_directory(notice: Notice, key: str, title: str, data: Mapping[str, Any]) -> DirectoryCard:
    """Carry a directory notice into the current state of its subject."""
    card = db.session.scalar(select(DirectoryCard).filter_by(kind=notice.kind, key=key))
    known = _directory_words(card.title, card.data) if card else None
    if card is None:
        card = DirectoryCard(kind=notice.kind, key=key)
        db.session.add(card)
    card.title, card.district_id, card.street_id = title, notice.district_id, notice.street_id
    card.updated_notice_id, card.data = notice.id, dict(data)
    db.session.flush()
    if known != _directory_words(title, card.data):
        search.index_text(notice.kind, card.id, *_directory_words(title, card.data))
    return card


def directory_marks(fields: Iterable[str], area: str) -> list[str]:
    """Return the marks by which a directory entry is found: each field, the area (a division code), and each pair.

    The pair is a mark of its own, so that a rare field in a large district is found without walking either list.
    """
    return [
        *(f"f{field}" for field in fields),
        *([f"a{area}"] if area else []),
        *(f"a{area}f{f}" for f in fields if area),
    ]


def directory_mark(field: str, area: str) -> list[str]:
    """Return the one mark that stands for a reader's choice of field and area; none when nothing was chosen."""
    chosen = (f"a{area}" if area else "") + (f"f{field}" if field else "")
    return [chosen] if chosen else []


def _directory_words(title: str, data: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Searchable text and marks of a directory entry: whatever kind says of itself in these names."""
    fields, introduction = data.get("service_fields"), data.get("introduction")
    text = f"{title} {introduction}" if isinstance(introduction, str) and introduction else title
    return text, directory_marks(fields if isinstance(fields, list) else [], str(data.get("district") or ""))


def rebuild() -> tuple[int, int]:
    """Make every projection again from the notices; return how many purchases and directory entries there are."""
    for table in (PurchaseCard, DirectoryCard, StreetFigures, SupplierWork):
        db.session.execute(delete(table))
    db.session.expunge_all()
    search.clear()
    first = func.min(Notice.id)
    files = db.session.scalars(
        select(Notice.file_id).where(Notice.kind == OCDS).group_by(Notice.file_id).order_by(first)
    ).all()
    for file_id in files:
        _rebuild_purchase(file_id)
        db.session.expunge_all()
    last = select(func.max(Notice.id)).where(Notice.kind != OCDS).group_by(Notice.subject)
    subjects = db.session.scalars(last.order_by(func.max(Notice.id))).all()
    for notice_id in subjects:
        notice = db.session.get_one(Notice, notice_id)
        body = orjson.loads(notice.body)
        project_directory(notice, body["key"], body["title"], body["data"])
        db.session.expunge_all()
    importing.index_again()
    return len(files), len(subjects)


def _rebuild_purchase(file_id: int | None) -> None:
    file = db.session.get_one(PurchaseFile, file_id)
    query = select(Notice).filter_by(file_id=file_id, kind=OCDS).order_by(Notice.id).options(undefer(Notice.body))
    for notice in db.session.scalars(query).all():
        project(file, orjson.loads(notice.body), notice.facts, notice)
