"""The best portfolio of a big round against the solver alone: 1,000 proposals, 300 constraints, exact on both sides."""

from __future__ import annotations

import random
from typing import Any

from market.venture.rules.portfolio import Entry, Frame, Source, Way, best, eligible, limits
from market.venture.rules.solving import available
from tests.bench.books import alternated
from tests.bench.report import Figure, Report

PROPOSALS, APPLICANTS = 1_000, 270
# Several cases, for how long one of them takes the solver is a matter of luck.
SEEDS = range(6)
_FIELDS = ("elder_care", "disability", "social_relief", "legal_aid", "charity_relief")


def _case(seed: int) -> tuple[list[Entry], Frame]:
    """Amounts from 5,000 to 50,000 yuan, points from 60 to 100; applicants with several proposals each."""
    chance = random.Random(seed)
    entries = [
        Entry(
            key,
            key % APPLICANTS,
            chance.choice(_FIELDS),
            chance.randrange(500, 5_000) * 1_000,
            chance.randrange(6_000, 10_000),
        )
        for key in range(PROPOSALS)
    ]
    sources = tuple(
        Source(
            n,
            f"资金{n}",
            chance.randrange(200, 900) * 1_000_000,
            frozenset(chance.sample(_FIELDS, 1 + n % 3) if n else _FIELDS),
        )
        for n in range(8)
    )
    return entries, Frame(sources, dict.fromkeys(_FIELDS, 4))


def measure(report: Report) -> None:
    """Time of the solver on a ready matrix, divided by ours from proposals to the checked portfolio."""
    if not available():
        print("portfolio: highspy is not installed, nothing to compare with")
        return
    cases = [_case(seed) for seed in SEEDS]
    ready = []
    for entries, frame in cases:
        able = eligible(entries, frame)
        ready.append((able, limits(able, frame)))
    solvers = [_solver(able, rows) for able, rows in ready]

    def barest() -> None:
        for solve in solvers:
            solve()

    def ours() -> None:
        for entries, frame in cases:
            assert best(entries, frame).way is Way.EXACT

    bare_s, our_s, ratio = alternated(barest, ours)
    rows = len(ready[0][1])
    told = f"{len(SEEDS)} × {PROPOSALS:,} proposals, {rows} constraints: solver {bare_s:.2f} s, ours {our_s:.2f} s"
    report.add(Figure("best portfolio, speed of the solver alone", 1 / ratio, told, least=0.7))


def _solver(able: list[Entry], rows: list[Any]) -> Any:
    """The library by itself, its matrix made beforehand."""
    import highspy
    import numpy as np

    count = len(able)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = count, len(rows)
    lp.sense_ = highspy.ObjSense.kMaximize
    lp.col_cost_ = np.array([one.score_centi for one in able], dtype=np.float64)
    lp.col_lower_, lp.col_upper_ = np.zeros(count), np.ones(count)
    infinite = highspy.kHighsInf
    lp.row_lower_ = np.array([-infinite if row.least is None else row.least for row in rows], np.float64)
    lp.row_upper_ = np.array([infinite if row.most is None else row.most for row in rows], np.float64)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = np.cumsum([0, *(len(row.weights) for row in rows)], dtype=np.int32)
    lp.a_matrix_.index_ = np.array([place for row in rows for place in row.weights], dtype=np.int32)
    lp.a_matrix_.value_ = np.array([value for row in rows for value in row.weights.values()], dtype=np.float64)
    lp.integrality_ = [highspy.HighsVarType.kInteger] * count

    def solve() -> None:
        options = highspy.HighsOptions()
        options.output_flag = options.log_to_console = False
        options.mip_rel_gap = options.mip_abs_gap = 0
        options.mip_feasibility_tolerance = 10**-9
        solver = highspy.Highs()
        solver.passOptions(options)
        solver.passModel(lp)
        solver.run()
        assert solver.getModelStatus() == highspy.HighsModelStatus.kOptimal

    return solve
