"""What is due, until when, what lateness costs, and what a bank's word means, without app or database."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.agreements.rules import spread
from contracts.payouts.rules import (
    Standing,
    amount_due,
    control,
    days_late,
    final_result,
    is_final,
    is_overdue,
    late_interest_fen,
    paid_bp,
    pay_by,
    promptness,
    read_result,
)
from contracts.payouts.states import PAYMENT_MACHINE, PaymentState, PaymentVerb, Result, RowNote
from market.kernel.money import BP
from market.kernel.workdays import WEEKENDS_ONLY, Calendar


def milestone(*lines: tuple[int, int]) -> dict:
    return {
        "amount_fen": sum(fen for _, fen in lines),
        "funding": [{"line_id": line, "amount_fen": fen} for line, fen in lines],
    }


def test_row_71_the_tail_pays_by_its_share_and_the_rest_is_withheld():
    due = amount_due(milestone((7, 12_960_000)), 9_500)
    assert (due.due_fen, due.withheld_fen) == (12_312_000, 648_000)
    assert [(p.line_id, p.due_fen, p.withheld_fen) for p in due.parts] == [(7, 12_312_000, 648_000)]


def test_row_71_two_sources_share_what_is_earned_by_largest_remainder():
    due = amount_due(milestone((7, 100), (8, 50), (9, 50)), 9_350)
    # 187 fen earned of 200: 93.5, 46.75 and 46.75.
    assert due.due_fen == 187
    assert [p.due_fen for p in due.parts] == [93, 47, 47]
    assert [p.withheld_fen for p in due.parts] == [7, 3, 3]


def test_a_milestone_that_earned_nothing_withholds_all():
    due = amount_due(milestone((7, 300), (8, 1)), 0)
    assert (due.due_fen, due.withheld_fen) == (0, 301)
    assert [p.due_fen for p in due.parts] == [0, 0]


amounts = st.lists(st.integers(1, 10**10), min_size=1, max_size=4)


@given(amounts=amounts, lines=amounts, shares=st.lists(st.integers(0, BP), min_size=4, max_size=4))
def test_over_a_whole_contract_no_line_pays_more_than_it_bears_and_no_fen_is_lost(amounts, lines, shares):
    whole, held = sum(amounts), sum(lines)
    borne = [(number, fen * whole // held) for number, fen in enumerate(lines)]
    borne[-1] = (borne[-1][0], whole - sum(fen for _, fen in borne[:-1]))
    used = dict.fromkeys(range(len(lines)), 0)
    for amount, parts, share in zip(amounts, spread(amounts, borne), shares, strict=False):
        due = amount_due(milestone(*parts), share)
        assert due.due_fen + due.withheld_fen == amount
        assert sum(p.due_fen for p in due.parts) == due.due_fen
        assert abs(due.due_fen - Fraction(amount * share, BP)) <= Fraction(1, 2)
        for part in due.parts:
            assert 0 <= part.due_fen <= part.planned_fen
            used[part.line_id] += part.planned_fen
    assert used == dict(borne)


def test_acceptance_pays_all_and_an_evaluation_its_share():
    assert paid_bp("acceptance", None) == BP
    assert paid_bp("evaluation", 9_000) == 9_000
    with pytest.raises(ValueError, match="after its evaluation"):
        paid_bp("evaluation", None)


@pytest.mark.parametrize(
    ("grade", "rounds", "most", "today", "final"),
    [
        ("good", 1, 1, date(2026, 6, 1), True),
        ("fail", 1, 1, date(2026, 6, 1), False),
        ("fail", 1, 1, date(2026, 7, 1), False),
        ("fail", 1, 1, date(2026, 7, 2), True),
        ("fail", 2, 1, date(2026, 6, 1), True),
        ("fail", 1, 0, date(2026, 6, 1), True),
    ],
)
def test_a_fail_is_final_only_when_it_can_no_longer_be_put_right(grade, rounds, most, today, final):
    found = is_final(
        grade, rounds, reevaluations_max=most, rectify_days=30, closed_on=date(2026, 6, 1), today=today
    )
    assert found is final


def test_row_72_thirty_days_from_acceptance_and_sixty_at_most():
    accepted = date(2026, 6, 1)
    assert pay_by(accepted, 30, WEEKENDS_ONLY).day == date(2026, 7, 1)
    assert pay_by(accepted, 60, WEEKENDS_ONLY).day == date(2026, 7, 31)


def test_a_limit_that_ends_on_a_day_off_rolls_forward():
    golden = Calendar("t", frozenset(date(2026, 10, d) for d in (1, 2, 5, 6, 7)), frozenset(), frozenset({2026}))
    assert pay_by(date(2026, 9, 1), 30, golden) == (date(2026, 10, 8), False)


def test_row_73_half_a_promille_a_day():
    assert late_interest_fen(12_960_000, 5, 20) == 129_600
    assert late_interest_fen(12_960_000, 5, 0) == 0


def test_lateness_begins_on_the_day_after():
    last = date(2026, 7, 1)
    assert [days_late(last, day) for day in (date(2026, 6, 30), last, date(2026, 7, 2))] == [0, 0, 1]
    assert not is_overdue("due", last, last)
    assert is_overdue("due", last, date(2026, 7, 2))
    assert is_overdue("returned", last, date(2026, 7, 2))
    assert not is_overdue("paid", last, date(2026, 7, 2))


def test_row_77_number_and_sum():
    found = control([12_960_000, 17_280_000, 648_050])
    assert (found.count, found.total_fen) == (3, 30_888_050)


def test_promptness_counts_what_is_overdue_as_not_paid_in_time():
    june, july = date(2026, 6, 1), date(2026, 7, 1)
    found = promptness([(june, july, date(2026, 6, 11)), (june, july, july), (june, july, date(2026, 7, 2))], 2)
    assert (found.settled, found.in_time, found.in_time_bp, found.overdue) == (3, 2, 4_000, 2)
    assert found.mean_days == 24  # 10, 30 and 31 days: 23.67, rounded up
    assert promptness([], 7).in_time_bp == 0
    assert promptness([], 0).in_time_bp is None


# --- what a result means ----------------------------------------------------------------------------------------------

S, F, B = PaymentVerb.SETTLE, PaymentVerb.FAIL, PaymentVerb.BOUNCE
TABLE = {
    (None, Result.PAID): (S,),
    (None, Result.FAILED): (F,),
    (None, Result.RETURNED): (S, B),
    (Result.PAID, Result.PAID): RowNote.REPEATED,
    (Result.PAID, Result.FAILED): RowNote.CONTRADICTS,
    (Result.PAID, Result.RETURNED): (B,),
    (Result.FAILED, Result.PAID): RowNote.CONTRADICTS,
    (Result.FAILED, Result.FAILED): RowNote.REPEATED,
    (Result.FAILED, Result.RETURNED): RowNote.CONTRADICTS,
    (Result.RETURNED, Result.PAID): RowNote.REPEATED,
    (Result.RETURNED, Result.FAILED): RowNote.CONTRADICTS,
    (Result.RETURNED, Result.RETURNED): RowNote.REPEATED,
}
STATE = {
    None: PaymentState.ORDERED,
    Result.PAID: PaymentState.PAID,
    Result.FAILED: PaymentState.FAILED,
    Result.RETURNED: PaymentState.RETURNED,
}


ORDERED = date(2026, 6, 1)


def standing(outcome: Result | None, *, newest: bool = True) -> Standing:
    return Standing(12_960_000, ORDERED, newest, outcome)


def test_every_result_after_every_other_is_decided():
    assert set(TABLE) == set(product([None, *Result], Result))


@pytest.mark.parametrize(("before", "result"), TABLE)
def test_a_result_does_what_the_table_says(before, result):
    wanted = TABLE[before, result]
    found = read_result(result, 12_960_000, ORDERED, standing(before), ORDERED)
    assert (found.note or found.verbs) == wanted
    state = STATE[before]
    for verb in found.verbs:
        state = PAYMENT_MACHINE.step(state, verb).target


@pytest.mark.parametrize("result", Result)
def test_a_wrong_amount_and_an_unknown_number_are_noted(result):
    assert read_result(result, 12_960_001, ORDERED, standing(None), ORDERED).note is RowNote.AMOUNT
    assert read_result(result, 12_960_000, ORDERED, None, ORDERED).note is RowNote.UNKNOWN


def test_news_of_an_older_order_is_for_a_person():
    older = standing(Result.FAILED, newest=False)
    assert read_result(Result.PAID, 12_960_000, ORDERED, older, ORDERED).note is RowNote.SUPERSEDED
    assert read_result(Result.FAILED, 12_960_000, ORDERED, older, ORDERED).note is RowNote.REPEATED


@pytest.mark.parametrize(
    ("day", "noted"),
    [
        (ORDERED - timedelta(days=1), True),
        (ORDERED, False),
        (ORDERED + timedelta(days=3), False),
        (ORDERED + timedelta(days=4), True),
    ],
)
def test_a_day_before_the_order_or_after_today_is_a_slip(day, noted):
    found = read_result(Result.PAID, 12_960_000, day, standing(None), ORDERED + timedelta(days=3))
    assert (found.note is RowNote.DATE) == noted
    assert bool(found.verbs) != noted


def test_returned_wins_over_paid():
    assert final_result(["paid", "returned"]) is Result.RETURNED
    assert final_result(["paid"]) is Result.PAID
    assert final_result([]) is None
