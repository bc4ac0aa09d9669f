"""Lots under evaluation, at any stage. Bids are written as the opening leaves them; then the room's own actions work.

case = opened()                        # published comparison, three opened bids, nothing checked yet
case = qualified(); case = drawn(); case = declared(); case = scored(); case = ranked()
case.lot, case.bids, case.teams, case.office, case.experts, case.at
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from market.bids.models import OpenedBid, Opening, SealedBid
from market.db.session import db
from market.evaluation import actions, queries
from market.evaluation.actions.qualifying import Tick
from market.evaluation.models import EvaluationReport, PriceInquiry
from market.kernel.canonical import digest, sha256_hex
from market.kernel.permits import Actor
from market.panels.actions import Given
from market.panels.models import Expert, Panel, Seat
from market.panels.queries import live, panel_for
from market.people.queries import actor_of
from market.records.files import keep_secret
from market.tenders.models import Lot
from market.tenders.states import LotState
from tests.factories.organisations import Team, organisation
from tests.factories.panels import experts
from tests.factories.tenders import Office, published, street_office
from tests.fixtures.ground import replayed

YUAN = 100
PRICES = (170_000, 165_000, 160_000)
# The last one is below a line of the low-price test.
LOW = (170_000, 165_000, 168_000, 75_000)
_numbers = count(1)


@dataclass
class Case:
    """One lot with everybody around it; `at` is some minutes after the last act."""

    office: Office
    lot_id: int
    teams: list[Team]
    experts: list[Expert]
    at: datetime
    report: EvaluationReport | None = field(default=None)

    @property
    def clerk(self) -> Actor:
        """Who checks, draws and reports."""
        return self.office.as_clerk()

    @property
    def lot(self) -> Lot:
        """The lot read anew, with criteria and conditions."""
        db.session.flush()
        found = queries.lot(self.lot_id, criteria=True, qualifications=True, lock=True)
        assert found is not None
        return found

    @property
    def bids(self) -> list[OpenedBid]:
        """The opened bids by number."""
        return queries.bids(self.lot_id, content=True)

    @property
    def panel(self) -> Panel:
        """The panel with its seats."""
        found = panel_for("lot", self.lot_id)
        assert found is not None
        return found

    @property
    def seats(self) -> list[Seat]:
        """The seats that count."""
        return live(self.panel)

    def tick(self, **by: int) -> datetime:
        """Move this case's time on and return it."""
        self.at += timedelta(**(by or {"minutes": 5}))
        return self.at

    def member(self, seat: Seat) -> Actor:
        """Who sits there."""
        return actor_of(seat.user_id)


@replayed
def opened(
    prices: Sequence[int] = PRICES,
    *,
    teams: Sequence[Team] | None = None,
    claims: Sequence[bool] = (),
    pool: int = 4,
    answers: bool = True,
    office: Office | None = None,
    **changes: Any,
) -> Case:
    """A published comparison whose bids (in yuan) have just been opened."""
    made = office or street_office()
    tender = published(made, **changes)
    lot = tender.lots[0]
    assert tender.deadline_at is not None
    at = tender.deadline_at + timedelta(minutes=5)
    bidders = list(teams or [organisation(bank=False) for _ in prices])
    case = Case(made, lot.id, bidders, experts(pool), at)
    record = {"lot": lot.id, "opened": at.isoformat(), "bids": len(prices), "nonce": next(_numbers)}
    db.session.add(
        Opening(
            lot_id=lot.id,
            first_user_id=made.openers[0].id,
            second_user_id=made.openers[1].id,
            lot_key=bytes(32),
            record=record,
            record_digest=digest(record),
            at=at,
            completed_at=at,
        )
    )
    for number, (price, team) in enumerate(zip(prices, bidders, strict=True), 1):
        claim = bool(claims[number - 1]) if claims else False
        _bid(lot, number, price * YUAN, team, claim, at, answers)
    lot.state = LotState.OPENED.value
    db.session.flush()
    return case


