"""Signatures on contracts, judged by our own check and by pdfsig; receipts signed with Ed25519."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from pypdf import PdfReader, PdfWriter

from market.kernel.canonical import canonical_bytes
from market.kernel.errors import Refused
from market.kernel.sealing import Argon2Cost, lock_private, unlock_private
from market.records.certificates import (
    Authority,
    certificate_fingerprint,
    certificate_valid,
    issue_certificate,
    new_authority,
    new_signing_key,
)
from market.records.signing import (
    fingerprint,
    new_receipt_key,
    prepare_fields,
    sign_pdf,
    sign_receipt,
    verify_pdf,
    verify_receipt,
)
from tests.market.records.documents import AT, DATA, contract, run, text_of

# Long enough for pdfsig, which judges certificates by the machine's date.
DAYS = 36_500


@dataclass(frozen=True)
class Signatory:
    field: str
    name: str
    organisation: str
    key: bytes = field(repr=False)
    certificate: bytes


def signatory(authority: Authority, field: str, name: str, organisation: str, days: int = DAYS) -> Signatory:
    key, public = new_signing_key()
    certificate = issue_certificate(
        authority,
        public=public,
        subject_name=name,
        organisation=organisation,
        serial_hint=f"P-{field}",
        at=AT - timedelta(days=7),
        days=days,
    )
    return Signatory(field, name, organisation, key, certificate)


def sign(pdf: bytes, who: Signatory, authority: Authority, field: str | None = None) -> bytes:
    return sign_pdf(
        pdf,
        field=field or who.field,
        key=who.key,
        certificate_chain=[who.certificate, authority.certificate],
        at=AT,
        name=who.name,
        organisation=who.organisation,
        reason="签订政府购买服务合同",
        location="虚构区",
    )


@pytest.fixture(scope="module")
def authority() -> Authority:
    return new_authority("邻里购签名中心", at=AT - timedelta(days=30), days=DAYS)


@pytest.fixture(scope="module")
def parties(authority: Authority) -> tuple[Signatory, Signatory]:
    return (
        signatory(authority, "purchaser", "王㛃䶮", "虚构街道办事处"),
        signatory(authority, "provider", "欧阳喆", "暖邻社会工作服务中心"),
    )


@pytest.fixture(scope="module")
def prepared() -> bytes:
    made = contract(DATA)
    return prepare_fields(made.pdf, made.fields)


@pytest.fixture(scope="module")
def once(prepared: bytes, parties: tuple[Signatory, Signatory], authority: Authority) -> bytes:
    return sign(prepared, parties[0], authority)


@pytest.fixture(scope="module")
def signed(once: bytes, parties: tuple[Signatory, Signatory], authority: Authority) -> bytes:
    return sign(once, parties[1], authority)


@pytest.fixture(scope="module")
def trust(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of trusted authorities as pdfsig reads it, with ours in it."""
    folder = tmp_path_factory.mktemp("trust")
    (folder / "authority.pem").write_bytes(authority.certificate)
    run("certutil", "-N", "-d", f"sql:{folder}", "--empty-password")
    run("certutil", "-A", "-d", f"sql:{folder}", "-n", "linli", "-t", ",C,", "-i", folder / "authority.pem")
    return folder


def pdfsig(pdf: bytes, trust: Path, folder: Path) -> str:
    path = folder / "judged.pdf"
    path.write_bytes(pdf)
    return run("pdfsig", "-nssdir", trust, path)


def test_both_parties_signatures_hold(
    signed: bytes, authority: Authority, parties: tuple[Signatory, Signatory]
) -> None:
    reports = verify_pdf(signed, authority.certificate)
    assert [(report.field, report.name, report.organisation) for report in reports] == [
        ("purchaser", "王㛃䶮", "虚构街道办事处"),
        ("provider", "欧阳喆", "暖邻社会工作服务中心"),
    ]
    for report, who in zip(reports, parties, strict=True):
        assert report.good
        assert report.signed_at == AT
        assert (report.reason, report.location) == ("签订政府购买服务合同", "虚构区")
        assert report.certificate_fingerprint == certificate_fingerprint(who.certificate)


