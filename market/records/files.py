"""The content-addressed file store: digest and size taken while the upload is read, type sniffed from the content.

A file that belongs to a bid is encrypted with its own key before its first byte reaches the disk.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from market.db.session import db
from market.kernel.errors import NotFound, Refused
from market.kernel.permits import Actor
from market.kernel.sealing import decrypt, encrypt
from market.kernel.text import N_
from market.records.models import StoredFile

LIMIT_BYTES = 20 * 1024 * 1024
_CHUNK = 256 * 1024

# First bytes and the type they prove. Office files are ZIP containers and are told apart by their name.
_SIGNATURES = [
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"PK\x03\x04", "application/zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
]
_OFFICE = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".ofd": "application/ofd",
}
_TEXT = {".csv": "text/csv", ".txt": "text/plain", ".xml": "application/xml", ".json": "application/json"}
SHOWN_INLINE = {"application/pdf", "image/png", "image/jpeg"}


@dataclass(frozen=True)
class FileStore:
    """A folder of contents named by their SHA-256."""

    root: Path

    def path(self, digest: str) -> Path:
        """Return where the content with this digest lies."""
        return self.root / digest[:2] / digest[2:]

    def write(self, chunks: Iterator[bytes]) -> tuple[str, int]:
        """Stream content to disk; return its digest and size. Writing the same content twice is harmless."""
        self.root.mkdir(parents=True, exist_ok=True)
        sha, size = hashlib.sha256(), 0
        handle, name = tempfile.mkstemp(dir=self.root, prefix=".incoming-")
        try:
            with os.fdopen(handle, "wb") as out:
                for chunk in chunks:
                    size += len(chunk)
                    sha.update(chunk)
                    out.write(chunk)
                out.flush()
                os.fsync(out.fileno())
            target = self.path(sha.hexdigest())
            target.parent.mkdir(exist_ok=True)
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        return sha.hexdigest(), size

    def read(self, digest: str) -> bytes:
        """Return the content; raises NotFound with a sentence when it is gone."""
        try:
            return self.path(digest).read_bytes()
        except FileNotFoundError:
            raise NotFound(N_("文件内容已不在存储中，请联系平台管理员从备份恢复。")) from None


_opened: dict[str, FileStore] = {}


def open_store(root: Path) -> None:
    """Point the process at its file store; called once by the app factory."""
    _opened["store"] = FileStore(root)


def store() -> FileStore:
    """Return the process's file store."""
    return _opened["store"]


def sniff(head: bytes, name: str) -> str:
    """Return the media type proved by the content's first bytes; raises Refused for a type that is not taken."""
    suffix = Path(name.lower()).suffix
    for signature, media_type in _SIGNATURES:
        if head.startswith(signature):
            if media_type == "application/zip":
                return _OFFICE.get(suffix, media_type)
            return media_type
    if suffix in _TEXT and b"\x00" not in head:
        return _TEXT[suffix]
    raise Refused(
        N_("“%(name)s”的内容不是可接受的文件类型；请上传 PDF、图片（JPG、PNG）、Office 文档、CSV 或 ZIP。"), name=name
    )


def _plain_chunks(stream: BinaryIO, head: bytes, name: str) -> Iterator[bytes]:
    total, chunk = 0, head
    while chunk:
        total += len(chunk)
        if total > LIMIT_BYTES:
            raise Refused(N_("“%(name)s”超过 20 MB，请压缩或拆分后再上传。"), name=name)
        yield chunk
        chunk = stream.read(_CHUNK)


def keep(
    stream: BinaryIO,
    name: str,
    subject: tuple[str, int],
    actor: Actor,
    at: datetime,
    *,
    public: bool = False,
) -> StoredFile:
    """Keep an upload and return its row. Raises Refused for empty, oversized or unknown content."""
    head = stream.read(_CHUNK)
    if not head:
        raise Refused(N_("“%(name)s”是空文件，请检查后重新上传。"), name=name)
    media_type = sniff(head, name)
    digest, size = store().write(_plain_chunks(stream, head, name))
    row = StoredFile(
        sha256=digest,
        stored_sha256=digest,
        size=size,
        name=Path(name).name[:200],
        media_type=media_type,
        encrypted=False,
        public=public,
        subject_kind=subject[0],
        subject_id=subject[1],
        kept_by=actor.user_id,
        kept_at=at,
    )
    db.session.add(row)
    db.session.flush()
    return row


