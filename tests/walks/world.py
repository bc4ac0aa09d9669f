"""A small world with a purchase at every stage, built once per engine, for tests that visit every page.

world.ids["running"]                 # ids of its purchases' parts, by the names given while building
world.visitor("clerk")               # a signed-in browser of one of its people; None is anybody
"""

from __future__ import annotations

import contextvars
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import time_machine
from flask import Flask
from sqlalchemy import Connection, insert, select, text

from contracts.agreements import actions as agreements
from contracts.agreements.states import Party
from contracts.delivery.queries import REPORTED
from contracts.endings import actions as endings
from contracts.endings.models import Claim
from contracts.endings.states import Ground
from contracts.outcomes import actions as outcomes
from contracts.payouts import actions as payouts
from contracts.payouts.models import BankBatch, Statement
from contracts.payouts.providers.port import Outcome, OutcomeState
from market.app import create_app
from market.awards import actions as awards
from market.awards.jobs import letter_pdf
from market.awards.models import BidderLetter
from market.bids import actions as bids
from market.bids.models import BidDraft, SealedBid
from market.bids.queries import draft_doc
from market.budgets import actions as budgets
from market.catalogue.actions import open_edition
from market.catalogue.queries import items_of
from market.config import Mode
from market.db.session import commit, db
from market.evaluation import actions as evaluation
from market.evaluation.queries import report as find_report
from market.kernel.permits import CLOCK, Role, Scope
from market.organisations import actions as organisations
from market.organisations.actions import RatingFacts
from market.organisations.states import RatingKind
from market.people.actions import new_password_link
from market.people.models import User
from market.places.queries import district as find_district
from market.records.files import encrypt_upload
from market.records.models import ImportedSource, PurchaseFile, StoredFile
from market.tenders import actions as tenders
from market.web.catalogues import CHINESE
from market.workers import actions as workers
from market.workers.actions import Assignment
from market.workers.jobs import card_pdf
from tests.factories import bids as bid_factory
from tests.factories import imported
from tests.factories import organisations as organisation_factory
from tests.factories import workers as worker_factory
from tests.factories.agreements import short_document
from tests.factories.people import PASSPHRASE, acting, person, sign_in
from tests.factories.places import community
from tests.factories.places import street as make_street
from tests.fixtures.application import settings_for, take_books
from tests.fixtures.clock import START, StandingClock
from tests.fixtures.databases import Databases
from tests.fixtures.visitor import Page, Visitor, _Watch, watch
from tests.walks import nurture
from tests.walks.rounds_world import RoundsWorld
from tests.walks.stories import LINES, TOP_UP, Town, fresh
from tests.walks.supported import Supported

# What only insiders may read: it stands in drafts, needs, bids and opinions, never in anything that is published.
MARKER = "青鸟暗号"
_SHARES = {"暖邻": 95, "银龄": 80, "同行": 60}
_FIVE = tuple(
    {
        "title": f"第{number}期服务",
        "share_bp": 2000,
        "base": base,
        "due_on": date(2026, 5 + number, 28),
        "evidence": "服务台账",
    }
    for number, base in enumerate(("acceptance", "evaluation", "evaluation", "evaluation", "acceptance"), 1)
)
# The purchases that are opened on 7 April, in the order in which they go further.
_STAGES = ("sealed", "checking", "judging", "ranked", "challenged", "undrafted", "drafted", "issued", "running")


