"""What follows for a funded project of the story: contract, tranches, a mid-term that fails, is cured or ends all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from contracts.delivery import actions as delivery
from contracts.delivery.actions import AcceptanceFacts
from contracts.delivery.queries import milestones_of
from contracts.endings import actions as endings
from contracts.endings.queries import termination_of
from contracts.outcomes import actions as outcomes
from contracts.payouts import actions as payouts
from contracts.payouts.states import PaymentState
from market.awards.queries import awards_of
from market.demo import cast, words
from market.demo.contracting import Contractor
from market.demo.organising import Organiser
from market.demo.playing import Purchase, Step
from market.demo.rating import rate_all
from market.kernel.categories import Category
from market.kernel.clock import beijing_day
from market.needs.states import NeedChannel


class Grantee(Contractor):
    """Plays one funded project from its award on, with the same acts as any contract."""

    def __init__(self, organiser: Organiser, firm: str) -> None:
        plan = organiser.plan
        district = next(d.code for d in cast.DISTRICTS if d.short == plan.short)
        purchase = Purchase(
            district, plan.street, Category.ELDER_CARE, 0, plan.title, "", NeedChannel.COUNCIL, 0, 0, plan.begins,
            Step.CONFIRMED,
        )  # fmt: skip
        super().__init__(organiser.stage, purchase)
        self.at = organiser.at
        (award,) = [one for one in awards_of("application", [organiser.numbers[firm]]) if one.state == "active"]
        self.award_id = award.id

    def sign(self) -> None:
        """Drafted, issued and signed within the day."""
        for step in (self.draft_contract, self.issue, self.sign_supplier, self.sign_buyer):
            step()

    def deliver(self, number: int) -> None:
        """Reported on the due day and accepted the next working day."""
        self._report(number)
        self.at = self.stage.next_working(self.at, 1, 10, 30)
        row = milestones_of(self.agreement_id)[number]
        facts = AcceptanceFacts(words.ACCEPTED, 12, 11, words.USERS)
        self.stage.act(delivery.accept_milestone, self.official("clerk"), row.id, facts, self.at)

    def rate(self, number: int, percent: int) -> None:
        """Opened by the clerk, rated by all four sources at so many per cent of their usual marks, and closed."""
        row = milestones_of(self.agreement_id)[number]
        found = self.stage.act(outcomes.open_evaluation, self.official("clerk"), row.id, self.at)
        self.at = rate_all(self, found.id, self.at + timedelta(hours=1), self.supplier, percent)

    def pay(self) -> None:
        """What is due is requested, approved, ordered, paid and confirmed."""
        self.at += timedelta(hours=1)
        self.stage.act(payouts.raise_payments, self.at)
        if not self._ready(PaymentState.DUE):
            return
        acts: tuple[Callable[[], None], ...] = (self.request, self.approve, self.order, self.settle, self.confirm)
        for step in acts:
            step()


def cure(project: Grantee) -> None:
    """The mid-term fails, is put right within thirty days and passes at the second evaluation."""
    project.deliver(1)
    project.rate(1, 45)
    project.at = project.stage.next_working(project.at, 6, 9, 0)
    project.rate(1, 100)
    project.pay()


def claw_back(project: Grantee) -> None:
    """It fails twice: the contract ends by its own terms, what was paid is claimed, and part has come back."""
    stage = project.stage
    project.deliver(1)
    project.rate(1, 45)
    project.at = stage.next_working(project.at, 5, 9, 0)
    project.rate(1, 50)
    project.at += timedelta(hours=2)
    stage.act(payouts.raise_payments, project.at)
    stage.act(endings.terminate_failed, project.at)
    ending = termination_of(project.agreement_id)
    assert ending is not None
    assert ending.claim is not None
    project.at = stage.next_working(project.at, 2, 10, 0)
    facts = endings.ReceiptFacts(ending.claim.amount_fen * 6 // 10, "HK20260326", beijing_day(project.at))
    row = stage.act(endings.enter_receipt, project.official("cashier"), ending.claim.id, facts, project.at)
    stage.act(endings.confirm_receipt, project.official("checker"), row.id, project.at + timedelta(hours=1))
