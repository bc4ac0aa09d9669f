"""Bids for tests, written, submitted and opened through the room's own actions.

case = sealed_lot()                    # a published comparison, bids taken until case.deadline
team = bidder()                        # a confirmed organisation with a head of its own; the signatory has a key
fill(case, team, price_fen=160_000_00) # the draft, complete
bid = submit(case, team)               # filled and submitted
case = closed([…prices])               # submitted by that many bidders, a minute after the deadline
case = opened([…prices])               # both acts done, every bid decrypted
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from market.bids import actions, jobs, queries
from market.bids.models import OpenedBid, Opening, SealedBid
from market.db.session import db
from market.kernel.clock import system_now
from market.kernel.permits import Actor
from market.people.models import User
from market.records.files import encrypt_upload
from market.tenders.models import Lot
from tests.factories.organisations import Team, organisation
from tests.factories.people import PASSPHRASE, acting, keys
from tests.factories.tenders import Office, published, street_office
from tests.fixtures.ground import replayed

YUAN = 100
PRICES = (170_000, 165_000, 160_000)
PDF = b"%PDF-1.7\n% a certificate\n"
_numbers = count(1)


@dataclass
class Case:
    """One lot that takes bids, with its office and its bidders."""

    office: Office
    lot_id: int
    deadline: datetime
    teams: list[Team] = field(default_factory=list)

    @property
    def lot(self) -> Lot:
        """The lot read anew, with tender, file and criteria."""
        db.session.flush()
        db.session.expire_all()
        found = queries.bid_desk(self.lot_id, self.teams[0].id) if self.teams else None
        row = found.lot if found else queries.lot_with_tender(self.lot_id)
        assert row is not None
        return row

    @property
    def openable(self) -> datetime:
        """The first instant at which bids may be opened."""
        return self.deadline + timedelta(seconds=60)


@replayed
def sealed_lot(office: Office | None = None, **changes: Any) -> Case:
    """A published tender's first lot."""
    made = office or street_office()
    tender = published(made, **changes)
    assert tender.deadline_at is not None
    return Case(made, tender.lots[0].id, tender.deadline_at)


@replayed
def bidder(name: str = "", *, key: bool = True, **changes: Any) -> Team:
    """A confirmed organisation whose head is nobody else's; the signatory has a sealing key."""
    changes = {"legal_representative": f"负责人{next(_numbers)}号", "bank": False, **changes}
    team = organisation(name, **changes)
    if key:
        keys(team.signatory)
    return team


def words(case: Case, price_fen: int, **changes: Any) -> dict[str, Any]:
    """A complete bid by the names of the draft's fields."""
    desk = queries.bid_desk(case.lot_id, case.teams[0].id)
    assert desk is not None
    answers = {f"answers/{key}": f"对“{title}”的回应：逐项落实。" for key, title in desk.criteria}
    return {
        "price_fen": price_fen,
        "plan": "每周入户两次。",
        "team": "项目负责人一名，社工三名。",
        "schedule": "签约后十日内进场。",
        "declaration_ties": "无",
        **answers,
        **changes,
    }


def fill(
    case: Case,
    team: Team,
    price_fen: int = 165_000 * YUAN,
    *,
    at: datetime | None = None,
    files: Mapping[str, bytes] | None = None,
    **changes: Any,
) -> None:
    """Write a complete draft as the organisation's editor."""
    if team not in case.teams:
        case.teams.append(team)
    when, editor = at or system_now(), acting(team.editor)
    actions.save_fields(editor, case.lot_id, team.id, words(case, price_fen, **changes), 10_000, when)
    uploads = [encrypt_upload(io.BytesIO(content), name) for name, content in (files or {}).items()]
    if uploads:
        actions.add_files(editor, case.lot_id, team.id, uploads, when)


def token() -> str:
    """A form's token."""
    return f"{next(_numbers):032x}"


def submit(
    case: Case, team: Team, price_fen: int = 165_000 * YUAN, *, at: datetime | None = None, **changes: Any
) -> SealedBid:
    """Fill the draft and submit it as the signatory."""
    fill(case, team, price_fen, at=at, **changes)
    return actions.submit_bid(acting(team.signatory), case.lot_id, team.id, token(), at or system_now())


@replayed
def closed(prices: Sequence[int] = PRICES, *, office: Office | None = None, **changes: Any) -> Case:
    """A lot with that many bids (in yuan) whose deadline is a minute ago."""
    case = sealed_lot(office, **changes)
    for price in prices:
        submit(case, bidder(), price * YUAN)
    return case


def open_bids(case: Case, first: User | None = None, second: User | None = None, at: datetime | None = None) -> Opening:
    """Both acts, and every bid decrypted."""
    when = at or case.openable
    one, two = acting(first or case.office.openers[0]), acting(second or case.office.openers[1])
    actions.peel_lot(one, case.lot_id, PASSPHRASE, when)
    opening = actions.open_with_passphrase(two, case.lot_id, PASSPHRASE, when)
    decrypt_all(case)
    return opening


def decrypt_all(case: Case) -> None:
    """What the worker does after the opening."""
    for bid in queries.live_bids(case.lot_id):
        jobs.decrypt_bid(bid.id)


@replayed
def opened(prices: Sequence[int] = PRICES, **changes: Any) -> Case:
    """A lot whose bids are open."""
    case = closed(prices, **changes)
    open_bids(case)
    return case


def results(case: Case) -> list[OpenedBid]:
    """The opened bids by number, read anew."""
    db.session.flush()
    db.session.expire_all()
    return queries.opened_bids(case.lot_id)


def signatory(team: Team) -> Actor:
    """Who submits for the organisation."""
    return acting(team.signatory)


def editor(team: Team) -> Actor:
    """Who writes for the organisation."""
    return acting(team.editor)
