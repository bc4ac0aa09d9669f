"""The door where the worker knocks: the report as a document."""

from __future__ import annotations

from market.db.engine import begin_writing
from market.db.session import db
from market.evaluation import mail
from market.evaluation.actions import keep_report_pdf
from market.evaluation.models import EvaluationReport
from market.kernel.canonical import canonical_bytes
from market.records.pdf import Attachment, render_pdf

ATTACHMENT = "evaluation.json"


def document(row: EvaluationReport) -> bytes:
    """Return the report as PDF/A with its data attached."""
    data = Attachment(ATTACHMENT, canonical_bytes(row.data), "application/json", "评审报告数据")
    html = mail.report_html(row.data, row.digest)
    return render_pdf(html, title=f"{mail.TITLE} {row.data['title']}", lang="zh-CN", at=row.made_at, attachments=[data])


def report_pdf(report_id: int) -> None:
    """Make the report's PDF; slow work before the lock. A repeat finds it done."""
    row = db.session.get(EvaluationReport, report_id)
    if row is None or row.pdf_file_id is not None:
        return
    pdf = document(row)
    begin_writing(db.session)
    keep_report_pdf(report_id, pdf)
