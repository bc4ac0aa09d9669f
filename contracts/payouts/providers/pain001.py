"""Writes payments as ISO 20022 pain.001.001.09 and reads its control figures back.

One `PmtInf` per fund source and debtor account keeps lottery and fiscal money apart. Amounts are exact decimals made
from fen. China has no IBAN: accounts go into `Othr`, banks are named by their 12-digit CNAPS number. Nothing leaves
that the schema refuses.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from contracts.payouts.providers.port import NAME_LENGTH, DebtorAccount, Instruction, check_number, cut, plain_yuan
from market.kernel.clock import beijing
from market.kernel.errors import Refused
from market.kernel.text import N_

if TYPE_CHECKING:
    import xmlschema

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
SCHEMA_FILE = Path(__file__).parent / "data" / "pain.001.001.09.xsd"
BATCH_NO_LENGTH = 30  # leaves room for "-0001" in PmtInfId, which takes 35


@dataclass(frozen=True, slots=True)
class Control:
    """What the file says about itself: number of payments and their sum in fen."""

    count: int
    total_fen: int


def write(
    instructions: Iterable[Instruction], *, batch_no: str, initiator: str, created_at: datetime, execution_date: date
) -> bytes:
    """Return the file, checked against the schema. The same arguments give the same bytes, in whatever order they come.

    `batch_no` becomes MsgId. Raises Refused for an empty batch and for a request number that occurs twice.
    """
    check_number(batch_no, "batch_no", BATCH_NO_LENGTH)
    ordered = in_order(instructions)
    root = ET.Element("Document", xmlns=NAMESPACE)
    message = ET.SubElement(root, "CstmrCdtTrfInitn")
    header = ET.SubElement(message, "GrpHdr")
    _put(header, "MsgId", batch_no)
    _put(header, "CreDtTm", beijing(created_at).isoformat(timespec="seconds"))
    _control(header, ordered)
    _put(header, "InitgPty/Nm", cut(initiator, NAME_LENGTH))
    for number, (_, group) in enumerate(groupby(ordered, key=group_key), start=1):
        _payment_group(message, f"{batch_no}-{number:04d}", list(group), execution_date)
    ET.indent(root)
    content: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"
    validate(content)
    return content


def in_order(instructions: Iterable[Instruction]) -> list[Instruction]:
    """The batch by fund source, debtor account and request number; Refused when empty or with a number twice."""
    ordered = sorted(instructions, key=lambda item: (group_key(item), item.request_no))
    if not ordered:
        raise Refused(N_("没有可以导出的付款单。请先审批付款单。"))
    seen: set[str] = set()
    for item in ordered:
        if item.request_no in seen:
            raise Refused(N_("付款单 %(number)s 在同一批次中出现了两次。"), number=item.request_no)
        seen.add(item.request_no)
    return ordered


def group_key(item: Instruction) -> tuple[str, str, str, str, str]:
    """What must never be pooled: the fund source, then the account (with its branch) that pays."""
    payer = item.debtor
    return (item.fund_source, payer.account_no, payer.cnaps, payer.name, payer.bank_name)


def validate(content: bytes) -> None:
    """Raise ValueError with the schema's own words when `content` is no valid pain.001.001.09."""
    for error in _schema().iter_errors(io.BytesIO(content)):
        raise ValueError(f"pain.001.001.09: {error.path}: {error.reason}")


def warm_up() -> None:
    """Read the schema now, which takes most of a second the first time: before a transaction rather than inside."""
    _schema()


def read_control(content: bytes) -> Control:
    """NbOfTxs and CtrlSum of the group header, for showing beside a download and for checking it."""
    header = ET.fromstring(content).find(f".//{{{NAMESPACE}}}GrpHdr")  # noqa: S314 - a file this module wrote
    if header is None:
        raise ValueError("no GrpHdr")
    count = header.findtext(f"{{{NAMESPACE}}}NbOfTxs", "")
    whole, _, cents = header.findtext(f"{{{NAMESPACE}}}CtrlSum", "").partition(".")
    return Control(int(count), int(whole) * 100 + int(cents.ljust(2, "0")))


@cache
def _schema() -> xmlschema.XMLSchema10:
    import xmlschema

    return xmlschema.XMLSchema10(str(SCHEMA_FILE), allow="local")


def _payment_group(message: ET.Element, group_id: str, items: list[Instruction], execution_date: date) -> None:
    group = ET.SubElement(message, "PmtInf")
    debtor = items[0].debtor
    _put(group, "PmtInfId", group_id)
    _put(group, "PmtMtd", "TRF")
    _control(group, items)
    _put(group, "PmtTpInf/CtgyPurp/Prtry", cut(items[0].fund_source, 35))
    _put(group, "ReqdExctnDt/Dt", execution_date.isoformat())
    _put(group, "Dbtr/Nm", debtor.name)
    _put(group, "DbtrAcct/Id/Othr/Id", debtor.account_no)
    _agent(group, "DbtrAgt", debtor)
    for item in items:
        _transfer(group, item)


def _transfer(group: ET.Element, item: Instruction) -> None:
    transfer = ET.SubElement(group, "CdtTrfTxInf")
    _put(transfer, "PmtId/EndToEndId", item.request_no)
    _put(transfer, "Amt/InstdAmt", plain_yuan(item.amount_fen)).set("Ccy", "CNY")
    _agent(transfer, "CdtrAgt", item)
    creditor = ET.SubElement(transfer, "Cdtr")
    _put(creditor, "Nm", item.payee_name)
    identity = _put(creditor, "Id/OrgId/Othr")
    _put(identity, "Id", item.payee_uscc)
    _put(identity, "SchmeNm/Prtry", "USCC")
    _put(transfer, "CdtrAcct/Id/Othr/Id", item.account_no)
    remittance = cut(item.remittance, NAME_LENGTH)
    if remittance:
        _put(transfer, "RmtInf/Ustrd", remittance)


def _agent(parent: ET.Element, tag: str, holder: Instruction | DebtorAccount) -> None:
    institution = ET.SubElement(ET.SubElement(parent, tag), "FinInstnId")
    member = ET.SubElement(institution, "ClrSysMmbId")
    _put(member, "ClrSysId/Cd", "CNAPS")
    _put(member, "MmbId", holder.cnaps)
    _put(institution, "Nm", holder.bank_name)


def _control(parent: ET.Element, items: list[Instruction]) -> None:
    _put(parent, "NbOfTxs", str(len(items)))
    _put(parent, "CtrlSum", plain_yuan(sum(item.amount_fen for item in items)))


def _put(parent: ET.Element, path: str, text: str | None = None) -> ET.Element:
    """Add the elements of `path` one inside the other and set the last one's text."""
    for tag in path.split("/"):
        parent = ET.SubElement(parent, tag)
    parent.text = text
    return parent
