"""Durable jobs of awards: the letters as PDF. Laid out while reading; only the keeping is a write."""

from __future__ import annotations

from datetime import datetime

from market.awards.models import BidderLetter
from market.db.engine import begin_writing
from market.db.session import db
from market.kernel.clock import system_now
from market.records.files import keep_bytes
from market.records.pdf import render_pdf
from market.records.rendering import render


def letter_pdf(letter_id: int) -> None:
    """Render one bidder's letter; a repeat finds it done."""
    row = db.session.get(BidderLetter, letter_id)
    if row is None or row.pdf_file_id is not None:
        return
    at = row.sent_at or system_now()
    data = {k: datetime.fromisoformat(v) if k in {"challenge_until", "decided_at"} else v for k, v in row.data.items()}
    html = render("pdf/awards_letter.html", data=data, letter=row)
    pdf = render_pdf(html, title=f"结果通知书 {data['number']}", lang="zh-CN", at=at)  # zh-only
    begin_writing(db.session())
    row = db.session.get_one(BidderLetter, letter_id)
    if row.pdf_file_id is not None:
        return
    kept = keep_bytes(pdf, f"letter-{row.id}.pdf", "application/pdf", ("bidder_letter", row.id), at)
    row.pdf_file_id = kept.id
