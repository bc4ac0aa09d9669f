"""Names of what happens to a tender, for its history."""

from __future__ import annotations

from market.kernel.permits import Permit
from market.kernel.text import N_
from market.tenders.states import LotState

VERBS = {
    "create": N_("新建"),
    "save": N_("修改"),
    "submit": N_("提交审核"),
    "return": N_("退回修改"),
    "publish": N_("审核通过，发布公告"),
    "publish_intention": N_("公开采购意向"),
    "close": N_("递交截止"),
    "cancel": N_("取消"),
}

# Where a lot goes on: in these states whoever holds the permit finds the next page there.
NEXT_PAGES = (
    ((LotState.SEALED,), Permit.BID_OPEN, "bids.opening", N_("开标")),
    ((LotState.OPENED, LotState.QUALIFIED, LotState.RANKED), Permit.EVALUATION_REPORT, "evaluation.board", N_("评审")),
    ((LotState.RANKED, LotState.AWARDED), Permit.AWARD_CONFIRM, "awards.confirm", N_("确定供应商")),
)

# Sources of rules that are no law's name; the rulebook carries them as text, pages show them through the catalogue.
OWN_SOURCES = (N_("产品默认值，供本区修改"), N_("本区规定"))