@dataclass
class World:
    """What was built: ids by name, people by name, and the instant at which it stands."""

    app: Flask
    now: datetime
    ids: dict[str, Any] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    strangers: dict[str, int] = field(default_factory=dict)
    _browsers: dict[tuple[str | None, str], Visitor] = field(default_factory=dict)

    def visitor(self, who: str | None, language: str = CHINESE) -> Visitor:
        """The browser of a person of the town, of a stranger (`other-clerk`), or of nobody."""
        found = self._browsers.get((who, language))
        if found is None:
            found = self._browsers[who, language] = Visitor(self.app)
            if who is not None:
                with self.app.app_context():
                    sign_in(found, db.session.get_one(User, (self.people | self.strangers)[who]))
                    commit()
            found.client.set_cookie("lang", language)
        return found

    def glance(self, who: str | None, url: str, language: str = CHINESE) -> Page:
        """A page without the close look at its HTML, for those who only want to know what it says or costs."""
        browser, current = self.visitor(who, language), _Watch()
        options: dict[str, Any] = {"headers": browser.headers}
        response = contextvars.Context().run(browser._open, current, "GET", url, options)
        return Page(url, response, current.statements)


def carried(world: World, databases: Databases, data: Path) -> World:
    """The same world on a server, row by row; no rule is asked again, since all of them were when it was built."""
    app = create_app(replace(settings_for(databases.url(), data), mode=Mode.DEMONSTRATION))
    watch(app)
    tables = db.metadata.sorted_tables
    with world.app.app_context():
        rows = {table: [dict(row) for row in db.session.execute(select(table)).mappings()] for table in tables}
        db.session.rollback()
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("SET session_replication_role = replica"))
        for table in reversed(tables):
            connection.execute(table.delete())
        for table, written in rows.items():
            if written:
                connection.execute(insert(table), written)
            key = next(iter(table.primary_key), None)
            if key is not None and (name := _sequence(connection, table.name, key.name)):
                connection.execute(text(f"SELECT setval('{name}', (SELECT max({key.name}) FROM {table.name}))"))
        connection.execute(text("SET session_replication_role = origin"))
    return World(app, world.now, world.ids, world.people, world.strangers)


def _sequence(connection: Connection, table: str, column: str) -> str | None:
    found: str | None = connection.scalar(text(f"SELECT pg_get_serial_sequence('{table}', '{column}')"))
    return found


@contextmanager
def built(databases: Databases, data: Path) -> Iterator[World]:
    """Build the world in a database of its own, in demonstration mode so that every room is hung."""
    app = create_app(replace(settings_for(databases.url(), data), mode=Mode.DEMONSTRATION))
    watch(app)
    with time_machine.travel(START, tick=False) as traveller, app.app_context():
        take_books(app)
        world = _Builder(app, StandingClock(traveller)).build()
        commit()
    yield world
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


