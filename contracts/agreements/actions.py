"""Drafting a contract from an award, freezing it, both signatures, and what moves the money."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from contracts.agreements import mail, queries
from contracts.agreements.models import Agreement, Signature
from contracts.agreements.notices import signed_release, state_release
from contracts.agreements.rules import (
    Options,
    check_options,
    contract_data,
    contract_digest,
    contract_number,
    duty_dates,
    line_shares,
    series_of,
)
from contracts.agreements.states import AGREEMENT_MACHINE, AgreementState, AgreementVerb, Party
from market.awards.models import Award
from market.awards.queries import award as find_award
from market.awards.queries import may_sign_at, stands
from market.awards.rules import RuleFacts, Terms, award_release_id
from market.db.session import db
from market.kernel.clock import beijing_day
from market.kernel.errors import NotFound, Refused, Stale
from market.kernel.permits import CLOCK, Actor, Permit, require
from market.kernel.text import N_
from market.ledger.actions import book
from market.ledger.states import Reason
from market.people.actions import open_signing_key
from market.places.models import Street
from market.places.queries import calendar_for
from market.places.queries import street as find_street
from market.records.audit import record, require_other_hands
from market.records.files import content_of, keep_bytes
from market.records.models import StoredFile
from market.records.moves import move
from market.records.notices import CardFacts, publish
from market.records.queue import enqueue
from market.records.receipts import next_number
from market.records.signing import sign_pdf
from market.workers import actions as workers
from market.workers.actions import Assignment

RENDER_JOB = "agreements.render"
_GONE = N_("没有找到您要的内容，链接可能已失效。")
_FELL = N_("成交结果因质疑暂停或已被认定无效，合同随之暂停履行。")
_TURN = {
    Party.SUPPLIER: (AgreementVerb.SIGN_SUPPLIER, Permit.AGREEMENT_SIGN_SUPPLIER),
    Party.BUYER: (AgreementVerb.SIGN_BUYER, Permit.AGREEMENT_SIGN_BUYER),
}


def terms_of(award: Award) -> Terms:
    """Return an award's frozen terms; raises Refused when they are not those whose digest was published."""
    terms = Terms.from_data(award.terms)
    if terms.digest != award.terms_digest:
        raise Refused(N_("成交条件与公告的摘要不一致，不能据此起草合同；请联系平台管理员核查。"))
    return terms


def assigned(row: Agreement) -> list[Assignment]:
    """Return the people the winning offer named; `row.award` is loaded."""
    return [Assignment(one.worker_id, one.level, one.weekly_centi) for one in terms_of(row.award).workers]


def _loaded(agreement_id: int) -> Agreement:
    row = queries.agreement(agreement_id, lock=True)
    if row is None:
        raise NotFound(_GONE)
    return row


def _street(street_id: int) -> Street:
    found = find_street(street_id)
    if found is None:
        raise NotFound(_GONE)
    return found


# --- drafting ---------------------------------------------------------------------------------------------------------


def draft_agreement(actor: Actor, award_id: int, at: datetime) -> Agreement:
    """Draft the contract of a confirmed award; raises Refused when the award does not stand or has a contract."""
    award = find_award(award_id)
    if award is None:
        raise NotFound(_GONE)
    require(actor, Permit.AGREEMENT_DRAFT, award.subject.scope)
    if not stands(award):
        raise Refused(N_("成交结果尚未确认、已暂停或已被认定无效，不能起草合同。"))
    if queries.by_award(award_id) is not None:
        raise Refused(N_("这个成交结果已经有合同，请打开已有的合同继续办理。"))
    terms, street = terms_of(award), _street(award.street_id)
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
        drafted_at=at,
        award=award,
        file=award.file,
        organisation=award.organisation,
        signatures=[],
    )
    _write(row, terms, Options(due_days=terms.rules.due_days, late_interest_day_bp=terms.rules.late_interest_day_bp))
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
    row = _loaded(agreement_id)
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
    row = _loaded(agreement_id)
    terms = terms_of(row.award)
    if not stands(row.award):
        raise Refused(N_("成交结果已暂停或已被认定无效，不能送签。"))
    check_options(terms, Options.from_data(row.data["options"]))
    row.issued_at = at
    facts = {"number": row.number, "digest": row.digest}
    move(row, AGREEMENT_MACHINE, AgreementVerb.ISSUE, actor, at, facts=facts)
    enqueue(db.session, RENDER_JOB, str(row.id), agreement_id=row.id)
    mail.tell_ready(row, at)
    return row


