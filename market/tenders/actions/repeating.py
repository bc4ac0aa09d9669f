"""A purchase that came to nothing is begun again with its content, in a file of its own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from market.catalogue.queries import items
from market.kernel.errors import NotFound, Refused
from market.kernel.permits import Actor, Permit, require
from market.kernel.text import N_
from market.records.purchases import relate
from market.tenders.actions.drafting import add_lot, create_tender, save_lot, save_tender
from market.tenders.models import Lot, Tender
from market.tenders.queries import earlier_files, tender
from market.tenders.states import LotState

_CRITERION = ("kind", "title", "guidance", "max_centi")
_ENDED = (LotState.FAILED, LotState.CANCELLED)


def repeat_tender(actor: Actor, tender_id: int, at: datetime, *, form_token: str | None = None) -> Tender:
    """Begin a new draft from the lots of a purchase that failed or were cancelled; days and rules are today's.

    The new file is related to the old one as `unsuccessfulProcess`. Raises Refused when a lot still goes on, when the
    service left the catalogue, or when the lines are not of this year.
    """
    old = tender(tender_id)
    if old is None:
        raise NotFound(N_("没有找到您要的内容，链接可能已失效。"))
    require(actor, Permit.TENDER_DRAFT, old.subject.scope)
    lots = [part for part in old.lots if part.state in _ENDED and old.rules]
    if not lots:
        raise Refused(N_("只有已发布而废标或取消的采购可以重新采购。"))
    item = next((i for i in items(old.district_id) if i.code == old.item.code), None)
    if item is None:
        raise Refused(N_("这项服务已不在现行指导性目录中，请新建采购项目。"))
    first, *others = lots
    row = create_tender(
        actor, old.street_id, item.id, _funding(first), at, title=old.title, demand_id=old.demand_id,
        form_token=form_token,
    )  # fmt: skip
    if earlier_files(row.file_id):
        return row
    relate(row.file_id, old.file_id, "unsuccessfulProcess")
    conditions = _rows(old.qualifications, "title", "evidence")
    save_tender(
        actor, row.id, at, quietly=True, requirement=old.requirement, bond_bp=old.bond_bp, qualifications=conditions
    )
    for part in others:
        add_lot(actor, row.id, _funding(part), at)
    for part, source in zip(row.lots, lots, strict=True):
        criteria = _rows(source.criteria, *_CRITERION)
        save_lot(
            actor, part.id, at, quietly=True, title=source.title, criteria=criteria,
            evaluation_terms=source.evaluation_terms,
        )  # fmt: skip
    return row


def _funding(part: Lot) -> dict[int, int]:
    return {share.line_id: share.amount_fen for share in part.funding}


def _rows(rows: Iterable[Any], *names: str) -> list[dict[str, Any]]:
    return [{name: getattr(row, name) for name in names} for row in rows]
