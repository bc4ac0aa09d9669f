"""What may be said of a receipt to somebody who holds it, and to nobody else."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from market.kernel.errors import Refused
from market.kernel.text import N_

MOST_CHARACTERS = 2_000_000
_DIGEST = re.compile(r"[0-9a-f]{64}")


def wanted_digest(typed: str) -> str:
    """Return a digest as typed, without spaces and in lower case. Raises Refused when it is none."""
    found = "".join(typed.split()).lower()
    if not _DIGEST.fullmatch(found):
        raise Refused(N_("摘要是 64 位十六进制字符（0-9、a-f），请从回执上完整抄录。"), field="digest")
    return found


def names_digest(receipt: Mapping[str, Any], wanted: str) -> bool:
    """True when the receipt's signed part carries this digest."""
    return any(hmac.compare_digest(wanted, found) for found in _digests(receipt.get("payload")))


def _digests(value: Any) -> Iterator[str]:
    if isinstance(value, str) and _DIGEST.fullmatch(value):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _digests(one)


@dataclass(frozen=True)
class Finding:
    """What a check of a whole receipt found."""

    kind: str  # "receipt" or "day"
    signed: bool
    registered: bool
    name: str


def read_receipt(text: str) -> dict[str, Any]:
    """Return a receipt from its JSON text. Raises Refused when it is none."""
    if len(text) > MOST_CHARACTERS:
        raise Refused(N_("内容太长，不是一份回执。"), field="text")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("payload"), dict):
        raise Refused(N_("看不出这是一份回执；请上传下载得到的 JSON 文件，或原样粘贴其全部内容。"), field="text")
    return found


def judge(
    receipt: dict[str, Any],
    signed: bool,
    kept_receipt: Callable[[str], Mapping[str, Any] | None],
    kept_day: Callable[[date], Mapping[str, Any] | None],
) -> Finding:
    """Judge a receipt or a daily digest. What is kept here is only looked at when our own signature is right."""
    payload = receipt["payload"]
    if "day" in payload:
        name, kind = str(payload["day"]), "day"
    else:
        name, kind = str(payload.get("number", "")), "receipt"
    if not signed:
        return Finding(kind, False, False, name)
    kept = kept_day(date.fromisoformat(name)) if kind == "day" else kept_receipt(name)
    return Finding(kind, True, kept is not None and dict(kept) == receipt, name)
