"""The chains: every changed byte is found, no fork is possible, what is private can be erased."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from market.db.session import db
from market.kernel.clock import system_now
from market.kernel.errors import Forbidden
from market.kernel.permits import CLOCK, Actor, Grant, Permit, Role, Scope
from market.records.audit import GENESIS, Subject, acts_of, history, record, require_other_hands, verify_all
from market.records.models import AuditEntry, AuditSecret, Chain

CLERK = Actor(41, "王芳", (Grant(Role.STREET_CLERK, 1, 1),))
SUBJECT = Subject("tender", 7, ("file", "1"), Scope(1, 1))


def _write(number: int = 5, subject: Subject = SUBJECT) -> list[AuditEntry]:
    return [
        db.session.get_one(
            AuditEntry,
            record(
                subject,
                "save",
                CLERK,
                system_now(),
                permit=Permit.TENDER_DRAFT,
                facts={"step": step},
                private={"reason": f"私下的理由{step}"},
            ),
        )
        for step in range(number)
    ]


def _unprotected(session: Session) -> None:
    """Somebody with full power over the database takes the triggers away."""
    if session.get_bind().dialect.name == "sqlite":
        for verb in ("update", "delete"):
            session.execute(text(f"DROP TRIGGER audit_entry_keeps_{verb}"))
    else:
        session.execute(text("DROP TRIGGER audit_entry_keeps ON audit_entry"))


def test_a_whole_chain_holds(session: Session) -> None:
    entries = _write()
    _write(2, Subject("tender", 8, ("file", "2"), Scope(1, 1)))
    assert verify_all() == (7, None)
    assert entries[0].prev == GENESIS
    assert [e.prev for e in entries[1:]] == [e.digest for e in entries[:-1]]


def _in_header(name: str, value: object) -> Callable[[AuditEntry], dict[str, object]]:
    def change(entry: AuditEntry) -> dict[str, object]:
        header = json.loads(entry.header)
        assert header[name] != value
        return {"header": json.dumps(header | {name: value}, ensure_ascii=False)}

    return change


CHANGES: dict[str, Callable[[AuditEntry], dict[str, object]]] = {
    "what was done": _in_header("verb", "publish"),
    "the facts": _in_header("facts", {"step": 99}),
    "the instant": _in_header("at", "2026-01-01T00:00:00Z"),
    "whose it is": _in_header("subject", ["tender", 8]),
    "under which permit": _in_header("permit", None),
    "as what": _in_header("actor", "clock"),
    "the commitments": _in_header("commitments", {}),
    "the digest": lambda entry: {"digest": "f" * 64},
    "the link": lambda entry: {"prev": "e" * 64},
    "the verb beside the header": lambda entry: {"verb": "publish"},
    "the subject beside the header": lambda entry: {"subject_id": 8},
    "the permit beside the header": lambda entry: {"permit": "tenders:tender:approve"},
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_changed_link_is_found_and_named(session: Session, what: str) -> None:
    entry = _write()[2]
    _unprotected(session)
    session.execute(update(AuditEntry).where(AuditEntry.id == entry.id).values(CHANGES[what](entry)))
    session.expire_all()
    fault = verify_all()[1]
    assert fault is not None
    assert (fault.chain, fault.seq) == (("file", "1"), 3)
    assert fault.expected != fault.found


def test_one_changed_character_anywhere_in_a_header_is_found(session: Session) -> None:
    entry = _write(1)[0]
    _unprotected(session)
    whole = entry.header
    for place in range(0, len(whole), 7):
        other = "0" if whole[place] != "0" else "1"
        session.execute(
            update(AuditEntry)
            .where(AuditEntry.id == entry.id)
            .values(header=whole[:place] + other + whole[place + 1 :])
        )
        session.expire_all()
        assert verify_all()[1] is not None, f"character {place} of the header"


def test_a_removed_link_is_found(session: Session) -> None:
    entries = _write()
    session.execute(text("DELETE FROM audit_secret"))
    _unprotected(session)
    for entry in (entries[1], entries[-1]):
        session.execute(text("DELETE FROM audit_entry WHERE id = :id"), {"id": entry.id})
        session.expire_all()
        assert verify_all()[1] is not None


def test_a_forgotten_tail_shows_at_the_head(session: Session) -> None:
    entries = _write()
    session.execute(update(Chain).values(head=entries[2].digest, length=3))
    session.expire_all()
    fault = verify_all()[1]
    assert fault is not None
    assert fault.what == "head"


def test_a_changed_private_part_is_found_and_an_erased_one_is_not_missed(session: Session) -> None:
    entry = _write()[1]
    session.execute(text("DELETE FROM audit_secret WHERE name = 'reason'"))
    assert verify_all()[1] is None
    session.execute(update(AuditSecret).where(AuditSecret.entry_id == entry.id).values(value=42))
    session.expire_all()
    fault = verify_all()[1]
    assert fault is not None
    assert (fault.seq, fault.what) == (2, "commitment actor")


def test_the_database_lets_nobody_change_a_link(session: Session) -> None:
    _write(1)
    for statement in ("UPDATE audit_entry SET verb = 'x'", "DELETE FROM audit_entry"):
        with pytest.raises(DBAPIError, match="never changed"), session.begin_nested():
            session.execute(text(statement))


def test_the_database_lets_no_chain_fork(session: Session) -> None:
    entry = _write(2)[1]
    twin = {c.name: getattr(entry, c.name) for c in AuditEntry.__table__.columns if c.name not in {"id", "digest"}}
    for changed in ({"seq": 99}, {"prev": "d" * 64}):
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(insert(AuditEntry).values({**twin, "digest": "c" * 64, **changed}))


def test_the_public_header_names_the_role_and_no_person(session: Session) -> None:
    entry = _write(1)[0]
    header = json.loads(entry.header)
    assert header["actor"] == "street_clerk"
    assert "王芳" not in entry.header
    assert "理由" not in entry.header
    assert set(header["commitments"]) == {"actor", "reason"}
    closed = db.session.get_one(AuditEntry, record(SUBJECT, "close", CLOCK, system_now()))
    clocks = json.loads(closed.header)
    assert clocks["actor"] == "clock"


def test_what_was_done_by_whom_can_be_asked_later(session: Session) -> None:
    _write(2)
    record(SUBJECT, "look", Actor(42, "李华"), system_now())
    assert acts_of(CLERK, "tender", 7) == [Permit.TENDER_DRAFT]
    assert acts_of(CLERK, "tender", 8) == []
    assert [e.verb for e in history("tender", 7)] == ["save", "save", "look"]
    with pytest.raises(Forbidden, match="编制人不得审核"):
        require_other_hands(CLERK, Permit.TENDER_APPROVE, "tender", 7)
    require_other_hands(Actor(42, "李华"), Permit.TENDER_APPROVE, "tender", 7)
    assert session.scalars(select(Chain.length)).all() == [3]
