"""The exact choice by the optional library HiGHS (`pip install linli[optimise]`). Only this file knows it.

The library reckons in binary fractions. What it proposes is checked in whole numbers; a proposal that breaks a limit
by less than its tolerance is forbidden as such, and the question asked again.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Collection, Mapping, Sequence
from typing import Any

# Weights by place, at most, at least.
Row = tuple[Mapping[int, int], int | None, int | None]

_TRIES = 50
_SECONDS = 60


def available() -> bool:
    """Whether the library is installed."""
    return importlib.util.find_spec("highspy") is not None


def exact_choice(scores: Sequence[int], rows: Sequence[Row]) -> list[int] | None:
    """Return the places with the greatest sum of scores that keep every row.

    None when the library is missing, finds nothing that keeps every row, or does not prove its answer in time.
    """
    if not scores:
        return [] if all((least or 0) <= 0 for _, _, least in rows) else None
    if not available():
        return None
    asked = list(rows)
    for _ in range(_TRIES):
        chosen = _ask(scores, asked)
        if chosen is None or _kept(chosen, rows):
            return chosen
        inside = set(chosen)
        # At least one place must differ from the answer that broke a limit.
        asked.append(({p: 1 if p in inside else -1 for p in range(len(scores))}, len(inside) - 1, None))
    return None


def used(weights: Mapping[int, int], chosen: Collection[int]) -> int:
    """Return the sum of the weights of the chosen; walks over whichever is shorter."""
    if len(weights) < len(chosen):
        return sum(weight for place, weight in weights.items() if place in chosen)
    return sum(weights.get(place, 0) for place in chosen)


def _kept(chosen: Collection[int], rows: Sequence[Row]) -> bool:
    inside = frozenset(chosen)
    for weights, most, least in rows:
        total = used(weights, inside)
        if (most is not None and total > most) or (least is not None and total < least):
            return False
    return True


def _ask(scores: Sequence[int], rows: Sequence[Row]) -> list[int] | None:
    import highspy
    import numpy as np

    options = highspy.HighsOptions()
    options.output_flag = options.log_to_console = False
    options.mip_rel_gap = options.mip_abs_gap = 0
    options.mip_feasibility_tolerance = 10**-9
    options.time_limit = _SECONDS
    solver = _silent(highspy)
    solver.passOptions(options)
    solver.passModel(_model(scores, rows, highspy, np))
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    return [int(place) for place in np.flatnonzero(np.rint(solver.getSolution().col_value) == 1)]


def _silent(highspy: Any) -> Any:
    """A solver that writes nothing: the library greets on standard output as soon as one is made, before any option."""

    class Silent(highspy.Highs):
        def enableCallbacks(self) -> None:  # noqa: N802  the library's name, and the step at which it greets
            self.silent()
            super().enableCallbacks()

    return Silent()


def _model(scores: Sequence[int], rows: Sequence[Row], highspy: Any, np: Any) -> Any:
    """The rows as one sparse matrix."""
    count = len(scores)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = count, len(rows)
    lp.sense_ = highspy.ObjSense.kMaximize
    lp.col_cost_ = np.array(scores, dtype=np.float64)
    lp.col_lower_, lp.col_upper_ = np.zeros(count), np.ones(count)
    places = [np.fromiter(weights.keys(), np.int32, len(weights)) for weights, _, _ in rows]
    values = [np.fromiter(weights.values(), np.int64, len(weights)) for weights, _, _ in rows]
    # The smallest whole numbers that say the same keep the library's rounding away from them.
    common = [int(np.gcd.reduce(one)) or 1 if len(one) else 1 for one in values]
    least = [-highspy.kHighsInf if row[2] is None else -(-row[2] // n) for row, n in zip(rows, common, strict=True)]
    most = [highspy.kHighsInf if row[1] is None else row[1] // n for row, n in zip(rows, common, strict=True)]
    lp.row_lower_, lp.row_upper_ = np.array(least, np.float64), np.array(most, np.float64)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = np.cumsum([0, *map(len, places)], dtype=np.int32)
    lp.a_matrix_.index_ = np.concatenate(places)
    lp.a_matrix_.value_ = np.concatenate([one // n for one, n in zip(values, common, strict=True)]).astype(np.float64)
    lp.integrality_ = [highspy.HighsVarType.kInteger] * count
    return lp
