"""Sealing: HPKE (RFC 9180: X25519, HKDF-SHA256, ChaCha20-Poly1305), envelopes for several readers, locked private keys.

Keys are raw bytes: 32 for a private key, 32 for a public one, 32 for a symmetric key. `info` and `context` name what
is sealed (the lot, the bid, the field); opening with another one fails. Every blob starts with four bytes that name its
form and version. No error here carries a plaintext, a key or a passphrase.
"""

from __future__ import annotations

import hashlib
import secrets
import struct
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from argon2.exceptions import Argon2Error
from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from market.kernel.errors import Refused
from market.kernel.text import N_

KEY_BYTES = 32
NONCE_BYTES = 12
SALT_BYTES = 16
FIRST_LAYER, SECOND_LAYER = 1, 2

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
_SEALED, _ENVELOPE, _LOCKED, _ENCRYPTED = b"LHP1", b"LEN1", b"LKY1", b"LSY1"
_LOCK_HEADER = struct.Struct(f">4sIIB{SALT_BYTES}s")
_MAX_MEMORY_KIB = 1 << 20
_MAX_TIME_COST = 64
_MAX_LANES = 16


@dataclass(frozen=True)
class Argon2Cost:
    """What guessing one passphrase costs; written into every locked key, so it can rise without breaking old ones."""

    time_cost: int = 3
    memory_kib: int = 64 * 1024
    lanes: int = 4


DEFAULT_COST = Argon2Cost()


def _damaged() -> Refused:
    return Refused(N_("密封内容无法解开：密钥不对应，或内容已损坏。"))


# --- one recipient ------------------------------------------------------------------------------------------------


def new_keypair() -> tuple[bytes, bytes]:
    """A fresh X25519 pair: (private, public), 32 raw bytes each."""
    private = X25519PrivateKey.generate()
    return private.private_bytes_raw(), private.public_key().public_bytes_raw()


def public_of(private: bytes) -> bytes:
    """The public key that belongs to a private one."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def seal(plaintext: bytes, public: bytes, info: bytes) -> bytes:
    """Seal to one public key. Each call gives different bytes. Raises ValueError for a key that is none."""
    return _SEALED + _SUITE.encrypt(plaintext, X25519PublicKey.from_public_bytes(public), info=info)


def open_sealed(ciphertext: bytes, private: bytes, info: bytes) -> bytes:
    """Open what `seal` made with the same `info`. Raises Refused for a wrong key, a wrong info or changed bytes."""
    if not ciphertext.startswith(_SEALED):
        raise _damaged()
    key = X25519PrivateKey.from_private_bytes(private)
    try:
        return _SUITE.decrypt(ciphertext[len(_SEALED) :], key, info=info)
    except (InvalidTag, ValueError):
        raise _damaged() from None


# --- two openers, one after the other -----------------------------------------------------------------------------


def wrap_pair(secret: bytes, first_public: bytes, second_public: bytes, info: bytes) -> bytes:
    """Seal a secret so that the first opener and then the second are needed: the outer layer is the first's."""
    inner = seal(secret, second_public, _layer_info(SECOND_LAYER, info))
    return seal(inner, first_public, _layer_info(FIRST_LAYER, info))


def peel(wrapped: bytes, private: bytes, info: bytes, layer: int) -> bytes:
    """Take off one layer: 1 gives the still sealed rest for the second opener, 2 gives the secret. Raises Refused."""
    return open_sealed(wrapped, private, _layer_info(layer, info))


def _layer_info(layer: int, info: bytes) -> bytes:
    if layer not in {FIRST_LAYER, SECOND_LAYER}:
        raise ValueError("a pair has layers 1 and 2")
    return b"linli/pair/1/layer/%d/" % layer + info


# --- one envelope, several readers --------------------------------------------------------------------------------


def key_id(public: bytes) -> bytes:
    """How an envelope names its reader: SHA-256 of the public key."""
    return hashlib.sha256(public).digest()


def seal_for(plaintext: bytes, publics: Sequence[bytes], info: bytes) -> bytes:
    """Seal once for several readers: one random content key, itself sealed to each public key.

    Layout: `LEN1`, count (1 byte), per reader key id (32) and sealed key (fixed length), nonce (12), ciphertext. The
    head is authenticated with the content, so no reader can be added, removed or exchanged afterwards.
    """
    if not 0 < len(set(publics)) == len(publics) < 256:
        raise ValueError("an envelope has 1 to 255 different readers")
    content_key = new_key()
    wrapped = [key_id(public) + seal(content_key, public, b"linli/envelope/1/key/" + info) for public in publics]
    head = _ENVELOPE + bytes([len(publics)]) + b"".join(wrapped)
    nonce = secrets.token_bytes(NONCE_BYTES)
    body = ChaCha20Poly1305(content_key).encrypt(nonce, plaintext, _envelope_context(head, info))
    return head + nonce + body


