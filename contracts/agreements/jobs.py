"""The door where the worker knocks: the contract as a document."""

from __future__ import annotations

from contracts.agreements import mail, queries
from contracts.agreements.actions import keep_document
from contracts.agreements.models import Agreement
from market.db.engine import begin_writing
from market.db.session import db
from market.kernel.canonical import canonical_bytes
from market.records.pdf import Attachment, render_document
from market.records.signing import prepare_fields

ATTACHMENT = "contract.json"


def document(row: Agreement) -> bytes:
    """Return the contract as PDF/A with its data attached and both signature fields empty."""
    assert row.issued_at is not None
    data = Attachment(ATTACHMENT, canonical_bytes(row.data), "application/json", "合同数据")
    made = render_document(
        mail.contract_html(row),
        title=f"{mail.document_title(row)} {row.number}",
        lang="zh-CN",
        at=row.issued_at,
        attachments=[data],
    )
    return prepare_fields(made.pdf, made.fields)


def render_contract(agreement_id: int) -> None:
    """Make an issued contract's document; slow work before the lock. A repeat finds it done."""
    row = queries.agreement(agreement_id)
    if row is None or row.issued_at is None or row.draft_pdf_id is not None:
        return
    pdf = document(row)
    begin_writing(db.session)
    keep_document(agreement_id, pdf)
