"""The terms an award carries, and when a contract on it may be signed."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.awards.models import Award
from market.awards.queries import may_sign_at
from market.awards.rules import EvaluationTerms, RecoveryTerms, Terms, milestone_amounts
from tests.factories.terms import EVALUATION, make_terms


def test_terms_come_back_from_json_with_the_same_digest():
    terms = make_terms()
    again = Terms.from_data(json.loads(json.dumps(terms.as_data())))
    assert again == terms
    assert again.digest == terms.digest
    assert len(terms.digest) == 64


def test_terms_without_the_optional_parts_keep_the_digest_they_always_had():
    # Frozen from the first release: an award published then must still be the award it was.
    assert make_terms().digest == "3ab4f87797c513e0b7992cd08924632dce13898568dda6988ece40afd7dd93d4"
    assert not {"recovery", "on_behalf_of", "bond_bp"} & set(make_terms().as_data())


def test_optional_parts_come_back_from_json_and_change_the_digest():
    terms = make_terms(recovery=RecoveryTerms(True, 5_000, 30), on_behalf_of="东山街道邻里互助队", bond_bp=500)
    again = Terms.from_data(json.loads(json.dumps(terms.as_data())))
    assert again == terms
    assert again.digest == terms.digest != make_terms().digest


@pytest.mark.parametrize(("claim_bp", "due_days"), [(-1, 30), (10_001, 30), (5_000, 0)])
def test_a_recovery_that_cannot_be_claimed_is_refused(claim_bp, due_days):
    with pytest.raises(ValueError, match="a claim is a share"):
        RecoveryTerms(True, claim_bp, due_days)


def test_a_changed_fen_changes_the_digest():
    assert make_terms().digest != make_terms(amount_fen=43_200_001).digest


def test_terms_are_frozen():
    with pytest.raises(FrozenInstanceError):
        make_terms().amount_fen = 1  # type: ignore[misc]


def test_terms_that_do_not_make_a_whole_are_refused():
    terms = make_terms()
    with pytest.raises(ValueError, match="milestones sum"):
        replace(terms, amount_fen=terms.amount_fen - 1)
    with pytest.raises(ValueError, match="covers the price"):
        replace(terms, funding=(replace(terms.funding[0], amount_fen=43_199_999),))
    with pytest.raises(ValueError, match="numbered from 1"):
        replace(terms, milestones=(*terms.milestones[1:], terms.milestones[0]))
    with pytest.raises(ValueError, match="after it starts"):
        replace(terms, ends_on=terms.starts_on - timedelta(days=1))


def test_evaluation_terms_are_read_as_a_lot_stores_them():
    terms = EvaluationTerms.from_data(EVALUATION)
    assert [band.grade for band in terms.bands] == ["excellent", "good", "pass", "fail"]
    assert terms.weights_bp["third"] == 4500
    assert len(terms.questions) == 4


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"weights_bp": {"self": 1000, "mutual": 1500, "public": 3000, "third": 4499}}, "weights"),
        ({"bands": EVALUATION["bands"][:3]}, "bands fall"),
        ({"bands": [{"grade": "great", "from_centi": 0, "share_bp": 0}]}, "known grade"),
        ({"indicators": [{"code": "A", "title": "甲", "max_centi": 0}]}, "points to give"),
        ({"indicators": [{"code": "A", "title": "甲", "max_centi": 1}] * 2}, "one code"),
    ],
)
def test_evaluation_terms_that_cannot_be_computed_are_refused(change, what):
    with pytest.raises(ValueError, match=what):
        EvaluationTerms.from_data(EVALUATION | change)


def test_row_70_milestone_split_puts_the_rest_on_the_last():
    assert milestone_amounts(43_200_000, [3000, 4000, 3000]) == [12_960_000, 17_280_000, 12_960_000]
    assert milestone_amounts(10_000_001, [3000, 4000, 3000]) == [3_000_000, 4_000_000, 3_000_001]


@given(
    amount=st.integers(1, 10**12),
    shares=st.lists(st.integers(1, 10_000), min_size=1, max_size=8),
)
def test_milestones_always_sum_to_the_price(amount, shares):
    parts = milestone_amounts(amount, shares)
    assert sum(parts) == amount
    assert min(parts) >= 0


PUBLICITY = datetime(2026, 4, 8, 16, tzinfo=UTC)
CHALLENGE = datetime(2026, 4, 17, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "wait", "state", "barred"),
    [
        # Both windows at once: whoever comes back after the first of them would come in vain.
        (PUBLICITY - timedelta(seconds=1), True, "active", "结果公告期和质疑期还没有结束"),
        (PUBLICITY, True, "active", "质疑期还没有结束"),
        (CHALLENGE - timedelta(seconds=1), True, "active", "质疑期还没有结束"),
        (CHALLENGE, True, "active", None),
        (PUBLICITY - timedelta(days=1), False, "active", None),
        (CHALLENGE + timedelta(days=1), True, "suspended", "因质疑暂停"),
        (CHALLENGE + timedelta(days=1), False, "suspended", "因质疑暂停"),
        (CHALLENGE, False, "annulled", "已不再有效"),
        (CHALLENGE, True, "pending", "还在公示"),
    ],
)
def test_signing_waits_for_both_windows_and_for_the_award(at, wait, state, barred):
    award = Award(state=state, publicity_until=PUBLICITY, challenge_until=CHALLENGE)
    found = may_sign_at(award, at, wait)
    assert found is None if barred is None else barred in (found or "")
