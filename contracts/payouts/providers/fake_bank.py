"""A bank for tests and the demonstration, in a process of its own with its own journal. Standard library alone.

    python -m contracts.payouts.providers.fake_bank --journal FILE [--port N]
    python -m contracts.payouts.providers.fake_bank --results PAIN001.xml --date 2026-05-06 [--later] > result.csv

What becomes of an order is decided by the last four digits of the payee's account:
    …0002  fails at settlement (户名不符)
    …0003  is paid at one settlement and returned at the next (账户已销户)
    others are paid at the next settlement

HTTP on loopback, JSON:
    POST /payments {"key", "payment"}    201 taken, 200 the same again, 409 key used for another order, 422 refused
    GET  /payments/KEY                   state, reference, amount_fen, reason; 404 unknown_key
    POST /settlements {"date"}           settles what is open; {"number", "rows"}
    GET  /settlements/NUMBER.csv         the result file of one settlement
    GET  /wait?taken=N&timeout_s=30      answers as soon as N orders are in the journal (408 when it takes too long)
    POST /faults {"delay_ms", "hold", "drop_answers", "drop_requests"}
         delay_ms: between journal and answer; hold: true keeps the answer to each new order back until false (who asks
         again with the same key is answered);
         drop_answers / drop_requests: so many next orders lose their answer after, or their request before, the journal

An order is in the journal, on disk, before it is answered: a worker killed in between finds it by its key.
"""

from __future__ import annotations

import argparse
import csv
import fcntl
import hashlib
import io
import json
import os
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree as ET

from contracts.payouts.providers.processes import Door, Server

HEADER = ("付款单号", "金额", "结果", "银行流水号", "日期", "原因")
FAILS, RETURNS = "0002", "0003"
_WORDS = {"paid": "成功", "failed": "失败", "returned": "退票"}
_REASONS = {"failed": "收款账号与户名不符", "returned": "收款账户已销户，款项退回"}
_PAIN = "{urn:iso:std:iso:20022:tech:xsd:pain.001.001.09}"


class Refusal(Exception):
    """The bank does not take the order."""

    def __init__(self, status: int, error: str, message: str) -> None:
        self.status, self.error, self.message = status, error, message
        super().__init__(message)


@dataclass
class Order:
    """One order taken, and what became of it."""

    key: str
    digest: str
    payment: dict[str, Any]
    reference: str
    state: str = "accepted"

    def standing(self) -> dict[str, object]:
        """What a look-up tells."""
        amount_fen = self.payment["amount_fen"]
        return {
            "reference": self.reference,
            "state": self.state,
            "amount_fen": amount_fen,
            "returned_fen": amount_fen if self.state == "returned" else 0,
            "reason": _REASONS.get(self.state, ""),
        }


@dataclass
class Settlement:
    """The results of one settlement: (key, state) in the order taken."""

    number: int
    day: str
    results: list[tuple[str, str]] = field(default_factory=list)


