"""Names of what happens to a tender, for its history."""

from __future__ import annotations

from market.kernel.text import N_

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
