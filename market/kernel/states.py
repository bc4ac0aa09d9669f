"""A state machine is one table of moves; buttons, actions, constraints, tests, diagrams and timers read it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from market.kernel.errors import Refused
from market.kernel.permits import Permit
from market.kernel.text import N_

S = TypeVar("S", bound=StrEnum)


@dataclass(frozen=True)
class Move:
    """One row: in state `source`, `verb` leads to `target`; by a person holding `permit`, or by the clock."""

    source: StrEnum
    verb: StrEnum
    target: StrEnum
    permit: Permit | None = None
    label: str = ""
    by_clock: bool = False


class Machine(Generic[S]):
    """The whole table of one kind of thing.

    Refuses to be built when a (state, verb) pair has two targets, when a state cannot be reached from `start`, or when
    a move has neither a permit nor the mark `by_clock`.
    """

    def __init__(self, states: type[S], *, name: str, start: S, moves: Sequence[Move]) -> None:
        self.states, self.name, self.start, self.moves = states, name, start, tuple(moves)
        self._table: dict[tuple[str, str], Move] = {}
        for row in self.moves:
            if (row.source, row.verb) in self._table:
                raise ValueError(f"{name}: {row.source} + {row.verb} has two targets")
            if row.permit is None and not row.by_clock:
                raise ValueError(f"{name}: {row.source} + {row.verb} belongs to nobody")
            self._table[row.source, row.verb] = row
        lost = set(states) - self._reachable()
        if lost:
            raise ValueError(f"{name}: no way leads to {sorted(lost)}")

    def _reachable(self) -> set[StrEnum]:
        seen: set[StrEnum] = {self.start}
        while new := {m.target for m in self.moves if m.source in seen} - seen:
            seen |= new
        return seen

    def step(self, state: str, verb: str) -> Move:
        """Return the move, or raise Refused when `verb` does not exist in `state`."""
        try:
            return self._table[state, verb]
        except KeyError:
            raise Refused(N_("当前状态下不能办理此事，请刷新页面查看最新进展。")) from None

    def verbs_from(self, state: str, permits: Iterable[Permit]) -> list[Move]:
        """Return the moves a holder of `permits` may make from `state`, in table order (the buttons)."""
        held = set(permits)
        return [m for m in self.moves if m.source == state and m.permit in held]

    def final(self) -> set[S]:
        """Return the states nothing leads out of."""
        return set(self.states) - {s for s in self.states if any(m.source == s for m in self.moves)}

    def diagram(self) -> str:
        """Return the table as a Mermaid state diagram."""
        rows = [f"    [*] --> {self.start}"]
        for m in self.moves:
            who = (
                "by clock" if m.permit is None else m.permit.replace(":", "-") + (" or by clock" if m.by_clock else "")
            )
            rows.append(f"    {m.source} --> {m.target} : {m.verb} ({who})")
        rows += [f"    {s} --> [*]" for s in sorted(self.final())]
        return "stateDiagram-v2\n" + "\n".join(rows) + "\n"
