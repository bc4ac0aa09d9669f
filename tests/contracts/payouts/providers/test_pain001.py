"""The ISO 20022 payment file."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from xml.etree import ElementTree as ET

import pytest
import xmlschema

from contracts.payouts.providers import pain001
from market.kernel.errors import Refused

NS = {"p": pain001.NAMESPACE}
DAY = date(2026, 5, 7)


def write(items, noon, **changes):
    return pain001.write(
        items,
        **{
            "batch_no": "PC-2026-0012",
            "initiator": "春和街道办事处",
            "created_at": noon,
            "execution_date": DAY,
            **changes,
        },
    )


@pytest.fixture
def three(make, lottery_account):
    return [
        make(request_no="ZF-1", amount_fen=12_960_000),
        make(request_no="ZF-2", amount_fen=17_280_000),
        make(request_no="ZF-3", amount_fen=648_050, fund_source="福彩公益金", debtor=lottery_account),
    ]


def test_row_77_number_and_sum_in_the_header_equal_the_payments(three, noon):
    content = write(three, noon)
    root = ET.fromstring(content)
    header = root.find(".//p:GrpHdr", NS)
    assert header.findtext("p:NbOfTxs", namespaces=NS) == "3"
    assert header.findtext("p:CtrlSum", namespaces=NS) == "308880.50"
    amounts = [node.text for node in root.iterfind(".//p:InstdAmt", NS)]
    assert sorted(amounts) == ["129600.00", "172800.00", "6480.50"]
    assert {node.get("Ccy") for node in root.iterfind(".//p:InstdAmt", NS)} == {"CNY"}
    assert pain001.read_control(content) == pain001.Control(3, 30_888_050)


def test_lottery_and_fiscal_money_stand_in_groups_of_their_own(three, noon):
    groups = ET.fromstring(write(three, noon)).findall(".//p:PmtInf", NS)
    facts = [
        (
            group.findtext("p:PmtInfId", namespaces=NS),
            group.findtext("p:PmtTpInf/p:CtgyPurp/p:Prtry", namespaces=NS),
            group.findtext("p:DbtrAcct/p:Id/p:Othr/p:Id", namespaces=NS),
            group.findtext("p:NbOfTxs", namespaces=NS),
            group.findtext("p:CtrlSum", namespaces=NS),
        )
        for group in groups
    ]
    assert facts == [
        ("PC-2026-0012-0001", "福彩公益金", "3201002000002002", "1", "6480.50"),
        ("PC-2026-0012-0002", "财政资金", "3201002000001001", "2", "302400.00"),
    ]


def test_one_source_from_two_accounts_makes_two_groups(make, lottery_account, noon):
    content = write([make(request_no="A"), make(request_no="B", debtor=lottery_account)], noon)
    assert len(ET.fromstring(content).findall(".//p:PmtInf", NS)) == 2


def test_a_payment_names_payee_account_bank_and_contract(make, noon):
    root = ET.fromstring(write([make(payee_name="演示区𠮷祥 & 晴禾<社>")], noon))
    payment = root.find(".//p:CdtTrfTxInf", NS)
    for path, expected in {
        "p:PmtId/p:EndToEndId": "ZF-2026-000001",
        "p:Cdtr/p:Nm": "演示区𠮷祥 & 晴禾<社>",
        "p:Cdtr/p:Id/p:OrgId/p:Othr/p:Id": "52320115MJ0000001X",
        "p:CdtrAcct/p:Id/p:Othr/p:Id": "6228480000000010001",
        "p:CdtrAgt/p:FinInstnId/p:ClrSysMmbId/p:ClrSysId/p:Cd": "CNAPS",
        "p:CdtrAgt/p:FinInstnId/p:ClrSysMmbId/p:MmbId": "103301000022",
        "p:CdtrAgt/p:FinInstnId/p:Nm": "演示银行城南支行",
        "p:RmtInf/p:Ustrd": "HT-2026-0007 第一期 居家养老服务",
    }.items():
        assert payment.findtext(path, namespaces=NS) == expected
    assert root.findtext(".//p:DbtrAgt/p:FinInstnId/p:ClrSysMmbId/p:MmbId", namespaces=NS) == "105301000011"
    assert root.findtext(".//p:ReqdExctnDt/p:Dt", namespaces=NS) == "2026-05-07"
    assert root.findtext(".//p:CreDtTm", namespaces=NS) == "2026-05-06T12:00:00+08:00"
    assert root.find(".//p:IBAN", NS) is None


def test_the_same_payments_in_any_order_give_the_same_bytes(three, noon):
    assert write(three, noon) == write(list(reversed(three)), noon)


def test_the_file_is_valid_for_a_schema_read_apart_from_the_writer(three, noon):
    xmlschema.XMLSchema10(str(pain001.SCHEMA_FILE)).validate(write(three, noon).decode())


def test_a_long_remittance_is_cut_and_still_valid(make, noon):
    root = ET.fromstring(write([make(remittance="居家养老服务" * 60)], noon))
    text = root.findtext(".//p:Ustrd", namespaces=NS)
    assert len(text) == 140
    assert text.endswith("…")


def test_an_empty_remittance_leaves_no_empty_element(make, noon):
    assert ET.fromstring(write([make(remittance=" \n")], noon)).find(".//p:RmtInf", NS) is None


def test_a_batch_of_nothing_or_with_a_number_twice_is_refused(make, noon):
    with pytest.raises(Refused, match="没有可以导出的付款单"):
        write([], noon)
    with pytest.raises(Refused, match="ZF-2026-000001 在同一批次中出现了两次"):
        write([make(), make(amount_fen=1)], noon)


def test_a_batch_number_leaves_room_for_the_group_number(make, noon):
    longest = "P" * 30
    assert f"<PmtInfId>{longest}-0001</PmtInfId>" in write([make()], noon, batch_no=longest).decode()
    with pytest.raises(Refused, match="最多 30 位"):
        write([make()], noon, batch_no="P" * 31)


def test_a_creation_instant_without_a_zone_is_refused(make, noon):
    with pytest.raises(ValueError, match="naive"):
        write([make()], noon.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"<PmtMtd>TRF</PmtMtd>", b"<PmtMtd>CASH</PmtMtd>"),
        (b'Ccy="CNY"', b'Ccy="YUAN"'),
        (b"<NbOfTxs>1</NbOfTxs>", b""),
        (b"</Document>", b""),
    ],
)
def test_a_file_that_the_schema_refuses_does_not_pass(make, noon, before: bytes, after: bytes):
    content = write([make()], noon)
    assert before in content
    with pytest.raises((ValueError, ET.ParseError)):
        pain001.validate(content.replace(before, after, 1))


def test_the_schema_travels_with_its_licence():
    licence = pain001.SCHEMA_FILE.with_name("pain.001.001.09.LICENSE.txt").read_text(encoding="utf-8")
    assert "Permission is hereby granted, free of charge" in licence


@pytest.mark.slow
def test_heavy_libraries_wait_until_they_are_used():
    names = ("pain001", "batch_sheet", "statement", "bank", "stripe_connect", "fake_stripe")
    heavy = ("stripe", "xmlschema", "xlsxwriter", "python_calamine", "flask", "sqlalchemy")
    code = "import sys\n" + "".join(f"import contracts.payouts.providers.{name}\n" for name in names)
    code += f"print([name for name in {heavy} if name in sys.modules])"
    root = pain001.SCHEMA_FILE.parents[4]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.strip() == "[]"


def test_nothing_leaves_that_the_schema_refuses(make, noon):
    with pytest.raises(ValueError, match=r"pain\.001\.001\.09: .*InitgPty/.*Nm"):
        write([make()], noon, initiator="")
