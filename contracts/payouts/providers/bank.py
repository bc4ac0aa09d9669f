"""The direct line to a bank: orders over HTTP to the bank's front-end machine (前置机), one answer each.

The bank keeps keys for ever, so `send` may be repeated at any distance in time. The product never waits on it inside
a transaction: a durable job sends, then writes down.
"""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import quote, urlsplit

from contracts.payouts.providers.port import (
    Declined,
    Instruction,
    KeyConflict,
    Misconfigured,
    Outcome,
    OutcomeState,
    Sent,
    Unsure,
)
from market.kernel.text import N_

_NO_ANSWER = N_("银行没有回应，付款指令可能已经受理。系统会用同一编号再次核对，请勿另行付款。")
_LARGEST_ANSWER = 64 * 1024


class BankDirect:
    """Implements `port.Provider`. `address` such as http://127.0.0.1:9001; `timeout_ms` counts for each wait."""

    name = "bank"

    def __init__(self, address: str, *, timeout_ms: int = 30_000) -> None:
        parts = urlsplit(address)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise Misconfigured(N_("银行前置机地址不正确，应为 http://主机:端口。"), detail=address)
        self._secure = parts.scheme == "https"
        self._host, self._port = parts.hostname, parts.port
        self._base = parts.path.rstrip("/")
        self._timeout_ms = timeout_ms

    def send(self, instruction: Instruction, idempotency_key: str) -> Sent:
        """See `port.Provider.send`."""
        order = {"key": idempotency_key, "payment": instruction.as_data()}
        status, answer = self._call("POST", "/payments", order)
        if status in {200, 201} and isinstance(answer.get("reference"), str) and answer["reference"]:
            return Sent(answer["reference"])
        detail, code = str(answer.get("message", "")), str(answer.get("error", ""))
        if status == 409:
            raise KeyConflict(
                N_("这个付款编号在银行已用于另一笔内容不同的付款。请人工核对。"), detail=detail, code=code
            )
        if status == 422:
            raise Declined(N_("银行拒绝受理这笔付款，款项没有划出。"), detail=detail, code=code)
        raise _unexpected(status, detail)

    def look_up(self, idempotency_key: str) -> Outcome | None:
        """See `port.Provider.look_up`."""
        status, answer = self._call("GET", f"/payments/{quote(idempotency_key, safe='')}")
        if status == 404 and answer.get("error") == "unknown_key":
            return None
        if status != 200:
            raise _unexpected(status, str(answer.get("message", "")))
        try:
            return Outcome(
                state=OutcomeState(answer["state"]),
                reference=str(answer["reference"]),
                amount_fen=int(answer["amount_fen"]),
                returned_fen=int(answer.get("returned_fen", 0)),
                reason=str(answer.get("reason", "")),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise Unsure(_NO_ANSWER, detail="unreadable answer") from error

    def _call(self, method: str, path: str, data: object = None) -> tuple[int, dict[str, Any]]:
        """One request on a connection of its own; raises Unsure when no whole JSON answer comes back."""
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        connection = kind(self._host, self._port, timeout=self._timeout_ms / 1000)
        body = None if data is None else json.dumps(data, ensure_ascii=False).encode()
        try:
            connection.request(method, self._base + path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            answer = json.loads(response.read(_LARGEST_ANSWER))
            status = response.status
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Unsure(_NO_ANSWER, detail=type(error).__name__) from error
        finally:
            connection.close()
        if not isinstance(answer, dict):
            raise Unsure(_NO_ANSWER, detail="unreadable answer")
        return status, answer


def _unexpected(status: int, detail: str) -> Exception:
    """A status that says nothing about the order itself."""
    if status in {400, 401, 403, 404, 405}:
        return Misconfigured(N_("银行前置机不接受本系统的连接。请管理员检查地址和授权。"), detail=f"{status} {detail}")
    return Unsure(_NO_ANSWER, detail=f"{status} {detail}")
