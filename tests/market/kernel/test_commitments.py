import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.kernel.commitments import (
    check_root,
    commit,
    commit_fields,
    leaf_hash,
    merkle_root,
    new_salt,
    opens,
    public_part,
    root_of,
)

SALT = "000102030405060708090a0b0c0d0e0f"


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def test_the_formula_written_out_again():
    text = f'["linli.commitment.1","报价","{SALT}",45600000]'.encode()
    commitment = sha(b"\x00", text).hex()
    assert commit("报价", 45_600_000, SALT) == commitment
    leaf = sha(b"\x01", f'["报价","{commitment}"]'.encode()).hex()
    assert leaf_hash("报价", commitment) == leaf
    a, b, c = (sha(bytes([n])) for n in range(3))
    top = sha(b"\x02", sha(b"\x02", a, b), c)
    assert merkle_root([a.hex(), b.hex(), c.hex()]) == sha(b"\x03", (3).to_bytes(8, "big"), top).hex()
    assert merkle_root([a.hex()]) == sha(b"\x03", (1).to_bytes(8, "big"), a).hex()
    assert merkle_root([]) == sha(b"\x03", bytes(8)).hex()


def test_an_inner_node_is_no_leaf():
    a, b, c = (sha(bytes([n])) for n in range(3))
    node = sha(b"\x02", a, b)
    assert merkle_root([node.hex(), c.hex()]) != merkle_root([a.hex(), b.hex(), c.hex()])
    assert merkle_root([a.hex(), b.hex(), b.hex()]) != merkle_root([a.hex(), b.hex()])


def test_salts_hide_equal_values():
    first, second = new_salt(), new_salt()
    assert len(bytes.fromhex(first)) == 16
    assert commit("报价", 1, first) != commit("报价", 1, second)


@pytest.mark.parametrize("salt", ["", "00", "zz" * 16, SALT.upper()])
def test_bad_salts_are_refused(salt):
    with pytest.raises(ValueError, match=r"salt|hexadecimal"):
        commit("a", 1, salt)


def test_leaves_must_be_digests():
    with pytest.raises(ValueError, match="leaf"):
        merkle_root(["00"])


FIELDS = {"方案": "每周三次", "报价": 45_600_000, "附件": {"sha256": "ab", "size": 3}}


def test_any_part_can_be_withheld_and_the_root_still_verifies():
    root, leaves = commit_fields(FIELDS)
    assert [leaf["name"] for leaf in leaves] == sorted(FIELDS)
    assert check_root(root, leaves)
    assert check_root(root, leaves, FIELDS)
    assert root_of(public_part(leaves)) == root
    assert all(opens(leaf, FIELDS[leaf["name"]]) for leaf in leaves)
    assert "每周三次" not in json.dumps(leaves, ensure_ascii=False)


def test_every_change_is_found():
    root, leaves = commit_fields(FIELDS)
    assert not check_root(root, leaves, FIELDS | {"报价": 45_600_001})
    assert not check_root(root, leaves, {name: FIELDS[name] for name in ("方案", "报价")})
    assert not check_root(root, leaves, FIELDS | {"另加": 1})
    assert not check_root(root, leaves[:-1])
    assert not check_root(root, [*leaves, leaves[0]])
    renamed = [dict(leaves[0], name="报价改"), *leaves[1:]]
    assert not check_root(root, renamed)
    swapped = [dict(leaf, name=other["name"]) for leaf, other in zip(leaves, reversed(leaves), strict=True)]
    assert not check_root(root, swapped)


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), st.integers(), max_size=12))
def test_any_set_of_fields_verifies(fields):
    root, leaves = commit_fields(fields)
    assert check_root(root, list(reversed(leaves)), fields)
