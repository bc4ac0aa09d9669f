"""Signatures: PAdES inside PDF files, Ed25519 on receipts and daily digests. Pure functions on bytes.

PAdES baseline B without an outside time stamp: the time in a signature is what this installation says. Keys come in
unlocked and are not kept; no key is ever part of an exception or a repr. The library that writes PDF signatures is
imported at the first one.
"""

from __future__ import annotations

import asyncio
import contextlib
import html
import io
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from market.kernel.canonical import canonical_bytes, plain, sha256_hex
from market.kernel.clock import beijing
from market.kernel.errors import Refused
from market.kernel.text import N_
from market.records.certificates import certificate_fingerprint, load_certificate, load_private
from market.records.pdf import FieldSpec, render_picture


@dataclass(frozen=True, slots=True)
class SignatureReport:
    """What one signature of a PDF says, and whether it holds."""

    field: str
    name: str
    organisation: str
    signed_at: datetime | None
    reason: str
    location: str
    certificate_fingerprint: str
    intact: bool  # the signed bytes are those that were signed, and the signature over them is right
    trusted: bool  # the certificate comes from the authority and was within its dates when it was used
    covers_document: bool  # nothing but further signatures was added after it

    @property
    def good(self) -> bool:
        """Everything a reader needs to rely on it."""
        return self.intact and self.trusted and self.covers_document


def prepare_fields(pdf: bytes, fields: Sequence[FieldSpec]) -> bytes:
    """The same document with empty, visible signature fields.

    All fields must be there before the first signature: adding one later changes the pages, and readers then call the
    first signature broken.
    """
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.fields import SigFieldSpec, append_signature_field

    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    for spec in fields:
        place = SigFieldSpec(spec.name, on_page=spec.page, box=spec.box, readable_field_name=spec.label or spec.name)
        append_signature_field(writer, place)
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


def sign_pdf(
    pdf: bytes,
    *,
    field: str,
    key: bytes,
    certificate_chain: Sequence[bytes],
    at: datetime,
    name: str,
    organisation: str,
    reason: str,
    location: str,
) -> bytes:
    """Fill the empty signature field `field`; the document so far stays as it is and the signature is appended.

    `key` is PKCS #8 DER, `certificate_chain` PEM from the signer up to the authority. Raises Refused when there is no
    such field or it is signed already, ValueError when key and certificate do not belong together.
    """
    from asn1crypto import keys
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.sign.fields import SigSeedSubFilter
    from pyhanko.sign.signers import PdfSignatureMetadata, SimpleSigner
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    from market.records.pades import SignerAt

    try:
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    except PdfError:
        raise _unreadable() from None
    box = _empty_place(writer, field)
    signer_certificate, *others = (_loaded(pem) for pem in certificate_chain)
    if load_private(key).public_key() != load_certificate(certificate_chain[0]).public_key():
        raise ValueError("the certificate belongs to another key")
    store = SimpleCertificateStore.from_certs(others)
    when = beijing(at)
    look = _look(box, name, organisation, when, certificate_fingerprint(certificate_chain[0]))
    signer = SignerAt(
        PdfSignatureMetadata(
            field_name=field,
            md_algorithm="sha256",
            subfilter=SigSeedSubFilter.PADES,
            reason=reason,
            location=location,
            name=name,
        ),
        SimpleSigner(signer_certificate, keys.PrivateKeyInfo.load(key), store),
        stamp_style=look,
        at=when,
    )
    signed: io.BytesIO = _apart(signer.sign_pdf, writer, existing_fields_only=True)
    return signed.getvalue()


def verify_pdf(pdf: bytes, trusted_certificate: bytes, *, judged_at: datetime | None = None) -> list[SignatureReport]:
    """What each signature says and whether it holds, in the order of signing; an unsigned document gives an empty list.

    `trusted_certificate` is the authority's (PEM). Certificates are judged at the time the signature claims, or at
    `judged_at` where the two run on different clocks (the demonstration). A caller who expects two signatures must
    count them: a file whose signatures were cut off is merely unsigned. Raises Refused for what is no readable PDF.
    """
    from pyhanko.pdf_utils.reader import PdfFileReader

    try:
        signatures = PdfFileReader(io.BytesIO(pdf)).embedded_regular_signatures
    except Exception:  # noqa: BLE001  a damaged file makes the parser fail in any way at all
        raise _unreadable() from None
    return [_report(pdf, one, trusted_certificate, judged_at, last=one is signatures[-1]) for one in signatures]