def test_pdfsig_agrees_and_trusts_our_authority(signed: bytes, trust: Path, tmp_path: Path) -> None:
    says = pdfsig(signed, trust, tmp_path)
    assert says.count("Signature Validation: Signature is Valid.") == 2
    assert says.count("Certificate Validation: Certificate is Trusted.") == 2
    assert says.count("Signature Type: ETSI.CAdES.detached") == 2
    assert says.count("Signing Time: Mar 31 2026 01:00:00") == 2
    assert "Total document signed" in says.split("Signature #2")[1]


def test_qpdf_finds_nothing_at_any_stage(prepared: bytes, once: bytes, signed: bytes, tmp_path: Path) -> None:
    for stage in (prepared, once, signed):
        (tmp_path / "stage.pdf").write_bytes(stage)
        says = run("qpdf", "--check", tmp_path / "stage.pdf")
        assert "No syntax or stream encoding errors found" in says
        assert "WARNING" not in says


def test_signing_only_appends(prepared: bytes, once: bytes, signed: bytes) -> None:
    assert once.startswith(prepared)
    assert signed.startswith(once)


def test_the_signed_file_still_shows_its_text_its_data_and_who_signed(signed: bytes, tmp_path: Path) -> None:
    reader = PdfReader(BytesIO(signed))
    assert reader.attachments["contract.json"] == [DATA.data]
    assert reader.trailer["/Root"].get("/Version") is None  # still PDF 1.7, as PDF/A-3 wants
    text = text_of(signed, tmp_path)
    for expected in ("人民币壹佰贰拾捌万陆仟肆佰元整", "2026-03-31 09:00:00（北京时间）", "电子签名"):
        assert expected in text
    assert text.count("王㛃䶮") == text.count("欧阳喆") == 2  # in the text, and in the signature's picture


def test_an_unsigned_document_has_no_signature(prepared: bytes, authority: Authority) -> None:
    assert verify_pdf(prepared, authority.certificate) == []


def holding(pdf: bytes, authority: Authority) -> int:
    """How many signatures hold; none in a file that cannot be read."""
    try:
        return sum(report.good for report in verify_pdf(pdf, authority.certificate))
    except Refused:
        return 0


def own_digits(signed: bytes) -> list[tuple[int, int]]:
    """From where to where the hexadecimal digits of the two signatures lie."""
    found = [match.span(1) for match in re.finditer(rb"/Contents <([0-9A-F]{1000,})>", signed)]
    assert len(found) == 2
    return found


