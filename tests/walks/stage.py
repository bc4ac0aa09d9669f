"""Nine purchases at nine stages, four rounds, a funded project; and everything that anybody can try on one of them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from flask import Flask
from sqlalchemy import Engine, event, select

from contracts.agreements import actions as agreements
from contracts.agreements.models import Agreement
from contracts.agreements.states import Party
from contracts.delivery import actions as delivery
from contracts.delivery.models import Milestone
from contracts.delivery.queries import milestone as find_milestone
from contracts.outcomes import actions as outcomes
from contracts.outcomes.models import Evaluation, Invitation
from contracts.outcomes.states import Source
from contracts.payouts import actions as payouts
from contracts.payouts.models import Attempt, Payment
from market.awards import actions as awards
from market.awards.models import Award
from market.bids import actions as bids
from market.catalogue.models import CatalogueItem
from market.challenges import actions as challenges
from market.challenges.models import Challenge
from market.challenges.queries import challenge as find_challenge
from market.db.session import commit, db
from market.evaluation import actions as evaluation
from market.evaluation.actions.qualifying import Tick
from market.evaluation.models import PriceInquiry
from market.evaluation.queries import bids as opened_bids
from market.kernel.clock import beijing_day, system_now
from market.kernel.errors import NotFound
from market.kernel.permits import Actor, Role
from market.organisations.models import Organisation
from market.panels.actions import Given
from market.panels.models import Seat
from market.panels.queries import live, panel_for
from market.people.models import User
from market.people.queries import actor_of
from market.places.queries import street as find_street
from market.tenders import actions as tenders
from tests.factories import organisations as organisation_factory
from tests.factories.agreements import short_document
from tests.factories.bids import PDF, token
from tests.factories.organisations import Team
from tests.factories.payouts import result_file
from tests.factories.people import PASSPHRASE, acting, give, keys, person
from tests.fixtures.clock import StandingClock
from tests.walks.round_stage import Rounds
from tests.walks.stories import Town
from tests.walks.supported import pay_and_fail, with_recovery

SHARES = {"暖邻": 95, "银龄": 80, "同行": 60}
OFFERS = {"暖邻": 85_000_01, "银龄": 82_000_00, "同行": 79_000_33}


_RUNNING = ("running", "evaluating", "failing")


class Stage:
    """The people, some of them with roles that must not meet, and the purchases by the name of their stage."""

    def __init__(self, app: Flask, clock: StandingClock) -> None:
        self.town = town = Town.found(app, clock)
        town.funding = (60_000_33, 29_999_67)
        town.fund()
        self.towns: dict[str, Town] = {}
        for name in OFFERS:
            town.firm(name)
        organisation_factory.bank_account(town.firms["暖邻"])
        town.accounts()
        self.rounds = Rounds(town)
        self.rounds.call("checking", "judging", "decided")
        for name in _RUNNING:
            self.announce(name)
        town.on(2026, 4, 7, 9, 40)
        for name in _RUNNING:
            self.award(name)
        with_recovery(self.towns["failing"].award())
        town.on(2026, 4, 13, 9, 0)
        for name in ("sealed", "opened", "ranked", "awarded"):
            self.announce(name)
        town.on(2026, 4, 17, 9, 0)
        town.knock()
        self.rounds.judge()
        town.on(2026, 4, 20, 10, 0)
        for name in _RUNNING:
            self.contract(name)
        self.open_bids_of("opened")
        self.award("ranked", confirm=False)
        self.award("awarded")
        self.towns["awarded"].issue(short_document())
        town.on(2026, 4, 27, 9, 0)
        self.towns["project"] = self.rounds.fund()
        self.announce("open", offers=2)
        self.rounds.call("call")
        self.towns["draft"] = replace(town, title="draft")
        self.towns["draft"].draft()
        self.people = self.everybody()
        self.start = town.now
        self.lines = {line.id: line.amount_fen for line in town.lines}
        commit()
        self._names = {name: user.id for name, user in town.people.items()}
        self._teams = {
            name: (team.id, team.admin.id, team.editor.id, team.signatory.id) for name, team in town.firms.items()
        }
        self._place = (town.street.id, town.item.id)

    def come_back(self) -> None:
        """Load everybody anew into the present session: the rows of an earlier run belong to another one."""
        get, town = db.session.get_one, self.town
        street_id, item_id = self._place
        for name, user_id in self._names.items():
            town.people[name] = get(User, user_id)
        for name, (team_id, *users) in self._teams.items():
            town.firms[name] = Team(get(Organisation, team_id), *(get(User, user_id) for user_id in users))
        found = find_street(street_id)
        assert found is not None
        for one in (town, *self.towns.values(), *self.rounds.rounds.values()):
            one.street, one.item = found, get(CatalogueItem, item_id)

    def announce(self, name: str, offers: int = 3) -> None:
        """Published, and so many bids are in."""
        town = self.towns[name] = replace(self.town, title=name)
        if name in _RUNNING:
            # The service begins as the contract is signed, so that it may be reported on.
            town.term = (date(2026, 4, 20), town.term[1])
        town.publish()
        for firm, price_fen in list(OFFERS.items())[:offers]:
            town.submit(town.firms[firm], price_fen)

    def open_bids_of(self, name: str) -> None:
        """The bids lie open; reports and letters stay where they wait, since nothing depends on their being there."""
        self.towns[name].unlock()
        self.towns[name].decrypt()

    def award(self, name: str, *, confirm: bool = True) -> None:
        """Opened, judged and, if wanted, awarded."""
        self.open_bids_of(name)
        town = self.towns[name]
        town.judge(SHARES)
        if confirm:
            town.confirm()

    def contract(self, name: str) -> None:
        """In force; `running` has its first milestone accepted, `evaluating` both, `failing` the first one paid."""
        town = self.towns[name]
        town.issue(short_document())
        town.sign(Party.SUPPLIER)
        town.sign(Party.BUYER)
        for number in (1, 2) if name == "evaluating" else (1,):
            town.knock()
            town.report(number)
            town.accept(number)
        town.knock()
        if name == "failing":
            pay_and_fail(town)

    def everybody(self) -> dict[str, int]:
        """Everybody by name; some hold a second role that must never meet the first on one purchase."""
        town, scope = self.town, self.town.street.scope
        people = {name: user.id for name, user in town.people.items()}
        for name, team in town.firms.items():
            people |= {f"{name}-editor": team.editor.id, f"{name}-signatory": team.signatory.id}
            people[f"{name}-admin"] = team.admin.id
        people |= {f"expert{number}": expert.user_id for number, expert in enumerate(town.experts)}
        both = person(Role.STREET_CLERK, scope, also=(Role.STREET_APPROVER, Role.STREET_OPENER))
        purse = person(Role.STREET_CASHIER, scope, also=(Role.STREET_CHECKER,))
        keys(both)
        for user, role in (
            (town.firms["暖邻"].signatory, Role.STREET_CLERK),
            (town.firms["暖邻"].admin, Role.STREET_CASHIER),
            (town.firms["银龄"].editor, Role.STREET_APPROVER),
            (town.people["clerk"], Role.DISTRICT_REVIEWER),
        ):
            give(user, role, scope)
        give(town.firms["银龄"].admin, Role.EXPERT)
        return people | {"both": both.id, "purse": purse.id}


class Writings:
    """How many statements other than reads have been sent: an equal number means equal tables."""

    def __init__(self, engine: Engine) -> None:
        self.number = 0
        event.listen(engine, "before_cursor_execute", self._count)

    def _count(self, _connection: object, _cursor: object, statement: str, *_: object) -> None:
        # A transaction begins and ends without changing what was committed before it.
        if not statement.startswith(("SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK")):
            self.number += 1


@contextmanager
def rolled_back(app: Flask) -> Iterator[None]:
    """Everything that is committed inside is gone afterwards."""
    engines = db._app_engines[app]
    engine = engines[None]
    connection = engine.connect()
    outer = connection.begin()
    engines[None] = connection  # type: ignore[assignment]
    db.session.session_factory.configure(join_transaction_mode="create_savepoint")
    try:
        with app.app_context():
            yield
    finally:
        db.session.session_factory.configure(join_transaction_mode="conditional_savepoint")
        engines[None] = engine
        outer.rollback()
        connection.close()


# --- what can be tried ------------------------------------------------------------------------------------------------


@dataclass
class Trial:
    """One attempt on one purchase: `who` tries (None: whoever usually does), `n` says which of several, `flag` how."""

    stage: Stage
    town: Town
    who: str | None
    n: int
    flag: bool

    def by(self, usual: str | User) -> Actor:
        """Who tries."""
        if self.who is not None:
            return actor_of(self.stage.people[self.who])
        return self.town.as_(usual) if isinstance(usual, str) else acting(usual)

    @property
    def at(self) -> datetime:
        return self.town.now

    @property
    def team(self) -> Team:
        return list(self.town.firms.values())[self.n % 3]

    def pick(self, table: Any, **where: Any) -> Any:
        """The n-th of these rows. Raises NotFound when there is none."""
        rows = list(db.session.scalars(select(table).filter_by(**where).order_by(table.id)))
        if not rows:
            raise NotFound("没有")
        return rows[self.n % len(rows)]

    @property
    def award(self) -> Award:
        """The newest award."""
        kind, subject_id = self.town.subject
        query = select(Award).filter_by(subject_kind=kind, subject_id=subject_id).order_by(Award.id.desc())
        found = db.session.scalars(query.limit(1)).first()
        if found is None:
            raise NotFound("没有")
        return found

    @property
    def contract(self) -> Agreement:
        return self.pick(Agreement, award_id=self.award.id)  # type: ignore[no-any-return]

    @property
    def milestone(self) -> Milestone:
        return self.pick(Milestone, agreement_id=self.contract.id)  # type: ignore[no-any-return]

    @property
    def payment(self) -> Payment:
        return self.pick(Payment, agreement_id=self.contract.id)  # type: ignore[no-any-return]

    @property
    def outcome(self) -> Evaluation:
        return self.pick(Evaluation, agreement_id=self.contract.id)  # type: ignore[no-any-return]

    @property
    def supplier(self) -> Team:
        """Whoever holds the newest award."""
        return next(team for team in self.town.firms.values() if team.id == self.award.organisation_id)

    @property
    def seat(self) -> Seat:
        panel = panel_for("lot", self.town.lot_id)
        if panel is None:
            raise NotFound("没有")
        return live(panel)[self.n % len(live(panel))]


ACTS: dict[str, Callable[[Trial], Any]] = {}


def act(function: Callable[[Trial], Any]) -> Callable[[Trial], Any]:
    """Something that can be tried."""
    ACTS[function.__name__] = function
    return function


@act
def submit_tender(t: Trial) -> Any:
    return tenders.submit_tender(t.by("clerk"), t.town.tender_id, t.at)


@act
def change_tender(t: Trial) -> Any:
    return tenders.save_tender(t.by("clerk"), t.town.tender_id, t.at, requirement="每周上门两次。")


@act
def return_tender(t: Trial) -> Any:
    return tenders.return_tender(t.by("approver"), t.town.tender_id, "请补充", t.at)


@act
def publish(t: Trial) -> Any:
    return tenders.publish_tender(t.by("approver"), t.town.tender_id, t.at)


@act
def cancel_tender(t: Trial) -> Any:
    return tenders.cancel_tender(t.by("approver"), t.town.tender_id, "需求变化", t.at)


@act
def write_bid(t: Trial) -> Any:
    typed = t.town.words(70_000_00 + t.n, t.team)
    return bids.save_fields(t.by(t.team.editor), t.town.lot_id, t.team.id, typed, 10_000, t.at)


@act
def submit_bid(t: Trial) -> Any:
    if t.flag:
        write_bid(t)
    return bids.submit_bid(t.by(t.team.signatory), t.town.lot_id, t.team.id, token(), t.at)


@act
def withdraw_bid(t: Trial) -> Any:
    return bids.withdraw_bid(t.by(t.team.signatory), t.town.lot_id, t.team.id, t.at)


@act
def peel(t: Trial) -> Any:
    return bids.peel_lot(t.by("opener1"), t.town.lot_id, PASSPHRASE, t.at)


@act
def open_bids(t: Trial) -> Any:
    bids.open_with_passphrase(t.by("opener2"), t.town.lot_id, PASSPHRASE, t.at)
    t.town.decrypt()


@act
def check_bids(t: Trial) -> Any:
    items = t.town.tender.qualifications
    ticks = [
        Tick(bid.id, item.id, t.flag or (bid.number, item.number) != (1, 1), "材料不全")
        for bid in t.town.bids
        for item in items
    ]
    evaluation.check_bids(t.by("clerk"), t.town.lot_id, ticks, t.at)


@act
def finish_check(t: Trial) -> Any:
    return evaluation.finish_qualification(t.by("clerk"), t.town.lot_id, t.at)


@act
def draw_panel(t: Trial) -> Any:
    return evaluation.draw_panel(t.by("clerk"), t.town.lot_id, t.at, size=3, expert_seats=3)


@act
def declare(t: Trial) -> Any:
    bidders = [bid.organisation_id for bid in t.town.bids]
    return evaluation.declare(t.by(_member(t)), t.seat.id, bidders, t.at)


def _member(t: Trial) -> User:
    return db.session.get_one(User, t.seat.user_id)


@act
def recuse(t: Trial) -> Any:
    return evaluation.recuse(t.by(_member(t)), t.seat.id, "与投标人有往来", t.at)


@act
def score(t: Trial) -> Any:
    seat, who = t.seat, t.by(_member(t))
    criteria = [c for c in t.town.lot.criteria if c.kind == "quality"]
    for bid in opened_bids(t.town.lot_id, valid_only=True):
        given = [Given(c.id, c.max_centi * (60 + 10 * t.n) // 100, "措施具体。") for c in criteria]
        evaluation.put_scores(who, seat.id, bid.id, given, t.at)
    if t.flag:
        evaluation.finish_sheet(who, seat.id, "", t.at)


def _asked() -> int | None:
    return db.session.scalar(select(PriceInquiry.id).order_by(PriceInquiry.id.desc()).limit(1))


@act
def judge_low_price(t: Trial) -> Any:
    return evaluation.give_opinion(t.by(_member(t)), _asked() or 0, t.flag, "依据成本测算", t.at)


@act
def decide_low_price(t: Trial) -> Any:
    if (asked := _asked()) is None:
        return evaluation.ask_price(t.by("clerk"), t.town.lot_id, t.at)
    return evaluation.decide_price(t.by("clerk"), asked, "依据成本测算", t.at)


@act
def rank(t: Trial) -> Any:
    return evaluation.rank_lot(t.by("clerk"), t.town.lot_id, t.at)


@act
def award(t: Trial) -> Any:
    return awards.award_lot(t.by("approver"), t.town.lot_id, "按排名确定", t.at)


@act
def decline(t: Trial) -> Any:
    return awards.decline(t.by("approver"), t.award, "供应商放弃", t.at)


@act
def challenge(t: Trial) -> Any:
    db.session.refresh(t.team.organisation)
    words = ("评分没有依据", "请重新评审", token(), t.at)
    return challenges.file_challenge(t.by(t.team.admin), t.award.id, t.team.organisation, *words)


def _challenge(t: Trial) -> Challenge:
    found = find_challenge(t.pick(Challenge, award_id=t.award.id).id)
    assert found is not None
    return found


@act
def reply(t: Trial) -> Any:
    return challenges.reply_challenge(t.by("clerk"), _challenge(t), "依据见报告", t.at)


@act
def decide_challenge(t: Trial) -> Any:
    return challenges.decide_challenge(t.by("reviewer"), _challenge(t), t.flag, "经核查", bool(t.n % 2), t.at)


@act
def withdraw_challenge(t: Trial) -> Any:
    return challenges.withdraw_challenge(t.by(t.team.admin), _challenge(t), t.at)


@act
def draft_contract(t: Trial) -> Any:
    return agreements.draft_agreement(t.by("clerk"), t.award.id, t.at)


@act
def issue_contract(t: Trial) -> Any:
    row = agreements.issue_agreement(t.by("clerk"), t.contract.id, t.at)
    agreements.keep_document(row.id, short_document())


@act
def cancel_contract(t: Trial) -> Any:
    return agreements.cancel_agreement(t.by("clerk"), t.contract.id, "条款重拟", t.at)


@act
def sign(t: Trial) -> Any:
    party = Party.BUYER if t.flag else Party.SUPPLIER
    who = t.by("approver") if t.flag else t.by(t.supplier.signatory)
    return agreements.sign_agreement(who, t.contract.id, party, PASSPHRASE, t.at, real=system_now())


@act
def resume_contract(t: Trial) -> Any:
    return agreements.resume_agreement(t.by("clerk"), t.contract.id, t.at)


@act
def report(t: Trial) -> Any:
    row, who = find_milestone(t.milestone.id), t.by(t.supplier.editor)
    assert row is not None
    delivery.add_evidence(who, row, io.BytesIO(PDF), "台账.pdf", t.at)
    return delivery.report_milestone(who, row.id, delivery.ReportFacts("完成", 10, 20), token(), t.at)


@act
def accept(t: Trial) -> Any:
    return delivery.accept_milestone(
        t.by("clerk"), t.milestone.id, delivery.AcceptanceFacts("合格", 5, 4, "满意"), t.at
    )


@act
def give_back(t: Trial) -> Any:
    return delivery.return_report(t.by("clerk"), t.milestone.id, "请补正", t.at)


@act
def open_evaluation(t: Trial) -> Any:
    return outcomes.open_evaluation(t.by("clerk"), t.milestone.id, t.at)


def _marks(t: Trial, row: Evaluation) -> tuple[dict[str, int], dict[str, str], str, datetime]:
    found, percent = outcomes.terms_of(row).indicators, 40 + 20 * t.n
    return {i.code: i.max_centi * percent // 100 for i in found}, {i.code: "可查" for i in found}, "", t.at


@act
def rate_self(t: Trial) -> Any:
    row = t.outcome
    return outcomes.rate_self(t.by(t.supplier.editor), row.id, *_marks(t, row))


@act
def rate_third(t: Trial) -> Any:
    """The evaluator is asked, declares and rates."""
    row, who = t.outcome, t.by("evaluator")
    if t.who is None:
        outcomes.invite_evaluator(t.town.as_("clerk"), row.id, who.user_id or 0, t.at)
    asked = t.pick(Invitation, evaluation_id=row.id, source=Source.THIRD.value)
    outcomes.declare(who, asked.id, t.at)
    return outcomes.rate_third(who, asked.id, *_marks(t, row))


@act
def rate_public(t: Trial) -> Any:
    """Ten residents answer alike."""
    row = t.outcome
    for code in outcomes.make_codes(t.by("clerk"), row.id, 10, t.at):
        outcomes.rate_public(code, [t.n % 5] * len(outcomes.terms_of(row).questions), "", t.at)


@act
def close_evaluation(t: Trial) -> Any:
    return outcomes.close_evaluation(t.by("clerk"), t.outcome.id, t.at)


@act
def request_payment(t: Trial) -> Any:
    ask = payouts.request_again if t.flag else payouts.request_payment
    return ask(t.by("cashier"), t.payment.id, t.at)


@act
def approve_payment(t: Trial) -> Any:
    return payouts.approve_payment(t.by("checker"), t.payment.id, t.at)


@act
def send_back(t: Trial) -> Any:
    return payouts.send_back(t.by("checker"), t.payment.id, "请核对", t.at)


@act
def order_payment(t: Trial) -> Any:
    return payouts.order_batch(t.by("cashier"), t.town.street.id, [t.payment.id], t.at)


@act
def bank_says(t: Trial) -> Any:
    """The bank's file tells of any order ever given: paid, failed or returned, also twice and out of order."""
    order = t.pick(Attempt, payment_id=t.payment.id)
    what = ("成功", "失败", "退票", "成功")[t.n % 4]
    row = (order.key, order.amount_fen, what, f"YH{order.id}{t.n}", f"{beijing_day(t.at)}")
    name = f"{order.id}-{t.n}.csv"
    return payouts.import_statement(t.by("cashier"), t.town.street.id, result_file(row), name, t.at)


@act
def confirm_receipt(t: Trial) -> Any:
    return payouts.confirm_receipt(t.by(t.supplier.admin), t.payment.id, t.at)


@act
def close_contract(t: Trial) -> Any:
    return payouts.complete_contract(t.by("clerk"), t.contract.id, t.at)
