"""Resting places of money and the reasons for which it moves."""

from __future__ import annotations

from enum import StrEnum

from market.kernel.text import N_


class Place(StrEnum):
    """Where a budget line's money rests."""

    OUTSIDE = "outside"
    UNSPENT = "unspent"
    RESERVED = "reserved"
    COMMITTED = "committed"
    PAYABLE = "payable"
    PAID = "paid"


PLACE_LABELS = {
    Place.OUTSIDE: N_("账外"),
    Place.UNSPENT: N_("未使用"),
    Place.RESERVED: N_("已预留"),
    Place.COMMITTED: N_("已签约"),
    Place.PAYABLE: N_("应付"),
    Place.PAID: N_("已付"),
}


class Reason(StrEnum):
    """Why money moves; each reason has one way."""

    APPROPRIATE = "appropriate"
    CUT = "cut"
    RESERVE = "reserve"
    RELEASE = "release"
    COMMIT = "commit"
    UNCOMMIT = "uncommit"
    FREE = "free"
    OWE = "owe"
    PAY = "pay"
    BOUNCE = "bounce"
    CLAWBACK = "clawback"


WAYS: dict[Reason, tuple[Place, Place]] = {
    Reason.APPROPRIATE: (Place.OUTSIDE, Place.UNSPENT),
    Reason.CUT: (Place.UNSPENT, Place.OUTSIDE),
    Reason.RESERVE: (Place.UNSPENT, Place.RESERVED),
    Reason.RELEASE: (Place.RESERVED, Place.UNSPENT),
    Reason.COMMIT: (Place.RESERVED, Place.COMMITTED),
    Reason.UNCOMMIT: (Place.COMMITTED, Place.RESERVED),
    Reason.FREE: (Place.COMMITTED, Place.UNSPENT),
    Reason.OWE: (Place.COMMITTED, Place.PAYABLE),
    Reason.PAY: (Place.PAYABLE, Place.PAID),
    Reason.BOUNCE: (Place.PAID, Place.PAYABLE),
    Reason.CLAWBACK: (Place.PAID, Place.UNSPENT),
}

REASON_LABELS = {
    Reason.APPROPRIATE: N_("批复下达"),
    Reason.CUT: N_("核减"),
    Reason.RESERVE: N_("发布采购，预留"),
    Reason.RELEASE: N_("采购未用，退回"),
    Reason.COMMIT: N_("签订合同"),
    Reason.UNCOMMIT: N_("合同未生效，退回预留"),
    Reason.FREE: N_("合同结余，退回"),
    Reason.OWE: N_("验收评估后应付"),
    Reason.PAY: N_("款项付出"),
    Reason.BOUNCE: N_("款项退回"),
    Reason.CLAWBACK: N_("追回"),
}
