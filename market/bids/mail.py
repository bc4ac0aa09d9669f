"""What people are told about bids. No message says anything of what a bid contains."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from market.bids.models import BidDraft
from market.kernel.clock import deadline_text
from market.kernel.permits import Permit, Scope
from market.kernel.text import N_
from market.people.queries import holders
from market.records.messages import tell
from market.tenders.models import Lot


def lot_title(lot: Lot) -> str:
    """Return the tender's title, with the lot's own where it has one."""
    return f"{lot.tender.title} · {lot.title}" if lot.title and lot.title != lot.tender.title else lot.tender.title


def members(organisation_id: int) -> list[int]:
    """Return the people who prepare bids for an organisation."""
    return holders(Permit.BID_DRAFT, Scope(organisation_id=organisation_id))


def tell_not_submitted(draft: BidDraft, lot: Lot, hours: int, at: datetime) -> None:
    """Remind an organisation that its bid is written but not submitted."""
    assert lot.tender.deadline_at is not None
    tell(
        members(draft.organisation_id),
        N_("投标尚未递交：%(title)s"),
        N_(
            "%(organisation)s 已填写投标文件，但还没有递交。距截止不足 %(hours)s 小时，截止时间为 %(deadline)s；"
            "没有回执就是没有递交。"
        ),
        f"/bids/{lot.id}/{draft.organisation_id}",
        at,
        {
            "title": lot_title(lot),
            "organisation": draft.organisation.name,
            "hours": hours,
            "deadline": deadline_text(lot.tender.deadline_at),
        },
    )


def tell_never_submitted(draft: BidDraft, lot: Lot, at: datetime) -> None:
    """Tell an organisation, after the deadline, that what it wrote was not submitted."""
    tell(
        members(draft.organisation_id),
        N_("已截止，未递交：%(title)s"),
        N_("%(organisation)s 填写的投标文件在截止前没有递交，不参加开标。草稿仍可查看。"),
        f"/bids/{lot.id}/{draft.organisation_id}",
        at,
        {"title": lot_title(lot), "organisation": draft.organisation.name},
    )


def tell_ended(lot: Lot, organisation_ids: Iterable[int], at: datetime) -> None:
    """Tell bidders that a lot was called off: no bid was opened, and none will be."""
    for organisation_id in organisation_ids:
        tell(
            members(organisation_id),
            N_("采购已取消：%(title)s"),
            N_("采购人取消了本次采购。各份投标保持密封，不会开启。原因：%(reason)s"),
            f"/bids/{lot.id}/{organisation_id}",
            at,
            {"title": lot_title(lot), "reason": lot.failure_reason},
        )


def tell_to_open(lot: Lot, user_ids: Iterable[int], at: datetime) -> None:
    """Tell the openers that a lot waits for them."""
    tell(
        user_ids,
        N_("可以开标：%(title)s"),
        N_("投标已截止，份数达到规定的最低要求。请两位开标人先后用各自的密钥口令开标。"),
        f"/bids/opening/{lot.id}",
        at,
        {"title": lot_title(lot)},
    )


def tell_opened(lot: Lot, organisation_ids: Iterable[int], at: datetime) -> None:
    """Tell bidders and the purchaser that the bids have been opened."""
    params = {"title": lot_title(lot)}
    for organisation_id in organisation_ids:
        tell(
            members(organisation_id),
            N_("已开标：%(title)s"),
            N_("各份投标已开启，可在开标记录中用回执编号核对本单位的投标。"),
            f"/bids/opening/{lot.id}/record",
            at,
            params,
        )
    tell(
        holders(Permit.BID_QUALIFY, lot.subject.scope),
        N_("已开标，请审查资格：%(title)s"),
        N_("各份投标已开启，请按采购文件逐家审查资格条件。"),
        f"/bids/opening/{lot.id}/record",
        at,
        params,
    )


def tell_rewrap(lot: Lot, user_ids: Iterable[int], at: datetime) -> None:
    """Tell every opener of a lot that the replacement of one of them has begun."""
    tell(
        user_ids,
        N_("更换开标人：%(title)s"),
        N_("一位开标人的密钥已不能使用，正在为接替人重新封装采购包密钥。如非您知情的安排，请立即联系区采购监督。"),
        f"/bids/opening/{lot.id}/replace",
        at,
        {"title": lot_title(lot)},
    )
