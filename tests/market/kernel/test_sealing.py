import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.kernel.errors import Refused
from market.kernel.sealing import (
    Argon2Cost,
    decrypt,
    encrypt,
    lock_private,
    new_key,
    new_keypair,
    open_for,
    open_sealed,
    peel,
    public_of,
    seal,
    seal_for,
    unlock_private,
    wrap_pair,
)

SECRET = "报价肆拾伍万陆仟元整".encode()
CHEAP = Argon2Cost(time_cost=1, memory_kib=64, lanes=1)


def refused(call, *args, **kwargs):
    with pytest.raises(Refused) as refusal:
        call(*args, **kwargs)
    error = refusal.value
    shown = repr((error.args, error.params, error.__cause__))
    assert "报价" not in shown
    assert error.__suppress_context__ or error.__context__ is None
    return error.text


def flips(blob, every=1):
    for at in range(0, len(blob), every):
        yield blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1 :]


def test_only_the_right_key_and_info_open():
    private, public = new_keypair()
    stranger, _ = new_keypair()
    sealed = seal(SECRET, public, b"bid 7")
    assert open_sealed(sealed, private, b"bid 7") == SECRET
    assert public_of(private) == public
    assert SECRET not in sealed
    assert seal(SECRET, public, b"bid 7") != sealed
    assert "无法解开" in refused(open_sealed, sealed, stranger, b"bid 7")
    refused(open_sealed, sealed, private, b"bid 8")
    for damaged in (*flips(sealed), b"", sealed[:10], sealed[:-1], sealed + b"x"):
        refused(open_sealed, damaged, private, b"bid 7")


@settings(max_examples=30)
@given(st.binary(max_size=3000), st.binary(max_size=50))
def test_anything_comes_back(plaintext, info):
    private, public = new_keypair()
    _, other = new_keypair()
    key = new_key()
    assert open_sealed(seal(plaintext, public, info), private, info) == plaintext
    assert open_for(seal_for(plaintext, [other, public], info), private, public, info) == plaintext
    assert decrypt(key, encrypt(key, plaintext, info), info) == plaintext


def test_bad_public_keys_are_refused():
    for public in (b"", b"x" * 31, bytes(32)):
        with pytest.raises(ValueError, match=r".*"):
            seal(SECRET, public, b"")


def test_two_openers_in_their_order():
    first, first_public = new_keypair()
    second, second_public = new_keypair()
    wrapped = wrap_pair(SECRET, first_public, second_public, b"lot 3")
    rest = peel(wrapped, first, b"lot 3", 1)
    assert SECRET not in rest
    assert peel(rest, second, b"lot 3", 2) == SECRET
    refused(peel, wrapped, second, b"lot 3", 1)
    refused(peel, wrapped, second, b"lot 3", 2)
    refused(peel, rest, first, b"lot 3", 2)
    refused(peel, rest, second, b"lot 3", 1)
    refused(peel, wrapped, first, b"lot 4", 1)
    with pytest.raises(ValueError, match="layers"):
        peel(wrapped, first, b"lot 3", 3)


def test_one_envelope_for_the_lot_and_the_bidder():
    lot, lot_public = new_keypair()
    bidder, bidder_public = new_keypair()
    stranger, stranger_public = new_keypair()
    envelope = seal_for(SECRET, [lot_public, bidder_public], b"bid 7")
    assert open_for(envelope, lot, lot_public, b"bid 7") == SECRET
    assert open_for(envelope, bidder, bidder_public, b"bid 7") == SECRET
    assert "不是加密给您的" in refused(open_for, envelope, stranger, stranger_public, b"bid 7")
    refused(open_for, envelope, stranger, lot_public, b"bid 7")
    refused(open_for, envelope, lot, lot_public, b"bid 8")
    for damaged in (*flips(envelope), b"", b"LEN1", envelope[:5], envelope[:100], envelope[:-1], envelope + b"x"):
        refused(open_for, damaged, lot, lot_public, b"bid 7")


@pytest.mark.parametrize("count", [0, 256])
def test_an_envelope_needs_readers(count):
    with pytest.raises(ValueError, match="readers"):
        seal_for(b"", [bytes([n % 256]) + bytes(31) for n in range(count)], b"")


def test_an_envelope_names_each_reader_once():
    _, public = new_keypair()
    with pytest.raises(ValueError, match="different"):
        seal_for(b"", [public, public], b"")


def test_symmetric_encryption_is_bound_to_its_context():
    key = new_key()
    blob = encrypt(key, SECRET, b"draft 1/price")
    assert decrypt(key, blob, b"draft 1/price") == SECRET
    assert SECRET not in blob
    assert encrypt(key, SECRET, b"draft 1/price") != blob
    refused(decrypt, key, blob, b"draft 2/price")
    refused(decrypt, new_key(), blob, b"draft 1/price")
    for damaged in (*flips(blob), b"", blob[:8], blob[:-1]):
        refused(decrypt, key, damaged, b"draft 1/price")


def test_a_passphrase_guards_the_private_key():
    private, _ = new_keypair()
    blob = lock_private(private, "江宁 street 2026", cost=CHEAP)
    assert unlock_private(blob, "江宁 street 2026") == private
    assert unlock_private(blob, "江宁 ｓｔｒｅｅｔ ２０２６") == private, (
        "a Chinese keyboard's full-width letters are the same"
    )
    assert private not in blob
    assert "口令不正确" in refused(unlock_private, blob, "江宁 street 2025")
    assert "口令不正确" in refused(unlock_private, blob, "")
    assert "请填写" in refused(lock_private, private, "")
    for damaged in (*flips(blob), b"", blob[:20], blob[:-1]):
        refused(unlock_private, damaged, "江宁 street 2026")


def test_an_absurd_cost_in_a_blob_is_refused_before_it_is_paid():
    blob = lock_private(b"k" * 32, "x", cost=CHEAP)
    assert "损坏" in refused(unlock_private, blob[:8] + b"\xff\xff\xff\xff" + blob[12:], "x")


def test_the_default_cost_is_readable_from_the_blob():
    blob = lock_private(b"k" * 32, "好口令")
    assert int.from_bytes(blob[4:8], "big") >= 3
    assert int.from_bytes(blob[8:12], "big") >= 64 * 1024
    assert unlock_private(blob, "好口令") == b"k" * 32
