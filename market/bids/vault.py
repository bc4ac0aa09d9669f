"""Where drafts are encrypted, and where their keys lie.

Each draft has a data key of its own. The key is a small file, locked under the installation's key, beside the file
store; only its name stands in the database. When a draft is submitted or thrown away the file is removed as soon as
the transaction has committed, so that neither a freed page nor a write-ahead log of the database can be read again,
not even with the installation's key.
"""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from market.db.session import db
from market.kernel.canonical import canonical_bytes
from market.kernel.sealing import decrypt, encrypt, new_key
from market.records.files import store
from market.records.keys import lock, unlock

FOLDER = "draft-keys"
_FORGOTTEN = "market_bids_forgotten"


def _path(name: str) -> Path:
    return store().root / FOLDER / name


def _context(name: str) -> str:
    return f"draft-key:{name}"


def make_key() -> tuple[str, bytes]:
    """Make a data key and keep it on disk; return the name of its file and the key."""
    name, key = secrets.token_hex(16), new_key()
    target = _path(name)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, incoming = tempfile.mkstemp(dir=target.parent, prefix=".incoming-")
    with os.fdopen(handle, "wb") as out:
        out.write(lock(_context(name), key))
        out.flush()
        os.fsync(out.fileno())
    Path(incoming).replace(target)
    return name, key


def find_key(name: str) -> bytes | None:
    """Return a draft's data key, or None when its file is gone."""
    try:
        return unlock(_context(name), _path(name).read_bytes())
    except FileNotFoundError:
        return None


def close(doc: dict[str, Any], name: str, key: bytes) -> bytes:
    """Encrypt a draft's document."""
    return encrypt(key, canonical_bytes(doc), _context(name).encode())


def disclose(ciphertext: bytes, name: str, key: bytes) -> dict[str, Any]:
    """Decrypt a draft's document."""
    doc: dict[str, Any] = json.loads(decrypt(key, ciphertext, _context(name).encode()))
    return doc


def forget_key(name: str) -> None:
    """Remove a draft's key when the present transaction has committed; a rollback keeps it."""
    db.session().info.setdefault(_FORGOTTEN, []).append(name)


def _after_commit(session: Session) -> None:
    for name in session.info.pop(_FORGOTTEN, ()):
        _path(name).unlink(missing_ok=True)


def _after_rollback(session: Session) -> None:
    session.info.pop(_FORGOTTEN, None)


event.listen(Session, "after_commit", _after_commit)
event.listen(Session, "after_rollback", _after_rollback)


def sweep(is_used: Callable[[list[str]], set[str]], before: datetime) -> int:
    """Remove keys written before `before` (real time) that no draft names: left by a crash. Returns how many."""
    folder = store().root / FOLDER
    if not folder.is_dir():
        return 0
    old = [path for path in folder.iterdir() if path.stat().st_mtime < before.timestamp()]
    if not old:
        return 0
    used = is_used([path.name for path in old])
    lost = [path for path in old if path.name not in used]
    for path in lost:
        path.unlink(missing_ok=True)
    return len(lost)


def content_is_there(stored_digest: str) -> bool:
    """Whether a stored file's content lies on disk."""
    return store().path(stored_digest).is_file()
