"""States of a seat on a panel and of a score sheet; ties that bar an expert."""

from __future__ import annotations

from enum import StrEnum

from market.kernel.permits import Permit
from market.kernel.states import Machine, Move
from market.kernel.text import N_
from market.panels.rules import Avoided


class SeatState(StrEnum):
    """One seat: drawn, declared, scored, or given up."""

    DRAWN = "drawn"
    DECLARED = "declared"
    RECUSED = "recused"
    FINAL = "final"


class SeatVerb(StrEnum):
    """What a panel member does; `release` is the officer's act when a member does not appear."""

    DECLARE = "declare"
    RECUSE = "recuse"
    FINISH = "finish"
    RELEASE = "release"


SEAT_LABELS = {
    SeatState.DRAWN: N_("待声明"),
    SeatState.DECLARED: N_("打分中"),
    SeatState.RECUSED: N_("已回避"),
    SeatState.FINAL: N_("已提交评分"),
}

SEAT_MACHINE = Machine(
    SeatState,
    name="panel-seat",
    start=SeatState.DRAWN,
    moves=[
        Move(SeatState.DRAWN, SeatVerb.DECLARE, SeatState.DECLARED, Permit.BID_SCORE, N_("声明无利害关系")),
        Move(SeatState.DRAWN, SeatVerb.RECUSE, SeatState.RECUSED, Permit.BID_SCORE, N_("申请回避")),
        Move(SeatState.DECLARED, SeatVerb.RECUSE, SeatState.RECUSED, Permit.BID_SCORE, N_("申请回避")),
        Move(SeatState.DECLARED, SeatVerb.FINISH, SeatState.FINAL, Permit.BID_SCORE, N_("提交评分")),
        Move(SeatState.DRAWN, SeatVerb.RELEASE, SeatState.RECUSED, Permit.PANEL_DRAW, N_("缺席，改由递补人员评审")),
        Move(SeatState.DECLARED, SeatVerb.RELEASE, SeatState.RECUSED, Permit.PANEL_DRAW, N_("缺席，改由递补人员评审")),
        # Only a member who still owes an opinion (87号令 art. 49: what a replaced member gave is void).
        Move(SeatState.FINAL, SeatVerb.RELEASE, SeatState.RECUSED, Permit.PANEL_DRAW, N_("缺席，改由递补人员评审")),
    ],
)


class TieKind(StrEnum):
    """Why an expert may not judge an organisation (条例 art. 9)."""

    EMPLOYED = "employed"
    BOARD = "board"
    CONTROL = "control"
    KIN = "kin"
    OTHER = "other"


TIE_LABELS = {
    TieKind.EMPLOYED: N_("劳动关系"),
    TieKind.BOARD: N_("担任理事、监事"),
    TieKind.CONTROL: N_("控股或实际控制"),
    TieKind.KIN: N_("近亲属关系"),
    TieKind.OTHER: N_("其他可能影响公正的关系"),
}

AVOIDED_LABELS = {
    Avoided.BIDDER: N_("与投标人有利害关系"),
    Avoided.MEMBER: N_("是投标人的人员"),
    Avoided.STREET: N_("与采购街道有利害关系"),
    Avoided.STAFF: N_("采购人本单位人员不得以专家身份参加"),
    Avoided.WRITER: N_("参与编制采购文件"),
    Avoided.NO_ROLE: N_("没有评审账号权限"),
}

GROUND_LABELS = {
    "technical_complexity": N_("技术复杂"),
    "social_effect": N_("社会影响较大"),
}
