"""A machine against a list written by hand: the whole product of its states and verbs, allowed or refused."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import pytest

from market.kernel.errors import Refused
from market.kernel.permits import Permit
from market.kernel.states import Machine

CLOCK_ONLY = "clock"
# (state, verb) -> (next state, who may: a permit's value, or CLOCK_ONLY)
Listed = Mapping[tuple[str, str], tuple[str, str]]


def check_product(machine: Machine[StrEnum], verbs: type[StrEnum], listed: Listed) -> None:
    """Every listed move leads where the list says and needs that permit; every other pair is refused."""
    states = {state.value for state in machine.states}
    wrong = [pair for pair, (target, _who) in listed.items() if pair[0] not in states or target not in states]
    assert not wrong, "the list names states that do not exist"
    for state in machine.states:
        for verb in verbs:
            if (state.value, verb.value) in listed:
                target, who = listed[state.value, verb.value]
                step = machine.step(state, verb)
                assert step.target == target, f"{state} + {verb}"
                assert (step.permit or CLOCK_ONLY) == who, f"{state} + {verb}"
                assert step.label or step.permit is None, f"{state} + {verb} has no words for its button"
            else:
                with pytest.raises(Refused):
                    machine.step(state, verb)
    everybody = machine.verbs_from(next(iter(machine.states)), set())
    assert everybody == [], "somebody without a permit is offered a button"
    assert {move.permit for move in machine.moves} - {None} <= set(Permit)
