"""States of a contract (the agreement)."""

from __future__ import annotations

from enum import StrEnum

from contracts.agreements.rules import Dispute
from market.kernel.permits import Permit
from market.kernel.states import Machine, Move
from market.kernel.text import N_


class AgreementState(StrEnum):
    """From draft to the last milestone, or to an end before it."""

    DRAFT = "draft"
    ISSUED = "issued"
    HALF_SIGNED = "half_signed"
    IN_FORCE = "in_force"
    SUSPENDED = "suspended"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    TERMINATED = "terminated"


class AgreementVerb(StrEnum):
    """What happens to a contract."""

    ISSUE = "issue"
    SIGN_SUPPLIER = "sign_supplier"
    SIGN_BUYER = "sign_buyer"
    SUSPEND = "suspend"
    RESUME = "resume"
    COMPLETE = "complete"
    CANCEL = "cancel"
    TERMINATE = "terminate"


AGREEMENT_LABELS = {
    AgreementState.DRAFT: N_("合同草稿"),
    AgreementState.ISSUED: N_("待供应商签署"),
    AgreementState.HALF_SIGNED: N_("待街道签署"),
    AgreementState.IN_FORCE: N_("履行中"),
    AgreementState.SUSPENDED: N_("暂停履行"),
    AgreementState.COMPLETED: N_("履行完毕"),
    AgreementState.CANCELLED: N_("已取消"),
    AgreementState.TERMINATED: N_("提前终止"),
}

_S, _V, _P = AgreementState, AgreementVerb, Permit

AGREEMENT_MACHINE = Machine(
    AgreementState,
    name="agreement",
    start=_S.DRAFT,
    moves=[
        Move(_S.DRAFT, _V.ISSUE, _S.ISSUED, _P.AGREEMENT_DRAFT, N_("定稿并送签")),
        Move(_S.ISSUED, _V.SIGN_SUPPLIER, _S.HALF_SIGNED, _P.AGREEMENT_SIGN_SUPPLIER, N_("供应商签署")),
        Move(_S.HALF_SIGNED, _V.SIGN_BUYER, _S.IN_FORCE, _P.AGREEMENT_SIGN_BUYER, N_("街道签署")),
        Move(_S.DRAFT, _V.CANCEL, _S.CANCELLED, _P.AGREEMENT_DRAFT, N_("取消合同")),
        Move(_S.ISSUED, _V.CANCEL, _S.CANCELLED, _P.AGREEMENT_DRAFT, N_("取消合同")),
        Move(_S.HALF_SIGNED, _V.CANCEL, _S.CANCELLED, _P.AGREEMENT_DRAFT, N_("取消合同")),
        Move(_S.IN_FORCE, _V.SUSPEND, _S.SUSPENDED, _P.DELIVERY_ACCEPT, N_("暂停履行"), by_clock=True),
        Move(_S.SUSPENDED, _V.RESUME, _S.IN_FORCE, _P.AGREEMENT_DRAFT, N_("恢复履行")),
        Move(_S.IN_FORCE, _V.COMPLETE, _S.COMPLETED, _P.AGREEMENT_DRAFT, N_("结清合同")),
        Move(_S.IN_FORCE, _V.TERMINATE, _S.TERMINATED, _P.AGREEMENT_TERMINATE, N_("终止合同"), by_clock=True),
        Move(_S.SUSPENDED, _V.TERMINATE, _S.TERMINATED, _P.AGREEMENT_TERMINATE, N_("终止合同")),
    ],
)


class SubstitutionState(StrEnum):
    """Somebody else in the place of a person promised: proposed by the supplier, accepted or not by the street."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class SubstitutionVerb(StrEnum):
    """What happens to a proposed substitution."""

    ACCEPT = "accept"
    REJECT = "reject"


SUBSTITUTION_LABELS = {
    SubstitutionState.PROPOSED: N_("待街道同意"),
    SubstitutionState.ACCEPTED: N_("已同意换人"),
    SubstitutionState.REJECTED: N_("未同意换人"),
}

_B = SubstitutionState

SUBSTITUTION_MACHINE = Machine(
    SubstitutionState,
    name="substitution",
    start=_B.PROPOSED,
    moves=[
        Move(_B.PROPOSED, SubstitutionVerb.ACCEPT, _B.ACCEPTED, _P.AGREEMENT_DRAFT, N_("同意换人")),
        Move(_B.PROPOSED, SubstitutionVerb.REJECT, _B.REJECTED, _P.AGREEMENT_DRAFT, N_("不同意")),
    ],
)

DISPUTE_LABELS = {Dispute.COURT: N_("向甲方所在地人民法院起诉"), Dispute.ARBITRATION: N_("提交仲裁机构仲裁")}


class Party(StrEnum):
    """Who signs."""

    SUPPLIER = "supplier"
    BUYER = "buyer"


PARTY_LABELS = {Party.SUPPLIER: N_("供应商（乙方）"), Party.BUYER: N_("街道（甲方）")}