def open_for(envelope: bytes, private: bytes, public: bytes, info: bytes) -> bytes:
    """Open an envelope as one of its readers. Raises Refused for a stranger, a wrong info or changed bytes."""
    entry = KEY_BYTES + _SEALED_KEY_BYTES
    start = len(_ENVELOPE) + 1
    if not envelope.startswith(_ENVELOPE) or len(envelope) <= start:
        raise _damaged()
    end = start + entry * envelope[len(_ENVELOPE)]
    head, rest = envelope[:end], envelope[end:]
    wanted = key_id(public)
    for at in range(start, end, entry):
        if head[at : at + KEY_BYTES] == wanted:
            sealed_key = head[at + KEY_BYTES : at + entry]
            content_key = open_sealed(sealed_key, private, b"linli/envelope/1/key/" + info)
            return _decrypt_raw(content_key, rest, _envelope_context(head, info))
    raise Refused(N_("这份密封内容不是加密给您的密钥的，无法打开。"))


_SEALED_KEY_BYTES = len(_SEALED) + 32 + KEY_BYTES + 16


def _envelope_context(head: bytes, info: bytes) -> bytes:
    return b"linli/envelope/1/body/" + hashlib.sha256(head).digest() + info


# --- symmetric ----------------------------------------------------------------------------------------------------


def new_key() -> bytes:
    """A fresh symmetric key of 32 bytes."""
    return secrets.token_bytes(KEY_BYTES)


def encrypt(key: bytes, plaintext: bytes, context: bytes) -> bytes:
    """Encrypt under a symmetric key, bound to a context. Each call gives different bytes."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return _ENCRYPTED + nonce + ChaCha20Poly1305(key).encrypt(nonce, plaintext, context)


def decrypt(key: bytes, ciphertext: bytes, context: bytes) -> bytes:
    """Undo `encrypt` with the same context. Raises Refused for a wrong key, a wrong context or changed bytes."""
    if not ciphertext.startswith(_ENCRYPTED):
        raise _damaged()
    return _decrypt_raw(key, ciphertext[len(_ENCRYPTED) :], context)


def _decrypt_raw(key: bytes, nonce_and_body: bytes, context: bytes) -> bytes:
    try:
        return ChaCha20Poly1305(key).decrypt(nonce_and_body[:NONCE_BYTES], nonce_and_body[NONCE_BYTES:], context)
    except (InvalidTag, ValueError):
        raise _damaged() from None


# --- private keys under a passphrase ------------------------------------------------------------------------------


def lock_private(private: bytes, passphrase: str, *, cost: Argon2Cost = DEFAULT_COST) -> bytes:
    """A private key (any bytes) under a passphrase: argon2id, then ChaCha20-Poly1305. Takes about 0.2 s on purpose.

    Layout: `LKY1`, time cost (4 bytes), memory in KiB (4), lanes (1), salt (16), nonce (12), ciphertext; the first
    29 bytes are authenticated. Full-width and composed characters count as their plain forms (NFKC).
    """
    if not passphrase:
        raise Refused(N_("请填写密钥口令。"), field="passphrase")
    salt, nonce = secrets.token_bytes(SALT_BYTES), secrets.token_bytes(NONCE_BYTES)
    header = _LOCK_HEADER.pack(_LOCKED, cost.time_cost, cost.memory_kib, cost.lanes, salt)
    return header + nonce + ChaCha20Poly1305(_stretch(passphrase, salt, cost)).encrypt(nonce, private, header)


def unlock_private(blob: bytes, passphrase: str) -> bytes:
    """The private key again. Raises Refused for a wrong passphrase and for a damaged blob."""
    header, rest = blob[: _LOCK_HEADER.size], blob[_LOCK_HEADER.size :]
    if len(header) < _LOCK_HEADER.size or not header.startswith(_LOCKED):
        raise _damaged()
    _, time_cost, memory_kib, lanes, salt = _LOCK_HEADER.unpack(header)
    if time_cost > _MAX_TIME_COST or memory_kib > _MAX_MEMORY_KIB or lanes > _MAX_LANES:
        raise _damaged()
    try:
        key = _stretch(passphrase, salt, Argon2Cost(time_cost, memory_kib, lanes))
    except Argon2Error:
        raise _damaged() from None
    try:
        return ChaCha20Poly1305(key).decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], header)
    except (InvalidTag, ValueError):
        raise Refused(N_("密钥口令不正确。请注意：密钥口令与登录密码是两个不同的口令。"), field="passphrase") from None


def _stretch(passphrase: str, salt: bytes, cost: Argon2Cost) -> bytes:
    return hash_secret_raw(
        unicodedata.normalize("NFKC", passphrase).encode("utf-8"),
        salt,
        time_cost=cost.time_cost,
        memory_cost=cost.memory_kib,
        parallelism=cost.lanes,
        hash_len=KEY_BYTES,
        type=Type.ID,
    )