def _bid(lot: Lot, number: int, price_fen: int, team: Team, claims: bool, at: datetime, answers: bool) -> None:
    token = f"{next(_numbers):032x}"
    sealed = SealedBid(
        lot_id=lot.id,
        organisation_id=team.id,
        receipt_number=f"R{token[-8:]}",
        form_token=token,
        envelope=b"",
        root=sha256_hex(token.encode()),
        envelope_digest=sha256_hex(b""),
        stored_file_ids=[],
        received_at=at - timedelta(hours=number),
        submitted_by=team.signatory.id,
    )
    db.session.add(sealed)
    db.session.flush()
    content = {
        "price_fen": price_fen,
        "plan": "每周入户两次，",
        "team": "项目负责人一名，社工三名。",
        "schedule": "签约后十日内进场。",
        "answers": {str(c.id): f"对“{c.title}”的响应：按需求逐项落实。" for c in lot.criteria} if answers else {},
        "declaration_small": claims,
        "declaration_ties": "无关联关系。",
        "legal_representative": f"负责人{number}",
        "files": [],
    }
    db.session.add(
        OpenedBid(
            bid_id=sealed.id,
            lot_id=lot.id,
            organisation_id=team.id,
            number=number,
            price_fen=price_fen,
            claims_small=claims,
            content=content,
            secret_fields=["team"],
            salts={},
            root_ok=True,
            verdict="",
            verdict_reason="",
            organisation=team.organisation,
        )
    )


def with_file(case: Case, bid: OpenedBid, content: bytes = b"%PDF-1.7 proof", name: str = "证明.pdf") -> int:
    """Add an encrypted file to an opened bid; return its number."""
    team = next(t for t in case.teams if t.id == bid.organisation_id)
    row, secret = keep_secret(io.BytesIO(content), name, ("bid", bid.bid_id), actor_of(team.editor.id), case.at)
    bid.content = {**bid.content, "files": [*bid.content["files"], vars(secret)]}
    db.session.flush()
    return row.id


def check_all(case: Case, failing: Mapping[int, str] | None = None) -> None:
    """Tick every condition of every bid as met, but the first one of the bids named by number in `failing`."""
    items = case.lot.tender.qualifications
    ticks = []
    for bid in case.bids:
        reason = (failing or {}).get(bid.number)
        ticks += [
            Tick(bid.id, item.id, not (reason and item is items[0]), reason if item is items[0] else None)
            for item in items
        ]
    actions.check_bids(case.clerk, case.lot_id, ticks, case.tick())


@replayed
def qualified(prices: Sequence[int] = PRICES, *, failing: Mapping[int, str] | None = None, **changes: Any) -> Case:
    """The qualification check is done."""
    case = opened(prices, **changes)
    check_all(case, failing)
    actions.finish_qualification(case.clerk, case.lot_id, case.tick())
    return case


@replayed
def drawn(prices: Sequence[int] = PRICES, *, size: int = 3, expert_seats: int = 3, **changes: Any) -> Case:
    """The panel is drawn."""
    case = qualified(prices, **changes)
    actions.draw_panel(case.clerk, case.lot_id, case.tick(), size=size, expert_seats=expert_seats)
    return case


def declare_all(case: Case) -> None:
    """Every member declares to have no tie."""
    for seat in case.seats:
        actions.declare(case.member(seat), seat.id, [team.id for team in case.teams], case.tick(minutes=1))


@replayed
def declared(prices: Sequence[int] = PRICES, **changes: Any) -> Case:
    """Every member has declared."""
    case = drawn(prices, **changes)
    declare_all(case)
    return case


def score_all(case: Case, shares: Mapping[int, int] | None = None) -> None:
    """Every member gives each bid (by number) so many hundredths of each criterion's greatest score, and finishes."""
    bids, criteria = queries.bids(case.lot_id, valid_only=True), queries.quality_criteria(case.lot)
    for seat in case.seats:
        member = case.member(seat)
        for bid in bids:
            share = (shares or {}).get(bid.number, 80)
            given = [Given(c.id, c.max_centi * share // 100, "方案可行，措施具体。") for c in criteria]
            actions.put_scores(member, seat.id, bid.id, given, case.at)
        actions.finish_sheet(member, seat.id, "", case.tick(minutes=1))


@replayed
def scored(prices: Sequence[int] = PRICES, *, shares: Mapping[int, int] | None = None, **changes: Any) -> Case:
    """Every sheet is final."""
    case = declared(prices, **changes)
    score_all(case, shares)
    return case


def conclude(
    case: Case, inquiry: PriceInquiry, *opinions: bool, at: datetime, reason: str = "人工成本有协议为证"
) -> PriceInquiry:
    """The members give these opinions in the order of their seats (one for all: the same), and the clerk concludes."""
    given = opinions if len(opinions) > 1 else opinions * len(case.seats)
    for seat, accepted in zip(case.seats, given, strict=True):
        actions.give_opinion(case.member(seat), inquiry.id, accepted, reason, at)
    return actions.decide_price(case.clerk, inquiry.id, reason, at)


@replayed
def ranked(prices: Sequence[int] = PRICES, **changes: Any) -> Case:
    """The report is frozen."""
    case = scored(prices, **changes)
    case.report = actions.rank_lot(case.clerk, case.lot_id, case.tick())
    return case
