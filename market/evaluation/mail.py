"""What people are told during an evaluation, and the report as HTML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from flask import current_app
from flask_babel import force_locale

from market.evaluation.states import LOW_TEST_LABELS, MEMBER_LABELS, TIE_LABELS, VERDICT_LABELS
from market.kernel.clock import beijing, deadline_text
from market.kernel.permits import Permit, Scope
from market.kernel.text import N_
from market.people.queries import holders
from market.records.messages import tell
from market.tenders.models import Lot
from market.tenders.states import METHOD_LABELS, Method

TITLE = N_("评审报告")


def title_of(lot: Lot) -> str:
    """Name of a lot as people know it: the purchase, and the lot's own where it differs."""
    return lot_name(lot.tender.title, lot.title)


def lot_name(purchase: str, own: str) -> str:
    """Name of a lot from the purchase's title and its own."""
    return f"{purchase} · {own}" if own and own != purchase else purchase


def members_of(organisation_id: int) -> list[int]:
    """The people of an organisation who work on its bids."""
    return holders(Permit.BID_DRAFT, Scope(organisation_id=organisation_id))


def tell_invalid(lot: Lot, organisation_id: int, reason: str, at: datetime) -> None:
    """A bidder learns at once that its bid is invalid, and why (87号令 art. 44)."""
    tell(
        members_of(organisation_id),
        N_("投标无效：%(title)s"),
        N_("贵机构的投标未通过审查。原因：%(reason)s"),
        f"/bids/{lot.id}/{organisation_id}",
        at,
        {"title": title_of(lot), "reason": reason},
    )


def tell_drawn(lot: Lot, user_ids: Iterable[int], at: datetime) -> None:
    """Drawn members are called; the message names the purchase and no bidder."""
    tell(
        user_ids,
        N_("请参加评审：%(title)s"),
        N_("您被抽取为“%(title)s”的评审组成员。请先查看投标人名单并声明有无利害关系，再独立打分。结果公布前请保密。"),
        "/evaluation",
        at,
        {"title": title_of(lot)},
    )


def tell_asked(lot: Lot, organisation_id: int, inquiry_id: int, until: datetime, at: datetime) -> None:
    """A bidder is asked to explain its price within the window."""
    tell(
        members_of(organisation_id),
        N_("请说明报价：%(title)s"),
        N_(
            "贵机构的报价触发异常低价审查，请在 %(until)s 之前提交书面说明和成本证明；"
            "逾期或不能说明合理性的，投标无效。"
        ),
        f"/evaluation/inquiries/{inquiry_id}",
        at,
        {"title": title_of(lot), "until": deadline_text(until)},
    )


def tell_price_accepted(lot: Lot, organisation_id: int, inquiry_id: int, reason: str, at: datetime) -> None:
    """A bidder learns that its explanation stands, and why."""
    tell(
        members_of(organisation_id),
        N_("报价说明成立：%(title)s"),
        N_("评审组接受贵机构的报价说明，投标继续参加评审。理由：%(reason)s"),
        f"/evaluation/inquiries/{inquiry_id}",
        at,
        {"title": title_of(lot), "reason": reason},
    )


def tell_hearing(lot: Lot, user_ids: Iterable[int], until: datetime, at: datetime) -> None:
    """Members learn that they will have to judge an explanation; the message names no bidder and no price."""
    tell(
        user_ids,
        N_("请判断报价说明：%(title)s"),
        N_(
            "有一家投标人被要求说明报价。对方提交说明之后，或 %(until)s 说明时间结束之后，"
            "请查看说明并独立提出意见，由评审组按多数意见作出结论。"
        ),
        # Where the declaration comes first, which some have still to make.
        "/desk",
        at,
        {"title": title_of(lot), "until": deadline_text(until)},
    )


def tell_ranked(lot: Lot, until: date, at: datetime) -> None:
    """The purchaser learns that the report is there, and until when it has to choose."""
    tell(
        holders(Permit.AWARD_CONFIRM, lot.subject.scope),
        N_("评审报告已形成：%(title)s"),
        N_("评审已结束，请在 %(until)s 前（含当日）按名次顺序确定供应商。"),
        f"/evaluation/lots/{lot.id}/report",
        at,
        {"title": title_of(lot), "until": until.isoformat()},
    )


def report_html(data: Mapping[str, Any], digest: str) -> str:
    """The report as HTML for the PDF, in Chinese whoever asks. Needs an application context."""
    with force_locale("zh_Hans_CN"):
        template = current_app.jinja_env.get_template("pdf/evaluation_report.html")
        return template.render(
            title=TITLE,
            subtitle=data["title"],
            number=f"{data['ocid']} / {data['lot']['number']}",
            digest=digest,
            demo=current_app.extensions["linli"].settings.is_demonstration,
            lang="zh-Hans",
            data=data,
            method=METHOD_LABELS[Method(data["method"])],
            opened_at=f"{beijing(datetime.fromisoformat(data['opening']['at'])):%Y-%m-%d %H:%M}",
            verdicts=VERDICT_LABELS,
            roles=MEMBER_LABELS,
            tests=LOW_TEST_LABELS,
            ties=TIE_LABELS,
        )
