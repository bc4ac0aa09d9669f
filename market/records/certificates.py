"""The installation's own certificate authority and the signing certificates of people (X.509, EC P-256).

Private keys are PKCS #8 in DER. They come in unlocked, and whoever stores one locks it first (market.kernel.sealing).
No key is ever part of an exception or a repr.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from market.kernel.clock import aware


@dataclass(frozen=True, slots=True)
class Authority:
    """The installation's own certificate authority: private key (PKCS #8 DER) and certificate (PEM)."""

    key: bytes = field(repr=False)
    certificate: bytes


def new_authority(name: str, *, at: datetime, days: int) -> Authority:
    """A fresh self-signed authority that may issue certificates of people and nothing below them."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _subject(name, name)
    certificate = (
        _builder(subject, subject, key.public_key())
        .not_valid_before(at)
        .not_valid_after(at + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage("key_cert_sign", "crl_sign"), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Authority(_private_der(key), _pem(certificate))


def new_signing_key() -> tuple[bytes, bytes]:
    """A person's EC P-256 key: (private as PKCS #8 DER, to be locked under the passphrase; public as SPKI DER)."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return _private_der(key), public


def issue_certificate(
    authority: Authority,
    *,
    public: bytes,
    subject_name: str,
    organisation: str,
    serial_hint: str,
    at: datetime,
    days: int,
) -> bytes:
    """A signing certificate (PEM) for a person of an organisation, valid from `at`, never longer than the authority.

    Without an `organisation` it names the person alone: a name in that place would be read as the one signed for.

    `serial_hint` is our own id of the person, kept in the subject so that two people of one name can be told apart.
    """
    public_key = serialization.load_der_public_key(public)
    if not isinstance(public_key, ec.EllipticCurvePublicKey):
        raise TypeError("a signing certificate needs an elliptic curve key")
    issuer = load_certificate(authority.certificate)
    signer = load_private(authority.key)
    certificate = (
        _builder(_subject(subject_name, organisation, serial_hint), issuer.subject, public_key)
        .not_valid_before(at)
        .not_valid_after(min(at + timedelta(days=days), issuer.not_valid_after_utc))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage("digital_signature", "content_commitment"), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )
    return _pem(certificate)


def certificate_valid(certificate: bytes, at: datetime) -> bool:
    """Whether the certificate (PEM) is within its dates at that instant."""
    loaded = load_certificate(certificate)
    return loaded.not_valid_before_utc <= aware(at) < loaded.not_valid_after_utc


def certificate_unit(certificate: bytes) -> str:
    """The organisation that a certificate (PEM) names; empty for none."""
    named = load_certificate(certificate).subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return str(named[0].value) if named else ""


def certificate_fingerprint(certificate: bytes) -> str:
    """SHA-256 over the certificate (PEM in, DER digested), in lower-case hexadecimal."""
    return load_certificate(certificate).fingerprint(hashes.SHA256()).hex()


def _builder(subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _subject(name: str, organisation: str, serial_hint: str = "") -> x509.Name:
    attributes = [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
        # X.520 gives both 64 characters; the library counts 64 bytes for the common name.
        x509.NameAttribute(NameOID.COMMON_NAME, name.encode("utf-8")[:64].decode("utf-8", "ignore")),
    ]
    if organisation:
        attributes.insert(1, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation[:64]))
    if serial_hint:
        attributes.append(x509.NameAttribute(NameOID.SERIAL_NUMBER, serial_hint[:64]))
    return x509.Name(attributes)


def _usage(*allowed: str) -> x509.KeyUsage:
    names = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{name: name in allowed for name in names})


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private_der(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def load_private(key: bytes) -> ec.EllipticCurvePrivateKey:
    """The key object of PKCS #8 DER bytes; ValueError or TypeError, without the bytes, for anything else."""
    try:
        loaded = serialization.load_der_private_key(key, password=None)
    except (ValueError, TypeError):
        raise ValueError("this is not a private key in PKCS #8 DER") from None
    if not isinstance(loaded, ec.EllipticCurvePrivateKey):
        raise TypeError("a signing key is an elliptic curve key")
    return loaded


def load_certificate(pem: bytes) -> x509.Certificate:
    """The certificate object of PEM bytes."""
    return x509.load_pem_x509_certificate(pem)
