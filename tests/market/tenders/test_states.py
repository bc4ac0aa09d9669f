"""Every state with every verb: allowed or refused."""

from __future__ import annotations

from itertools import product

import pytest

from market.kernel.errors import Refused
from market.kernel.permits import Permit
from market.tenders.states import (
    LOT_LABELS,
    LOT_MACHINE,
    METHOD_LABELS,
    TENDER_LABELS,
    TENDER_MACHINE,
    LotState,
    LotVerb,
    Method,
    TenderState,
    TenderVerb,
)

T, V = TenderState, TenderVerb
TENDER = {
    (T.DRAFT, V.SUBMIT): T.REVIEW,
    (T.REVIEW, V.RETURN): T.DRAFT,
    (T.REVIEW, V.PUBLISH): T.OPEN,
    (T.OPEN, V.CLOSE): T.CLOSED,
    (T.OPEN, V.CANCEL): T.CANCELLED,
    (T.DRAFT, V.CANCEL): T.CANCELLED,
}
L, W = LotState, LotVerb
LOT = {
    (L.DRAFT, W.PUBLISH): L.SEALED,
    (L.DRAFT, W.CANCEL): L.CANCELLED,
    (L.SEALED, W.OPEN): L.OPENED,
    (L.SEALED, W.FAIL): L.FAILED,
    (L.SEALED, W.CANCEL): L.CANCELLED,
    (L.OPENED, W.QUALIFY): L.QUALIFIED,
    (L.OPENED, W.FAIL): L.FAILED,
    (L.QUALIFIED, W.RANK): L.RANKED,
    (L.QUALIFIED, W.FAIL): L.FAILED,
    (L.RANKED, W.AWARD): L.AWARDED,
    (L.RANKED, W.FAIL): L.FAILED,
    (L.AWARDED, W.UNAWARD): L.RANKED,
    (L.AWARDED, W.PASS_OVER): L.RANKED,
    (L.AWARDED, W.FAIL): L.FAILED,
}


@pytest.mark.parametrize(
    ("machine", "table", "state", "verb"),
    [
        *((TENDER_MACHINE, TENDER, s, v) for s, v in product(TenderState, TenderVerb)),
        *((LOT_MACHINE, LOT, s, v) for s, v in product(LotState, LotVerb)),
    ],
)
def test_every_pair_is_settled(machine, table, state, verb):
    wanted = table.get((state, verb))
    if wanted is None:
        with pytest.raises(Refused):
            machine.step(state, verb)
    else:
        assert machine.step(state, verb).target == wanted


def test_bids_are_opened_by_people_and_never_by_the_clock():
    opening = LOT_MACHINE.step(LotState.SEALED, LotVerb.OPEN)
    assert opening.permit is Permit.BID_OPEN
    assert not opening.by_clock
    assert LOT_MACHINE.step(LotState.SEALED, LotVerb.FAIL).by_clock
    assert TENDER_MACHINE.step(TenderState.OPEN, TenderVerb.CLOSE).by_clock


def test_everything_has_a_name():
    assert set(TENDER_LABELS) == set(TenderState)
    assert set(LOT_LABELS) == set(LotState)
    assert set(METHOD_LABELS) == set(Method)
