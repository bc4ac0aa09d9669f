"""The report as a document, made by the job as the worker makes it."""

from __future__ import annotations

import io
import json

import pypdf
import pytest

from market.db.session import db
from market.evaluation import actions
from market.evaluation.jobs import ATTACHMENT, report_pdf
from market.evaluation.models import EvaluationReport
from market.evaluation.notices import public_part
from market.kernel.canonical import digest
from market.records.files import content_of
from market.records.models import StoredFile
from tests.factories import evaluation as cases
from tests.factories.people import acting

pytestmark = pytest.mark.usefixtures("session")


def test_the_job_keeps_one_pdf_that_says_what_was_frozen_and_carries_it():
    case = cases.scored((170_000, 165_000, 160_000, 168_000, 75_000), failing={4: "未提交登记证书"})
    (inquiry,) = actions.ask_price(case.clerk, case.lot_id, case.at)
    bidder = acting(case.teams[4].signatory)
    actions.answer_price(bidder, inquiry.id, "志愿者为主，成本低。", case.at)
    cases.conclude(case, inquiry, False, False, True, at=case.tick(), reason="没有成本证明。")
    case.report = actions.rank_lot(case.clerk, case.lot_id, case.tick())
    report_pdf(case.report.id)
    row = db.session.get(EvaluationReport, case.report.id)
    kept = db.session.get(StoredFile, row.pdf_file_id)
    assert not kept.public, "the report is the purchaser's; the result notice says what is public"
    report_pdf(case.report.id)
    assert db.session.get(EvaluationReport, case.report.id).pdf_file_id == kept.id, "a repeat finds it done"

    reader = pypdf.PdfReader(io.BytesIO(content_of(kept)))
    text = "".join(page.extract_text() for page in reader.pages).replace("\n", "").replace(" ", "")
    for words in ("评审报告", case.lot.tender.title, "未提交登记证书", "¥160,000.00", case.seats[0].user.name):
        assert words.replace(" ", "") in text
    assert "（不同意见）" in text
    assert "。。" not in text
    (attached,) = reader.attachments[ATTACHMENT]
    assert digest(json.loads(attached)) == case.report.digest


def test_the_reason_for_accepting_a_price_is_published_as_every_form_says():
    case = cases.scored(cases.LOW)
    (inquiry,) = actions.ask_price(case.clerk, case.lot_id, case.at)
    cases.conclude(case, inquiry, True, at=inquiry.until, reason="志愿服务有记录")
    report = actions.rank_lot(case.clerk, case.lot_id, case.tick())
    (asked,) = public_part(case.lot, report.data, report.digest)["low_price"]["inquiries"]
    assert (asked["accepted"], asked["accepting"], asked["opposing"]) == (True, 3, 0)
    assert "志愿服务有记录" in asked["reason"]
    assert not {"opinions", "reply"} & asked.keys(), "not who thought what, nor the bidder's costs"
