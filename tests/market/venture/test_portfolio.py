"""The best portfolio: against every subset on small cases, and never beyond a source's limit on any."""

import subprocess
import sys
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.venture.rules import portfolio as module
from market.venture.rules.portfolio import Entry, Frame, LimitKind, Source, Way, best, broken, eligible, limits, split
from market.venture.rules.reasons import Names, explain

FIELDS = ("elder", "disabled", "relief")


def entry(key, amount, score, field="elder", applicant=None):
    return Entry(key, applicant or key, field, amount, score)


def source(key, amount, *fields):
    return Source(key, f"资金{key}", amount, frozenset(fields or FIELDS))


def brute(entries, frame):
    """The most points of any subset that keeps every limit; None when none does."""
    able = eligible(entries, frame)
    every = limits(able, frame)
    sums = [
        sum(able[p].score_centi for p in chosen)
        for size in range(len(able) + 1)
        for chosen in combinations(range(len(able)), size)
        if all(limit.holds(chosen) for limit in every)
    ]
    return max(sums, default=None)


_entries = st.lists(
    st.builds(
        Entry,
        st.just(0),
        st.integers(1, 4),
        st.sampled_from(FIELDS),
        st.integers(1, 60).map(lambda n: n * 997),
        st.integers(4000, 10_000),
    ),
    max_size=9,
).map(lambda rows: [Entry(n, r.applicant, r.field, r.amount_fen, r.score_centi) for n, r in enumerate(rows)])
_sources = st.lists(
    st.builds(
        Source,
        st.just(0),
        st.just(""),
        st.integers(1, 150).map(lambda n: n * 997),
        st.frozensets(st.sampled_from(FIELDS), min_size=1),
    ),
    min_size=1,
    max_size=4,
).map(lambda rows: tuple(Source(n, f"资金{n}", r.amount_fen, r.fields) for n, r in enumerate(rows)))
_frames = st.builds(
    Frame,
    _sources,
    st.dictionaries(st.sampled_from(FIELDS), st.integers(0, 2), max_size=2),
    st.integers(1, 2),
    st.sampled_from([0, 3]),
    st.just(6000),
)


@settings(max_examples=120, deadline=None)
@given(_entries, _frames)
def test_it_is_as_good_as_the_best_of_all_subsets(entries, frame):
    found = best(entries, frame)
    if not found.unmet:
        assert found.way is Way.EXACT
        assert found.score_centi == brute(entries, frame)


@settings(max_examples=120, deadline=None)
@given(_entries, _frames, st.booleans())
def test_no_award_ever_exceeds_a_sources_limit(entries, frame, exactly):
    ask = module.exact_choice
    if not exactly:
        module.exact_choice = lambda *_: None
    try:
        found = best(entries, frame)
    finally:
        module.exact_choice = ask
    chosen = [one for one in entries if one.key in found.chosen]
    paid = split(chosen, frame.sources)
    for one in chosen:
        assert sum(paid[one.key].values()) == one.amount_fen
    for purse in frame.sources:
        parts = {one.key: paid[one.key].get(purse.key, 0) for one in chosen}
        assert sum(parts.values()) <= purse.amount_fen
        assert all(one.field in purse.fields for one in chosen if parts[one.key])
    assert found.amount_fen <= frame.pool_fen
    assert not [one for one in broken(found.chosen, entries, frame) if one.kind is not LimitKind.MINIMUM]


def test_without_the_library_the_choice_is_greedy_and_says_so(monkeypatch):
    monkeypatch.setattr(module, "exact_choice", lambda *_: None)
    entries = [entry(1, 90, 9000), entry(2, 50, 8000), entry(3, 50, 7900)]
    found = best(entries, Frame((source(1, 100),)))
    assert (found.way, found.chosen) == (Way.GREEDY, (2, 3))


def test_one_project_an_applicant_and_a_least_number_by_field():
    entries = [
        entry(1, 50, 9500, applicant=7),
        entry(2, 50, 9400, applicant=7),
        entry(3, 50, 9000),
        entry(4, 50, 7000, "disabled"),
    ]
    assert best(entries, Frame((source(1, 100),))).chosen == (1, 3)
    assert best(entries, Frame((source(1, 100),), {"disabled": 1})).chosen == (1, 4)