def keep_document(agreement_id: int, pdf: bytes) -> None:
    """Keep the document made from an issued contract; harmless when it is there already."""
    row = _loaded(agreement_id)
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
    row = _loaded(agreement_id)
    if not reason.strip():
        raise Refused(N_("请写明取消的原因；供应商会看到。"), field="reason")
    row.cancel_reason = reason.strip()
    move(row, AGREEMENT_MACHINE, AgreementVerb.CANCEL, actor, at, facts={"reason": row.cancel_reason})
    if row.issued_at is not None:
        mail.tell_cancelled(row, at)
    return row


# --- signing ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PreparedSignature:
    """A signed document that is not yet written down: made outside the write lock."""

    agreement_id: int
    party: Party
    user_id: int
    over_file_id: int
    pdf: bytes
    serial: str

    def __repr__(self) -> str:
        return f"PreparedSignature({self.agreement_id}, {self.party})"


def _check_turn(actor: Actor, row: Agreement, party: Party, at: datetime) -> StoredFile:
    """Return the document to sign; raises Refused when it is not this party's turn or the award forbids it."""
    verb, permit = _TURN[party]
    require(actor, permit, row.subject.scope)
    AGREEMENT_MACHINE.step(row.state, verb)
    require_other_hands(actor, permit, "agreement", row.id)
    bar = may_sign_at(row.award, at, bool(row.data["rules"]["wait_for_windows"]))
    if bar is not None:
        raise Refused(bar)
    # Only now are all other contracts known: what was a warning while drafting is a rule (decision 26).
    workers.require_load(assigned(row), row.district_id, row.starts_on, row.ends_on, beijing_day(at))
    latest = row.signatures[-1].pdf_file_id if row.signatures else row.draft_pdf_id
    document = queries.stored(latest)
    if document is None:
        raise Refused(N_("合同文件还在生成，请稍等几秒后刷新页面再签。"))
    return document


def prepare_signature(
    actor: Actor, agreement_id: int, party: Party, passphrase: str, at: datetime, *, real: datetime
) -> PreparedSignature:
    """Unlock the person's key and sign the document: slow, reads only. `real` is the machine's instant of signing.

    Raises Refused when it is not this party's turn, the windows still run, or at `passphrase` when it is wrong.
    """
    row = queries.agreement(agreement_id)
    if row is None or actor.user_id is None:
        raise NotFound(_GONE)
    document = _check_turn(actor, row, party, at)
    key = open_signing_key(actor.user_id, passphrase, real)
    signed = sign_pdf(
        content_of(document),
        field=party.value,
        key=key.key,
        certificate_chain=key.certificates,
        at=real,
        name=actor.name,
        organisation=row.data[party.value]["name"],
        reason=f"签署{row.number}",  # zh-only
        location=row.data["buyer"]["address"] or "中国",  # zh-only
    )
    return PreparedSignature(row.id, party, actor.user_id, document.id, signed, key.serial)


def record_signature(actor: Actor, prepared: PreparedSignature, at: datetime) -> Agreement:
    """Write a prepared signature down; the second one puts the contract in force, commits the money, publishes."""
    row = _loaded(prepared.agreement_id)
    document = _check_turn(actor, row, prepared.party, at)
    if document.id != prepared.over_file_id or actor.user_id != prepared.user_id:
        raise Stale(N_("合同文件在您签署时有了变化，请刷新页面核对后再签。"))
    last, today = prepared.party is Party.BUYER, beijing_day(at)
    name = f"{row.number}.pdf"
    kept = keep_bytes(prepared.pdf, name, "application/pdf", ("agreement", row.id), at, public=last)
    signature = Signature(
        agreement_id=row.id,
        party=prepared.party.value,
        user_id=prepared.user_id,
        name=actor.name,
        certificate_serial=prepared.serial,
        pdf_file_id=kept.id,
        at=at,
    )
    row.signatures.append(signature)
    db.session.flush()
    if last:
        duties = duty_dates(today, RuleFacts.from_data(_facts(row)), calendar_for(row.district_id))
        row.signed_at, row.signed_pdf_id = at, kept.id
        row.publish_by, row.file_copy_by = duties.publish_by, duties.file_copy_by
    facts = {"document": kept.sha256, "certificate": prepared.serial, "late": today > row.sign_by}
    move(row, AGREEMENT_MACHINE, _TURN[prepared.party][0], actor, at, facts=facts, private={"name": actor.name})
    if last:
        _enter_into_force(actor, row, kept, at)
    else:
        mail.tell_half_signed(row, at)
    return row


def _facts(row: Agreement) -> Mapping[str, object]:
    return {name: value for name, value in row.data["rules"].items() if name != "digest"}


