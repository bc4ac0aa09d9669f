"""Hash chains: every write of the house is one link.

A link's digest is SHA-256 over the canonical header
`{"actor","at","chain","commitments","facts","permit","prev","seq","subject","verb"}`. Whatever is private (the acting
person's id among it) stands in the header only as a salted commitment (`kernel/commitments.py`), so that it can be
withheld or erased and the chain still verifies.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from market.db.session import db
from market.kernel.canonical import canonical_bytes, digest, sha256_hex
from market.kernel.commitments import commit, new_salt
from market.kernel.permits import Actor, Permit, Scope, require_apart
from market.records.models import AuditEntry, AuditSecret, Chain

GENESIS = "0" * 64


@dataclass(frozen=True)
class Subject:
    """What an entry is about and in which chain it stands."""

    kind: str
    id: int
    chain: tuple[str, str]
    scope: Scope


class Head(NamedTuple):
    """Where a chain stands."""

    id: int
    head: str
    length: int


# Built once, and without objects of the session: every write of the house passes here.
_LOCKED = (
    select(Chain.id, Chain.head, Chain.length)
    .where(Chain.kind == bindparam("kind"), Chain.key == bindparam("key"))
    .with_for_update()
)
_ENTRY = insert(AuditEntry).returning(AuditEntry.id)
_SECRETS = insert(AuditSecret)
_GROWN = update(Chain).where(Chain.id == bindparam("chain"))


def _at_once() -> Any:
    """Entry, its one secret and the chain's growth as one statement: each is a way to the server under the lock."""
    columns = [column.name for column in AuditEntry.__table__.columns if column.name != "id"]
    entry = insert(AuditEntry).values({name: bindparam(f"its_{name}") for name in columns})
    written = entry.returning(AuditEntry.id).cte("written")
    growth = update(Chain).where(Chain.id == bindparam("its_chain_id"))
    grown = growth.values(head=bindparam("its_digest"), length=bindparam("its_seq")).cte("grown")
    private = [bindparam(name, type_=AuditSecret.__table__.c[name].type) for name in ("name", "salt", "value")]
    secret = insert(AuditSecret).from_select(["entry_id", "name", "salt", "value"], select(written.c.id, *private))
    return secret.add_cte(grown).returning(AuditSecret.entry_id)


_AT_ONCE = _at_once()


def lock_chain(kind: str, key: str) -> Head:
    """Return where the chain stands, locked until the transaction ends; creates it when it is new."""
    connection, named = db.session.connection(), {"kind": kind, "key": key}
    found = connection.execute(_LOCKED, named).first()
    if found is None:
        insert_new = sqlite_insert if connection.dialect.name == "sqlite" else pg_insert
        values = {**named, "head": GENESIS, "length": 0}
        connection.execute(insert_new(Chain).values(values).on_conflict_do_nothing())
        found = connection.execute(_LOCKED, named).one()
    return Head(*found)


def record(
    subject: Subject,
    verb: str,
    actor: Actor,
    at: datetime,
    *,
    permit: Permit | None = None,
    facts: Mapping[str, Any] | None = None,
    private: Mapping[str, Any] | None = None,
) -> int:
    """Append one link to the subject's chain and return its id.

    `facts` become public with the chain; `private` values are stored beside it behind salted commitments.
    """
    # What is recorded is written by now.
    db.session.flush()
    secrets = {"actor": actor.user_id, **(private or {})}
    salts = {name: new_salt() for name in secrets}
    commitments = {name: commit(name, value, salts[name]) for name, value in secrets.items()}
    role = actor.role_for(permit, subject.scope) if permit else None
    # Others who write into this chain wait from here until the transaction ends.
    chain = lock_chain(*subject.chain)
    header = {
        "actor": "clock" if actor.is_clock else str(role or "person"),
        "at": at,
        "chain": list(subject.chain),
        "commitments": commitments,
        "facts": dict(facts or {}),
        "permit": str(permit) if permit else None,
        "prev": chain.head,
        "seq": chain.length + 1,
        "subject": [subject.kind, subject.id],
        "verb": verb,
    }
    written = canonical_bytes(header)
    entry = {
        "chain_id": chain.id,
        "seq": chain.length + 1,
        "prev": chain.head,
        "digest": sha256_hex(written),
        "at": at,
        "header": written.decode(),
        "actor_id": actor.user_id,
        "permit": str(permit) if permit else None,
        "verb": verb,
        "subject_kind": subject.kind,
        "subject_id": subject.id,
    }
    connection = db.session.connection()
    parts = [{"name": name, "salt": salts[name], "value": value} for name, value in secrets.items()]
    if len(parts) == 1 and connection.dialect.name == "postgresql":
        its = {f"its_{name}": value for name, value in entry.items()}
        return int(connection.execute(_AT_ONCE, its | parts[0]).scalar_one())
    entry_id = int(connection.execute(_ENTRY, entry).scalar_one())
    rows = [{"entry_id": entry_id, **part} for part in parts]
    # Mostly it is the actor alone, and the driver makes a pipeline of a list, however short.
    connection.execute(_SECRETS, rows if len(rows) > 1 else rows[0])
    connection.execute(_GROWN, {"chain": chain.id, "head": entry["digest"], "length": entry["seq"]})
    return entry_id


