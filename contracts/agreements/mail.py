"""What people are told about contracts, and the contract as a document."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import current_app
from flask_babel import force_locale

from contracts.agreements.models import Agreement
from contracts.agreements.rules.basis import Basis, basis_of, opening_words
from contracts.agreements.states import Party
from market.budgets.states import FUND_SOURCE_LABELS, FundSource
from market.kernel.permits import Permit
from market.kernel.text import N_
from market.people.queries import holders
from market.records.messages import tell

TITLE = N_("政府购买服务合同")
GRANT_TITLE = N_("资助协议")
BASES = {"acceptance": N_("验收即付"), "evaluation": N_("验收并评估")}
GRADES = {"excellent": N_("优秀"), "good": N_("良好"), "pass": N_("合格"), "fail": N_("不合格")}


def fund_source(source: str) -> str:
    """Return the Chinese name of a line's source."""
    return FUND_SOURCE_LABELS[FundSource(source)] if source in set(FundSource) else source


def is_grant(row: Agreement) -> bool:
    """True for what a round of grants made: nothing is bought by it."""
    return basis_of(row.data["regime"]) is Basis.GRANT


def document_title(row: Agreement) -> str:
    """Return what the document calls itself."""
    return GRANT_TITLE if is_grant(row) else TITLE


def contract_html(row: Agreement) -> str:
    """Return the contract as HTML for the PDF, in Chinese whoever asks. Needs an application context."""
    with force_locale("zh_Hans_CN"):
        template = current_app.jinja_env.get_template("pdf/agreements_contract.html")
        return template.render(
            title=document_title(row),
            subtitle=row.data["subject"],
            number=row.number,
            digest=row.digest,
            demo=current_app.extensions["linli"].settings.is_demonstration,
            lang="zh-Hans",
            data=row.data,
            opening_words=opening_words(row.data["regime"], row.data["ocid"]),
            is_grant=is_grant(row),
            bases=BASES,
            grades=GRADES,
            sources={one["source"]: fund_source(one["source"]) for one in row.data["funding"]},
            places=[
                {"role": role, "name": row.data[party.value]["name"], "field": party.value}
                for role, party in (("甲方（签章）", Party.BUYER), ("乙方（签章）", Party.SUPPLIER))  # zh-only
            ],
        )


def _url(row: Agreement) -> str:
    return f"/agreements/{row.id}"


def _params(row: Agreement, **more: Any) -> dict[str, Any]:
    return {"title": row.title, "number": row.number, **more}


def tell_ready(row: Agreement, at: datetime) -> None:
    """The document is made: the supplier's signatories may sign."""
    tell(
        holders(Permit.AGREEMENT_SIGN_SUPPLIER, row.subject.scope),
        N_("请签署合同"),
        N_("“%(title)s”的合同（%(number)s）已经定稿，请在 %(day)s 前核对并签署。"),
        _url(row),
        at,
        _params(row, day=row.sign_by.isoformat()),
    )


def tell_half_signed(row: Agreement, at: datetime) -> None:
    """The supplier has signed: the street's turn."""
    tell(
        holders(Permit.AGREEMENT_SIGN_BUYER, row.subject.scope),
        N_("供应商已签署，请签署合同"),
        N_("“%(title)s”的合同（%(number)s）已由供应商签署，请在 %(day)s 前签署。"),
        _url(row),
        at,
        _params(row, day=row.sign_by.isoformat()),
    )


def tell_in_force(row: Agreement, at: datetime) -> None:
    """Both have signed."""
    people = [
        *holders(Permit.DELIVERY_REPORT, row.subject.scope),
        *holders(Permit.AGREEMENT_DRAFT, row.subject.scope),
    ]
    tell(
        people,
        N_("合同已生效"),
        N_("“%(title)s”的合同（%(number)s）已由双方签署并公告，现在可以按节点履行。"),
        _url(row),
        at,
        _params(row),
    )


def tell_cancelled(row: Agreement, at: datetime) -> None:
    """The contract will not be signed."""
    tell(
        holders(Permit.AGREEMENT_SIGN_SUPPLIER, row.subject.scope),
        N_("合同已取消"),
        N_("“%(title)s”的合同（%(number)s）在签署前取消。原因：%(reason)s"),
        _url(row),
        at,
        _params(row, reason=row.cancel_reason),
    )


def tell_suspended(row: Agreement, at: datetime) -> None:
    """Delivery stops."""
    people = [
        *holders(Permit.DELIVERY_REPORT, row.subject.scope),
        *holders(Permit.AGREEMENT_DRAFT, row.subject.scope),
    ]
    tell(
        people,
        N_("合同暂停履行"),
        N_("“%(title)s”的合同（%(number)s）暂停履行，验收和付款同时暂停。原因：%(reason)s"),
        _url(row),
        at,
        _params(row, reason=row.suspension_reason),
    )


def tell_terminated(row: Agreement, at: datetime) -> None:
    """The contract is over before its time."""
    people = [
        *holders(Permit.DELIVERY_REPORT, row.subject.scope),
        *holders(Permit.AGREEMENT_DRAFT, row.subject.scope),
    ]
    tell(
        people,
        N_("合同提前终止"),
        N_("“%(title)s”的合同（%(number)s）已提前终止，未履行的节点不再履行和付款。原因：%(reason)s"),
        _url(row),
        at,
        _params(row, reason=row.termination_reason),
    )


def tell_resumed(row: Agreement, at: datetime) -> None:
    """Delivery goes on."""
    tell(
        holders(Permit.DELIVERY_REPORT, row.subject.scope),
        N_("合同恢复履行"),
        N_("“%(title)s”的合同（%(number)s）恢复履行。"),
        _url(row),
        at,
        _params(row),
    )


def tell_substitution_proposed(row: Agreement, at: datetime) -> None:
    """The supplier asks to replace somebody it promised."""
    tell(
        holders(Permit.AGREEMENT_DRAFT, row.subject.scope),
        N_("供应商提出换人，请处理"),
        N_("“%(title)s”的合同（%(number)s）：供应商提出更换约定的社会工作者，请核对后同意或不同意。"),
        _url(row),
        at,
        _params(row),
    )


def tell_substitution_decided(row: Agreement, accepted: bool, answer: str, at: datetime) -> None:
    """The supplier reads what the street decided."""
    said = (
        N_("“%(title)s”的合同（%(number)s）：街道已同意换人，派驻已更新。")
        if accepted
        else N_("“%(title)s”的合同（%(number)s）：街道没有同意换人。原因：%(reason)s")
    )
    people = holders(Permit.DELIVERY_REPORT, row.subject.scope)
    tell(people, N_("换人申请的处理结果"), said, _url(row), at, _params(row, reason=answer))
