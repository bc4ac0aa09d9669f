"""People promised in the winning bid: the weekly limit at signing, and postings at the last signature."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from market.awards.rules import WorkerTerms
from market.kernel.errors import Refused
from market.kernel.permits import CLOCK, Role
from market.records.models import Notice
from market.workers import actions as register
from market.workers import queries
from market.workers.actions import Assignment
from market.workers.models import SocialWorker
from tests.factories import agreements, workers
from tests.factories.agreements import SIGNING, Deal
from tests.factories.people import acting, person, sign_in
from tests.fixtures.visitor import Visitor

NAME = "程静姝"


def _deal(weekly_centi: int = 16_00) -> tuple[Deal, SocialWorker]:
    deal = agreements.awarded()
    row = workers.employed(deal.team, NAME)
    terms = replace(deal.terms, workers=(WorkerTerms(row.id, "social_worker", weekly_centi),))
    deal.award.terms, deal.award.terms_digest, deal.terms = terms.as_data(), terms.digest, terms
    return deal, row


def test_the_last_signature_posts_whom_the_bid_named_and_publishes_no_name(session: Session) -> None:
    deal, row = _deal()
    signed = agreements.in_force(deal)
    posted = queries.postings_under(("agreement", signed.id))
    assert [(one.worker_id, one.weekly_centi, one.starts_on) for one in posted] == [(row.id, 16_00, signed.starts_on)]
    published = b"".join(session.scalars(select(Notice.body)))
    assert NAME.encode() not in published
    assert b"worker" not in published.replace(b"workforce", b"").replace(b"social_worker", b"")
    assert NAME not in str(signed.data)


def test_an_overload_at_another_contract_keeps_this_one_from_being_signed(session: Session) -> None:
    deal, row = _deal()
    other = [Assignment(row.id, "social_worker", 24_50)]
    term = (deal.terms.starts_on, deal.terms.ends_on)
    register.post_workers(other, deal.team.id, ("agreement", 999), "另一项目", *term, CLOCK, SIGNING)
    with pytest.raises(Refused) as refused:
        agreements.in_force(deal)
    assert NAME in refused.value.text
    running = queries.postings_of(row.id)[0]
    register.end_posting(acting(deal.team.editor), running, "与采购人商定换人", SIGNING)
    issued = agreements.queries.by_award(deal.award.id)
    assert issued is not None
    signed = agreements.sign_quickly(deal, agreements.again(issued))
    assert [one.worker_id for one in queries.postings_under(("agreement", signed.id))] == [row.id]


def test_a_contract_that_names_nobody_is_signed_as_ever(session: Session) -> None:
    deal = agreements.awarded()
    signed = agreements.in_force(deal)
    assert queries.postings_under(("agreement", signed.id)) == []


def test_the_parties_see_whom_they_were_promised_and_an_auditor_does_not(
    visitors: Callable[[], Visitor], session: Session
) -> None:
    deal, _row = _deal()
    made = agreements.drafted(deal)
    for user, seen in ((deal.team.editor, True), (deal.approver, True), (person(Role.AUDITOR), False)):
        page = sign_in(visitors(), user).get(f"/agreements/{made.id}")
        assert (NAME in page.text) is seen