def covered_positions(signed: bytes) -> list[int]:
    """Bytes all over the file, none of them within the signatures' own digits."""
    spread = range(40, len(signed), len(signed) // 17)
    own = own_digits(signed)
    return [position for position in spread if not any(start <= position < end for start, end in own)]


def test_one_changed_byte_anywhere_is_found_by_us_and_by_pdfsig(
    signed: bytes, authority: Authority, trust: Path, tmp_path: Path
) -> None:
    positions = covered_positions(signed)
    assert len(positions) >= 12
    for position in positions:
        changed = bytearray(signed)
        changed[position] ^= 1
        says = pdfsig(bytes(changed), trust, tmp_path)
        assert says.count("Signature is Valid.") < 2, position
        assert holding(bytes(changed), authority) < 2, position


def test_one_changed_digit_of_a_signature_is_found(signed: bytes, authority: Authority) -> None:
    for start, end in own_digits(signed):
        for position in (start + 40, end - 3):  # in the signature, and in the zeros that fill it up
            changed = bytearray(signed)
            changed[position] = ord("1" if changed[position] != ord("1") else "2")
            assert holding(bytes(changed), authority) < 2, position


def test_bytes_added_after_the_last_signature_are_found(signed: bytes, authority: Authority) -> None:
    for more in (b"\n", b"% a remark\n", b"\n%%EOF\n"):
        assert holding(signed + more, authority) < 2


def test_a_page_added_after_signing_is_found(signed: bytes, authority: Authority) -> None:
    writer = PdfWriter(BytesIO(signed), incremental=True)
    writer.add_blank_page(595, 842)
    changed = BytesIO()
    writer.write(changed)
    reports = verify_pdf(changed.getvalue(), authority.certificate)
    assert [report.intact for report in reports] == [True, True]  # what they signed is still in there
    assert [report.covers_document for report in reports] == [False, False]


def test_a_stranger_s_signature_is_intact_but_not_trusted(prepared: bytes, authority: Authority) -> None:
    strange = new_authority("邻里购签名中心", at=AT - timedelta(days=30), days=DAYS)
    signed = sign(prepared, signatory(strange, "purchaser", "王㛃䶮", "虚构街道办事处"), strange)
    (report,) = verify_pdf(signed, authority.certificate)
    assert (report.intact, report.trusted, report.good) == (True, False, False)


def test_a_certificate_that_had_run_out_is_not_trusted(prepared: bytes, authority: Authority) -> None:
    late = signatory(authority, "purchaser", "王㛃䶮", "虚构街道办事处", days=6)
    assert certificate_valid(late.certificate, AT - timedelta(days=2))
    assert not certificate_valid(late.certificate, AT)
    signed = sign(prepared, late, authority)
    (report,) = verify_pdf(signed, authority.certificate)
    assert (report.intact, report.trusted) == (True, False)
    (report,) = verify_pdf(signed, authority.certificate, judged_at=AT - timedelta(days=2))
    assert report.good


def test_a_place_is_signed_once_and_must_exist(
    once: bytes, authority: Authority, parties: tuple[Signatory, Signatory]
) -> None:
    with pytest.raises(Refused, match="已经签过名"):
        sign(once, parties[0], authority)
    with pytest.raises(Refused, match="没有名为“witness”的签名处"):
        sign(once, parties[1], authority, field="witness")


def test_a_key_signs_with_its_own_certificate_only(
    prepared: bytes, authority: Authority, parties: tuple[Signatory, Signatory]
) -> None:
    first, second = parties
    mixed = Signatory(first.field, first.name, first.organisation, second.key, first.certificate)
    with pytest.raises(ValueError, match="belongs to another key"):
        sign(prepared, mixed, authority)


def test_what_is_no_pdf_is_refused_in_plain_words(authority: Authority, parties: tuple[Signatory, Signatory]) -> None:
    with pytest.raises(Refused, match="文件已损坏或不是 PDF"):
        verify_pdf(b"no pdf", authority.certificate)
    with pytest.raises(Refused, match="文件已损坏或不是 PDF"):
        sign(b"no pdf", parties[0], authority)


def test_signing_works_where_an_event_loop_is_running(
    prepared: bytes, authority: Authority, parties: tuple[Signatory, Signatory]
) -> None:
    async def within() -> bool:
        return verify_pdf(sign(prepared, parties[0], authority), authority.certificate)[0].good

    assert asyncio.run(within())


def test_a_certificate_tells_people_of_one_name_apart_and_cannot_issue_others(authority: Authority) -> None:
    people = []
    for hint in ("P-1", "P-2"):
        _, public = new_signing_key()
        pem = issue_certificate(
            authority,
            public=public,
            subject_name="王伟",
            organisation="虚构街道办事处",
            serial_hint=hint,
            at=AT,
            days=365,
        )
        people.append(x509.load_pem_x509_certificate(pem))
    assert [person.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)[0].value for person in people] == [
        "P-1",
        "P-2",
    ]
    person = people[0]
    assert (person.not_valid_before_utc, person.not_valid_after_utc) == (AT, AT + timedelta(days=365))
    assert not person.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    person.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.certificate))