def _apart(work: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Run pyHanko, which starts an event loop of its own, also where the calling thread has one running already."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return work(*args, **options)
    with ThreadPoolExecutor(1) as other_thread:
        return other_thread.submit(work, *args, **options).result()


def _unreadable() -> Refused:
    return Refused(N_("文件已损坏或不是 PDF，无法读取签名。请重新下载后再试。"))


def _empty_place(writer: Any, place: str) -> tuple[float, float]:
    """Width and height of the empty signature field, in points."""
    from pyhanko.sign.fields import enumerate_sig_fields

    for path, value, reference in enumerate_sig_fields(writer.prev):
        if path != place:
            continue
        if value is not None:
            raise Refused(N_("“%(place)s”处已经签过名，不能重复签。请刷新页面查看。"), place=place)
        left, bottom, right, top = (float(number) for number in reference.get_object()["/Rect"])
        return right - left, top - bottom
    raise Refused(N_("文件里没有名为“%(place)s”的签名处。请重新生成文件后再签。"), place=place)


def _loaded(pem: bytes) -> Any:
    """The certificate in the form pyHanko works with."""
    from asn1crypto import x509

    return x509.Certificate.load(load_certificate(pem).public_bytes(serialization.Encoding.DER))


def _look(size: tuple[float, float], name: str, organisation: str, when: datetime, fingerprint: str) -> Any:
    """What is seen on the page: who, for whom, when, with which certificate."""
    from pyhanko.pdf_utils.layout import AxisAlignment, Margins, SimpleBoxLayoutRule
    from pyhanko.stamp import StaticStampStyle

    from market.records.pades import Picture

    width, height = size
    page = render_picture(
        _LOOK.format(
            name=html.escape(name),
            organisation=html.escape(organisation),
            when=when.strftime("%Y-%m-%d %H:%M:%S"),
            fingerprint=fingerprint[:32],
        ),
        css=_LOOK_CSS.format(width=width, height=height),
    )
    whole = SimpleBoxLayoutRule(AxisAlignment.ALIGN_MID, AxisAlignment.ALIGN_MID, Margins.uniform(0))
    return StaticStampStyle(border_width=0, background=Picture(page), background_layout=whole, background_opacity=1.0)


_LOOK = """<p class="what">电子签名</p><p class="name">{name}</p><p>{organisation}</p>
<p class="small">{when}（北京时间）</p><p class="small">证书 SHA-256 {fingerprint}…</p>"""

_LOOK_CSS = """
@page {{ size: {width}pt {height}pt; margin: 0 }}
html {{ font: 8.5pt/1.45 "Linli Noto Sans SC", sans-serif; color: #1a1a1a }}
body {{ margin: 0; padding: 6pt 9pt; height: {height}pt; box-sizing: border-box; overflow: hidden; background: #fff;
  border: 0.75pt solid #b3261e; border-left-width: 3pt }}
p {{ margin: 0 }}
.what {{ float: right; color: #b3261e; font-size: 8pt; font-weight: 700 }}
.name {{ font-size: 13pt; font-weight: 700 }}
.small {{ font-size: 7pt; color: #444 }}
"""


def _report(
    pdf: bytes, signature: Any, trusted_certificate: bytes, judged_at: datetime | None, *, last: bool
) -> SignatureReport:
    says: dict[str, Any] = {}
    intact = trusted = covers = False
    # Tampering can break the parser at any layer: what cannot be read stays empty, what cannot be judged does not hold.
    with contextlib.suppress(Exception):
        says = _claims(signature)
        moment = judged_at or says["signed_at"]
        intact, trusted, covers = _judged(pdf, signature, trusted_certificate, moment, last=last)
    return SignatureReport(
        field=signature.field_name,
        name=says.get("name", ""),
        organisation=says.get("organisation", ""),
        signed_at=says.get("signed_at"),
        reason=says.get("reason", ""),
        location=says.get("location", ""),
        certificate_fingerprint=says.get("certificate_fingerprint", ""),
        intact=intact,
        trusted=trusted,
        covers_document=covers,
    )


def _claims(signature: Any) -> dict[str, Any]:
    subject = signature.signer_cert.subject.native
    return {
        "name": subject.get("common_name", ""),
        "organisation": subject.get("organization_name", ""),
        "signed_at": signature.self_reported_timestamp,
        "reason": str(signature.sig_object.get("/Reason", "")),
        "location": str(signature.sig_object.get("/Location", "")),
        "certificate_fingerprint": signature.signer_cert.sha256.hex(),
    }


def _judged(
    pdf: bytes, signature: Any, trusted_certificate: bytes, moment: datetime, *, last: bool
) -> tuple[bool, bool, bool]:
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    context = ValidationContext(trust_roots=[_loaded(trusted_certificate)], moment=moment)
    status = _apart(validate_pdf_signature, signature, context)
    intact = status.intact and status.valid and _gap_is_the_signature(pdf, signature)
    return intact, intact and status.trusted, intact and _nothing_but_signatures_since(status, last=last)


def _gap_is_the_signature(pdf: bytes, signature: Any) -> bool:
    """Whether the only bytes that are not signed are the signature itself, filled up with zeros and nothing else."""
    from asn1crypto import cms

    start, end, again, _ = (int(number) for number in signature.byte_range)
    content: bytes = signature.pkcs7_content
    used = len(cms.ContentInfo.load(content).dump())
    gap = pdf[end:again]
    return (
        start == 0
        and gap[:1] + gap[-1:] == b"<>"
        and bytes.fromhex(gap[1:-1].decode()) == content
        and not any(content[used:])
    )


def _nothing_but_signatures_since(status: Any, *, last: bool) -> bool:
    from pyhanko.sign.diff_analysis import ModificationLevel
    from pyhanko.sign.validation.status import SignatureCoverageLevel

    if last:
        return bool(status.coverage == SignatureCoverageLevel.ENTIRE_FILE)
    return bool(status.docmdp_ok and status.modification_level <= ModificationLevel.FORM_FILLING)


# --- Receipts and daily digests ---------------------------------------------------------------------------------------


def new_receipt_key() -> tuple[bytes, bytes]:
    """A fresh Ed25519 key for receipts and daily digests: (private, public), 32 raw bytes each."""
    key = Ed25519PrivateKey.generate()
    return key.private_bytes_raw(), key.public_key().public_bytes_raw()


def fingerprint(public: bytes) -> str:
    """SHA-256 over the 32 raw bytes of a public receipt key, in hexadecimal: printed on every receipt."""
    return sha256_hex(public)


def sign_receipt(key: bytes, payload: Mapping[str, object]) -> dict[str, Any]:
    """`{"payload", "key", "signature"}`, ready for JSON: Ed25519 over the payload's canonical bytes.

    `key` in the result is the public key's fingerprint, `signature` 128 hexadecimal digits.
    """
    private = Ed25519PrivateKey.from_private_bytes(key)
    content = plain(payload)
    return {
        "payload": content,
        "key": fingerprint(private.public_key().public_bytes_raw()),
        "signature": private.sign(canonical_bytes(content)).hex(),
    }


def verify_receipt(public: bytes, receipt: Mapping[str, Any]) -> bool:
    """Whether the receipt was signed with this key and nothing in it was changed, added or left out."""
    if set(receipt) != {"payload", "key", "signature"} or receipt["key"] != fingerprint(public):
        return False
    try:
        signature = bytes.fromhex(receipt["signature"])
        Ed25519PublicKey.from_public_bytes(public).verify(signature, canonical_bytes(receipt["payload"]))
    except (InvalidSignature, TypeError, ValueError):
        return False
    # One signature has one spelling: no upper case, no blanks.
    return bool(signature.hex() == receipt["signature"])