@dataclass(frozen=True)
class SecretFile:
    """What the owner must remember of an encrypted file; belongs inside an encrypted document only."""

    file_id: int
    name: str
    media_type: str
    size: int
    sha256: str
    key: str = field(repr=False)


@dataclass(frozen=True)
class EncryptedUpload:
    """An upload encrypted and on disk, without its row yet."""

    stored_sha256: str
    name: str
    media_type: str
    size: int
    sha256: str
    key: bytes = field(repr=False)


def encrypt_upload(stream: BinaryIO, name: str) -> EncryptedUpload:
    """Encrypt an upload under a fresh key and write it to disk: the slow part, done before the write transaction."""
    head = stream.read(_CHUNK)
    if not head:
        raise Refused(N_("“%(name)s”是空文件，请检查后重新上传。"), name=name)
    media_type = sniff(head, name)
    plain = b"".join(_plain_chunks(stream, head, name))
    key = os.urandom(32)
    digest, _ = store().write(iter([encrypt(key, plain, b"bid-file")]))
    sha256 = hashlib.sha256(plain).hexdigest()
    return EncryptedUpload(digest, Path(name).name[:200], media_type, len(plain), sha256, key)


def keep_encrypted(
    upload: EncryptedUpload, subject: tuple[str, int], actor: Actor, at: datetime
) -> tuple[StoredFile, SecretFile]:
    """Keep the row of an encrypted upload; it shows neither name nor plain digest."""
    row = StoredFile(
        sha256=None,
        stored_sha256=upload.stored_sha256,
        size=upload.size,
        name="",
        media_type="application/octet-stream",
        encrypted=True,
        public=False,
        subject_kind=subject[0],
        subject_id=subject[1],
        kept_by=actor.user_id,
        kept_at=at,
    )
    db.session.add(row)
    db.session.flush()
    return row, SecretFile(row.id, upload.name, upload.media_type, upload.size, upload.sha256, upload.key.hex())


def keep_secret(
    stream: BinaryIO, name: str, subject: tuple[str, int], actor: Actor, at: datetime
) -> tuple[StoredFile, SecretFile]:
    """Keep an upload encrypted under a fresh key; the row shows neither name nor plain digest."""
    return keep_encrypted(encrypt_upload(stream, name), subject, actor, at)


def open_secret(row: StoredFile, secret: SecretFile) -> bytes:
    """Return the plain content of an encrypted file and check its digest."""
    plain = decrypt(bytes.fromhex(secret.key), store().read(row.stored_sha256), b"bid-file")
    if hashlib.sha256(plain).hexdigest() != secret.sha256:
        raise Refused(N_("文件内容与登记的摘要不一致。"))
    return plain


def keep_bytes(
    content: bytes, name: str, media_type: str, subject: tuple[str, int], at: datetime, *, public: bool = False
) -> StoredFile:
    """Keep a generated document (a PDF, a payment file)."""
    digest, size = store().write(iter([content]))
    row = StoredFile(
        sha256=digest,
        stored_sha256=digest,
        size=size,
        name=name,
        media_type=media_type,
        encrypted=False,
        public=public,
        subject_kind=subject[0],
        subject_id=subject[1],
        kept_by=None,
        kept_at=at,
    )
    db.session.add(row)
    db.session.flush()
    return row


def content_of(row: StoredFile) -> bytes:
    """Return a plain file's content."""
    return store().read(row.stored_sha256)


def files_of(kind: str, subject_id: int) -> list[StoredFile]:
    """Return the files kept for one subject, oldest first."""
    query = db.select(StoredFile).filter_by(subject_kind=kind, subject_id=subject_id).order_by(StoredFile.id)
    return list(db.session.scalars(query))
