"""Plays purchases through the rooms' own actions, each at its own instant, up to the step where the story stops."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum
from typing import Any, TypeVar

from flask import Flask
from sqlalchemy import select

from contracts.agreements.actions import RENDER_JOB
from market.awards import actions as awards
from market.bids import actions as bids
from market.bids.actions.opening import DECRYPT_JOB
from market.budgets.queries import lines_for
from market.catalogue.queries import items
from market.db.session import db, transaction
from market.demo import cast, staffing, words
from market.evaluation import actions as evaluation
from market.evaluation.actions.qualifying import Tick
from market.evaluation.queries import bids as opened_bids
from market.kernel.categories import Category
from market.kernel.clock import beijing_day, instant
from market.kernel.permits import CLOCK, Actor
from market.kernel.workdays import Calendar, add_working_days
from market.needs import actions as needs
from market.needs.states import NeedChannel
from market.organisations.models import Organisation
from market.panels.actions import Given
from market.panels.queries import live, panel_for
from market.people.models import User
from market.people.queries import actor_of
from market.places.models import Street
from market.places.queries import calendar_for
from market.records import queue
from market.tenders import actions as tenders
from market.tenders.models import Lot, Tender
from market.tenders.queries import tender as find_tender

T = TypeVar("T")
# The instant at which the demonstration's clock starts; everything told happens before it.
OPENING = instant(date(2026, 3, 31), 9, 0)
_AWAITED = (DECRYPT_JOB, RENDER_JOB)


class Step(IntEnum):
    """Where a purchase of the story stands at the end."""

    DRAFT = 1
    REVIEW = 2
    OPEN = 3
    CLOSED = 4
    PEELED = 5
    OPENED = 6
    SCORING = 7
    SCORED = 8
    RANKED = 9
    AWARDED = 10
    DRAFTED = 11
    ISSUED = 12
    HALF_SIGNED = 13
    IN_FORCE = 14
    REPORTED = 15
    EVALUATING = 16
    DUE = 17
    REQUESTED = 18
    APPROVED = 19
    ORDERED = 20
    PAID = 21
    CONFIRMED = 22


class Turn(IntEnum):
    """How a purchase of the story goes wrong."""

    NONE = 0
    CHALLENGED = 1
    RETURNED = 2


@dataclass(frozen=True)
class Offer:
    """One bid of the story: firm, price in fen, and how good its plan is (0 to 100)."""

    firm: str
    price_fen: int
    quality: int


@dataclass(frozen=True)
class Purchase:
    """One purchase of the story."""

    district: str
    street: str
    category: Category
    item: int  # which item of its category, from 0
    title: str
    need: str
    channel: NeedChannel
    people: int
    budget_fen: int
    begins: date
    until: Step
    offers: Sequence[Offer] = ()
    unsent: Sequence[str] = ()  # firms that have started a bid and not submitted it
    term: tuple[date, date] | None = None
    milestones: Sequence[tuple[str, int, str, date]] = ()  # title, share bp, base, due
    turn: Turn = Turn.NONE
    beside: Purchase | None = None  # a second lot of the same tender, with offers and money of its own
    lot: str = ""  # what the lot is called where there are two


class Theatre:
    """The people by login, the streets by name, and `act`: one action, one transaction."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.ids: dict[str, int] = {}
        self.streets: dict[str, Street] = {}
        self.firms: dict[str, int] = {}
        self.crews: dict[str, list[int]] = {}
        self._actors: dict[str, Actor] = {}
        self._calendars: dict[int, Calendar] = {}

    def act(self, action: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Run one action as one transaction, as a page would."""
        with transaction():
            return action(*args, **kwargs)

    def work(self) -> None:
        """Let the worker do what the story waits for; letters and reports are laid out after the start."""
        db.session.rollback()
        queue.run_pending(self.app, only=_AWAITED)

    def who(self, login: str) -> Actor:
        """Return a person as an actor."""
        if login not in self._actors:
            if login not in self.ids:
                self.ids[login] = db.session.scalars(select(User.id).filter_by(login=login)).one()
            self._actors[login] = actor_of(self.ids[login])
        return self._actors[login]

    def firm(self, short: str) -> Organisation:
        """Return an organisation by its short name."""
        return db.session.get_one(Organisation, self.firms[short])

    def next_working(self, at: datetime, days: int, hour: int, minute: int = 0) -> datetime:
        """Return a wall time some working days later."""
        if 0 not in self._calendars:
            self._calendars[0] = calendar_for(next(iter(self.streets.values())).district_id)
        day = add_working_days(beijing_day(at), days, self._calendars[0]).day if days else beijing_day(at)
        return instant(day, hour, minute)


class Player:
    """Plays one purchase; `first` plays the first lot when this one plays a second."""

    def __init__(self, stage: Theatre, plan: Purchase, first: Player | None = None) -> None:
        self.stage, self.plan, self.first = stage, plan, first
        self.street = stage.streets[plan.street]
        self.short = next(d.short for d in cast.DISTRICTS if d.code == plan.district)
        self.at = instant(plan.begins, 9, 20)
        self.tender_id = self.lot_id = 0

    def official(self, role: str) -> Actor:
        """Return the district's person of this login prefix."""
        return self.stage.who(f"{role}-{self.short}")

    def play(self) -> None:
        """Play up to the step where the story stops."""
        players = [self, *([type(self)(self.stage, self.plan.beside, self)] if self.plan.beside else [])]
        for together in zip(*(one.moves() for one in players), strict=True):
            for one, (step, move) in zip(players, together, strict=True):
                if step > self.plan.until:
                    return
                move()
                if one.at > OPENING:
                    raise ValueError(f"{self.plan.title}: {step.name} would happen after the demonstration begins")

    def moves(self) -> Sequence[tuple[Step, Callable[[], None]]]:
        return (
            (Step.DRAFT, self.draft),
            (Step.REVIEW, self.submit),
            (Step.OPEN, self.publish),
            (Step.OPEN, self.bid),
            (Step.CLOSED, self.close),
            (Step.PEELED, self.peel),
            (Step.OPENED, self.open),
            (Step.SCORING, self.qualify),
            (Step.SCORING, self.begin_scoring),
            (Step.SCORED, self.finish_scoring),
            (Step.RANKED, self.rank),
            (Step.AWARDED, self.award),
        )

    # --- from need to notice ---

    def draft(self) -> None:
        """A need, a demand item, a draft; for a second lot, the lot alone."""
        if self.first is not None:
            self.tender_id, self.at = self.first.tender_id, self.first.at
            left = lines_for(self.street.id, self.plan.begins.year, self.plan.category)
            funding = _from_lines(left, self.plan.budget_fen)
            added = self.stage.act(tenders.add_lot, self.official("clerk"), self.tender_id, funding, self.at)
            self.lot_id = added.id
            self._shape()
            return
        plan, stage, clerk = self.plan, self.stage, self.official("clerk")
        need = stage.act(
            needs.record_need, clerk, self.street, plan.channel, plan.category, plan.need, plan.people, self.at
        )
        demand = stage.act(
            needs.make_demand, clerk, self.street, plan.title, plan.need, plan.category, [need.id], self.at
        )
        item = items(self.street.district_id, plan.category)[plan.item]
        left = lines_for(self.street.id, plan.begins.year, plan.category)
        funding = _from_lines(left, plan.budget_fen)
        row = stage.act(
            tenders.create_tender,
            clerk,
            self.street.id,
            item.id,
            funding,
            self.at,
            title=plan.title,
            demand_id=demand.id,
        )
        self.tender_id = row.id
        self.lot_id = self._tender().lots[0].id
        if plan.term:
            starts_on, ends_on = plan.term
            stage.act(tenders.save_tender, clerk, row.id, self.at, starts_on=starts_on, ends_on=ends_on)
        self._shape()

    def _shape(self) -> None:
        """The lot's milestones, and its name where the tender has two lots."""
        plan, clerk = self.plan, self.official("clerk")
        if plan.beside or self.first:
            title = plan.lot
            self.stage.act(tenders.save_lot, clerk, self.lot_id, self.at, section="money", title=title)
        if plan.milestones:
            rows = [
                {"title": t, "share_bp": s, "base": b, "due_on": d, "evidence": words.EVIDENCE}
                for t, s, b, d in plan.milestones
            ]
            self.stage.act(tenders.save_lot, clerk, self.lot_id, self.at, section="milestones", milestones=rows)

    def _lot(self) -> Lot:
        return next(one for one in self._tender().lots if one.id == self.lot_id)

    def _tender(self) -> Tender:
        found = find_tender(self.tender_id)
        assert found is not None
        return found

    def submit(self) -> None:
        """To the second officer."""
        if self.first is not None:
            self.at = self.first.at
            return
        self.at += timedelta(minutes=40)
        self.stage.act(tenders.submit_tender, self.official("clerk"), self.tender_id, self.at)

    def publish(self) -> None:
        """Approved and published; the money is reserved."""
        if self.first is not None:
            self.at = self.first.at
            return
        self.at += timedelta(hours=1)
        self.stage.act(tenders.publish_tender, self.official("approver"), self.tender_id, self.at)

    # --- bids ---

    def bid(self) -> None:
        """Everybody writes; most submit."""
        for number, offer in enumerate(self.plan.offers):
            at = self.at + timedelta(hours=20 + number)
            self._write(offer, at)
            token = f"{self.lot_id:016x}{number:016x}"
            signatory = self.stage.who(f"{offer.firm}-sign")
            firm_id = self.stage.firms[offer.firm]
            self.stage.act(bids.submit_bid, signatory, self.lot_id, firm_id, token, at + timedelta(minutes=50))
        for number, firm in enumerate(self.plan.unsent):
            self._write(Offer(firm, self.plan.budget_fen * 9 // 10, 80), self.at + timedelta(hours=22, minutes=number))

    def _write(self, offer: Offer, at: datetime) -> None:
        lot = self._lot()
        values: dict[str, Any] = {
            "price_fen": offer.price_fen,
            "team": words.TEAM,
            "schedule": words.SCHEDULE,
            "declaration_ties": words.NO_TIES,
            "legal_representative": self.stage.firm(offer.firm).legal_representative,
            "secret_fields": ["team"],
            **staffing.crew(self.stage, offer.firm, lot.id),
        }
        for criterion in lot.criteria:
            if criterion.kind == "quality":
                values[f"answers/{criterion.id}"] = words.answer(criterion.title, self.plan.title)
        admin = self.stage.who(f"{offer.firm}-admin")
        self.stage.act(bids.save_fields, admin, lot.id, self.stage.firms[offer.firm], values, 0, at)

    def close(self) -> None:
        """The deadline passes; the clock writes it down."""
        deadline = self._tender().deadline_at
        assert deadline is not None
        self.at = deadline + timedelta(minutes=2)
        self.stage.act(bids.close_window, self.lot_id, self.at)
        if self._tender().state == "open":
            self.stage.act(tenders.close_tender, self.tender_id, CLOCK, self.at)

    def peel(self) -> None:
        """The first opener."""
        self.at = self.stage.next_working(self.at, 1, 9, 30)
        self.stage.act(bids.peel_lot, self.official("opener1"), self.lot_id, cast.PASSPHRASE, self.at)

    def open(self) -> None:
        """The second opener; then the worker decrypts bid by bid."""
        self.at += timedelta(minutes=6)
        self.stage.act(bids.open_with_passphrase, self.official("opener2"), self.lot_id, cast.PASSPHRASE, self.at)
        self.stage.work()

    # --- evaluation ---

    def qualify(self) -> None:
        """Every condition of every bid, then the panel is drawn."""
        self.at += timedelta(minutes=30)
        clerk = self.official("clerk")
        conditions = self._tender().qualifications
        ticks = [Tick(row.id, item.id, True, "") for row in opened_bids(self.lot_id) for item in conditions]
        self.stage.act(evaluation.check_bids, clerk, self.lot_id, ticks, self.at)
        self.stage.act(evaluation.finish_qualification, clerk, self.lot_id, self.at + timedelta(minutes=20))
        self.at += timedelta(minutes=30)
        self.stage.act(evaluation.draw_panel, clerk, self.lot_id, self.at, size=3, expert_seats=3)

    def begin_scoring(self) -> None:
        """Everybody declares; the first member has finished."""
        self.at = self.stage.next_working(self.at, 1, 9, 0)
        for number, (seat_id, user_id) in enumerate(self._seats()):
            actor = actor_of(user_id)
            confirmed = [row.organisation_id for row in opened_bids(self.lot_id)]
            self.stage.act(evaluation.declare, actor, seat_id, confirmed, self.at + timedelta(minutes=number))
        self._score(0)

    def finish_scoring(self) -> None:
        """The other members finish."""
        for number in range(1, len(self._seats())):
            self._score(number)

    def _seats(self) -> list[tuple[int, int]]:
        panel = panel_for("lot", self.lot_id)
        assert panel is not None
        return [(seat.id, seat.user_id) for seat in live(panel)]

    def _score(self, number: int) -> None:
        seat_id, user_id = self._seats()[number]
        actor, at = actor_of(user_id), self.at + timedelta(minutes=40 + 35 * number)
        wanted: Mapping[int, Offer] = {self.stage.firms[o.firm]: o for o in self.plan.offers}
        criteria = [(n, c) for n, c in enumerate(self._lot().criteria) if c.kind == "quality"]
        with transaction():
            for row in opened_bids(self.lot_id, valid_only=True):
                given = []
                for order, criterion in criteria:
                    centi = _points(criterion.max_centi, wanted[row.organisation_id].quality, number, order)
                    given.append(Given(criterion.id, centi, words.reason(criterion.title, centi, criterion.max_centi)))
                evaluation.put_scores(actor, seat_id, row.id, given, at)
            evaluation.finish_sheet(actor, seat_id, "", at + timedelta(minutes=20))

    def rank(self) -> None:
        """The report."""
        self.at += timedelta(hours=3)
        self.stage.act(evaluation.rank_lot, self.official("clerk"), self.lot_id, self.at)

    def award(self) -> None:
        """The purchaser confirms the first in rank."""
        self.at = self.stage.next_working(self.at, 1, 10, 0)
        row = self.stage.act(awards.award_lot, self.official("approver"), self.lot_id, words.AWARD_REASON, self.at)
        self.award_id = row.id


def _points(most_centi: int, quality: int, member: int, order: int) -> int:
    """Return a score in half points that differs a little from member to member and factor to factor."""
    swing = (member * 3 + order * 2) % 5 - 2
    return max(0, min(most_centi, most_centi * (quality + swing) // 100 // 50 * 50))


def _from_lines(left: Sequence[tuple[Any, int]], wanted_fen: int) -> dict[int, int]:
    """Take the money from the lines in order; the demonstration's lines suffice."""
    funding: dict[int, int] = {}
    for line, unspent_fen in left:
        part = min(unspent_fen, wanted_fen - sum(funding.values()))
        if part > 0:
            funding[line.id] = part
    return funding
