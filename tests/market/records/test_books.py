"""The books as auditors read them: whole, but not a purchase's bids before the opening, and a district only its own."""

from __future__ import annotations

import pytest

from market.kernel.permits import Role, Scope
from tests.factories import bids
from tests.factories.people import person, sign_in
from tests.factories.places import district


@pytest.fixture
def auditor(visitor):
    return sign_in(visitor, person(Role.AUDITOR))


def test_nobody_reads_how_many_bids_there_are_before_the_opening(auditor):
    case = bids.closed()
    text = auditor.get("/books").text
    assert "submit_bid" not in text
    assert "publish" in text
    assert auditor.get(f"/books/bids/{case.lot_id}").status == 404
    bids.open_bids(case)
    page = auditor.get(f"/books/bids/{case.lot_id}")
    assert page.status == 200
    assert "submit_bid" in page.text
    assert "submit_bid" in auditor.get("/books").text


def test_a_chain_is_computed_again_in_few_statements(auditor):
    case = bids.closed()
    page = auditor.get(f"/books/file/{case.lot.file_id}")
    assert "全部相符" in page.text
    assert len(page.statements) <= 8


def test_a_district_reads_its_own_purchases_only(visitors):
    case = bids.closed()
    own = sign_in(visitors(), person(Role.DISTRICT_FINANCE, Scope(case.office.street.district_id)))
    other = sign_in(visitors(), person(Role.DISTRICT_FINANCE, Scope(district("330502").id)))
    url = f"/books/file/{case.lot.file_id}"
    assert own.get(url).status == 200
    assert other.get(url).status == 404
    assert url in own.get("/books").source
    assert url not in other.get("/books").source
    assert own.get("/books/register/people").status == 404
