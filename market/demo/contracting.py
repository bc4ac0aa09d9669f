"""The second half of a purchase's story: contract, delivery, evaluation, payment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from io import BytesIO

from contracts.agreements import actions as agreements
from contracts.agreements.queries import agreement as find_agreement
from contracts.agreements.states import Party
from contracts.delivery import actions as delivery
from contracts.delivery.actions import AcceptanceFacts, ReportFacts
from contracts.delivery.queries import milestone as find_milestone
from contracts.delivery.queries import milestones_of
from contracts.outcomes import actions as outcomes
from contracts.outcomes.queries import rounds_of
from contracts.payouts import actions as payouts
from contracts.payouts.providers.fake_bank import results_for
from contracts.payouts.queries.orders import batch as find_batch
from contracts.payouts.queries.payments import payments_of
from contracts.payouts.states import PaymentState
from market.awards.queries import award as find_award
from market.challenges import actions as challenges
from market.challenges.queries import challenge as find_challenge
from market.db.session import db, transaction
from market.demo import cast, words
from market.demo.playing import OPENING, Player, Step, Turn
from market.demo.rating import rate_all, rate_some
from market.kernel.clock import beijing_day, instant, system_now
from market.kernel.permits import Actor
from market.records.files import content_of
from market.records.models import StoredFile


class Contractor(Player):
    """Plays a purchase through to the payee's confirmation."""

    agreement_id = 0

    def moves(self) -> Sequence[tuple[Step, Callable[[], None]]]:
        return (
            *super().moves(),
            (Step.AWARDED, self.challenge),
            (Step.DRAFTED, self.draft_contract),
            (Step.ISSUED, self.issue),
            (Step.HALF_SIGNED, self.sign_supplier),
            (Step.IN_FORCE, self.sign_buyer),
            (Step.REPORTED, self.report_first),
            (Step.EVALUATING, self.accept_all),
            (Step.DUE, self.evaluate),
            (Step.REQUESTED, self.request),
            (Step.APPROVED, self.approve),
            (Step.ORDERED, self.order),
            (Step.PAID, self.settle),
            (Step.PAID, self.bounce),
            (Step.CONFIRMED, self.confirm),
        )

    def challenge(self) -> None:
        """The second in rank challenges the result; the award stops."""
        if self.plan.turn is not Turn.CHALLENGED:
            return
        firm = self.plan.offers[1].firm
        row = self.stage.act(
            challenges.file_challenge,
            self.stage.who(f"{firm}-sign"),
            self.award_id,
            self.stage.firm(firm),
            words.CHALLENGE,
            words.CHALLENGE_REQUEST,
            f"{self.award_id:032x}",
            self.stage.next_working(self.at, 1, 11, 0),
        )
        with transaction():
            found = find_challenge(row.id)
            assert found is not None
            at = self.stage.next_working(self.at, 2, 16, 0)
            challenges.reply_challenge(self.official("clerk"), found, words.CHALLENGE_REPLY, at)

    # --- contract ---

    def draft_contract(self) -> None:
        """Drafted once the windows are over."""
        award = find_award(self.award_id)
        assert award is not None
        self.supplier = next(short for short, i in self.stage.firms.items() if i == award.organisation_id)
        self.at = max(self.stage.next_working(award.challenge_until, 1, 9, 30), self.at)
        row = self.stage.act(agreements.draft_agreement, self.official("clerk"), award.id, self.at)
        self.agreement_id = row.id

    def issue(self) -> None:
        """Frozen and sent for signature; the worker makes the document."""
        self.at += timedelta(hours=1)
        self.stage.act(agreements.issue_agreement, self.official("clerk"), self.agreement_id, self.at)
        self.stage.work()

    def sign_supplier(self) -> None:
        """The supplier's signatory signs."""
        self.at += timedelta(hours=2)
        self._sign(self.stage.who(f"{self.supplier}-sign"), Party.SUPPLIER)

    def sign_buyer(self) -> None:
        """The street signs: in force, money committed, milestones planned."""
        self.at += timedelta(hours=2)
        self._sign(self.official("approver"), Party.BUYER)
        row = find_agreement(self.agreement_id)
        assert row is not None
        self.stage.act(delivery.plan_milestones, row, self.at)
        filed_at = self.stage.next_working(self.at, 2, 14, 0)
        if filed_at < OPENING:
            self.stage.act(agreements.record_filing, self.official("clerk"), self.agreement_id, filed_at)

    def _sign(self, actor: Actor, party: Party) -> None:
        self.stage.act(
            agreements.sign_agreement,
            actor,
            self.agreement_id,
            party,
            cast.PASSPHRASE,
            self.at,
            real=system_now(),
        )

    # --- delivery and evaluation ---

    def _due(self, number: int) -> datetime:
        return instant(milestones_of(self.agreement_id)[number].due_on, 15, 0)

    def report_first(self) -> None:
        """The first milestone is reported."""
        self._report(0)

    def _report(self, number: int) -> None:
        row = milestones_of(self.agreement_id)[number]
        self.at = max(self.at + timedelta(hours=1), self._due(number))
        facts, token, admin = (
            ReportFacts(words.report(row.title), 126, 18),
            f"{row.id:032x}",
            self.stage.who(f"{self.supplier}-admin"),
        )
        ledger = BytesIO(words.ledger(row.title).encode())
        with transaction():
            found = find_milestone(row.id)
            assert found is not None
            delivery.add_evidence(admin, found, ledger, "服务台账.csv", self.at)
            delivery.report_milestone(admin, row.id, facts, token, self.at)

    def accept_all(self) -> None:
        """Accept what was reported, report and accept the rest; the evaluation opens with the last one."""
        for number, row in enumerate(milestones_of(self.agreement_id)):
            if number:
                self._report(number)
            self.at = self.stage.next_working(self.at, 1, 10, 30)
            facts = AcceptanceFacts(words.ACCEPTED, 12, 11, words.USERS)
            self.stage.act(delivery.accept_milestone, self.official("clerk"), row.id, facts, self.at)
        self._open_evaluation()

    def _open_evaluation(self) -> None:
        last = milestones_of(self.agreement_id)[-1]
        if last.base != "evaluation":
            return
        found = self.stage.act(outcomes.open_evaluation, self.official("clerk"), last.id, self.at)
        if self.plan.until is Step.EVALUATING:
            rate_some(self, found.id, self.at + timedelta(hours=1), self.supplier)

    def evaluate(self) -> None:
        """Four sources rate; the clerk closes; what is earned becomes payable."""
        last = milestones_of(self.agreement_id)[-1]
        rounds = rounds_of(last.id)
        if rounds:
            self.at = rate_all(self, rounds[-1].id, self.at + timedelta(hours=1), self.supplier)
        self.at += timedelta(hours=1)
        self.stage.act(payouts.raise_payments, self.at)

    # --- payment ---

    def _ready(self, *states: PaymentState) -> list[int]:
        return [p.id for p in payments_of(self.agreement_id) if p.state in states]

    def request(self) -> None:
        """The cashier asks for every payment that is due."""
        self.at += timedelta(hours=1)
        for payment_id in self._ready(PaymentState.DUE):
            self.stage.act(payouts.request_payment, self.official("cashier"), payment_id, self.at)

    def approve(self) -> None:
        """The checker approves."""
        self.at += timedelta(hours=1)
        for payment_id in self._ready(PaymentState.REQUESTED):
            self.stage.act(payouts.approve_payment, self.official("checker"), payment_id, self.at)

    def order(self) -> None:
        """One bank file."""
        self.at += timedelta(hours=1)
        made = self.stage.act(
            payouts.order_batch,
            self.official("cashier"),
            self.street.id,
            self._ready(PaymentState.APPROVED),
            self.at,
        )
        self.batch_id = made.id

    def settle(self) -> None:
        """The bank's result file comes back and is imported."""
        self.at = self.stage.next_working(self.at, 1, 9, 40)
        self._import(later=False)

    def bounce(self) -> None:
        """The money comes back the next day, where the story says so."""
        if self.plan.turn is not Turn.RETURNED:
            return
        self.at = self.stage.next_working(self.at, 1, 9, 40)
        self._import(later=True)

    def _import(self, *, later: bool) -> None:
        made = find_batch(self.batch_id)
        assert made is not None
        assert made.xml_file_id is not None
        xml = content_of(db.session.get_one(StoredFile, made.xml_file_id))
        results = results_for(xml, beijing_day(self.at), later=later)
        name = f"{made.number}{'-2' if later else ''}.csv"
        self.stage.act(payouts.import_statement, self.official("cashier"), self.street.id, results, name, self.at)

    def confirm(self) -> None:
        """The payee confirms."""
        self.at += timedelta(hours=3)
        for payment_id in self._ready(PaymentState.PAID):
            self.stage.act(payouts.confirm_receipt, self.stage.who(f"{self.supplier}-admin"), payment_id, self.at)
