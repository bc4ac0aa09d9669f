"""Both signatures, and what the second one moves: the contract in force, the money, the publication."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from contracts.agreements import mail, queries
from contracts.agreements.actions.drafting import GONE, loaded, street_of, terms_of
from contracts.agreements.models import Agreement, Signature
from contracts.agreements.notices import signed_release
from contracts.agreements.rules import (
    duty_dates,
    line_shares,
)
from contracts.agreements.states import AGREEMENT_MACHINE, AgreementVerb, Party
from market.awards.queries import may_sign_at
from market.awards.rules import RuleFacts
from market.db.session import db
from market.kernel.clock import beijing_day
from market.kernel.errors import NotFound, Refused, Stale
from market.kernel.permits import Actor, Permit, require
from market.kernel.text import N_
from market.ledger.actions import book
from market.ledger.states import Reason
from market.people.actions import open_signing_key
from market.places.queries import calendar_for
from market.records.audit import require_other_hands
from market.records.files import content_of, keep_bytes
from market.records.models import StoredFile
from market.records.moves import move
from market.records.notices import CardFacts, publish
from market.records.signing import sign_pdf

_TURN = {
    Party.SUPPLIER: (AgreementVerb.SIGN_SUPPLIER, Permit.AGREEMENT_SIGN_SUPPLIER),
    Party.BUYER: (AgreementVerb.SIGN_BUYER, Permit.AGREEMENT_SIGN_BUYER),
}


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
        raise NotFound(GONE)
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
    row = loaded(prepared.agreement_id)
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
        enter_into_force(actor, row, kept, at)
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


def enter_into_force(actor: Actor, row: Agreement, pdf: StoredFile, at: datetime) -> None:
    """Reserved becomes committed, line by line; the saving goes back; the contract is published (decision 15)."""
    funding = [(one.line_id, one.amount_fen) for one in terms_of(row.award).funding]
    subject = ("agreement", row.id)
    for share in line_shares(row.amount_fen, funding):
        for reason, fen in ((Reason.COMMIT, share.amount_fen), (Reason.RELEASE, share.saving_fen)):
            if fen:
                key = f"agreement:{row.id}:{reason.value}:{share.line_id}"
                book(reason, share.line_id, fen, key, subject, row.file_id, at)
    facts = CardFacts(stage="contract", awarded_fen=row.amount_fen, supplier=row.organisation.name)
    publish(row.file, "contract", signed_release(row, street_of(row.street_id), pdf), facts, actor, at)
    mail.tell_in_force(row, at)