def test_a_minimum_that_nobody_can_meet_is_lowered_and_named():
    found = best([entry(1, 50, 9000)], Frame((source(1, 100),), {"disabled": 2}))
    assert (found.chosen, found.unmet) == ((1,), ("disabled",))


def test_money_with_a_narrow_purpose_is_used_first():
    chosen = [entry(1, 70, 9000), entry(2, 60, 8000, "disabled")]
    paid = split(chosen, (source(1, 100), source(2, 40, "elder")))
    assert paid == {1: {2: 40, 1: 30}, 2: {1: 60}}
    with pytest.raises(ValueError, match="cannot pay"):
        split(chosen, (source(1, 80), source(2, 40, "elder")))


def test_money_is_moved_between_fields_when_only_that_helps():
    """The wide source must be freed by the field that has a purse of its own."""
    chosen = [entry(1, 60, 9000), entry(2, 60, 8000, "disabled")]
    paid = split(chosen, (source(1, 60, "elder", "disabled"), source(2, 60, "elder", "relief")))
    assert paid == {1: {2: 60}, 2: {1: 60}}


# --- reasons ----------------------------------------------------------------------------------------------------------

NAMES = Names({n: f"项目{n}" for n in range(9)}, {"elder": "养老", "disabled": "助残", "relief": "救助"})


def said(entries, frame, chosen=None):
    keys = best(entries, frame).chosen if chosen is None else chosen
    return {key: [why.chinese for why in whys] for key, whys in explain(keys, entries, frame, NAMES).items()}


def test_each_reason_names_the_limit_that_binds_and_what_would_have_to_change():
    frame = Frame((source(1, 10_000), source(2, 5_000, "elder")), projects_most=0, score_min_centi=6000)
    entries = [
        entry(1, 9_000, 9500),
        entry(2, 6_000, 9400, "disabled"),
        entry(3, 6_000, 8000),
        entry(4, 1_000, 5000),
    ]
    words = said(entries, frame, chosen=(1, 2))
    assert words[4] == ["总分 50.00 分，低于入选线 60.00 分。"]
    assert words[3] == [
        "资金池还剩 ¥0.00，本项目需要 ¥60.00，还差 ¥60.00。",
        "总分再高 14.00 分以上，可替换“项目2”入选。",
    ]
    assert words[1][0].startswith("总分 95.00 分")


def test_the_other_project_of_the_same_applicant_is_named():
    frame = Frame((source(1, 10_000),))
    words = said([entry(1, 4_000, 9500, applicant=7), entry(2, 4_000, 9000, applicant=7)], frame, chosen=(1,))
    assert words[2] == [
        "同一申报单位的“项目1”已入选，每家最多入选 1 个。",
        "总分再高 5.00 分以上，可替换“项目1”入选。",
    ]


def test_less_money_would_do_where_some_is_left():
    words = said([entry(1, 8_000, 9500), entry(2, 4_000, 9000)], Frame((source(1, 10_000),)), chosen=(1,))
    assert "申请额不超过 ¥20.00 时可以入选。" in words[2]


def test_a_project_in_for_its_fields_least_number_says_so():
    frame = Frame((source(1, 10_000),), {"disabled": 1})
    words = said(
        [entry(1, 5_000, 9500), entry(2, 5_000, 9000), entry(3, 5_000, 7000, "disabled")], frame, chosen=(1, 3)
    )
    assert "“助残”方向至少要入选 1 个项目，本项目因此优先于得分更高的其他方向项目。" in words[3]


def test_the_library_writes_nothing_into_the_log_of_the_server():
    pytest.importorskip("highspy")
    # In a process of its own: the library writes past Python, when its buffer is full or the process ends.
    asking = (
        "from market.venture.rules.solving import exact_choice;"
        "assert exact_choice([3, 5, 4], [({0: 1, 1: 1, 2: 1}, 2, None)]) == [1, 2]"
    )
    ran = subprocess.run([sys.executable, "-c", asking], capture_output=True, check=True, text=True)
    assert (ran.stdout, ran.stderr) == ("", "")