class Bank:
    """Orders and settlements, rebuilt from the journal at the start. Every change is on disk before it is told."""

    def __init__(self, journal: Path) -> None:
        self.orders: dict[str, Order] = {}
        self.settlements: list[Settlement] = []
        self._changed = threading.Condition()
        self._file = journal.open("a+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # two banks with one journal would both be wrong
            self._file.close()
            raise
        self._cut_torn_line()
        for entry in read_journal(journal):
            self._apply(entry)

    def take(self, key: str, payment: object) -> tuple[Order, bool]:
        """The order under `key` and whether it is new. Raises Refusal."""
        fields = _checked(payment)
        if not key or len(key) > 255:
            raise Refusal(422, "bad_key", "a key of 1 to 255 characters is needed")
        mark = _digest(fields)
        with self._changed:
            known = self.orders.get(key)
            if known is not None:
                if known.digest != mark:
                    raise Refusal(409, "key_reused", "this key was used for another order")
                return known, False
            reference = f"YH{len(self.orders) + 1:012d}"
            self._write({"entry": "order", "key": key, "digest": mark, "reference": reference, "payment": fields})
            return self.orders[key], True

    def settle(self, day: date) -> Settlement:
        """Pay, fail or return everything that is due for it."""
        with self._changed:
            results = [(order.key, after) for order in self.orders.values() if (after := _next_state(order))]
            self._write(
                {
                    "entry": "settlement",
                    "number": len(self.settlements) + 1,
                    "date": day.isoformat(),
                    "results": results,
                }
            )
            return self.settlements[-1]

    def result_file(self, number: int) -> bytes:
        """The result file of settlement `number`. Raises Refusal when there is none."""
        if not 0 < number <= len(self.settlements):
            raise Refusal(404, "unknown_settlement", "no such settlement")
        settlement = self.settlements[number - 1]
        found = [(self.orders[key], state) for key, state in settlement.results]
        return _csv(
            (order.payment["request_no"], order.payment["amount_fen"], state, order.reference, settlement.day)
            for order, state in found
        )

    def wait_for(self, taken: int, timeout_s: int) -> bool:
        """True as soon as `taken` orders are in the journal, False after `timeout_s`."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self.orders) >= taken, timeout_s)

    def close(self) -> None:
        """Let go of the journal."""
        self._file.close()

    def _write(self, entry: dict[str, Any]) -> None:
        self._file.write(json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._apply(entry)
        self._changed.notify_all()

    def _apply(self, entry: Mapping[str, Any]) -> None:
        if entry["entry"] == "order":
            key = entry["key"]
            self.orders[key] = Order(key, entry["digest"], entry["payment"], entry["reference"])
        else:
            results = [(key, state) for key, state in entry["results"]]
            self.settlements.append(Settlement(entry["number"], entry["date"], results))
            for key, state in results:
                self.orders[key].state = state

    def _cut_torn_line(self) -> None:
        """A last line without its end was never answered: it did not happen."""
        self._file.seek(0)
        content = self._file.read()
        self._file.truncate(content.rfind(b"\n") + 1)
        self._file.seek(0, os.SEEK_END)


def read_journal(path: Path) -> list[dict[str, Any]]:
    """The journal's whole lines, for a test that compares it with the ledger: entries `order` and `settlement`."""
    content = path.read_bytes()
    return [json.loads(line) for line in content[: content.rfind(b"\n") + 1].splitlines()]


def results_for(pain001: bytes, day: date, *, later: bool = False) -> bytes:
    """The result file a bank would give for a pain.001 file; `later` is the second one, with the returned payments.

    The same file and day give the same bytes, so the demonstration needs no bank that remembers.
    """
    rows = []
    for transfer in ET.fromstring(pain001).iter(f"{_PAIN}CdtTrfTxInf"):  # noqa: S314 - a file the product wrote
        number = transfer.findtext(f"{_PAIN}PmtId/{_PAIN}EndToEndId", "")
        account = transfer.findtext("/".join(_PAIN + tag for tag in ("CdtrAcct", "Id", "Othr", "Id")), "")
        whole, _, cents = transfer.findtext(f"{_PAIN}Amt/{_PAIN}InstdAmt", "").partition(".")
        state = _settled(account)
        if later:
            if not account.endswith(RETURNS):
                continue
            state = "returned"
        reference = "YH" + str(int(hashlib.sha256(number.encode()).hexdigest()[:10], 16)).zfill(13)
        rows.append((number, int(whole) * 100 + int(cents.ljust(2, "0")), state, reference, day.isoformat()))
    return _csv(rows)


def _csv(rows: Iterable[tuple[str, int, str, str, str]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADER)
    for number, amount_fen, state, reference, day in rows:
        amount = f"{amount_fen // 100:,}.{amount_fen % 100:02d}"
        writer.writerow([number, amount, _WORDS[state], reference, day, _REASONS.get(state, "")])
    return out.getvalue().encode("utf-8-sig")


def _settled(account_no: str) -> str:
    return "failed" if account_no.endswith(FAILS) else "paid"


def _next_state(order: Order) -> str | None:
    account_no = order.payment["account_no"]
    if order.state == "accepted":
        return _settled(account_no)
    return "returned" if order.state == "paid" and account_no.endswith(RETURNS) else None


def _checked(payment: object) -> dict[str, Any]:
    if not isinstance(payment, dict):
        raise Refusal(422, "bad_payment", "payment must be an object")
    amount_fen = payment.get("amount_fen")
    if not isinstance(amount_fen, int) or isinstance(amount_fen, bool) or amount_fen <= 0:
        raise Refusal(422, "bad_amount", "amount_fen must be a positive whole number")
    for name in ("request_no", "payee_name", "account_no"):
        if not isinstance(payment.get(name), str) or not payment[name]:
            raise Refusal(422, "missing", f"{name} is missing")
    return payment


def _digest(fields: Mapping[str, Any]) -> str:
    text = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


class Faults:
    """What goes wrong on purpose; set while running through POST /faults."""

    def __init__(self) -> None:
        self.delay_ms = 0
        self._hold = threading.Condition()
        self._held = False
        self._drops = {"drop_answers": 0, "drop_requests": 0}

    def set(self, wanted: Mapping[str, Any]) -> None:
        """Change only what is named."""
        with self._hold:
            self.delay_ms = int(wanted.get("delay_ms", self.delay_ms))
            self._held = bool(wanted.get("hold", self._held))
            for name in self._drops:
                self._drops[name] = int(wanted.get(name, self._drops[name]))
            self._hold.notify_all()

    def drops(self, name: str) -> bool:
        """True, and one fewer left, while drops of this kind are ordered."""
        with self._hold:
            due = self._drops[name] > 0
            self._drops[name] -= due
            return due

    def before_answer(self, *, new: bool) -> None:
        """Wait as ordered between journal and answer."""
        with self._hold:
            if self.delay_ms:
                self._hold.wait(self.delay_ms / 1000)
            self._hold.wait_for(lambda: not (self._held and new))


class BankDoor(Door):
    """The bank over HTTP; `bank` and `faults` are set on a subclass made for each server."""

    bank: Bank
    faults: Faults

    def do_GET(self) -> None:  # noqa: N802 - the name http.server calls
        """Look-ups, result files, waiting."""
        self._guarded(self._read)

    def do_POST(self) -> None:  # noqa: N802 - the name http.server calls
        """Orders, settlements, faults."""
        content = self.body()
        self._guarded(lambda: self._write(json.loads(content or b"{}")))

    def _read(self) -> None:
        parts = urlsplit(self.path)
        match parts.path.strip("/").split("/"):
            case ["payments", key] if unquote(key) in self.bank.orders:
                self.answer_json(200, self.bank.orders[unquote(key)].standing())
            case ["payments", _]:
                raise Refusal(404, "unknown_key", "no order under this key")
            case ["settlements", name] if name.removesuffix(".csv").isdecimal():
                content = self.bank.result_file(int(name.removesuffix(".csv")))
                self.answer(200, content, "text/csv; charset=utf-8")
            case ["wait"]:
                asked = {name: int(values[0]) for name, values in parse_qs(parts.query).items()}
                done = self.bank.wait_for(asked["taken"], asked.get("timeout_s", 30))
                self.answer_json(200 if done else 408, {"taken": len(self.bank.orders)})
            case _:
                raise Refusal(404, "unknown_path", self.path)

    def _write(self, data: Mapping[str, Any]) -> None:
        match self.path:
            case "/payments":
                self._take(data["key"], data["payment"])
            case "/settlements":
                done = self.bank.settle(date.fromisoformat(data["date"]))
                self.answer_json(201, {"number": done.number, "rows": len(done.results)})
            case "/faults":
                self.faults.set(data)
                self.answer_json(200, {})
            case _:
                raise Refusal(404, "unknown_path", self.path)

    def _take(self, key: str, payment: object) -> None:
        if self.faults.drops("drop_requests"):
            self.drop()
            return
        order, new = self.bank.take(key, payment)
        self.faults.before_answer(new=new)
        if self.faults.drops("drop_answers"):
            self.drop()
            return
        self.answer_json(201 if new else 200, order.standing())

    def _guarded(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Refusal as refusal:
            self.answer_json(refusal.status, {"error": refusal.error, "message": refusal.message})
        except (KeyError, TypeError, ValueError) as error:
            self.answer_json(400, {"error": "bad_request", "message": str(error)})


def main(arguments: list[str] | None = None) -> None:
    """Serve, or answer one file."""
    parser = argparse.ArgumentParser(description="a bank for tests and the demonstration")
    parser.add_argument("--journal", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--until-stdin-closes", action="store_true")
    parser.add_argument("--results", type=Path, help="print the result file for this pain.001 file and end")
    parser.add_argument("--date", type=date.fromisoformat)
    parser.add_argument("--later", action="store_true")
    given = parser.parse_args(arguments)
    if given.results:
        if given.date is None:
            parser.error("--results needs --date")
        sys.stdout.buffer.write(results_for(given.results.read_bytes(), given.date, later=given.later))
        return
    if given.journal is None:
        parser.error("--journal is needed")
    door = type("Door", (BankDoor,), {"bank": Bank(given.journal), "faults": Faults()})
    Server(door, given.port).run(until_stdin_closes=given.until_stdin_closes)


if __name__ == "__main__":
    main()
