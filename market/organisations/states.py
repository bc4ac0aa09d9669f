"""States of an organisation's registration and of its bank account."""

from __future__ import annotations

from enum import StrEnum

from market.kernel.permits import Permit
from market.kernel.states import Machine, Move
from market.kernel.text import N_


class OrganisationState(StrEnum):
    """Registration."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    CONFIRMED = "confirmed"
    RETURNED = "returned"
    BARRED = "barred"


class OrganisationVerb(StrEnum):
    """What happens to a registration."""

    SUBMIT = "submit"
    CONFIRM = "confirm"
    RETURN = "return"
    BAR = "bar"
    READMIT = "readmit"


ORGANISATION_LABELS = {
    OrganisationState.DRAFT: N_("填写中"),
    OrganisationState.SUBMITTED: N_("待确认"),
    OrganisationState.CONFIRMED: N_("已确认"),
    OrganisationState.RETURNED: N_("退回修改"),
    OrganisationState.BARRED: N_("禁止参加采购"),
}

_S, _V, _P = OrganisationState, OrganisationVerb, Permit

ORGANISATION_MACHINE = Machine(
    OrganisationState,
    name="organisation",
    start=_S.DRAFT,
    moves=[
        Move(_S.DRAFT, _V.SUBMIT, _S.SUBMITTED, _P.ORGANISATION_EDIT, N_("提交登记")),
        Move(_S.RETURNED, _V.SUBMIT, _S.SUBMITTED, _P.ORGANISATION_EDIT, N_("重新提交")),
        Move(_S.SUBMITTED, _V.CONFIRM, _S.CONFIRMED, _P.ORGANISATION_CONFIRM, N_("确认登记")),
        Move(_S.SUBMITTED, _V.RETURN, _S.RETURNED, _P.ORGANISATION_CONFIRM, N_("退回修改")),
        Move(_S.CONFIRMED, _V.BAR, _S.BARRED, _P.ORGANISATION_CONFIRM, N_("禁止参加")),
        Move(_S.BARRED, _V.READMIT, _S.CONFIRMED, _P.ORGANISATION_CONFIRM, N_("恢复资格")),
    ],
)


class RatingKind(StrEnum):
    """What is rated: the registrar's grade 1A-5A (社会组织评估), or the district's stars (温江)."""

    GRADE = "grade"
    STARS = "stars"


RATING_KIND_LABELS = {RatingKind.GRADE: N_("评估等级"), RatingKind.STARS: N_("星级")}
GRADE_NAMES = {1: "1A", 2: "2A", 3: "3A", 4: "4A", 5: "5A"}
STAR_LABELS = {1: N_("一星"), 2: N_("二星"), 3: N_("三星"), 4: N_("四星"), 5: N_("五星")}


class RatingState(StrEnum):
    """A grade or star rating: it stands until its last day, or until it is withdrawn."""

    STANDING = "standing"
    WITHDRAWN = "withdrawn"


class RatingVerb(StrEnum):
    """What happens to a rating."""

    WITHDRAW = "withdraw"


RATING_LABELS = {RatingState.STANDING: N_("有效"), RatingState.WITHDRAWN: N_("已撤销")}

RATING_MACHINE = Machine(
    RatingState,
    name="organisation-rating",
    start=RatingState.STANDING,
    moves=[Move(RatingState.STANDING, RatingVerb.WITHDRAW, RatingState.WITHDRAWN, Permit.RATING_ENTER, N_("撤销"))],
)


class BankState(StrEnum):
    """A payout bank account: two people of the organisation, then live."""

    PROPOSED = "proposed"
    LIVE = "live"
    RETIRED = "retired"


class BankVerb(StrEnum):
    """What happens to a bank account."""

    CONFIRM = "confirm"
    REJECT = "reject"
    RETIRE = "retire"


BANK_LABELS = {
    BankState.PROPOSED: N_("待另一人复核"),
    BankState.LIVE: N_("使用中"),
    BankState.RETIRED: N_("已停用"),
}

BANK_MACHINE = Machine(
    BankState,
    name="bank-account",
    start=BankState.PROPOSED,
    moves=[
        Move(BankState.PROPOSED, BankVerb.CONFIRM, BankState.LIVE, Permit.BANK_CONFIRM, N_("复核通过")),
        Move(BankState.PROPOSED, BankVerb.REJECT, BankState.RETIRED, Permit.BANK_CONFIRM, N_("复核不通过")),
        Move(BankState.LIVE, BankVerb.RETIRE, BankState.RETIRED, Permit.BANK_CONFIRM, N_("停用")),
    ],
)
