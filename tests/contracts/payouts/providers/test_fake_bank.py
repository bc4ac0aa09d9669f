"""The bank in a process of its own: its journal, its faults, its results, and a worker killed at the worst moment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import closing
from datetime import date
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from contracts.payouts.providers import fake_bank, pain001
from contracts.payouts.providers.bank import BankDirect
from contracts.payouts.providers.fake_bank import Bank, read_journal, results_for
from contracts.payouts.providers.port import Declined, Misconfigured, OutcomeState, Unsure
from contracts.payouts.providers.processes import Running
from contracts.payouts.providers.statement import COLUMNS, parse

ROOT = Path(fake_bank.__file__).parents[3]
DAY = date(2026, 5, 7)


def ask(address: str, method: str, path: str, data: object = None) -> tuple[int, bytes]:
    parts = urlsplit(address)
    with closing(HTTPConnection(parts.hostname, parts.port, timeout=30)) as connection:
        connection.request(method, path, None if data is None else json.dumps(data))
        response = connection.getresponse()
        return response.status, response.read()


@pytest.fixture
def book(journal: Path):
    with closing(Bank(journal)) as opened:
        yield opened


def payment(make, **changes: Any) -> dict[str, Any]:
    return make(**changes).as_data()


def test_the_account_decides_what_becomes_of_an_order(make, book: Bank):
    for number, tail in enumerate(("0001", "0002", "0003"), start=1):
        book.take(f"key-{tail}", payment(make, request_no=f"ZF-{number}", account_no=f"622848000000001{tail}"))
    first = parse(book.result_file(book.settle(DAY).number), "1.csv")
    assert first.errors == ()
    assert [(row.request_no, row.result, row.amount_fen, row.day) for row in first.rows] == [
        ("ZF-1", OutcomeState.PAID, 12_960_000, DAY),
        ("ZF-2", OutcomeState.FAILED, 12_960_000, DAY),
        ("ZF-3", OutcomeState.PAID, 12_960_000, DAY),
    ]
    second = parse(book.result_file(book.settle(date(2026, 5, 8)).number), "2.csv")
    assert [(row.request_no, row.result, row.reason) for row in second.rows] == [
        ("ZF-3", OutcomeState.RETURNED, "收款账户已销户，款项退回")
    ]
    assert book.settle(date(2026, 5, 9)).results == []


def test_the_journal_brings_everything_back_and_a_torn_line_did_not_happen(make, journal: Path):
    with closing(Bank(journal)) as bank:
        reference = bank.take("key-1", payment(make))[0].reference
        bank.settle(DAY)
    with journal.open("ab") as file:
        file.write(b'{"entry":"order","key":"key-2"')
    with closing(Bank(journal)) as again:
        assert list(again.orders) == ["key-1"]
        assert again.take("key-1", payment(make)) == (again.orders["key-1"], False)
        assert (again.orders["key-1"].reference, again.orders["key-1"].state) == (reference, "paid")
        again.take("key-3", payment(make))
    assert [entry["entry"] for entry in read_journal(journal)] == ["order", "settlement", "order"]


def test_two_banks_cannot_share_a_journal(book: Bank, journal: Path):
    with pytest.raises(BlockingIOError), closing(Bank(journal)):
        pytest.fail("the second bank opened")


def test_results_for_a_payment_file_are_what_the_import_takes(make, lottery_account, noon):
    items = [
        make(request_no="ZF-1", amount_fen=1),
        make(request_no="ZF-2", amount_fen=17_280_050, account_no="62280002", debtor=lottery_account),
        make(request_no="ZF-3", amount_fen=10**14, account_no="62280003"),
    ]
    content = pain001.write(items, batch_no="PC-1", initiator="街道", created_at=noon, execution_date=DAY)
    first, later = (parse(results_for(content, DAY, later=later), "r.csv") for later in (False, True))
    assert first.errors == later.errors == ()
    assert {(row.request_no, row.amount_fen, row.result) for row in first.rows} == {
        ("ZF-1", 1, OutcomeState.PAID),
        ("ZF-2", 17_280_050, OutcomeState.FAILED),
        ("ZF-3", 10**14, OutcomeState.PAID),
    }
    assert [(row.request_no, row.result) for row in later.rows] == [("ZF-3", OutcomeState.RETURNED)]
    assert results_for(content, DAY) == results_for(content, DAY)
    assert fake_bank.HEADER == COLUMNS


@pytest.mark.slow
def test_results_can_be_had_from_the_command_line(make, noon, tmp_path: Path):
    content = pain001.write([make()], batch_no="PC-1", initiator="街道", created_at=noon, execution_date=DAY)
    file = tmp_path / "pain001.xml"
    file.write_bytes(content)
    command = [sys.executable, "-m", fake_bank.__name__, "--results", str(file), "--date", "2026-05-07"]
    assert subprocess.run(command, capture_output=True, check=True, cwd=ROOT).stdout == results_for(content, DAY)


@pytest.mark.slow
def test_the_bank_needs_the_standard_library_alone():
    code = "import sys, contracts.payouts.providers.fake_bank\n"
    code += "print(sorted({name.partition('.')[0] for name in sys.modules} - set(sys.stdlib_module_names)))"
    command = [sys.executable, "-S", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "['__main__', 'contracts']"


@pytest.mark.slow
class TestProcess:
    def test_settlement_is_seen_through_the_port(self, make, bank: BankDirect, bank_process: Running):
        bank.send(make(account_no="62280003"), "key-1")
        found = bank.look_up("key-1")
        assert found is not None
        assert found.state is OutcomeState.ACCEPTED
        standings = []
        for day in ("2026-05-07", "2026-05-08"):
            assert ask(bank_process.url, "POST", "/settlements", {"date": day})[0] == 201
            found = bank.look_up("key-1")
            assert found is not None
            standings.append((found.state, found.returned_fen, found.reason))
        assert standings == [
            (OutcomeState.PAID, 0, ""),
            (OutcomeState.RETURNED, 12_960_000, "收款账户已销户，款项退回"),
        ]
        status, content = ask(bank_process.url, "GET", "/settlements/2.csv")
        assert status == 200
        assert [row.result for row in parse(content, "2.csv").rows] == [OutcomeState.RETURNED]

    def test_what_the_bank_refuses_is_a_definite_no(self, make, bank: BankDirect):
        with pytest.raises(Declined) as refusal:
            bank.send(make(), "")
        assert refusal.value.code == "bad_key"

    @pytest.mark.parametrize(
        ("method", "path", "data", "status", "error"),
        [
            ("POST", "/payments", {"key": "k", "payment": {"amount_fen": 1.5}}, 422, "bad_amount"),
            ("POST", "/payments", {"key": "k", "payment": {"amount_fen": 1}}, 422, "missing"),
            ("POST", "/payments", {"key": "k", "payment": []}, 422, "bad_payment"),
            ("POST", "/payments", {"payment": {}}, 400, "bad_request"),
            ("POST", "/payments", [], 400, "bad_request"),
            ("POST", "/settlements", {"date": "yesterday"}, 400, "bad_request"),
            ("GET", "/settlements/1.csv", None, 404, "unknown_settlement"),
            ("GET", "/wait", None, 400, "bad_request"),
            ("GET", "/elsewhere", None, 404, "unknown_path"),
        ],
    )
    def test_bad_requests_are_answered_not_dropped(
        self, bank_process: Running, journal: Path, method: str, path: str, data: object, status: int, error: str
    ):
        answered, content = ask(bank_process.url, method, path, data)
        assert (answered, json.loads(content)["error"]) == (status, error)
        assert read_journal(journal) == []

    def test_a_bank_that_is_away_leaves_the_sender_unsure(self, make, journal: Path):
        with Running(fake_bank.__name__, "--journal", str(journal)) as running:
            address = running.url
        with pytest.raises(Unsure):
            BankDirect(address, timeout_ms=5_000).send(make(), "key-1")

    def test_a_wrong_address_is_a_setting_to_mend(self, make, bank_process: Running):
        with pytest.raises(Misconfigured):
            BankDirect("ftp://bank.example")
        with pytest.raises(Misconfigured):
            BankDirect(bank_process.url + "/elsewhere").send(make(), "key-1")
        with pytest.raises(Misconfigured):
            BankDirect(bank_process.url + "/elsewhere").look_up("key-1")

    def test_an_answer_that_takes_too_long_leaves_the_sender_unsure(self, make, bank_process: Running):
        ask(bank_process.url, "POST", "/faults", {"hold": True})
        hasty = BankDirect(bank_process.url, timeout_ms=50)
        with pytest.raises(Unsure):
            hasty.send(make(), "key-1")
        assert ask(bank_process.url, "GET", "/wait?taken=1")[0] == 200
        ask(bank_process.url, "POST", "/faults", {"hold": False})
        assert BankDirect(bank_process.url).look_up("key-1") is not None

    def test_an_order_is_on_disk_before_it_is_answered(self, make, journal: Path):
        with Running(fake_bank.__name__, "--journal", str(journal)) as running:
            bank = BankDirect(running.url, timeout_ms=10_000)
            reference = bank.send(make(), "key-1").reference
            running.kill()
        with Running(fake_bank.__name__, "--journal", str(journal)) as again:
            assert BankDirect(again.url, timeout_ms=10_000).send(make(), "key-1").reference == reference
        assert len(read_journal(journal)) == 1

    def test_a_worker_killed_between_sending_and_writing_down_pays_once(
        self, make, bank: BankDirect, bank_process: Running, journal: Path
    ):
        order = make()
        code = (
            "import json, sys\n"
            "from contracts.payouts.providers.bank import BankDirect\n"
            "from contracts.payouts.providers.port import Instruction\n"
            "order = Instruction.from_data(json.loads(sys.argv[2]))\n"
            "print(BankDirect(sys.argv[1]).send(order, 'key-1').reference)\n"
        )
        ask(bank_process.url, "POST", "/faults", {"hold": True})
        command = [sys.executable, "-c", code, bank_process.url, json.dumps(order.as_data())]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=env) as worker:
            assert ask(bank_process.url, "GET", "/wait?taken=1")[0] == 200
            worker.kill()
            assert worker.communicate()[0] == b""
        ask(bank_process.url, "POST", "/faults", {"hold": False})
        found = bank.look_up("key-1")
        assert found is not None
        assert bank.send(order, "key-1").reference == found.reference
        assert [entry["key"] for entry in read_journal(journal)] == ["key-1"]

    def test_the_bank_ends_when_whoever_started_it_is_gone(self, journal: Path):
        running = Running(fake_bank.__name__, "--journal", str(journal))
        running.process.stdin.close()
        assert running.process.wait(timeout=10) == 0
        running.stop()
