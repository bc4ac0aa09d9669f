"""The table of what is shown to whom and when."""

from __future__ import annotations

from pathlib import Path

import pytest

from market.tenders.rules import PUBLICITY, Audience, Fact, Moment, publicity_page, shown

M, F, A = Moment, Fact, Audience
METHODS = ("comparison", "open_tender", "consultation")
LINE = [m for m in Moment if m is not M.FAILED]


def test_the_page_is_the_table():
    page = Path(__file__).parents[3] / "docs" / "publicity.md"
    assert page.read_text("utf-8") == publicity_page()


def test_every_fact_is_settled_once_for_every_method():
    pairs = [(row.fact, method.value) for row in PUBLICITY for method in row.methods]
    assert sorted(pairs) == sorted((fact, method) for fact in Fact for method in METHODS)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("fact", [F.BID_COUNT, F.BIDDER_NAMES, F.BID_PRICES, F.BID_CONTENT, F.BUSINESS_SECRETS])
def test_before_closing_nobody_learns_anything_of_the_bids(method, fact):
    assert not any(shown(fact, method, moment, who) for moment in (M.PREPARED, M.ANNOUNCED) for who in Audience)


@pytest.mark.parametrize("method", METHODS)
def test_before_opening_only_the_count_is_known(method):
    seen = {f for f in Fact for who in Audience if shown(f, method, M.CLOSED, who)}
    assert seen & {F.BIDDER_NAMES, F.BID_PRICES, F.BID_CONTENT, F.BUSINESS_SECRETS} == set()
    assert F.BID_COUNT in seen


def test_open_tender_reads_names_and_prices_at_opening():
    assert shown(F.BIDDER_NAMES, "open_tender", M.OPENED, A.PUBLIC)
    assert shown(F.BID_PRICES, "open_tender", M.OPENED, A.PUBLIC)


def test_consultation_never_shows_other_suppliers_prices():
    assert not any(shown(F.BID_PRICES, "consultation", m, who) for m in Moment for who in (A.PUBLIC, A.BIDDER))
    assert not shown(F.BIDDER_NAMES, "consultation", M.RANKED, A.BIDDER)
    assert shown(F.BIDDER_NAMES, "consultation", M.AWARDED, A.PUBLIC)


@pytest.mark.parametrize("method", METHODS)
def test_secrets_and_content_are_never_public(method):
    for fact in (F.BUSINESS_SECRETS, F.BID_CONTENT):
        assert not any(shown(fact, method, m, who) for m in Moment for who in (A.PUBLIC, A.BIDDER))


@pytest.mark.parametrize("method", METHODS)
def test_what_is_shown_stays_shown(method):
    for fact in Fact:
        for who in Audience:
            seen = [shown(fact, method, moment, who) for moment in LINE]
            assert seen == sorted(seen), (fact, who)


@pytest.mark.parametrize("method", METHODS)
def test_nobody_outside_sees_more_than_the_officers(method):
    for fact in Fact:
        for moment in Moment:
            if shown(fact, method, moment, A.PUBLIC):
                assert shown(fact, method, moment, A.OFFICER), (fact, moment)
                assert shown(fact, method, moment, A.BIDDER), (fact, moment)


@pytest.mark.parametrize("method", METHODS)
def test_sheets_are_public_with_the_result_and_not_a_moment_earlier(method):
    for who in (A.PUBLIC, A.BIDDER):
        assert [m for m in Moment if shown(F.MEMBER_SCORES, method, m, who)] == [M.AWARDED, M.SIGNED]


def test_a_failed_lot_says_how_many_came_and_not_who():
    assert shown(F.BID_COUNT, "comparison", M.FAILED, A.PUBLIC)
    assert shown(F.FAILURE, "comparison", M.FAILED, A.BIDDER)
    assert not shown(F.BIDDER_NAMES, "comparison", M.FAILED, A.PUBLIC)
    assert not shown(F.BID_PRICES, "open_tender", M.FAILED, A.BIDDER)
