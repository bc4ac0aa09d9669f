"""Milestones of a contract in force, reported and accepted by the rooms' own actions."""

from __future__ import annotations

import io
from datetime import datetime

from contracts.agreements.models import Agreement
from contracts.delivery import actions, queries
from contracts.delivery.actions import AcceptanceFacts, ReportFacts
from contracts.delivery.models import Milestone
from market.kernel.permits import Actor
from tests.factories.agreements import SIGNING, Deal
from tests.fixtures.ground import replayed

PDF = b"%PDF-1.4\n% evidence\n"
REPORT = ReportFacts("完成建档 120 户，每户探访两次。", 120, 240)
ACCEPTANCE = AcceptanceFacts("台账齐全，抽查 12 户属实。", 12, 11, "希望探访时间固定。")


@replayed
def planned(row: Agreement, at: datetime = SIGNING) -> list[Milestone]:
    """The contract's milestones."""
    return actions.plan_milestones(row, at)


def again(row: Milestone) -> Milestone:
    """The milestone read anew."""
    found = queries.milestone(row.id, lock=True)
    assert found is not None
    return found


def with_evidence(actor: Actor, row: Milestone, at: datetime = SIGNING, name: str = "签到表.pdf") -> Milestone:
    """One more file uploaded for the coming report."""
    actions.add_evidence(actor, row, io.BytesIO(PDF + name.encode()), name, at)
    return row


@replayed
def reported(deal: Deal, row: Milestone, at: datetime = SIGNING, facts: ReportFacts = REPORT) -> Milestone:
    """A milestone that waits for acceptance."""
    with_evidence(deal.editor, row, at)
    token = f"{row.id:016x}{len(again(row).reports):016x}"
    actions.report_milestone(deal.editor, row.id, facts, token, at)
    return again(row)


@replayed
def accepted(deal: Deal, row: Milestone, at: datetime = SIGNING) -> Milestone:
    """A milestone accepted by the street's clerk."""
    reported(deal, row, at)
    actions.accept_milestone(deal.clerk, row.id, ACCEPTANCE, at)
    return again(row)
