"""Size of a panel, ties that bar, and the draw, as an auditor would check them."""

import hashlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.kernel.errors import Refused
from market.kernel.rulebook import load
from market.panels import rules as r

DAY = date(2026, 3, 31)
YUAN = 100


def rules(regime: str = "open_tender"):
    return load().at("320115", regime, DAY)


def legal(size, experts, regime="open_tender", budget=480_000 * YUAN, grounds=()):
    book = rules(regime)
    return r.size_ok(size, experts, r.least_size(book, budget, grounds), book["panel.expert_share_min"])


def test_row_21_tender_committee():
    assert legal(5, 4)
    assert legal(7, 5)
    assert not legal(5, 3)
    assert not legal(3, 3), "fewer than five"
    assert not legal(6, 6), "even"


def test_row_22_group_of_three():
    for regime in ("comparison", "consultation"):
        assert legal(3, 2, regime)
        assert not legal(3, 1, regime)
        assert not legal(4, 4, regime)
        assert not legal(1, 1, regime)


def test_row_23_large_case():
    assert r.least_size(rules(), 12_000_000 * YUAN, {"technical_complexity"}) == 7
    assert r.least_size(rules(), 12_000_000 * YUAN) == 7, "the budget is a ground of its own"
    assert r.least_size(rules(), 9_999_999 * YUAN) == 5
    assert r.least_size(rules(), 480_000 * YUAN, {"social_effect"}) == 7
    assert r.least_size(rules(), 480_000 * YUAN, {"weather"}) == 5, "only the grounds of the rulebook count"
    assert r.least_size(rules("comparison"), 12_000_000 * YUAN) == 3, "comparisons have no large committee"


@pytest.mark.parametrize(
    ("size", "experts", "words"),
    [(4, 4, "单数"), (3, 3, "不少于 5 人"), (5, 3, "至少要 4 名专家"), (7, 4, "至少要 5 名专家"), (5, 6, "不能多于")],
)
def test_an_illegal_panel_is_refused_with_its_reason(size, experts, words):
    with pytest.raises(Refused) as refused:
        r.check_size(size, experts, 5)
    assert words in refused.value.text
    assert refused.value.field in {"size", "expert_seats"}


@given(st.integers(1, 15), st.integers(0, 15), st.sampled_from([3, 5, 7]))
def test_check_and_question_agree(size, experts, least):
    try:
        r.check_size(size, experts, least)
        refused = False
    except Refused:
        refused = True
    assert refused is not r.size_ok(size, experts, least)


def test_row_24_recusal():
    months = rules()["panel.recusal_months"]
    assert r.tie_bars(date(2024, 7, 31), DAY, months), "left 20 months ago"
    assert r.tie_bars(date(2023, 3, 31), DAY, months), "the last day of the three years"
    assert not r.tie_bars(date(2023, 3, 30), DAY, months)
    assert r.tie_bars(None, DAY, months), "still employed"
    assert r.tie_bars(date(2001, 1, 1), DAY, months, kin=True), "kinship never lapses"


# --- the draw -------------------------------------------------------------------------------------------------------

SECRET, PUBLIC = "5f" * 32, "ab" * 32


def by_hand(secret: str, public: str, keys: list[str], n: int) -> list[str]:
    """What a third party writes from the published formula alone."""
    seed = hashlib.sha256(bytes.fromhex(secret) + public.encode()).hexdigest()
    return sorted(keys, key=lambda key: hashlib.sha256((seed + key).encode()).hexdigest())[:n]


def test_the_draw_can_be_repeated_by_anyone():
    keys = [f"expert-{i}" for i in range(1, 41)]
    seed = r.seed_of(SECRET, PUBLIC)
    assert r.draw(seed, keys, 5) == by_hand(SECRET, PUBLIC, keys, 5)
    assert r.draw(seed, reversed(keys), 5) == r.draw(seed, keys, 5), "the order of the pool does not matter"
    assert r.commitment_of(SECRET) == hashlib.sha256(b"\x5f" * 32).hexdigest()


def test_a_known_draw_stays_the_same():
    keys = [f"expert-{i}" for i in range(1, 8)]
    assert r.seed_of("00ff", "public") == hashlib.sha256(b"\x00\xffpublic").hexdigest()
    assert r.draw("5e" * 32, keys, 3) == ["expert-4", "expert-3", "expert-7"], "as a shell computes it"


def test_another_opening_record_gives_another_draw():
    keys = [f"expert-{i}" for i in range(1, 41)]
    assert r.draw(r.seed_of(SECRET, PUBLIC), keys, 40) != r.draw(r.seed_of(SECRET, "ac" * 32), keys, 40)


def test_too_small_a_pool_says_how_many_are_missing():
    with pytest.raises(Refused) as refused:
        r.draw("00", ["expert-1", "expert-2"], 5)
    assert "2 人" in refused.value.text
    assert "5 人" in refused.value.text
    with pytest.raises(ValueError, match="twice"):
        r.draw("00", ["expert-1", "expert-1"], 1)


def record(**changes):
    keys = [f"expert-{i}" for i in range(1, 10)]
    seed = r.seed_of(SECRET, PUBLIC)
    whole = {
        "commitment": r.commitment_of(SECRET), "secret": SECRET, "public_part": PUBLIC, "seed": seed,
        "pool": [{"key": key} for key in keys], "result": r.draw(seed, keys, 3),
    }  # fmt: skip
    return {**whole, **changes}


def test_a_published_record_is_checked_part_by_part():
    assert r.draw_holds(record())
    assert not r.draw_holds(record(secret="60" * 32))
    assert not r.draw_holds(record(commitment="00"))
    assert not r.draw_holds(record(public_part="ff"))
    assert not r.draw_holds(record(result=list(reversed(record()["result"]))))
    without_first = [entry for entry in record()["pool"] if entry["key"] != record()["result"][0]]
    assert not r.draw_holds(record(pool=without_first))


@given(st.sets(st.text(min_size=1, max_size=12), min_size=1, max_size=30), st.text(max_size=20))
def test_every_draw_is_a_part_of_the_pool_and_replacements_follow_in_order(keys, seed):
    whole = r.draw(seed, keys, len(keys))
    assert sorted(whole) == sorted(keys)
    for n in range(len(keys)):
        assert r.draw(seed, keys, n) == whole[:n]
        assert r.next_keys(seed, list(keys), whole[:n]) == whole[n:]
