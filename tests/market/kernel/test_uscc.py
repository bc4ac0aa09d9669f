import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc as stdnum_uscc

from market.kernel.errors import Refused
from market.kernel.uscc import (
    SYMBOLS,
    TYPE_BY_PREFIX,
    ProviderType,
    check_character,
    check_uscc,
    organisation_check,
    type_matches,
)

GOOD = "52320115MJ1234561N"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (GOOD, ProviderType.SERVICE_AGENCY),
        ("51320115MJ76543219", ProviderType.SOCIAL_GROUP),
        ("53320100MJ000019XF", ProviderType.FOUNDATION),
        ("N2320115MF22222269", ProviderType.VILLAGE_COLLECTIVE),
        ("93320115MA1ABCDE8N", ProviderType.COOPERATIVE),
    ],
)
def test_row_1_valid_codes(code, kind):
    checked = check_uscc(code)
    assert (checked.code, checked.prefix, checked.provider_type) == (code, code[:2], kind)


def test_row_1_sum_of_the_worked_example():
    assert check_character(GOOD[:-1]) == "N"
    assert SYMBOLS.index("N") == 22


@pytest.mark.parametrize("code", ["52320115MJ1234571N", "52320115MJ2134561N", "51320115MJ1234561N"])
def test_row_2_wrong_digit_swap_and_changed_prefix(code):
    with pytest.raises(Refused) as refusal:
        check_uscc(code, field="uscc")
    assert "校验位不符" in refusal.value.text
    assert "逐位核对" in refusal.value.text
    assert refusal.value.field == "uscc"


def test_row_2_every_single_wrong_character_is_found():
    for position, character in enumerate(GOOD):
        for other in SYMBOLS.replace(character, ""):
            with pytest.raises(Refused):
                check_uscc(GOOD[:position] + other + GOOD[position + 1 :])


def test_row_3_organisation_code():
    assert organisation_check("MJ123456") == "1"
    assert organisation_check("MJ000019") == "X"
    body = "52320115MJ1234562"
    with pytest.raises(Refused) as refusal:
        check_uscc(body + check_character(body))
    assert "组织机构代码校验不符" in refusal.value.text


def test_row_4_type_matches_prefix():
    assert type_matches("52", ProviderType.SERVICE_AGENCY)
    assert type_matches("93", ProviderType.COOPERATIVE)
    assert type_matches("N2", ProviderType.VILLAGE_COLLECTIVE)
    assert type_matches("11", ProviderType.STATE_ORGAN)
    assert not type_matches("52", ProviderType.FOUNDATION)
    assert type_matches("G1", ProviderType.OTHER)
    assert not type_matches("G1", ProviderType.ENTERPRISE)


@pytest.mark.parametrize("kind", list(ProviderType))
def test_row_4_every_type_has_a_label_and_a_prefix(kind):
    assert kind.label
    without_code = {ProviderType.OTHER, ProviderType.COMMUNITY_GROUP}
    assert (kind in TYPE_BY_PREFIX.values()) is (kind not in without_code)


@pytest.mark.parametrize(
    ("typed", "part"),
    [
        ("", "现在是0位"),
        (GOOD[:-1], "现在是17位"),
        (GOOD + "1", "现在是19位"),
        ("52320115MO1234561N", "第10位是“O”"),
        ("52320I15MJ1234561N", "第6位是“I”"),
        ("5232A115MJ1234561N", "第5位是“A”，第3至8位是行政区划代码"),
        ("52320115MJ12345６1中", "第18位是“中”"),
    ],
)
def test_the_reason_is_exact(typed, part):
    with pytest.raises(Refused) as refusal:
        check_uscc(typed)
    assert part in refusal.value.text


@pytest.mark.parametrize(
    "typed", [GOOD.lower(), " 5232 0115 MJ12 3456 1N ", "52320115-MJ1234561-N", "５２320115MJ1234561N"]
)
def test_typing_habits_are_tidied(typed):
    assert check_uscc(typed).code == GOOD


@given(st.from_regex(r"[159][1239][0-9]{6}[0-9A-HJ-NPQRTUWXY]{8}", fullmatch=True))
def test_another_implementation_agrees_where_it_knows_the_prefix(start):
    body = start + organisation_check(start[8:])
    code = body + check_character(body)
    assert stdnum_uscc.is_valid(code)
    assert check_uscc(code).code == code