def test_no_certificate_outlives_the_authority() -> None:
    short = new_authority("邻里购签名中心", at=AT, days=10)
    person = signatory(short, "purchaser", "王伟", "虚构街道办事处", days=400)
    assert certificate_valid(person.certificate, AT + timedelta(days=9))
    assert not certificate_valid(person.certificate, AT + timedelta(days=10))


def test_names_of_any_length_fit_a_certificate(authority: Authority) -> None:
    long = signatory(authority, "purchaser", "阿" * 40, "虚" * 90)
    subject = x509.load_pem_x509_certificate(long.certificate).subject
    assert subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "阿" * 21
    assert subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value == "虚" * 64


def test_a_signing_key_rests_under_its_passphrase(
    prepared: bytes, authority: Authority, parties: tuple[Signatory, Signatory]
) -> None:
    who = parties[0]
    locked = lock_private(who.key, "春江潮水连海平", cost=Argon2Cost(time_cost=1, memory_kib=64, lanes=1))
    assert who.key not in locked
    woken = Signatory(who.field, who.name, who.organisation, unlock_private(locked, "春江潮水连海平"), who.certificate)
    assert verify_pdf(sign(prepared, woken, authority), authority.certificate)[0].good


def test_keys_stay_out_of_representations_and_errors(prepared: bytes, authority: Authority) -> None:
    assert "key" not in repr(authority)
    secret = b"no key but a secret"
    broken = Signatory("purchaser", "王伟", "虚构街道办事处", secret, authority.certificate)
    with pytest.raises(ValueError, match="not a private key") as caught:
        sign(prepared, broken, authority)
    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__


# --- Receipts ---------------------------------------------------------------------------------------------------------

PAYLOAD = {"kind": "bid-receipt", "number": "R-0001", "received_at": AT, "digest": "ab" * 32, "price_fen": 128_640_000}


def test_a_receipt_survives_its_way_through_a_file() -> None:
    key, public = new_receipt_key()
    receipt = json.loads(json.dumps(sign_receipt(key, PAYLOAD), ensure_ascii=False))
    assert verify_receipt(public, receipt)
    assert receipt["payload"]["received_at"] == "2026-03-31T01:00:00.000000Z"
    assert canonical_bytes(receipt["payload"]) == canonical_bytes(PAYLOAD)
    assert receipt["key"] == fingerprint(public)
    assert re.fullmatch("[0-9a-f]{64}", receipt["key"])
    assert re.fullmatch("[0-9a-f]{128}", receipt["signature"])


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("number", "R-0002"),
        ("price_fen", 128_640_001),
        ("price_fen", "128640000"),
        ("received_at", "2026-03-31T01:00:00.000001Z"),
        ("added", None),
        ("price_fen", 1.5),
    ],
)
def test_a_changed_receipt_is_found(where: str, value: object) -> None:
    key, public = new_receipt_key()
    receipt = sign_receipt(key, PAYLOAD)
    receipt["payload"][where] = value
    assert not verify_receipt(public, receipt)


def test_a_receipt_is_exactly_its_three_parts() -> None:
    key, public = new_receipt_key()
    receipt = sign_receipt(key, PAYLOAD)
    signature = receipt["signature"]
    flipped = f"{int(signature, 16) ^ 1:0128x}"
    for broken in (
        {**receipt, "note": "x"},
        {"payload": receipt["payload"], "signature": signature},
        {**receipt, "key": "0" * 64},
        {**receipt, "signature": flipped},
        {**receipt, "signature": signature.upper()},
        {**receipt, "signature": signature[:-2]},
        {**receipt, "signature": None},
        {**receipt, "signature": "数" * 128},
    ):
        assert not verify_receipt(public, broken)
    assert verify_receipt(public, receipt)


def test_a_receipt_of_another_key_is_refused() -> None:
    key, _ = new_receipt_key()
    _, other = new_receipt_key()
    receipt = sign_receipt(key, PAYLOAD)
    assert not verify_receipt(other, receipt)
    assert not verify_receipt(other, {**receipt, "key": fingerprint(other)})
