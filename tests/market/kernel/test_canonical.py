import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.kernel.canonical import canonical_bytes, digest, instant_text, plain, sha256_hex


class Colour(StrEnum):
    RED = "red"


class Level(IntEnum):
    TWO = 2


class Pair(Enum):
    BOTH = ("a", 1)


BEIJING = timezone(timedelta(hours=8))

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=20,
)


def test_the_form_is_fixed():
    value = {"乙": [1, True, None], "a": Colour.RED, "A": {"z": -3, "b": 'quote " \\ \n \x01 /'}}
    expected = '{"A":{"b":"quote \\" \\\\ \\n \\u0001 /","z":-3},"a":"red","乙":[1,true,null]}'
    assert canonical_bytes(value) == expected.encode()
    assert canonical_bytes({Colour.RED: (Level.TWO, Pair.BOTH)}) == b'{"red":[2,["a",1]]}'


def test_instants_are_utc_and_fixed_width():
    nine = datetime(2026, 3, 31, 9, 0, tzinfo=BEIJING)
    assert canonical_bytes([nine, date(2026, 3, 31)]) == b'["2026-03-31T01:00:00.000000Z","2026-03-31"]'
    assert canonical_bytes(nine) == canonical_bytes(nine.astimezone(UTC))
    assert instant_text(datetime(980, 1, 2, 3, 4, 5, 67, tzinfo=UTC)) == "0980-01-02T03:04:05.000067Z"


@pytest.mark.parametrize(
    "value",
    [1.0, float("nan"), Decimal(1), Fraction(1, 2), b"x", {1: "x"}, {"a"}, datetime(2026, 3, 31), object()],  # noqa: DTZ001
)
def test_what_has_no_single_form_is_refused(value):
    with pytest.raises(TypeError):
        canonical_bytes([value])


def test_lone_surrogates_are_refused():
    with pytest.raises(UnicodeEncodeError):
        canonical_bytes("\ud800")


def test_text_is_not_normalised():
    assert canonical_bytes("é") != canonical_bytes("e\u0301")


@given(values)
def test_reading_back_gives_the_same_value_and_bytes(value):
    data = canonical_bytes(value)
    assert json.loads(data) == plain(value)
    assert canonical_bytes(json.loads(data)) == data


@given(
    st.lists(
        st.tuples(st.text(st.characters(exclude_categories=["Cs"]), max_size=3), st.integers()),
        unique_by=lambda pair: pair[0],
    )
)
def test_the_order_of_insertion_does_not_matter(pairs):
    assert digest(dict(pairs)) == digest(dict(reversed(pairs)))


def test_digest_is_sha256():
    assert sha256_hex(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert digest({}) == sha256_hex(b"{}")
