"""A contract's documents, and the check that anyone can make of one."""

from __future__ import annotations

import hashlib
from io import BytesIO
from typing import Any

from flask import render_template, request, send_file

from contracts.agreements import queries
from contracts.agreements.forms import CheckForm
from contracts.agreements.states import PARTY_LABELS
from contracts.agreements.views.door import bp, seen
from market.db.engine import begin_reading
from market.db.session import db
from market.kernel.errors import Refused
from market.kernel.permits import Permit
from market.kernel.text import N_
from market.records.files import content_of
from market.records.keys import read_setting
from market.records.models import StoredFile
from market.records.signing import SignatureReport, verify_pdf
from market.web.guard import attempt, found, guard, public

_LARGEST_CHECKED = 20 * 1024 * 1024


def _pdf(stored: StoredFile | None) -> Any:
    row = found(stored)
    return send_file(BytesIO(content_of(row)), row.media_type, download_name=row.name)


@bp.get("/<int:agreement_id>/unsigned.pdf")
@guard(Permit.AGREEMENT_SEE)
def unsigned_pdf(agreement_id: int) -> Any:
    """The document as it was sent for signature."""
    return _pdf(queries.stored(seen(agreement_id).draft_pdf_id))


@bp.get("/<int:agreement_id>/signed.pdf")
@public("a signed contract is published by law")
def signed_pdf(agreement_id: int) -> Any:
    """The document with both signatures."""
    row = found(queries.agreement(agreement_id))
    return _pdf(queries.stored(row.signed_pdf_id))


@bp.route("/check", methods=["GET", "POST"])
@public("anyone checks a contract's document")
def check() -> Any:
    """Check a contract: by its file, or by the digest of its file. Nothing is kept."""
    begin_reading(db.session)
    form = CheckForm()
    digest, reports = request.args.get("digest", ""), None
    if form.validate_on_submit():
        with attempt(form) as tried:
            digest, reports = _checked(form)
        if not tried.ok:
            digest, reports = "", None
    row = queries.by_signed_digest(digest.strip().lower()) if digest else None
    page = render_template(
        "contracts/agreements/check.html",
        form=form,
        digest=digest,
        row=row,
        reports=reports,
        parties=PARTY_LABELS,
    )
    return page, 422 if form.errors else 200


def _checked(form: CheckForm) -> tuple[str, list[SignatureReport] | None]:
    """Return the digest that was asked for, and what the uploaded file's signatures say."""
    upload = form.document.data
    if not upload:
        if not form.digest.data:
            raise Refused(N_("请选择合同文件，或者填写它的摘要。"), field="document")
        return form.digest.data, None
    content = upload.stream.read(_LARGEST_CHECKED + 1)
    if len(content) > _LARGEST_CHECKED:
        raise Refused(N_("文件超过 20 MB，不是本平台生成的合同。"), field="document")
    root = str(read_setting("authority_certificate") or "").encode()
    return hashlib.sha256(content).hexdigest(), verify_pdf(content, root)
