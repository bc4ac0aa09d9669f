"""`move()`: the one hand that changes a state, and writes it down."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, cast

from sqlalchemy import CursorResult, inspect, update
from sqlalchemy.orm.attributes import set_committed_value

from market.db.session import db
from market.kernel.errors import Forbidden, Stale
from market.kernel.permits import Actor, require
from market.kernel.states import Machine
from market.kernel.text import N_
from market.records.audit import Subject, record


class Stateful(Protocol):
    """A row with a state column that belongs to a chain and a scope."""

    id: Any
    state: Any

    @property
    def subject(self) -> Subject:
        """Kind, id, chain and scope of the row."""
        ...


def move(
    row: Stateful,
    machine: Machine[Any],
    verb: StrEnum,
    actor: Actor,
    at: datetime,
    *,
    facts: Mapping[str, Any] | None = None,
    private: Mapping[str, Any] | None = None,
) -> None:
    """Make the move in the table, in the audit chain, and in the row.

    What was set on the row before goes into the same statement, because constraints say which facts a state needs.
    Raises Refused when the table has no such move, Forbidden when the actor may not make it (the clock only moves
    marked `by_clock`), Stale when somebody else moved the row first.
    """
    with db.session.no_autoflush:
        # Reading a row that must be loaded again would write its new facts before the state they belong to.
        before, subject = row.state, row.subject
    step = machine.step(before, verb)
    if actor.is_clock:
        if not step.by_clock:
            raise Forbidden(N_("此事须由有权限的人员办理，系统不得自动办理。"))
    elif step.permit is None:
        raise Forbidden(N_("此事由系统到期自动办理，无需人工操作。"))
    else:
        require(actor, step.permit, subject.scope)
    table = type(row)
    if inspect(row).pending:
        db.session.flush()
    changed = _changed(row)
    done = cast(
        "CursorResult[Any]",
        db.session.execute(
            update(table)
            .where(table.id == row.id, table.state == before)
            .values(changed | {"state": step.target.value})
            .execution_options(synchronize_session=False, autoflush=False)
        ),
    )
    if done.rowcount != 1:
        raise Stale(N_("页面内容已被他人更新，请刷新后再办理。"))
    for name, value in (changed | {"state": step.target.value}).items():
        set_committed_value(row, name, value)
    record(
        row.subject,
        str(verb),
        actor,
        at,
        permit=None if actor.is_clock else step.permit,
        facts={"from": str(before), "to": str(step.target), **(facts or {})},
        private=private,
    )


def _changed(row: Stateful) -> dict[str, Any]:
    """Columns set on the row and not yet written."""
    state = inspect(row)
    changed = {a.key: a.value for a in state.attrs if a.key in state.mapper.column_attrs and a.history.has_changes()}
    changed.pop("state", None)
    return changed
