"""Stored files: content decides what they are, digests name them, a bid's file is never readable at rest."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from market.kernel.clock import system_now
from market.kernel.errors import NotFound, Refused
from market.kernel.permits import Actor
from market.records import files
from market.records.files import LIMIT_BYTES, content_of, files_of, keep, keep_bytes, keep_secret, open_secret, store

CLERK = Actor(41, "王芳")
PDF = b"%PDF-1.7\n" + b"x" * 500
SUBJECT = ("tender", 7)


def _keep(content: bytes, name: str) -> files.StoredFile:
    return keep(io.BytesIO(content), name, SUBJECT, CLERK, system_now())


def _at_rest() -> bytes:
    return b"".join(path.read_bytes() for path in store().root.rglob("*") if path.is_file())


def test_size_and_digest_are_taken_while_the_upload_is_read(session: Session) -> None:
    row = _keep(PDF, "服务方案.pdf")
    assert (row.sha256, row.size) == (hashlib.sha256(PDF).hexdigest(), len(PDF))
    assert (row.media_type, row.name) == ("application/pdf", "服务方案.pdf")
    assert content_of(row) == PDF
    assert [one.id for one in files_of(*SUBJECT)] == [row.id]


def test_the_same_content_lies_in_the_store_once(session: Session) -> None:
    first, second = _keep(PDF, "一.pdf"), _keep(PDF, "二.pdf")
    assert first.id != second.id
    assert store().path(first.stored_sha256) == store().path(second.stored_sha256)


@pytest.mark.parametrize(
    ("content", "name", "media_type"),
    [
        (PDF, "图片.png", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n....", "a.pdf", "image/png"),
        (b"\xff\xd8\xff....", "a.jpg", "image/jpeg"),
        (b"PK\x03\x04....", "a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (b"PK\x03\x04....", "a.zip", "application/zip"),
        ("姓名,金额\n".encode(), "a.csv", "text/csv"),
    ],
)
def test_the_content_says_what_it_is_not_the_name(session: Session, content: bytes, name: str, media_type: str) -> None:
    assert _keep(content, name).media_type == media_type


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"", "空.pdf", "是空文件"),
        (b"MZ\x90\x00....", "程序.pdf", "不是可接受的文件类型"),
        (b"<html><script>", "网页.html", "不是可接受的文件类型"),
        (b"a\x00b", "表格.csv", "不是可接受的文件类型"),
    ],
)
def test_what_is_not_taken_is_refused_by_name(session: Session, content: bytes, name: str, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence) as refused:
        _keep(content, name)
    assert name in refused.value.text


def test_too_much_is_refused_and_leaves_nothing_behind(session: Session) -> None:
    before = _at_rest()

    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1) -> bytes:
            self.given += size
            return (b"%PDF-" + b"x" * size)[:size] if self.given <= LIMIT_BYTES + 2 * size else b""

    with pytest.raises(Refused, match="超过 20 MB"):
        keep(Endless(), "大.pdf", SUBJECT, CLERK, system_now())  # type: ignore[arg-type]
    assert _at_rest() == before


@pytest.mark.parametrize("name", ["../../etc/passwd.pdf", "C:\\x\\方案.pdf", "/a/b/方案.pdf"])
def test_a_name_brings_no_path_along(session: Session, name: str) -> None:
    assert "/" not in _keep(PDF, name).name


def test_a_bid_s_file_shows_neither_content_nor_name_nor_digest(session: Session) -> None:
    marker = b"%PDF-1.7 MARKER-8f3a"
    row, secret = keep_secret(io.BytesIO(marker), "报价单-机密.pdf", ("bid", 1), CLERK, system_now())
    assert (row.name, row.sha256, row.media_type) == ("", None, "application/octet-stream")
    assert b"MARKER-8f3a" not in _at_rest()
    assert hashlib.sha256(marker).hexdigest().encode() not in _at_rest()
    assert open_secret(row, secret) == marker
    assert secret.key not in repr(secret)


def test_an_exchanged_ciphertext_is_noticed(session: Session) -> None:
    row, secret = keep_secret(io.BytesIO(PDF), "a.pdf", ("bid", 1), CLERK, system_now())
    path: Path = store().path(row.stored_sha256)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(Refused):
        open_secret(row, secret)


def test_a_lost_file_is_a_sentence_not_a_crash(session: Session) -> None:
    row = keep_bytes(b"%PDF-lost", "合同.pdf", "application/pdf", SUBJECT, system_now())
    store().path(row.stored_sha256).unlink()
    with pytest.raises(NotFound, match="从备份恢复"):
        content_of(row)
