"""What people are told about proposed awards and objections to them."""

from __future__ import annotations

from datetime import datetime

from market.awards.models import Award, Objection
from market.awards.states import ObjectionState
from market.kernel.clock import deadline_text
from market.kernel.permits import Permit, Scope
from market.kernel.text import N_
from market.people.queries import holders
from market.records.messages import post_mail, tell


def _supplier(row: Award) -> list[int]:
    return holders(Permit.BID_DRAFT, Scope(organisation_id=row.organisation_id))


def tell_proposed(row: Award, at: datetime) -> None:
    """The supplier reads that its award is public and not yet confirmed."""
    tell(
        _supplier(row),
        N_("拟资助公示：%(title)s"),
        N_("“%(title)s”拟由贵机构承接，公示到 %(until)s；公示期满、异议处理完毕后确认。"),
        f"/awards/{row.id}",
        at,
        {"title": row.title, "until": deadline_text(row.publicity_until)},
    )


def tell_confirmed(row: Award, at: datetime) -> None:
    """The supplier and whoever drafts the contract read that the award stands."""
    drafters = holders(Permit.AGREEMENT_DRAFT, row.subject.scope)
    tell(
        [*_supplier(row), *drafters],
        N_("结果已确认：%(title)s"),
        N_("“%(title)s”公示期满，结果已确认，请在 %(day)s 前签订合同。"),
        f"/awards/{row.id}",
        at,
        {"title": row.title, "day": row.sign_by.isoformat()},
    )


def tell_refused(row: Award, reason: str, at: datetime) -> None:
    """The supplier reads that nothing comes of it, and why."""
    tell(
        _supplier(row),
        N_("结果不予确认：%(title)s"),
        N_("“%(title)s”的公示结果不予确认。原因：%(reason)s"),
        f"/awards/{row.id}",
        at,
        {"title": row.title, "reason": reason},
    )


def tell_objection(row: Objection, award: Award, at: datetime) -> None:
    """The district's officers have an objection to answer."""
    tell(
        holders(Permit.OBJECTION_DECIDE, row.subject.scope),
        N_("收到异议：%(title)s"),
        N_("有人对“%(title)s”的公示结果提出异议，请在 %(day)s 前核查答复。"),
        f"/awards/objections/{row.id}",
        at,
        {"title": award.title, "day": row.answer_by.isoformat()},
    )


def tell_answered(row: Objection, at: datetime) -> None:
    """The street reads the decision; the objector too, by account or by the mail address that was left."""
    upheld = row.state == ObjectionState.UPHELD
    params = {"title": row.award.title}
    tell(
        holders(Permit.AWARD_CONFIRM, row.subject.scope),
        N_("异议已处理：%(title)s"),
        N_("对“%(title)s”公示结果的异议成立，结果不能确认；请办理不予确认。")
        if upheld
        else N_("对“%(title)s”公示结果的异议不成立；公示期满、异议全部处理完毕后可以确认。"),
        f"/awards/{row.award_id}",
        at,
        params,
    )
    if row.filed_by is not None:
        tell(
            [row.filed_by],
            N_("您的异议已答复：%(title)s"),
            N_("区民政部门已答复您对“%(title)s”提出的异议，请查看公开页面。"),
            f"/purchases/{row.award.file.ocid}",
            at,
            params,
        )
    elif "@" in row.contact:
        # A letter to somebody without an account is written in Chinese like every mail of the house.
        body = f"您对“{row.award.title}”公示结果提出的异议已处理。\n答复：{row.reply}"  # zh-only
        post_mail(row.contact, f"异议答复：{row.award.title}", body, at)  # zh-only