class _Builder:
    """Plays all purchases side by side, day by day."""

    def __init__(self, app: Flask, clock: StandingClock) -> None:
        self.town = Town.found(app, clock)
        self.town.funding = (60_000_33, 29_999_67)
        self.towns: dict[str, Town] = {}
        self.world = World(app, clock.now)
        self.ids = self.world.ids

    def build(self) -> World:
        town = self.town
        self.offices()
        for name in _STAGES:
            self.begin(name)
        for name, price_fen in (("暖邻", 82_000_01), ("银龄", 80_000_00), ("同行", 38_000_33)):
            firm = town.firm(name)
            for stage in _STAGES:
                self.towns[stage].submit(firm, price_fen if stage == "judging" else max(price_fen, 78_000_00))
        rounds = RoundsWorld(self.ids, self.world.people, town.firms, MARKER)
        rounds.judged()
        town.on(2026, 4, 7, 9, 40)
        self.evaluate()
        ended = self.supported()
        ended.offer()
        town.on(2026, 4, 17, 10, 0)
        challenge = self.towns["challenged"].challenge("银龄")
        self.ids |= {"challenge_id": challenge.id}
        town.on(2026, 4, 20, 9, 0)
        self.contracts()
        self.confirmed(ended)
        self.deliver(ended)
        town.on(2026, 10, 12, 10, 0)
        self.early_ends(ended)
        self.newest()
        rounds.newest()
        self.everybody()
        self.world.now = town.now
        return self.world

    # --- the beginning ----------------------------------------------------------------------------------------------

    def offices(self) -> None:
        """The year's money, next year's plans, a draft of the catalogue, needs."""
        town, ids = self.town, self.ids
        place = find_district(town.street.district_id)
        assert place is not None
        ids |= {"year_id": town.fund().id, "line_id": town.lines[0].id, "street_id": town.street.id}
        ids |= {"district_id": place.id, "item_id": town.item.id, "year": 2026, "key": "outcome.collect_days"}
        for year, name in ((2027, "proposed_year"), (2028, "draft_year")):
            row = budgets.open_year(town.as_("clerk"), town.street, year, None, town.now)
            for facts in (*LINES, TOP_UP):
                budgets.add_line(town.as_("clerk"), row.id, facts, town.now)
            ids[name] = row.id
        budgets.propose(town.as_("clerk"), ids["proposed_year"], town.now)
        edition = open_edition(town.as_("civil"), place, "2026-2", date(2026, 12, 1), "修订", town.now)
        ids |= {"version_id": edition.id, "draft_item": items_of(edition.id)[0].id}
        community(town.street)
        demand = town.demand()
        ids["demand_id"] = demand.id

    def begin(self, name: str) -> Town:
        """One more purchase, published."""
        town = replace(self.town, title=f"东山街道{name}服务")
        if name == "running":
            town.milestones, town.term = _FIVE, (date(2026, 5, 18), date(2026, 10, 31))
        self.towns[name] = town
        town.publish()
        self.ids |= {f"{name}_tender": town.tender_id, f"{name}_lot": town.lot_id}
        return town

    # --- evaluation -------------------------------------------------------------------------------------------------

    def evaluate(self) -> None:
        """Each purchase goes as far as its name says."""
        first, *others = _STAGES
        bids.peel_lot(self.town.as_("opener1"), self.towns[first].lot_id, PASSPHRASE, self.town.now)
        for name in others:
            self.towns[name].open()
        self.ids["bid_id"] = self.towns["checking"].bids[0].id
        self.judging()
        for name in others[2:]:
            self.towns[name].judge(_SHARES)
            if name != "ranked":
                self.towns[name].confirm()
        for name in ("challenged", "undrafted"):
            self.ids[f"{name}_award"] = self.towns[name].award().id
        self.papers()

    def judging(self) -> None:
        """A panel at work: one member has finished, one has declared, one has not; a low price is judged."""
        town = self.towns["judging"]
        town.qualify()
        town.draw()
        done, declared, fresh_seat = town.seats
        bidders = [bid.organisation_id for bid in town.bids]
        for seat in (done, declared):
            evaluation.declare(town.member(seat), seat.id, bidders, town.now)
        town.score(done, _SHARES)
        (asked,) = evaluation.ask_price(town.as_("clerk"), town.lot_id, town.now)
        editor = acting(town.firms["同行"].editor)
        proof = [(io.BytesIO(bid_factory.PDF), "成本测算.pdf")]
        evaluation.answer_price(editor, asked.id, f"人工和物料成本见附件。{MARKER}", town.now, evidence=proof)
        evaluation.give_opinion(town.member(done), asked.id, True, "成本测算有依据。", town.now)
        self.ids |= {"inquiry_id": asked.id, "seat_id": declared.id, "new_seat": fresh_seat.id}
        self.ids |= {"seat_bid": town.bids[0].id}
        self.world.people |= {"scorer": declared.user_id, "newcomer": fresh_seat.user_id}

    def papers(self) -> None:
        """A report has its document and a letter too; the others wait for a worker."""
        report = find_report(self.towns["ranked"].lot_id)
        assert report is not None
        evaluation.keep_report_pdf(report.id, short_document())
        query = select(BidderLetter).filter_by(award_id=self.ids["challenged_award"])
        letter = db.session.scalars(query.filter_by(organisation_id=self.town.firms["银龄"].id)).one()
        letter_pdf(letter.id)
        commit()
        self.ids["letter_id"] = letter.id

    # --- contracts --------------------------------------------------------------------------------------------------

    def contracts(self) -> None:
        """A draft, one sent for signature, one in force."""
        clerk = self.town.as_("clerk")
        for name in ("drafted", "issued", "running"):
            town = self.towns[name]
            row = agreements.draft_agreement(clerk, town.award().id, town.now)
            town.agreement_id = row.id
            self.ids[f"{name}_agreement"] = row.id
            if name != "drafted":
                agreements.issue_agreement(clerk, row.id, town.now)
                commit()
        for name in ("issued", "running"):
            agreements.keep_document(self.ids[f"{name}_agreement"], short_document())
        town = self.towns["running"]
        town.sign(Party.SUPPLIER)
        town.sign(Party.BUYER)
        organisation_factory.bank_account(town.winner)
        town.accounts()
        self.ids["file_id"] = town.agreement.signed_pdf_id

    def deliver(self, ended: Supported) -> None:
        """Five milestones: paid, paid by Stripe, being evaluated, reported, planned; and the start of another one."""
        town, ids = self.towns["running"], self.ids
        town.on(2026, 7, 1, 9, 0)
        self.first_payments(town)
        ended.deliver(1)
        ended.pay()
        town.on(2026, 8, 3, 9, 0)
        self.second_payments(town)
        town.on(2026, 9, 1, 9, 0)
        town.report(3)
        town.accept(3)
        town.knock()
        ids["evaluation_id"] = town.outcome.id
        asked = outcomes.invite_organisation(town.as_("clerk"), town.outcome.id, town.firms["乐龄"].id, town.now)
        ids["invitation_id"] = asked.id
        outcomes.invite_evaluator(town.as_("clerk"), town.outcome.id, town.people["evaluator"].id, town.now)
        ids["code"] = outcomes.make_codes(town.as_("clerk"), town.outcome.id, 3, town.now)[0]
        town.report(4)
        ids |= {"milestone_id": town.milestone(3).id, "reported": town.milestone(4).id, "planned": town.milestone(5).id}

    def first_payments(self, town: Town) -> None:
        """By the bank: one paid, one waits for the second person."""
        town.report(1)
        town.accept(1)
        town.knock()
        first, second = town.payments
        town.bank_says("成功", town.order([first]))
        payouts.request_payment(town.as_("cashier"), second.id, town.now)
        statement = db.session.scalars(select(Statement)).one()
        self.ids |= {"payment_id": first.id, "requested": second.id, "statement_id": statement.id}
        self.ids["batch_id"] = db.session.scalars(select(BankBatch.id)).one()

    def second_payments(self, town: Town) -> None:
        """Evaluated and earned, then transferred over Stripe; one is left due."""
        town.report(2)
        town.accept(2)
        town.knock()
        for name in ("乐龄", "友邻", "和邻"):
            town.firm(name)
        town.invite(("乐龄", "友邻", "和邻"))
        town.rate(own=90, mutual=80, third=85, level=1)
        outcomes.close_evaluation(town.as_("clerk"), town.outcome.id, town.now)
        self.ids["closed_evaluation"] = town.outcome.id
        town.knock()
        payee, admin = fresh(town.winner.organisation), acting(town.winner.admin)
        account = organisations.keep_stripe_account(admin, payee, "acct_test", town.now)
        organisations.note_stripe_state(account, True, admin, town.now)
        organisations.choose_route(admin, payee, True, town.now)
        organisations.decide_route(acting(town.winner.signatory), payee, True, town.now)
        by_stripe = town.payments[2]
        payouts.request_payment(town.as_("cashier"), by_stripe.id, town.now)
        payouts.approve_payment(town.as_("checker"), by_stripe.id, town.now)
        (order,) = payouts.order_stripe(town.as_("cashier"), [by_stripe.id], town.now)
        done = Outcome(state=OutcomeState.PAID, reference="tr_1", amount_fen=order.amount_fen)
        payouts.record_outcome(order, done, town.now)
        self.ids |= {"by_stripe": by_stripe.id, "organisation_id": payee.id}

    # --- early ends -------------------------------------------------------------------------------------------------

    def supported(self) -> Supported:
        """A project awarded by proposal in the same town."""
        town = self.town
        return Supported(town.app, town.clock, town.street, town.item, town.people, town.experts, town.firms)

    def confirmed(self, ended: Supported) -> None:
        """Its award is confirmed and its contract signed."""
        awards.confirm_award(ended.as_("approver"), ended.award().id, ended.now)
        ended.sign_both(accounts=False)

    def early_ends(self, ended: Supported) -> None:
        """The project ends early with a claim, some of it has come back; another award is public, with an objection."""
        town, ids = self.town, self.ids
        row = endings.propose_termination(
            town.as_("clerk"), ended.agreement_id, Ground.BREACH, "擅自停止服务。", 0, town.now
        )
        endings.approve_termination(town.as_("approver"), row.id, town.now)
        claim_id = db.session.scalars(select(Claim.id)).one()
        facts = endings.ReceiptFacts(10_000_00, "HK20261012", date(2026, 10, 12))
        receipt = endings.enter_receipt(town.as_("cashier"), claim_id, facts, town.now)
        award = self.supported().offer()
        words = ("钱某某", "13900000000", f"去年的服务没有做完。{MARKER}")
        objection = awards.object_to_award(award.id, *words, town.now)
        ids |= {"termination_id": row.id, "claim_id": claim_id, "receipt_id": receipt.id}
        ids |= {"proposed_award": award.id, "objection_id": objection.id}

    # --- what is new ------------------------------------------------------------------------------------------------

    def newest(self) -> None:
        """A purchase that takes bids, one that waits for approval, a draft; a need; a registration."""
        self.town.term = (date(2026, 12, 1), date(2027, 5, 31))
        self.town.milestones = [{**one, "due_on": date(2027, 5, 31)} for one in self.town.milestones]
        town, ids = self.begin("open"), self.ids
        town.submit(town.firms["银龄"], 80_000_00)
        town.write(town.firms["暖邻"], 82_000_01)
        warm = town.firms["暖邻"]
        upload = [encrypt_upload(io.BytesIO(bid_factory.PDF), f"{MARKER}.pdf")]
        bids.add_files(acting(warm.editor), town.lot_id, warm.id, upload, town.now)
        draft = db.session.scalars(select(BidDraft).filter_by(lot_id=town.lot_id, organisation_id=warm.id)).one()
        ids["draft_file"] = draft_doc(draft, warm.organisation)["files"][0]["file_id"]
        ids["lot_id"] = town.lot_id
        for name in ("review", "draft"):
            one = replace(self.town, title=f"{MARKER}{name}")
            ids[f"{name}_tender"] = one.draft().id
            if name == "review":
                tenders.submit_tender(one.as_("clerk"), one.tender_id, one.now)
        self.crew()
        unconfirmed = town.firm("新芽", confirmed=False)
        organisations.submit(acting(unconfirmed.admin), fresh(unconfirmed.organisation), town.now)
        ids["unconfirmed"] = unconfirmed.id
        ids["reset"] = new_password_link(self.town.people["clerk"], town.now, timedelta(days=3))

    def crew(self) -> None:
        """Social workers of one organisation: confirmed, waiting, sent back; one with a posting and a card; a grade."""
        warm, now, ids = self.town.firms["暖邻"], self.town.now, self.ids
        warm.organisation = fresh(warm.organisation)
        row = worker_factory.employed(warm, f"{MARKER}程")
        waiting, returned = (worker_factory.employed(warm, f"{MARKER}{n}", confirmed=False) for n in ("甲", "乙"))
        civil, editor = worker_factory.civil(warm), acting(warm.editor)
        workers.return_certificate(civil, returned.certificates[0], "编号不符", now)
        plan, term = [Assignment(row.id, "social_worker", 8_00)], (now.date(), now.date() + timedelta(days=99))
        (posted,) = workers.post_workers(plan, warm.id, ("agreement", 0), f"{MARKER}项目", *term, CLOCK, now)
        made = workers.issue_card(editor, row, now)
        card_pdf(made.id)
        grade = RatingFacts(RatingKind.GRADE, 4, "南京市民政局", "评估文件", date(2024, 5, 1))
        rating = organisations.enter_rating(civil, warm.organisation, grade, now)
        ids |= {"worker_id": row.id, "posting_id": posted.id, "card_id": made.id, "rating_id": rating.id}
        ids |= {"certificate_id": returned.certificates[0].id, "waiting_certificate": waiting.certificates[0].id}
        ids["firm_key"] = warm.organisation.uscc

    def papers_of(self) -> None:
        """What stands in addresses besides row numbers: files, receipts, publications."""
        ids, session = self.ids, db.session
        running = session.get_one(PurchaseFile, self.towns["running"].tender.file_id)
        ids["ocid"], ids["release_id"] = running.ocid, f"{running.ocid}-0001"
        ids["chain_kind"], ids["chain_key"] = running.chain
        imported.shelf()
        ids["imported_ocid"] = imported.OCID
        ids["source_id"] = session.scalars(select(ImportedSource.id)).one()
        kinds = {"evidence_file": REPORTED, "proof_file": "price_inquiry"}
        for name, kind in kinds.items():
            ids[name] = session.scalars(select(StoredFile.id).filter_by(subject_kind=kind).limit(1)).one()
        team = self.town.firms["银龄"]
        query = select(SealedBid.receipt_number).filter_by(lot_id=ids["open_lot"], organisation_id=team.id)
        ids["receipt"] = session.scalars(query).one()
        ids["expert_id"] = self.town.experts[0].id

    def everybody(self) -> None:
        """Names of everybody, and a stranger of another district or organisation for each of them."""
        self.papers_of()
        town, people = self.town, self.world.people
        people |= {name: user.id for name, user in town.people.items()}
        for short, name in (("warm", "暖邻"), ("silver", "银龄"), ("third", "同行"), ("peer", "乐龄")):
            team = town.firms[name]
            people |= {f"{short}-admin": team.admin.id, f"{short}-editor": team.editor.id}
            people[f"{short}-signatory"] = team.signatory.id
        people["operator"] = person(Role.OPERATOR, name="管仲平").id
        people["auditor"] = person(Role.AUDITOR, name="申纪明").id
        far = make_street("330502001")
        roles: Mapping[str, tuple[Role, Scope]] = {
            "clerk": (Role.STREET_CLERK, far.scope),
            "approver": (Role.STREET_APPROVER, far.scope),
            "opener": (Role.STREET_OPENER, far.scope),
            "cashier": (Role.STREET_CASHIER, far.scope),
            "checker": (Role.STREET_CHECKER, far.scope),
            "finance": (Role.DISTRICT_FINANCE, Scope(far.district_id)),
            "civil": (Role.DISTRICT_CIVIL, Scope(far.district_id)),
            "reviewer": (Role.DISTRICT_REVIEWER, Scope(far.district_id)),
            "escrow": (Role.KEY_ESCROW, Scope(far.district_id)),
            "expert": (Role.EXPERT, Scope()),
            "evaluator": (Role.EVALUATOR, Scope()),
        }
        self.world.strangers |= {f"other-{name}": person(*given).id for name, given in roles.items()}
        other = organisation_factory.organisation("吴兴区远邻社会工作服务中心", district=find_district(far.district_id))
        self.world.strangers |= {
            "other-admin": other.admin.id,
            "other-editor": other.editor.id,
            "other-signatory": other.signatory.id,
        }
        nurture.build(self.world, town, MARKER)
