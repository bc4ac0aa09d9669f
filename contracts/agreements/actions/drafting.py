"""Drafting a contract from an award, freezing it for signature, giving it up before both have signed."""

from __future__ import annotations

from datetime import datetime

from contracts.agreements import mail, queries
from contracts.agreements.models import Agreement
from contracts.agreements.rules import (
    Options,
    bond_share_bp,
    check_options,
    contract_data,
    contract_digest,
    contract_number,
    limit_fen,
    series_of,
)
from contracts.agreements.states import AGREEMENT_MACHINE, AgreementState, AgreementVerb
from market.awards.models import Award
from market.awards.queries import award as find_award
from market.awards.queries import contract_bar
from market.awards.rules import Terms, award_release_id
from market.db.session import db
from market.kernel.clock import beijing_day
from market.kernel.errors import NotFound, Refused, Stale
from market.kernel.permits import CLOCK, Actor, Permit, require
from market.kernel.text import N_
from market.places.models import Street
from market.places.queries import street as find_street
from market.records.audit import record
from market.records.files import keep_bytes
from market.records.moves import move
from market.records.queue import enqueue
from market.records.receipts import next_number
from market.workers.actions import Assignment

RENDER_JOB = "agreements.render"
GONE = N_("没有找到您要的内容，链接可能已失效。")


def terms_of(award: Award) -> Terms:
    """Return an award's frozen terms; raises Refused when they are not those whose digest was published."""
    terms = Terms.from_data(award.terms)
    if terms.digest != award.terms_digest:
        raise Refused(N_("成交条件与公告的摘要不一致，不能据此起草合同；请联系平台管理员核查。"))
    return terms


def assigned(row: Agreement) -> list[Assignment]:
    """Return the people the winning offer named; `row.award` is loaded."""
    return [Assignment(one.worker_id, one.level, one.weekly_centi) for one in terms_of(row.award).workers]


def loaded(agreement_id: int) -> Agreement:
    """Return a contract, locked with its award; raises NotFound."""
    row = queries.agreement(agreement_id, lock=True)
    if row is None:
        raise NotFound(GONE)
    return row


def street_of(street_id: int) -> Street:
    """Return the street; raises NotFound."""
    found = find_street(street_id)
    if found is None:
        raise NotFound(GONE)
    return found


# --- drafting ---------------------------------------------------------------------------------------------------------


def draft_agreement(actor: Actor, award_id: int, at: datetime) -> Agreement:
    """Draft the contract of a confirmed award; raises Refused when the award does not stand or has a contract."""
    award = find_award(award_id)
    if award is None:
        raise NotFound(GONE)
    require(actor, Permit.AGREEMENT_DRAFT, award.subject.scope)
    bar = contract_bar(award)
    if bar is not None:
        raise Refused(bar)
    if queries.by_award(award_id) is not None:
        raise Refused(N_("这个成交结果已经有合同，请打开已有的合同继续办理。"))
    terms, street = terms_of(award), street_of(award.street_id)
    series = series_of(street.district.name, street.name, beijing_day(at).year)
    number = contract_number(series, next_number(f"contract:{series}"))
    row = Agreement(
        award_id=award.id,
        file_id=award.file_id,
        district_id=award.district_id,
        street_id=award.street_id,
        organisation_id=award.organisation_id,
        number=number,
        title=award.title,
        amount_fen=terms.amount_fen,
        starts_on=terms.starts_on,
        ends_on=terms.ends_on,
        sign_by=award.sign_by,
        data={},
        digest="",
        state=AgreementState.DRAFT.value,
        suspension_reason="",
        cancel_reason="",
        termination_reason="",
        drafted_at=at,
        award=award,
        file=award.file,
        organisation=award.organisation,
        signatures=[],
    )
    # What was announced stands unless the clerk asks for less.
    bond_fen, numbers = limit_fen(terms.amount_fen, bond_share_bp(terms)), terms.rules
    _write(row, terms, Options(bond_fen, numbers.due_days, numbers.late_interest_day_bp))
    db.session.add(row)
    db.session.flush()
    facts = {"award": award.id, "number": number, "digest": row.digest}
    record(row.subject, "draft", actor, at, permit=Permit.AGREEMENT_DRAFT, facts=facts)
    return row


def _write(row: Agreement, terms: Terms, options: Options) -> None:
    row.data = contract_data(
        terms,
        options,
        number=row.number,
        ocid=row.file.ocid,
        award=award_release_id(row.award_id),
        drafted_on=beijing_day(row.drafted_at),
        last_day=row.sign_by,
    )
    row.digest = contract_digest(row.data)


def save_agreement(actor: Actor, agreement_id: int, options: Options, seen: str, at: datetime) -> Agreement:
    """Settle the draft's open points; `seen` is the digest the page showed. Raises Refused, or Stale on a change."""
    row = loaded(agreement_id)
    require(actor, Permit.AGREEMENT_DRAFT, row.subject.scope)
    AGREEMENT_MACHINE.step(row.state, AgreementVerb.ISSUE)
    if seen != row.digest:
        raise Stale(N_("合同草稿已被他人修改，请刷新页面，在最新内容上再改。"))
    terms = terms_of(row.award)
    check_options(terms, options)
    _write(row, terms, options)
    record(row.subject, "save", actor, at, permit=Permit.AGREEMENT_DRAFT, facts={"digest": row.digest})
    return row


def issue_agreement(actor: Actor, agreement_id: int, at: datetime) -> Agreement:
    """Freeze the draft by its digest and send it for signature; a job makes the document."""
    row = loaded(agreement_id)
    terms = terms_of(row.award)
    bar = contract_bar(row.award)
    if bar is not None:
        raise Refused(bar)
    check_options(terms, Options.from_data(row.data["options"]))
    row.issued_at = at
    facts = {"number": row.number, "digest": row.digest}
    move(row, AGREEMENT_MACHINE, AgreementVerb.ISSUE, actor, at, facts=facts)
    enqueue(db.session, RENDER_JOB, str(row.id), agreement_id=row.id)
    mail.tell_ready(row, at)
    return row


def keep_document(agreement_id: int, pdf: bytes) -> None:
    """Keep the document made from an issued contract; harmless when it is there already."""
    row = loaded(agreement_id)
    if row.draft_pdf_id is not None or row.issued_at is None:
        return
    name = f"{row.number}.pdf"
    kept = keep_bytes(pdf, name, "application/pdf", ("agreement", row.id), row.issued_at)
    row.draft_pdf_id = kept.id
    record(row.subject, "render", CLOCK, row.issued_at, facts={"document": kept.sha256, "digest": row.digest})


def cancel_agreement(actor: Actor, agreement_id: int, reason: str, at: datetime) -> Agreement:
    """Give a contract up before both have signed. The money stays reserved for the award; a new draft may follow.

    Where the award itself falls (the supplier declines, a challenge succeeds), the awards room decides on the money.
    """
    row = loaded(agreement_id)
    if not reason.strip():
        raise Refused(N_("请写明取消的原因；供应商会看到。"), field="reason")
    row.cancel_reason = reason.strip()
    move(row, AGREEMENT_MACHINE, AgreementVerb.CANCEL, actor, at, facts={"reason": row.cancel_reason})
    if row.issued_at is not None:
        mail.tell_cancelled(row, at)
    return row
