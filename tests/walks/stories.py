"""A small town for stories: its people, its firms, the standing clock, and one short verb for each longer act.

town = Town.found(app, clock)          # people, experts, catalogue, calendar; `fund` brings the year's money
town.on(2026, 4, 1, 9, 30)             # moves the clock; town.now is what every act is told
town.work()                            # what the worker does; town.knock() is what its clock does
town.purse()                           # balances of the street's year in fen, by place
town.board()                           # everything published of the purchase, oldest first
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import undefer

from contracts.agreements import actions as agreements
from contracts.agreements.models import Agreement
from contracts.agreements.queries import agreement as find_agreement
from contracts.agreements.states import Party
from contracts.delivery import actions as delivery
from contracts.delivery.models import Milestone
from contracts.delivery.queries import milestone as find_milestone
from contracts.delivery.queries import milestones_of
from contracts.outcomes import actions as outcomes
from contracts.outcomes import queries as outcome_queries
from contracts.outcomes.models import Evaluation
from contracts.payouts import actions as payouts
from contracts.payouts.models import BankBatch, Payment
from contracts.payouts.queries import payments_of
from contracts.payouts.states import AccountVerb
from market.awards import actions as awards
from market.awards.models import Award
from market.bids import actions as bids
from market.bids.jobs import decrypt_bid
from market.bids.models import OpenedBid
from market.bids.queries import live_bids
from market.budgets import actions as budgets
from market.budgets.actions import LineFacts
from market.budgets.models import BudgetLine, FundYear
from market.budgets.queries import lines_for
from market.budgets.states import FundSource
from market.catalogue.models import CatalogueItem
from market.challenges import actions as challenges
from market.challenges.models import Challenge
from market.challenges.queries import challenge as find_challenge
from market.cli.reconciling import comparisons
from market.db.session import commit, db, rollback
from market.evaluation import actions as evaluation
from market.evaluation.actions.qualifying import Tick
from market.evaluation.models import EvaluationReport
from market.evaluation.queries import bids as opened_bids
from market.kernel.categories import Category
from market.kernel.clock import beijing_day, system_now
from market.kernel.errors import DomainError
from market.kernel.permits import Actor, Role, Scope
from market.ledger.queries import balances
from market.ledger.states import Place
from market.needs import actions as needs
from market.needs.models import DemandItem
from market.needs.states import NeedChannel
from market.panels.actions import Given
from market.panels.models import Expert, Seat
from market.panels.queries import live, panel_for
from market.people.models import User
from market.people.queries import actor_of
from market.places.models import Street
from market.places.queries import district as find_district
from market.records import queue
from market.records.audit import verify_all
from market.records.models import Message, Notice
from market.tenders import actions as tenders
from market.tenders.models import Lot, Tender
from market.tenders.queries import tender as find_tender
from tests.factories import bids as bid_factory
from tests.factories import catalogue, panels
from tests.factories.agreements import note_signature
from tests.factories.bids import token as new_token
from tests.factories.organisations import Team
from tests.factories.payouts import result_file
from tests.factories.people import PASSPHRASE, acting, keys, person
from tests.factories.places import street as make_street
from tests.factories.tenders import national_calendar
from tests.fixtures.clock import StandingClock
from tests.fixtures.ground import replayed
from tests.walks.telling import wordless

YUAN = 100
LINES = (
    LineFacts(FundSource.FISCAL, Category.ELDER_CARE, "居家养老服务购买", 1_200_000_33),
    LineFacts(FundSource.LOTTERY, Category.ELDER_CARE, "福彩公益金助老", 699_999_67),
)
TOP_UP = LineFacts(FundSource.STREET_FUND, Category.SOCIAL_RELIEF, "困难家庭帮扶", 100_000_00)
# Two lines pay, and neither part is a round number.
FUNDING = (120_000_33, 59_999_67)
MILESTONES = (
    {"title": "中期服务", "share_bp": 4000, "base": "acceptance", "due_on": date(2026, 7, 31), "evidence": "服务台账"},
    {"title": "期末服务", "share_bp": 6000, "base": "evaluation", "due_on": date(2026, 9, 30), "evidence": "总结报告"},
)


@dataclass
class Town:
    """A street with everybody who has a part in a purchase."""

    app: Flask
    clock: StandingClock
    street: Street
    item: CatalogueItem
    people: dict[str, User]
    experts: list[Expert]
    firms: dict[str, Team] = field(default_factory=dict)
    funding: Sequence[int] = FUNDING
    milestones: Sequence[Mapping[str, Any]] = MILESTONES
    term: tuple[date, date] = (date(2026, 5, 18), date(2026, 9, 30))
    title: str = ""
    tender_id: int = 0
    lot_id: int = 0
    agreement_id: int = 0
    paper: bytes | None = None  # the contract's document, where the worker has not made it

    @property
    def subject(self) -> tuple[str, int]:
        """What the award of this purchase is for."""
        return "lot", self.lot_id

    @classmethod
    def found(cls, app: Flask, clock: StandingClock) -> Town:
        """Everybody is there, nothing has happened."""
        national_calendar()
        street = make_street()
        district = Scope(street.district_id)
        people = {
            "clerk": person(Role.STREET_CLERK, street.scope, name="林晓禾"),
            "approver": person(Role.STREET_APPROVER, street.scope, name="周怀远"),
            "opener1": person(Role.STREET_OPENER, street.scope, name="许知秋"),
            "opener2": person(Role.STREET_OPENER, street.scope, name="何书言"),
            "cashier": person(Role.STREET_CASHIER, street.scope, name="方小满"),
            "checker": person(Role.STREET_CHECKER, street.scope, name="杜复之"),
            "finance": person(Role.DISTRICT_FINANCE, district, name="顾明谦"),
            "civil": person(Role.DISTRICT_CIVIL, district, name="沈若兰"),
            "reviewer": person(Role.DISTRICT_REVIEWER, district, name="韩正则"),
            "escrow": person(Role.KEY_ESCROW, district, name="陆守一"),
            "evaluator": person(Role.EVALUATOR, name="裴衡之"),
        }
        for name in ("approver", "opener1", "opener2", "escrow"):
            keys(people[name], organisation=street.office)
        return cls(app, clock, street, catalogue.item(street.district), people, panels.experts(5))

    def as_(self, name: str) -> Actor:
        """An official as an actor, with the roles held now."""
        return acting(self.people[name])

    # --- time -------------------------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """What the clock says."""
        return self.clock.now

    def on(self, *when: int) -> datetime:
        """Move to a Beijing wall time and let the worker's clock knock."""
        self.clock.move_to(*when)
        self.knock()
        return self.now

    def later(self, **by: float) -> datetime:
        """Move forward; nothing knocks."""
        return self.clock.forward(**by)

    def knock(self) -> None:
        """Everything that is due by now is done; what it queued waits."""
        commit()
        queue.run_due(self.app, self.now)
        db.session.expire_all()

    def work(self) -> None:
        """The worker does what is queued."""
        commit()
        queue.run_pending(self.app)
        db.session.expire_all()

    # --- looking ----------------------------------------------------------------------------------------------------

    @property
    def tender(self) -> Tender:
        """The purchase, read anew."""
        db.session.flush()
        db.session.expire_all()
        found = find_tender(self.tender_id)
        assert found is not None
        return found

    @property
    def lot(self) -> Lot:
        """Its only lot."""
        return self.tender.lots[0]

    @property
    def bids(self) -> list[OpenedBid]:
        """The opened bids by number."""
        db.session.flush()
        return opened_bids(self.lot_id, content=True)

    @property
    def lines(self) -> list[BudgetLine]:
        """The lines that pay."""
        return [line for line, _ in lines_for(self.street.id, 2026, Category.ELDER_CARE)]

    def purse(self) -> dict[str, int]:
        """The two lines together, by place, without the empty places."""
        parts = balances(line.id for line in self.lines).values()
        total = {place.value: sum(part[place] for part in parts) for place in Place if place is not Place.OUTSIDE}
        return {place: fen for place, fen in total.items() if fen}

    def balance(self, line: BudgetLine) -> dict[str, int]:
        """One line by place."""
        return balances([line.id])[line.id]

    def board(self, file_id: int | None = None) -> list[dict[str, Any]]:
        """Every release of the purchase, oldest first."""
        query = select(Notice).filter_by(file_id=file_id or self.tender.file_id).order_by(Notice.id)
        return [json.loads(row.body) for row in db.session.scalars(query.options(undefer(Notice.body)))]

    def told(self, user: User) -> list[str]:
        """Subjects in a person's inbox, the newest last."""
        return list(db.session.scalars(select(Message.subject).filter_by(user_id=user.id).order_by(Message.id)))

    def award(self) -> Award:
        """The lot's newest award."""
        query = select(Award).filter_by(subject_kind="lot", subject_id=self.lot_id).order_by(Award.id.desc())
        return db.session.scalars(query.limit(1)).one()

    def member(self, seat: Seat) -> Actor:
        """Who sits there."""
        return actor_of(seat.user_id)

    @property
    def seats(self) -> list[Seat]:
        """The panel's live seats."""
        panel = panel_for("lot", self.lot_id)
        assert panel is not None
        return live(panel)

    # --- the street -------------------------------------------------------------------------------------------------

    def fund(self) -> FundYear:
        """The year's plan, proposed by the clerk and closed by the district."""
        year = budgets.open_year(self.as_("clerk"), self.street, 2026, None, self.now)
        for facts in (*LINES, TOP_UP):
            budgets.add_line(self.as_("clerk"), year.id, facts, self.now)
        budgets.propose(self.as_("clerk"), year.id, self.now)
        budgets.close_year(self.as_("finance"), year.id, self.now)
        return year

    def demand(self) -> DemandItem:
        """Two needs merged into one demand item."""
        clerk, at = self.as_("clerk"), self.now
        heard = [
            needs.record_need(clerk, self.street, channel, Category.ELDER_CARE, text, people, at)
            for channel, text, people in (
                (NeedChannel.HOTLINE_12345, "独居老人吃饭难，希望有人送餐", 60),
                (NeedChannel.VISIT, "独居老人无人探望，家属在外地不放心", 45),
            )
        ]
        title, what = "独居老人定期探访", "为独居老人提供定期上门探访。"
        ids = [need.id for need in heard]
        return needs.make_demand(clerk, self.street, title, what, Category.ELDER_CARE, ids, at)

    def draft(self, demand: DemandItem | None = None) -> Tender:
        """A draft over two lines with two milestones."""
        funding = dict(zip([line.id for line in self.lines], self.funding, strict=True))
        clerk, at, demand_id = self.as_("clerk"), self.now, demand.id if demand else None
        row = tenders.create_tender(
            clerk, self.street.id, self.item.id, funding, at, title=self.title, demand_id=demand_id
        )
        self.tender_id, self.lot_id = row.id, row.lots[0].id
        tenders.save_tender(clerk, row.id, at, starts_on=self.term[0], ends_on=self.term[1], bond_bp=500)
        tenders.save_lot(clerk, self.lot_id, at, section="milestones", milestones=self.milestones)
        return self.tender

    def publish(self, demand: DemandItem | None = None) -> Tender:
        """Draft, submission, approval and publication."""
        self.draft(demand)
        tenders.submit_tender(self.as_("clerk"), self.tender_id, self.now)
        tenders.publish_tender(self.as_("approver"), self.tender_id, self.now)
        return self.tender

    # --- the firms --------------------------------------------------------------------------------------------------

    def firm(self, name: str, *, confirmed: bool = True) -> Team:
        """An organisation of this district with its three people; its signatory has a key."""
        title, place = f"江宁区{name}社会工作服务中心", find_district(self.street.district_id)
        team = self.firms[name] = bid_factory.bidder(title, district=place, confirmed=confirmed)
        for user, called in ((team.admin, "苏禾"), (team.editor, "白露"), (team.signatory, "桥亦安")):
            user.name = called
        return team

    def words(self, price_fen: int, team: Team) -> dict[str, Any]:
        """A complete bid."""
        answers = {f"answers/{c.id}": f"{c.title}：逐项落实。" for c in self.lot.criteria if c.kind == "quality"}
        return {
            "price_fen": price_fen,
            "team": "项目负责人一名，社工三名。",
            "schedule": "签约后十日内进场。",
            "declaration_ties": "无",
            "legal_representative": team.organisation.legal_representative,
            **answers,
        }

    def write(self, team: Team, price_fen: int) -> None:
        """Fill the draft of a bid."""
        typed = self.words(price_fen, team)
        bids.save_fields(acting(team.editor), self.lot_id, team.id, typed, 10_000, self.now)

    def submit(self, team: Team, price_fen: int) -> Any:
        """Write and submit; returns the sealed bid."""
        self.write(team, price_fen)
        return bids.submit_bid(acting(team.signatory), self.lot_id, team.id, new_token(), self.now)

    # --- opening and evaluation -------------------------------------------------------------------------------------

    def after_deadline(self) -> datetime:
        """Two minutes after the deadline; the worker's clock has knocked."""
        deadline = self.tender.deadline_at
        assert deadline is not None
        self.later(seconds=(deadline - self.now).total_seconds() + 120)
        self.knock()
        return self.now

    def open(self) -> None:
        """Both officers, then the worker."""
        self.unlock()
        self.work()

    def unlock(self) -> None:
        """Both officers with their passphrases."""
        bids.peel_lot(self.as_("opener1"), self.lot_id, PASSPHRASE, self.now)
        self.later(minutes=3)
        bids.open_with_passphrase(self.as_("opener2"), self.lot_id, PASSPHRASE, self.now)

    def decrypt(self) -> None:
        """What the worker does after the opening, without its other work."""
        commit()
        for bid in live_bids(self.lot_id):
            decrypt_bid(bid.id)
            commit()
        db.session.expire_all()

    def qualify(self, failing: Mapping[str, str] | None = None) -> int:
        """Tick every condition; the firms named in `failing` miss the first one, for the reason given."""
        items, ticks = self.tender.qualifications, []
        names = {self.firms[name].id: why for name, why in (failing or {}).items()}
        for bid in self.bids:
            why = names.get(bid.organisation_id)
            for number, item in enumerate(items):
                bad = bool(why) and number == 0
                ticks.append(Tick(bid.id, item.id, not bad, why if bad else ""))
        evaluation.check_bids(self.as_("clerk"), self.lot_id, ticks, self.now)
        return evaluation.finish_qualification(self.as_("clerk"), self.lot_id, self.now)

    def draw(self) -> None:
        """Three experts."""
        evaluation.draw_panel(self.as_("clerk"), self.lot_id, self.now, size=3, expert_seats=3)

    def declare(self) -> None:
        """Nobody has a tie."""
        for seat in self.seats:
            bidders = [bid.organisation_id for bid in self.bids]
            evaluation.declare(self.member(seat), seat.id, bidders, self.now)

    def score(self, seat: Seat, shares: Mapping[str, int]) -> None:
        """One member gives each firm so many hundredths of every criterion, and finishes."""
        wanted = {self.firms[name].id: share for name, share in shares.items()}
        criteria = [c for c in self.lot.criteria if c.kind == "quality"]
        for bid in opened_bids(self.lot_id, valid_only=True):
            share = wanted[bid.organisation_id]
            given = [Given(c.id, c.max_centi * share // 100, "措施具体，可行。") for c in criteria]
            evaluation.put_scores(self.member(seat), seat.id, bid.id, given, self.now)
        evaluation.finish_sheet(self.member(seat), seat.id, "", self.now)

    def judge(self, shares: Mapping[str, int]) -> EvaluationReport:
        """From the qualification check to the frozen report."""
        self.qualify()
        self.draw()
        self.declare()
        for seat in self.seats:
            self.score(seat, shares)
        return evaluation.rank_lot(self.as_("clerk"), self.lot_id, self.now)

    def confirm(self) -> Award:
        """The purchaser confirms whoever is next in rank."""
        return awards.award_lot(self.as_("approver"), self.lot_id, "按评审报告排名确定。", self.now)

    def challenge(self, name: str) -> Challenge:
        """A bidder challenges the newest award."""
        team, words = self.firms[name], ("评审小组对团队经验的评分没有依据。", "请重新评审。")
        who = acting(team.admin)
        return challenges.file_challenge(who, self.award().id, fresh(team.organisation), *words, new_token(), self.now)

    def reply(self, row: Challenge, words: str = "评审依据见评审报告。") -> None:
        """The street answers."""
        challenges.reply_challenge(self.as_("clerk"), self.again(row), words, self.now)

    def decide(self, row: Challenge, *, upheld: bool, rerun: bool = False) -> None:
        """The district's reviewer decides."""
        words = "经核查，质疑成立。" if upheld else "经核查，质疑不成立。"
        challenges.decide_challenge(self.as_("reviewer"), self.again(row), upheld, words, rerun, self.now)

    def again(self, row: Challenge) -> Challenge:
        """The challenge, read anew."""
        db.session.flush()
        db.session.expire_all()
        found = find_challenge(row.id)
        assert found is not None
        return found

    # --- the contract -----------------------------------------------------------------------------------------------

    @property
    def winner(self) -> Team:
        """Whoever holds the award."""
        found = self.award().organisation_id
        return next(team for team in self.firms.values() if team.id == found)

    def issue(self, document: bytes | None = None) -> Agreement:
        """Drafted from the award and sent for signature; the worker makes its document unless there is one already."""
        row = agreements.draft_agreement(self.as_("clerk"), self.award().id, self.now)
        self.agreement_id, self.paper = row.id, document
        agreements.issue_agreement(self.as_("clerk"), row.id, self.now)
        if document is None:
            self.work()
        else:
            agreements.keep_document(row.id, document)
        return self.agreement

    def sign(self, party: Party) -> Agreement:
        """One party signs with its own passphrase; on a paper that nobody reads, it is written down that it did."""
        who = acting(self.winner.signatory) if party is Party.SUPPLIER else self.as_("approver")
        if self.paper is None:
            return agreements.sign_agreement(who, self.agreement_id, party, PASSPHRASE, self.now, real=system_now())
        return note_signature(who, self.agreement, party, self.now)

    @property
    def agreement(self) -> Agreement:
        """The contract, read anew."""
        db.session.flush()
        db.session.expire_all()
        found = find_agreement(self.agreement_id)
        assert found is not None
        return found

    def milestone(self, number: int) -> Milestone:
        """A milestone of the contract, read anew."""
        db.session.flush()
        return next(row for row in milestones_of(self.agreement_id) if row.number == number)

    def report(self, number: int) -> None:
        """The organisation reports with one piece of evidence."""
        editor, row = acting(self.winner.editor), find_milestone(self.milestone(number).id)
        assert row is not None
        delivery.add_evidence(editor, row, io.BytesIO(bid_factory.PDF), "服务台账.pdf", self.now)
        facts = delivery.ReportFacts("按计划完成探访。", 105, 840)
        delivery.report_milestone(editor, row.id, facts, new_token(), self.now)

    def accept(self, number: int) -> Any:
        """The street accepts, users heard."""
        facts = delivery.AcceptanceFacts("符合约定。", 10, 9, "总体满意。")
        return delivery.accept_milestone(self.as_("clerk"), self.milestone(number).id, facts, self.now)

    # --- evaluation of what was achieved ----------------------------------------------------------------------------

    @property
    def outcome(self) -> Evaluation:
        """The newest evaluation of the contract, read anew."""
        db.session.flush()
        db.session.expire_all()
        query = select(Evaluation).filter_by(agreement_id=self.agreement_id).order_by(Evaluation.id.desc())
        return db.session.scalars(query.limit(1)).one()

    def marks(self, percent: int) -> tuple[dict[str, int], dict[str, str]]:
        """Points and grounds for every indicator: so many hundredths of the greatest."""
        found = outcomes.terms_of(self.outcome).indicators
        return {i.code: i.max_centi * percent // 100 for i in found}, {i.code: "台账可查。" for i in found}

    def invite(self, firms: Sequence[str]) -> None:
        """Other organisations and the evaluator are asked, and declare to have no tie."""
        clerk, row = self.as_("clerk"), self.outcome.id
        for name in firms:
            asked = outcomes.invite_organisation(clerk, row, self.firms[name].id, self.now)
            outcomes.declare(acting(self.firms[name].admin), asked.id, self.now)
        asked = outcomes.invite_evaluator(clerk, row, self.people["evaluator"].id, self.now)
        outcomes.declare(self.as_("evaluator"), asked.id, self.now)

    def rate(self, own: int, mutual: int, third: int, level: int, residents: int = 10) -> None:
        """Everybody who was asked rates; so many residents choose one level."""
        row = self.outcome.id
        outcomes.rate_self(acting(self.winner.editor), row, *self.marks(own), "", self.now)
        for asked in outcome_queries.invitations(row):
            if asked.organisation_id is None:
                outcomes.rate_third(self.as_("evaluator"), asked.id, *self.marks(third), "", self.now)
            else:
                team = next(one for one in self.firms.values() if one.id == asked.organisation_id)
                outcomes.rate_mutual(acting(team.admin), asked.id, *self.marks(mutual), "", self.now)
        questions = len(outcomes.terms_of(self.outcome).questions)
        for code in outcomes.make_codes(self.as_("clerk"), row, residents, self.now):
            outcomes.rate_public(code, [level] * questions, "", self.now)

    # --- money ------------------------------------------------------------------------------------------------------

    def accounts(self) -> None:
        """Paying accounts for both sources: entered by the cashier, confirmed by the checker."""
        for source, number in ((FundSource.FISCAL, "3201002000001001"), (FundSource.LOTTERY, "3201002000002002")):
            facts = payouts.AccountFacts(source, self.street.office, number, "江苏银行江宁支行", "313301000011")
            row = payouts.propose_account(self.as_("cashier"), self.street, facts, self.now)
            payouts.decide_account(self.as_("checker"), row.id, AccountVerb.CONFIRM, self.now)

    @property
    def payments(self) -> list[Payment]:
        """The contract's payments in order, read anew."""
        db.session.flush()
        db.session.expire_all()
        return payments_of(self.agreement_id)

    def order(self, rows: Sequence[Payment]) -> list[tuple[str, int]]:
        """Requested by the cashier, approved by the checker, in one bank file; number and fen of each order."""
        ids = [row.id for row in rows]
        for payment_id in ids:
            payouts.request_payment(self.as_("cashier"), payment_id, self.now)
            payouts.approve_payment(self.as_("checker"), payment_id, self.now)
        return orders(payouts.order_batch(self.as_("cashier"), self.street.id, ids, self.now))

    def bank_says(self, what: str, given: Sequence[tuple[str, int]]) -> payouts.Imported:
        """The bank's result file of today: the same result for each order."""
        day = f"{beijing_day(self.now)}"
        content = result_file(*((key, fen, what, f"YH{key}", day) for key, fen in given))
        found = payouts.import_statement(self.as_("cashier"), self.street.id, content, "结果.csv", self.now)
        db.session.flush()
        return found


# --- what an auditor does ---------------------------------------------------------------------------------------------


def audit() -> None:
    """Every chain holds, every balance agrees with the facts kept elsewhere, and pages have words for every act."""
    db.session.flush()
    links, fault = verify_all()
    assert fault is None, fault
    assert links
    assert [line for line in comparisons() if not line.agrees] == []
    assert wordless() == []


def orders(batch: BankBatch) -> list[tuple[str, int]]:
    """Number and fen of each order of a bank file."""
    return [(one.key, one.amount_fen) for one in batch.attempts]


def fresh(row: Any) -> Any:
    """The same row, read anew, as a page would have loaded it."""
    db.session.refresh(row)
    return row


@contextmanager
def refused(kind: type[DomainError], match: str | None = None) -> Iterator[pytest.ExceptionInfo[DomainError]]:
    """The act inside is refused, and leaves nothing behind, as a page would roll it back."""
    commit()
    with pytest.raises(kind, match=match) as found:
        yield found
    rollback()


@replayed
def awarded_town(app: Flask, clock: StandingClock) -> Town:
    """A town whose purchase has just been awarded: three firms bid 170,000.01, 165,000 and 160,000.33 yuan."""
    town = Town.found(app, clock)
    town.fund()
    town.publish(town.demand())
    offers = (("暖邻", 170_000_01), ("银龄", 165_000_00), ("同行", 160_000_33))
    for name, price_fen in offers:
        town.later(minutes=5)
        town.submit(town.firm(name), price_fen)
    town.after_deadline()
    town.open()
    town.judge({"暖邻": 95, "银龄": 80, "同行": 60})
    town.later(minutes=30)
    town.confirm()
    return town