def sign_agreement(
    actor: Actor, agreement_id: int, party: Party, passphrase: str, at: datetime, *, real: datetime
) -> Agreement:
    """Sign in one go, for callers that hold no write lock; pages prepare first and record afterwards."""
    return record_signature(actor, prepare_signature(actor, agreement_id, party, passphrase, at, real=real), at)


def _enter_into_force(actor: Actor, row: Agreement, pdf: StoredFile, at: datetime) -> None:
    """Reserved becomes committed, line by line; the saving goes back; the contract is published (decision 15)."""
    funding = [(one.line_id, one.amount_fen) for one in terms_of(row.award).funding]
    subject = ("agreement", row.id)
    for share in line_shares(row.amount_fen, funding):
        for reason, fen in ((Reason.COMMIT, share.amount_fen), (Reason.RELEASE, share.saving_fen)):
            if fen:
                key = f"agreement:{row.id}:{reason.value}:{share.line_id}"
                book(reason, share.line_id, fen, key, subject, row.file_id, at)
    workers.post_workers(assigned(row), row.organisation_id, subject, row.title, row.starts_on, row.ends_on, actor, at)
    facts = CardFacts(stage="contract", awarded_fen=row.amount_fen, supplier=row.organisation.name)
    publish(row.file, "contract", signed_release(row, _street(row.street_id), pdf), facts, actor, at)
    mail.tell_in_force(row, at)


# --- afterwards -------------------------------------------------------------------------------------------------------


def record_filing(actor: Actor, agreement_id: int, at: datetime) -> Agreement:
    """Write down that the copy went to the finance department today (采购法 47)."""
    row = _loaded(agreement_id)
    require(actor, Permit.AGREEMENT_DRAFT, row.subject.scope)
    if row.file_copy_by is None:
        raise Refused(N_("合同还没有签署，不需要报备案。"))
    if row.file_copied_on is not None:
        raise Refused(N_("这份合同已经登记过备案。"))
    row.file_copied_on = beijing_day(at)
    facts = {"on": row.file_copied_on.isoformat(), "late": row.file_copied_on > row.file_copy_by}
    record(row.subject, "file_copy", actor, at, permit=Permit.AGREEMENT_DRAFT, facts=facts)
    return row


def suspend_if_award_fell(row: Agreement, at: datetime) -> bool:
    """Suspend a contract in force whose award no longer stands; True when this call did it or it is suspended already.

    Asked at acceptance and at every payment (decision 17); `row.award`, `row.file` and `row.organisation` are loaded.
    """
    if row.state == AgreementState.SUSPENDED:
        return True
    if row.state != AgreementState.IN_FORCE or stands(row.award):
        return False
    row.suspension_reason = _FELL
    move(row, AGREEMENT_MACHINE, AgreementVerb.SUSPEND, CLOCK, at, facts={"award": row.award.state})
    publish(row.file, "contractUpdate", state_release(row, _FELL), CardFacts(stage="suspended"), CLOCK, at)
    mail.tell_suspended(row, at)
    return True


def resume_agreement(actor: Actor, agreement_id: int, at: datetime) -> Agreement:
    """Let a suspended contract go on once its award stands again."""
    row = _loaded(agreement_id)
    if not stands(row.award):
        raise Refused(N_("成交结果还没有恢复有效，合同不能恢复履行。"))
    row.suspension_reason = ""
    move(row, AGREEMENT_MACHINE, AgreementVerb.RESUME, actor, at)
    publish(row.file, "contractUpdate", state_release(row, ""), CardFacts(stage="contract"), actor, at)
    mail.tell_resumed(row, at)
    return row


def complete_agreement(actor: Actor, agreement_id: int, owed_fen: Mapping[int, int], at: datetime) -> Agreement:
    """Close a contract whose milestones are all settled; what was committed and never became payable goes back.

    `owed_fen` says for each budget line what became payable under this contract; the caller has checked that no more
    will. The rest of each line is freed.
    """
    row = _loaded(agreement_id)
    move(row, AGREEMENT_MACHINE, AgreementVerb.COMPLETE, actor, at)
    for part in row.data["funding"]:
        rest = part["amount_fen"] - owed_fen.get(part["line_id"], 0)
        if rest:
            key = f"agreement:{row.id}:{Reason.FREE.value}:{part['line_id']}"
            book(Reason.FREE, part["line_id"], rest, key, ("agreement", row.id), row.file_id, at)
    workers.end_postings_under(("agreement", row.id), at)
    tag, facts = "contractTermination", CardFacts(stage="complete")
    publish(row.file, tag, state_release(row, ""), facts, actor, at)
    return row
