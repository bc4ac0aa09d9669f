"""Whatever is tried, by whomever, in whatever order: some things stay true, written without the machine tables.

Nine purchases stand at nine stages, four rounds at four, and a funded project has its contract. Hypothesis lets
anybody try any act on any of them and moves the clock; what the product refuses is rolled back, as a page would do it.
After every step the facts are read from the tables.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from functools import wraps
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select

from contracts.agreements.models import Agreement, Signature
from contracts.delivery.models import Acceptance, Milestone
from contracts.endings.models import Claim, ClaimReceipt, Termination
from contracts.outcomes.models import Evaluation
from contracts.payouts.models import Attempt, Payment, StatementRow
from market.app import create_app
from market.awards.models import Award, Objection
from market.bids.models import SealedBid
from market.db.session import commit, db, rollback
from market.kernel.errors import DomainError
from market.kernel.permits import Permit
from market.ledger.models import Account
from market.panels.models import Panel, Seat
from market.records.models import AuditEntry, Chain
from market.tenders.models import Lot, Tender
from market.venture.models import Application, Round, RoundFunding
from tests.fixtures.application import settings_for, take_books
from tests.fixtures.clock import StandingClock
from tests.walks import ending_acts
from tests.walks.round_acts import ROUND_ACTS, RoundTrial, next_in
from tests.walks.round_stage import NAMES
from tests.walks.stage import ACTS, Stage, Trial, Writings, rolled_back
from tests.walks.stories import audit

# What each side of a purchase does. Nobody ever stands on two of them.
SIDES = {
    "buyer": {
        Permit.TENDER_DRAFT, Permit.TENDER_APPROVE, Permit.TENDER_CANCEL, Permit.BID_OPEN, Permit.PANEL_DRAW,
        Permit.BID_QUALIFY, Permit.EVALUATION_REPORT, Permit.AWARD_CONFIRM, Permit.CHALLENGE_REPLY,
        Permit.AGREEMENT_DRAFT, Permit.AGREEMENT_SIGN_BUYER, Permit.DELIVERY_ACCEPT, Permit.OUTCOME_ORGANISE,
        Permit.PAYOUT_REQUEST, Permit.PAYOUT_APPROVE, Permit.PAYOUT_SEND, Permit.AGREEMENT_TERMINATE,
        Permit.ROUND_DRAFT, Permit.ROUND_APPROVE,
    },
    "supplier": {
        Permit.BID_DRAFT, Permit.BID_SUBMIT, Permit.CHALLENGE_FILE, Permit.AGREEMENT_SIGN_SUPPLIER,
        Permit.DELIVERY_REPORT, Permit.OUTCOME_RATE_SELF, Permit.PAYOUT_CONFIRM,
        Permit.APPLICATION_DRAFT, Permit.APPLICATION_SUBMIT,
    },
    "judge": {Permit.BID_SCORE},
}  # fmt: skip
PURCHASES = ("draft", "open", "sealed", "opened", "ranked", "awarded", "running", "evaluating", "failing")
# What may be tried on a project's contract: everything from the award on; the stages before are the round's.
PROJECT_ACTS = sorted(
    {name for name in ACTS if name in vars(ending_acts)}
    | {"decline", "draft_contract", "issue_contract", "cancel_contract", "sign", "resume_contract", "report", "accept"}
    | {"give_back", "open_evaluation", "rate_self", "rate_third", "rate_public", "close_evaluation", "close_contract"}
    | {"request_payment", "approve_payment", "send_back", "order_payment", "bank_says", "confirm_receipt"}
)
assert ending_acts.waive_claim.__name__ in ACTS
SUBJECTS = (*PURCHASES, *NAMES)
PURCHASE_PAIRS = st.tuples(st.sampled_from(PURCHASES), st.sampled_from(sorted(ACTS)))
ROUND_PAIRS = st.tuples(st.sampled_from(NAMES), st.sampled_from(sorted(ROUND_ACTS)))
PROJECT_PAIRS = st.tuples(st.just("project"), st.sampled_from(PROJECT_ACTS))
# Verbs that need two pairs of hands.
_VERBS = ("propose", "approve", "request", "enter", "confirm", "save", "create", "publish", "uphold", "reject")
STEPS = {
    "a minute": timedelta(minutes=1),
    "an hour": timedelta(hours=1),
    "a day": timedelta(days=1),
    "a week": timedelta(days=7),
    "a month": timedelta(days=31),
}


def stays_true(ask: Callable[[Anything], None]) -> Callable[[Anything], None]:
    """An invariant; after a step in which no statement wrote, it would read the same rows and is not asked again."""

    @wraps(ask)
    def asked(self: Anything) -> None:
        if self.held.get(ask.__name__) != self.writings.number:
            ask(self)
            self.held[ask.__name__] = self.writings.number

    return invariant()(asked)


class Anything(RuleBasedStateMachine):
    """One run: from the prepared stage, through any acts, to a last audit of all chains and balances."""

    stage: ClassVar[Stage]
    clock: ClassVar[StandingClock]
    writings: ClassVar[Writings]
    people: ClassVar[list[str]]
    happened: ClassVar[dict[str, int]] = {}

    def __init__(self) -> None:
        super().__init__()
        self.clock._traveller.move_to(self.stage.start, tick=False)
        self.exit = ExitStack()
        self.exit.enter_context(rolled_back(self.stage.town.app))
        self.stage.come_back()
        self.signed = self._signatures()
        self.hands: dict[tuple[Any, ...], set[int | None]] = {}
        self.read_up_to: int | None = None
        self.held: dict[str, int] = {}

    def teardown(self) -> None:
        with self.exit:
            audit()

    # --- what happens -----------------------------------------------------------------------------------------------

    @initialize(first=st.integers(0, len(SUBJECTS) - 1), flag=st.booleans())
    def some_things_go_well(self, first: int, flag: bool) -> None:
        """Each run begins with a stretch of the usual on four subjects, so that states beyond refusals are met."""
        for number in range(4):
            subject = SUBJECTS[(first + 3 * number) % len(SUBJECTS)]
            for what in self._next(subject):
                self._try(subject, what, None, number, flag or number % 2 == 0)

    @rule(
        pair=st.one_of(PURCHASE_PAIRS, PURCHASE_PAIRS, ROUND_PAIRS, PROJECT_PAIRS),
        who=st.one_of(st.none(), st.none(), st.deferred(lambda: st.sampled_from(Anything.people))),
        n=st.integers(0, 3),
        flag=st.booleans(),
    )
    def someone_tries(self, pair: tuple[str, str], who: str | None, n: int, flag: bool) -> None:
        """An act is done, or refused and rolled back; any other error fails."""
        self._try(*pair, who, n, flag)

    @rule(subject=st.sampled_from(SUBJECTS), flags=st.lists(st.booleans(), min_size=4, max_size=4))
    def the_usual_goes_on(self, subject: str, flags: list[bool]) -> None:
        """Whoever usually does it does what comes next; so that long ways are walked too."""
        for what, flag in zip(self._next(subject), flags, strict=False):
            for n in range(2 if subject in NAMES else 3):
                self._try(subject, what, None, n, flag)

    @rule(step=st.sampled_from(sorted(STEPS)), knock=st.booleans())
    def time_passes(self, step: str, knock: bool) -> None:
        """Forward, with or without the worker's clock."""
        self.clock.forward(seconds=STEPS[step].total_seconds())
        if knock:
            self.stage.town.knock()

    @rule(subject=st.sampled_from((*PURCHASES, "call", "call")), before=st.booleans())
    def the_deadline_comes(self, subject: str, before: bool) -> None:
        """To the very second of a deadline, or one second before it."""
        if subject == "call":
            deadline = db.session.get_one(Round, self.stage.rounds.rounds["call"].round_id).deadline_at
        else:
            deadline = db.session.get_one(Tender, self.stage.towns[subject].tender_id).deadline_at
        if deadline is not None:
            wanted = deadline - timedelta(seconds=int(before))
            self.clock.forward(seconds=max(0.0, (wanted - self.clock.now).total_seconds()))

    def _try(self, subject: str, what: str, who: str | None, n: int, flag: bool) -> None:
        stage = self.stage
        if subject in NAMES:
            self._attempt(what, lambda: ROUND_ACTS[what](RoundTrial(stage, stage.rounds.rounds[subject], who, n, flag)))
        else:
            self._attempt(what, lambda: ACTS[what](Trial(stage, stage.towns[subject], who, n, flag)))

    def _attempt(self, what: str, act: Callable[[], Any]) -> None:
        try:
            act()
            commit()
        except DomainError:
            rollback()
        else:
            self.happened[what] = self.happened.get(what, 0) + 1
        db.session.expire_all()

    def _next(self, subject: str) -> tuple[str, ...]:
        """Some acts that follow each other; most are refused in most states, which is fine."""
        return next_in(subject) if subject in NAMES else {
            "draft": ("submit_tender", "publish", "submit_bid", "withdraw_bid"),
            "open": ("submit_bid", "peel", "open_bids", "check_bids"),
            "sealed": ("peel", "open_bids", "check_bids", "finish_check"),
            "opened": ("check_bids", "finish_check", "draw_panel", "declare"),
            "ranked": ("award", "challenge", "reply", "decide_challenge"),
            "awarded": ("issue_contract", "sign", "challenge", "report"),
            "running": ("request_payment", "approve_payment", "order_payment", "bank_says"),
            "evaluating": ("rate_self", "rate_third", "rate_public", "close_evaluation"),
            "failing": ("enter_receipt", "confirm_receipt_of_claim", "waive_claim", "reject_receipt_of_claim"),
        }[subject]

    # --- what stays true --------------------------------------------------------------------------------------------

    @stays_true
    def no_bid_is_accepted_at_or_after_its_deadline(self) -> None:
        query = select(SealedBid.received_at, Tender.deadline_at).select_from(SealedBid)
        query = query.join(Lot, Lot.id == SealedBid.lot_id).join(Tender, Tender.id == Lot.tender_id)
        assert all(received_at < deadline_at for received_at, deadline_at in db.session.execute(query))

    @stays_true
    def no_application_is_taken_at_or_after_its_deadline(self) -> None:
        query = select(Application.submitted_at, Round.deadline_at).join(Round, Round.id == Application.round_id)
        rows = db.session.execute(query.where(Application.submitted_at.is_not(None)))
        assert all(sent_at < deadline_at for sent_at, deadline_at in rows)

    @stays_true
    def no_round_gives_more_than_its_sources_nor_two_projects_to_one_organisation(self) -> None:
        pools: dict[int, dict[int, int]] = {}
        for round_id, line_id, fen in db.session.execute(
            select(RoundFunding.round_id, RoundFunding.line_id, RoundFunding.amount_fen)
        ):
            pools.setdefault(round_id, {})[line_id] = fen
        # Nobody is funded whom not every seat of the jury has scored to the end.
        finals = func.count().filter(Seat.state == "final")
        sizes = select(Panel.subject_id, Panel.size, finals).join(Seat, Seat.panel_id == Panel.id)
        sizes = sizes.where(Panel.subject_kind == "round").group_by(Panel.id, Panel.subject_id, Panel.size)
        juries: dict[int, list[tuple[int, int]]] = {}
        for round_id, size, final in db.session.execute(sizes):
            juries.setdefault(round_id, []).append((size, final))
        columns = Application.round_id, Application.funding, Application.granted_fen
        query = select(*columns, Award.amount_fen, Award.organisation_id)
        query = query.join(Award, Award.subject_id == Application.id).where(Award.subject_kind == "application")
        given: dict[int, Counter[int]] = {}
        holders: Counter[tuple[int, int]] = Counter()
        for round_id, funding, granted_fen, amount_fen, organisation_id in db.session.execute(query):
            parts = {int(line): fen for line, fen in funding.items()}
            assert sum(parts.values()) == amount_fen == granted_fen
            given.setdefault(round_id, Counter()).update(parts)
            holders[round_id, organisation_id] += 1
            ((size, final),) = juries[round_id]
            assert final == size
        for round_id, by_line in given.items():
            assert all(fen <= pools[round_id][line_id] for line_id, fen in by_line.items())
        assert all(number == 1 for number in holders.values())

    @stays_true
    def no_award_stands_against_an_objection_that_was_upheld(self) -> None:
        query = select(Award.state).join(Objection, Objection.award_id == Award.id)
        assert "active" not in set(db.session.scalars(query.where(Objection.state.in_(("upheld", "filed")))))
        for one in db.session.scalars(select(Objection).where(Objection.state != "filed")):
            answered = self._hands("objection", one.id, "uphold") | self._hands("objection", one.id, "reject")
            assert not answered & self._hands("award", one.award_id, "propose")

    @stays_true
    def no_contract_is_signed_on_a_suspended_award(self) -> None:
        now = self._signatures()
        for signature_id in now - self.signed:
            agreement_id = db.session.get_one(Signature, signature_id).agreement_id
            award = db.session.get_one(Award, db.session.get_one(Agreement, agreement_id).award_id)
            assert award.state == "active"
            assert award.challenge_until <= self.clock.now
            assert award.publicity_until <= self.clock.now
        self.signed = now

    @stays_true
    def nothing_is_paid_without_acceptance_and_evaluation(self) -> None:
        read: Callable[..., Any] = db.session.execute
        accepted = set(db.session.scalars(select(Acceptance.milestone_id).filter_by(accepted=True)))
        columns = Milestone.id, Milestone.base, Milestone.amount_fen, Milestone.accepted_at
        milestones = {milestone.id: milestone for milestone in read(select(*columns))}
        # By milestone, the newest round that was closed.
        closed = select(Evaluation.milestone_id, Evaluation.share_bp).where(Evaluation.closed_at.is_not(None))
        shares = dict(read(closed.order_by(Evaluation.round)).all())
        approved = select(Termination.agreement_id, Termination.decided_at).filter_by(state="approved")
        ended = dict(read(approved).all())
        due: Counter[int] = Counter()
        query = select(Payment.milestone_id, Payment.agreement_id, Payment.basis, Payment.due_at, Payment.amount_fen)
        for milestone_id, agreement_id, basis, due_at, amount_fen in read(query):
            milestone = milestones[milestone_id]
            assert milestone_id in accepted
            if milestone.base == "evaluation" and not basis["settled"]:
                assert shares.get(milestone_id)
            # What a contract that ended early still owes was accepted before its end.
            if (over := ended.get(agreement_id)) is not None:
                assert milestone.accepted_at is not None
                assert milestone.accepted_at <= over
                assert due_at <= over
            due[milestone_id] += amount_fen
        assert all(total <= milestones[milestone_id].amount_fen for milestone_id, total in due.items())

    @stays_true
    def nothing_comes_back_beyond_what_was_paid_and_nothing_waits_on_a_failed_contract(self) -> None:
        read: Callable[..., Any] = db.session.execute
        settled = select(Payment.agreement_id, Payment.amount_fen).where(Payment.settled_on.is_not(None))
        paid: Counter[int] = Counter()
        for agreement_id, fen in read(settled):
            paid[agreement_id] += fen
        back: Counter[int] = Counter()
        for receipt_id, claim_id, state, fen in read(
            select(ClaimReceipt.id, ClaimReceipt.claim_id, ClaimReceipt.state, ClaimReceipt.amount_fen)
        ):
            back[claim_id] += fen if state == "confirmed" else 0
            assert not self._hands("receipt", receipt_id, "enter") & self._hands("receipt", receipt_id, "confirm")
        states = dict(read(select(Agreement.id, Agreement.state)).all())
        # A payment that bounced may be asked for again; nothing else is on its way.
        bounced = select(Attempt.id).where(Attempt.payment_id == Payment.id, Attempt.outcome == "returned")
        open_ones = select(Payment.agreement_id).where(Payment.state.in_(("due", "requested", "approved", "ordered")))
        waiting = set(db.session.scalars(open_ones.where(~bounced.exists())))
        columns = Claim.id, Claim.agreement_id, Claim.amount_fen, Claim.waived_fen, Claim.basis
        for claim_id, agreement_id, amount_fen, waived_fen, basis in read(select(*columns)):
            assert back[claim_id] <= amount_fen - waived_fen
            # What the payee has no account for stays owed, and counts as paid.
            assert amount_fen <= paid[agreement_id] + basis.get("stuck_fen", 0)
            assert states[agreement_id] == "terminated"
            assert agreement_id not in waiting
        for ending_id in db.session.scalars(select(Termination.id).filter_by(state="approved")):
            assert not self._hands("termination", ending_id, "propose") & self._hands(
                "termination", ending_id, "approve"
            ) - {None}

    @stays_true
    def nobody_stands_on_two_sides_of_one_purchase(self) -> None:
        seen: dict[tuple[int, int], set[str]] = {}
        query = select(AuditEntry.actor_id, AuditEntry.permit, Chain.kind, Chain.key).join(
            Chain, Chain.id == AuditEntry.chain_id
        )
        query = query.where(AuditEntry.actor_id.is_not(None), AuditEntry.permit.is_not(None))
        lots, rounds = select(Lot.id, Lot.file_id), select(Round.id, Round.file_id)
        files = {("bids", str(lot_id)): file_id for lot_id, file_id in db.session.execute(lots)}
        files |= {("applications", str(round_id)): file_id for round_id, file_id in db.session.execute(rounds)}
        kinds = Chain.kind.in_(("file", "bids", "applications"))
        for actor_id, permit, kind, key in db.session.execute(query.where(kinds)):
            file_id = int(key) if kind == "file" else files[kind, key]
            sides = {name for name, permits in SIDES.items() if permit in permits}
            seen.setdefault((file_id, actor_id), set()).update(sides)
        assert not {who: sides for who, sides in seen.items() if len(sides) > 1}

    @stays_true
    def two_pairs_of_hands(self) -> None:
        for payment_id in db.session.scalars(select(Payment.id)):
            assert not self._hands("payment", payment_id, "request") & self._hands("payment", payment_id, "approve")
        for tender_id in db.session.scalars(select(Tender.id)):
            drafted = self._hands("tender", tender_id, "save") | self._hands("tender", tender_id, "create")
            assert not drafted & self._hands("tender", tender_id, "publish")

    @stays_true
    def no_fen_is_lost(self) -> None:
        query = select(Account.line_id, func.sum(Account.balance_fen), func.min(Account.balance_fen))
        rows = db.session.execute(query.where(Account.line_id.is_not(None)).group_by(Account.line_id)).all()
        held = {line_id: total for line_id, total, _ in rows if line_id in self.stage.lines}
        assert held == self.stage.lines
        assert all(least >= 0 for *_, least in rows)

    @stays_true
    def what_is_paid_is_what_the_bank_said(self) -> None:
        """An order stands when some line says paid and none says returned, in whatever order the lines came."""
        orders: dict[int, tuple[int, set[str]]] = {}
        columns = StatementRow.attempt_id, StatementRow.amount_fen, StatementRow.result
        for attempt_id, fen, result in db.session.execute(select(*columns).where(StatementRow.note.is_(None))):
            orders.setdefault(attempt_id, (fen, set()))[1].add(result)
        said = sum(fen for fen, results in orders.values() if "paid" in results and "returned" not in results)
        # What came back on claims has left the paid money by its own door.
        said -= db.session.scalar(select(func.sum(ClaimReceipt.amount_fen)).filter_by(state="confirmed")) or 0
        booked = db.session.scalar(select(func.sum(Account.balance_fen)).where(Account.place == "paid")) or 0
        assert booked == said

    def _signatures(self) -> set[int]:
        return set(db.session.scalars(select(Signature.id)))

    def _hands(self, kind: str, subject_id: int, verb: str) -> set[int | None]:
        """Who ever did this to that; read once after each step that wrote, in one statement."""
        if self.read_up_to != self.writings.number:
            self.hands, self.read_up_to = {}, self.writings.number
            query = select(AuditEntry.subject_kind, AuditEntry.subject_id, AuditEntry.verb, AuditEntry.actor_id)
            for *what, actor_id in db.session.execute(query.where(AuditEntry.verb.in_(_VERBS))):
                self.hands.setdefault(tuple(what), set()).add(actor_id)
        return self.hands.get((kind, subject_id, verb), set())


@pytest.mark.xdist_group("invariants")
def test_some_things_stay_true_whatever_is_tried(sqlite_databases: Any, tmp_path: Any, clock: StandingClock) -> None:
    app = create_app(settings_for(sqlite_databases.url(), tmp_path))
    take_books(app)
    with app.app_context():
        Anything.stage, Anything.writings = Stage(app, clock), Writings(db.engine)
    Anything.clock, Anything.people, Anything.happened = clock, sorted(Anything.stage.people), {}
    run_state_machine_as_test(
        Anything,
        settings=settings(
            max_examples=18,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate,),
            derandomize=True,
        ),
    )
    # Much came about at least once, so the walk was not a walk through refusals.
    assert len(Anything.happened.keys() & ACTS.keys()) > len(ACTS) // 3
    assert len(Anything.happened.keys() & ROUND_ACTS.keys()) > len(ROUND_ACTS) // 3
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
