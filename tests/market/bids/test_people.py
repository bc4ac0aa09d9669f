"""People of the own register named in a bid: typed, warned about, sealed, opened, promised, posted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from market.awards.rules import Terms, WorkerTerms
from market.bids import actions, queries, rules
from market.kernel.clock import beijing_day, system_now
from market.kernel.permits import CLOCK
from market.records.models import Notice
from market.workers import actions as register
from market.workers.actions import Assignment
from tests.factories import bids, workers
from tests.factories.people import acting, sign_in
from tests.factories.terms import make_terms
from tests.fixtures.visitor import Visitor

NAME = "程静姝"


def test_a_bid_without_people_reads_and_is_committed_as_before() -> None:
    plain = rules.BidContent(price_fen=100)
    assert "workers" not in plain.as_data()
    assert "workers" not in plain.committed()
    named = replace(plain, workers=({"worker_id": 7, "name": NAME, "level": "senior", "weekly_centi": 800},))
    assert rules.BidContent.from_data(named.as_data()).as_data() == named.as_data()
    assert named.committed()["workers/7"]["name"] == NAME


def test_terms_without_people_keep_their_digest() -> None:
    plain = make_terms()
    assert "workers" not in plain.as_data()
    named = replace(plain, workers=(WorkerTerms(7, "senior", 800),))
    assert named.digest != plain.digest
    assert Terms.from_data(named.as_data()) == named


def test_a_draft_names_whom_it_may_and_goes_on_from_a_submitted_bid() -> None:
    doc = rules.empty_draft()
    doc["values"] |= {"price_fen": 100, "workers/7": 800, "workers/8": 1200, "workers/9": None}
    assert rules.named_ids(doc) == {7: 800, 8: 1200}
    content, _secret = rules.draft_content(doc, [], {7: (NAME, "senior")})
    assert [one["name"] for one in content.workers] == [NAME]
    assert rules.draft_from(content, ())["values"]["workers/7"] == 800


def test_named_people_are_sealed_with_the_bid_and_open_with_it(session: Session) -> None:
    case = bids.sealed_lot()
    team = bids.bidder()
    row, left = workers.employed(team, NAME), workers.employed(team)
    bids.fill(case, team, **{f"workers/{row.id}": 16_00, f"workers/{left.id}": 8_00})
    register.end_employment(acting(team.editor), left, beijing_day(system_now()), False, system_now())
    sealed = actions.submit_bid(acting(team.signatory), case.lot_id, team.id, bids.token(), system_now())
    assert NAME.encode() not in bytes(sealed.envelope)
    for price in (165_000, 160_000):
        bids.submit(case, bids.bidder(), price * bids.YUAN)
    bids.open_bids(case)
    opened = next(one for one in bids.results(case) if one.organisation_id == team.id)
    assert opened.root_ok
    assert opened.content["workers"] == [
        {"worker_id": row.id, "name": NAME, "level": "social_worker", "weekly_centi": 16_00}
    ]
    assert "workers" not in next(o for o in bids.results(case) if o.organisation_id != team.id).content
    assert not any(NAME.encode() in body for body in session.scalars(select(Notice.body)))


def test_the_draft_page_warns_of_the_own_postings_and_saves_all_the_same(
    visitors: Callable[[], Visitor], session: Session
) -> None:
    case = bids.sealed_lot()
    team = bids.bidder()
    case.teams.append(team)
    row, free = workers.employed(team, NAME), workers.employed(team, "白芷")
    workers.employed(team, "未核对的人", confirmed=False)
    tender = case.lot.tender
    plan = [Assignment(row.id, "social_worker", 30_00)]
    term = (tender.starts_on, tender.ends_on + timedelta(days=1))
    register.post_workers(plan, team.id, ("agreement", 1), "在履行的项目", *term, CLOCK, system_now())
    editor = sign_in(visitors(), team.editor)
    url = f"/bids/{case.lot_id}/{team.id}/draft"
    page = editor.get(url)
    assert "未核对的人" not in page.text
    assert "本机构已签合同派驻每周 30.00 小时" in page.text
    page = editor.submit(page, {f"worker_{row.id}": "12", f"worker_{free.id}": "40"}, action="/draft")
    assert page.status == 200
    assert page.text.count("共 2.00 小时") == 1
    desk = queries.bid_desk(case.lot_id, team.id)
    assert desk is not None
    doc = queries.draft_doc(desk.draft, desk.organisation)
    assert rules.named_ids(doc) == {row.id: 12_00, free.id: 40_00}
    page = editor.submit(page, {f"worker_{free.id}": "忙"}, action="/draft")
    assert (page.status, f"worker_{free.id}" in page.errors) == (422, True)
    page = editor.submit(editor.get(url), {f"worker_{free.id}": ""}, action="/draft")
    desk = queries.bid_desk(case.lot_id, team.id)
    assert desk is not None
    assert rules.named_ids(queries.draft_doc(desk.draft, desk.organisation)) == {row.id: 12_00}