def acts_of(actor: Actor, subject_kind: str, subject_id: int) -> list[Permit]:
    """Return the permits under which this person has already acted on the subject."""
    rows = db.session.scalars(
        select(AuditEntry.permit)
        .distinct()
        .where(
            AuditEntry.actor_id == actor.user_id,
            AuditEntry.subject_kind == subject_kind,
            AuditEntry.subject_id == subject_id,
            AuditEntry.permit.is_not(None),
        )
    )
    return [Permit(p) for p in rows if p]


def require_other_hands(actor: Actor, permit: Permit, subject_kind: str, subject_id: int) -> None:
    """Raise Forbidden when this person did the other half of a forbidden pair on this subject."""
    require_apart(permit, acts_of(actor, subject_kind, subject_id))


def history(subject_kind: str, subject_id: int) -> list[AuditEntry]:
    """Return the entries about one subject, oldest first."""
    query = select(AuditEntry).filter_by(subject_kind=subject_kind, subject_id=subject_id).order_by(AuditEntry.id)
    return list(db.session.scalars(query))


@dataclass(frozen=True)
class ChainFault:
    """The first link that does not hold, with what was expected and what stands there."""

    chain: tuple[str, str]
    seq: int
    what: str
    expected: str
    found: str


def verify_chain(chain: Chain) -> ChainFault | None:
    """Re-compute every link of one chain; return the first fault, or None."""
    key, prev, count = (chain.kind, chain.key), GENESIS, 0
    rows = db.session.scalars(
        select(AuditEntry).filter_by(chain_id=chain.id).order_by(AuditEntry.seq).execution_options(yield_per=500)
    )
    with closing(rows):
        for part in rows.partitions():
            secrets = _secrets_of(part)
            for entry in part:
                count += 1
                fault = _link_fault(key, count, prev, entry, secrets[entry.id])
                if fault:
                    return fault
                prev = entry.digest
    if chain.head != prev or chain.length != count:
        return ChainFault(key, count, "head", prev, chain.head)
    return None


def _secrets_of(entries: Sequence[AuditEntry]) -> dict[int, list[AuditSecret]]:
    """The private parts that are kept of these entries, by entry: one statement for all of them."""
    found: dict[int, list[AuditSecret]] = defaultdict(list)
    wanted = AuditSecret.entry_id.in_([entry.id for entry in entries])
    for secret in db.session.scalars(select(AuditSecret).where(wanted).order_by(AuditSecret.id)):
        found[secret.entry_id].append(secret)
    return found


def _link_fault(
    key: tuple[str, str], count: int, prev: str, entry: AuditEntry, secrets: Sequence[AuditSecret]
) -> ChainFault | None:
    """One link against the one before it. What a damaged header says is not believed before its digest holds."""
    try:
        header = json.loads(entry.header)
        found = digest(header)
    except (ValueError, TypeError):
        return ChainFault(key, count, "header", entry.digest, "-")
    if found != entry.digest:
        return ChainFault(key, count, "digest", found, entry.digest)
    if entry.seq != count or header["seq"] != count:
        return ChainFault(key, count, "seq", str(count), str(entry.seq))
    if entry.prev != prev or header["prev"] != prev:
        return ChainFault(key, count, "prev", prev, entry.prev)
    return _columns_fault(key, entry, header) or _secrets_fault(key, entry, header, secrets)


def _columns_fault(key: tuple[str, str], entry: AuditEntry, header: dict[str, Any]) -> ChainFault | None:
    """The plain columns beside the header must say the same as it does."""
    column = [entry.verb, entry.subject_kind, entry.subject_id, entry.permit]
    stated = [header["verb"], *header["subject"], header["permit"]]
    if column != stated:
        return ChainFault(key, entry.seq, "columns", str(stated), str(column))
    return None


def _secrets_fault(
    key: tuple[str, str], entry: AuditEntry, header: dict[str, Any], secrets: Sequence[AuditSecret]
) -> ChainFault | None:
    for secret in secrets:
        expected = header["commitments"].get(secret.name, "")
        found = commit(secret.name, secret.value, secret.salt)
        if found != expected:
            return ChainFault(key, entry.seq, f"commitment {secret.name}", expected, found)
    return None


def verify_all() -> tuple[int, ChainFault | None]:
    """Verify every chain; return how many links hold and the first fault."""
    links = 0
    for chain in db.session.scalars(select(Chain).order_by(Chain.id).execution_options(populate_existing=True)):
        fault = verify_chain(chain)
        if fault:
            return links, fault
        links += chain.length
    return links, None
