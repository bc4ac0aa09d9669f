"""Several requests at the same instant, with real commits: one press is one bid, and no save is lost."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from market.bids import actions, queries
from market.bids.models import SealedBid
from market.db.session import commit, db
from market.people.models import User
from market.records.audit import verify_all
from market.tenders.models import Lot
from tests.factories import bids
from tests.factories.people import sign_in
from tests.fixtures.application import take_books
from tests.fixtures.clock import StandingClock
from tests.fixtures.visitor import Visitor


def browser(app: Flask, user: User) -> FlaskClient:
    """A signed-in browser that a thread can use."""
    client = sign_in(Visitor(app), user).client
    commit()
    return client


def form_of(client: FlaskClient, url: str, form_token: str) -> dict[str, str]:
    """What the page's one button sends, ticked."""
    page = client.get(url).text.partition("<main")[2]
    hidden = {name: re.findall(rf'name="{name}"[^>]* value="([^"]+)"', page)[0] for name in ("csrf_token", "seen")}
    return {**hidden, "form_token": form_token, "sure": "y"}


def at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """Do all of them at the same time."""
    with ThreadPoolExecutor(len(deeds)) as pool:
        return [future.result() for future in [pool.submit(deed) for deed in deeds]]


def test_four_presses_at_once_are_one_bid_and_lead_to_one_receipt(own_app: Flask, clock: StandingClock) -> None:
    take_books(own_app)
    with own_app.app_context():
        case, team = bids.sealed_lot(), bids.bidder()
        bids.fill(case, team)
        commit()
        url, lot_id = f"/bids/{case.lot_id}/{team.id}/submit", case.lot_id
        clients = [browser(own_app, team.signatory) for _ in range(4)]
        db.session.remove()
    form_token = secrets.token_hex(16)
    forms = [form_of(client, url, form_token) for client in clients]
    answers = at_once(*(lambda c=c, f=f: c.post(url, data=f) for c, f in zip(clients, forms, strict=True)))  # type: ignore[misc]
    assert {answer.status_code for answer in answers} == {302}
    assert len({answer.headers["Location"].partition("?")[0] for answer in answers}) == 1
    with own_app.app_context():
        assert queries.bid_count(lot_id) == 1
        assert db.session.scalar(db.select(db.func.count()).select_from(SealedBid)) == 1
        assert verify_all()[1] is None
        db.session.rollback()


def test_a_submission_on_its_way_is_opened_with_the_others(own_app: Flask, clock: StandingClock) -> None:
    """The opening waits for it: both take the lot first, so that neither waits for the other in a circle."""
    take_books(own_app)
    with own_app.app_context():
        case, last = bids.closed(), bids.bidder()
        bids.fill(case, last)
        before, signatory = case.deadline - timedelta(seconds=1), bids.signatory(last)
        sealed = actions.seal_bid(signatory, case.lot_id, last.id, bids.token(), before)
        commit()
    written, opening = Event(), Event()

    def submit() -> int:
        with own_app.app_context():
            actions.hand_in(signatory, sealed, before)
            written.set()
            opening.wait(30)
            commit()
            return sealed.lot_id

    def open_all() -> int:
        with own_app.app_context():
            written.wait(30)
            if db.engine.dialect.name == "postgresql":  # SQLite has one writer, who holds everything
                with pytest.raises(OperationalError, match="could not obtain lock"):
                    db.session.execute(db.select(Lot.id).with_for_update(nowait=True, key_share=True))
                db.session.rollback()
            opening.set()
            count = len(bids.open_bids(case).record["bids"])
            commit()
            return count

    assert at_once(submit, open_all) == [case.lot_id, 4]


def test_many_organisations_submit_at_once(own_app: Flask, clock: StandingClock) -> None:
    take_books(own_app)
    with own_app.app_context():
        case = bids.sealed_lot()
        teams = [bids.bidder() for _ in range(6)]
        for team in teams:
            bids.fill(case, team)
        commit()
        lot_id = case.lot_id
        clients = [(browser(own_app, team.signatory), f"/bids/{lot_id}/{team.id}/submit") for team in teams]
        db.session.remove()
    forms = [form_of(client, url, secrets.token_hex(16)) for client, url in clients]
    deeds = [lambda c=c, u=u, f=f: c.post(u, data=f) for (c, u), f in zip(clients, forms, strict=True)]  # type: ignore[misc]
    assert [answer.status_code for answer in at_once(*deeds)] == [302] * 6
    with own_app.app_context():
        assert queries.bid_count(lot_id) == 6
        assert verify_all()[1] is None
        db.session.rollback()
