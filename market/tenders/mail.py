"""What people are told about a tender, and who they are."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from market.kernel.clock import deadline_text
from market.kernel.permits import Permit
from market.kernel.text import N_
from market.people.queries import holders
from market.records.messages import tell
from market.tenders.models import Lot, Tender


def tell_approvers(tender: Tender, at: datetime, *, but: int | None) -> None:
    """A draft waits for a second officer."""
    people = [p for p in holders(Permit.TENDER_APPROVE, tender.subject.scope) if p != but]
    subject, body = N_("请审核采购项目"), N_("“%(title)s”已提交审核，请核对后发布公告或退回修改。")
    tell(people, subject, body, f"/tenders/{tender.id}/review", at, {"title": tender.title})


def tell_drafter(tender: Tender, reason: str, at: datetime) -> None:
    """A draft came back."""
    if tender.created_by is None:
        return
    subject, body = N_("采购项目被退回修改"), N_("“%(title)s”被退回：%(reason)s")
    params = {"title": tender.title, "reason": reason}
    tell([tender.created_by], subject, body, f"/tenders/{tender.id}/draft", at, params)


def tell_published(tender: Tender, at: datetime) -> None:
    """The drafter learns that the notice is out."""
    if tender.created_by is None or tender.deadline_at is None:
        return
    subject, body = N_("采购公告已发布"), N_("“%(title)s”已发布公告，递交截止时间为北京时间 %(deadline)s。")
    params = {"title": tender.title, "deadline": deadline_text(tender.deadline_at)}
    tell([tender.created_by], subject, body, f"/tenders/{tender.id}", at, params)


def tell_failed(tender: Tender, part: Lot, reason: str, also: Iterable[int], at: datetime) -> None:
    """The purchaser's drafters, and whoever the caller names, learn why a lot failed (采购法 art. 36)."""
    officers = holders(Permit.TENDER_DRAFT, tender.subject.scope)
    subject, body = N_("采购包废标"), N_("“%(title)s”已废标。原因：%(reason)s")
    params = {
        "title": tender.title if part.title == tender.title else f"{tender.title} · {part.title}",
        "reason": reason,
    }
    tell([*officers, *also], subject, body, f"/tenders/{tender.id}", at, params)


def tell_cancelled(tender: Tender, reason: str, at: datetime) -> None:
    """The purchaser's drafters learn that the purchase was called off; bidders are told by the room of bids."""
    officers = holders(Permit.TENDER_DRAFT, tender.subject.scope)
    subject, body = N_("采购已取消"), N_("“%(title)s”已取消。原因：%(reason)s")
    params = {"title": tender.title, "reason": reason}
    tell(officers, subject, body, f"/tenders/{tender.id}", at, params)
