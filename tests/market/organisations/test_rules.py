"""Who an organisation is by its code, and whether it may bid."""

from __future__ import annotations

from datetime import date

import pytest

from market.kernel.errors import Refused
from market.kernel.uscc import ProviderType
from market.organisations.rules import (
    bidding_trouble,
    check_bank,
    check_identity,
    may_claim_small,
    phone_trouble,
    registered_trouble,
)
from market.organisations.states import OrganisationState
from tests.factories.organisations import credit_code

TODAY = date(2026, 3, 31)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("52320115MJ1234561N", ProviderType.SERVICE_AGENCY),
        ("51320115MJ76543219", ProviderType.SOCIAL_GROUP),
        ("53320100MJ000019XF", ProviderType.FOUNDATION),
        ("N2320115MF22222269", ProviderType.VILLAGE_COLLECTIVE),
        ("93320115MA1ABCDE8N", ProviderType.COOPERATIVE),
    ],
)
def test_row_1_a_right_code_of_the_right_type(code: str, kind: ProviderType) -> None:
    found = check_identity(code, kind)
    assert found is not None
    assert (found.code, found.provider_type) == (code, kind)


@pytest.mark.parametrize(
    "typed", ["52320115mj1234561n", "52320115 MJ12 3456 1N", "５２３２０１１５ＭＪ１２３４５６１Ｎ"]
)
def test_row_1_a_code_may_be_typed_as_people_type(typed: str) -> None:
    found = check_identity(typed, ProviderType.SERVICE_AGENCY)
    assert found is not None
    assert found.code == "52320115MJ1234561N"


@pytest.mark.parametrize("code", ["52320115MJ1234571N", "52320115MJ2134561N", "51320115MJ1234561N"])
def test_row_2_wrong_digit_swap_and_changed_prefix_are_refused_at_the_field(code: str) -> None:
    with pytest.raises(Refused) as refused:
        check_identity(code, ProviderType.SERVICE_AGENCY)
    assert refused.value.field == "uscc"


def test_row_4_a_foundation_has_no_code_of_a_service_agency() -> None:
    with pytest.raises(Refused) as refused:
        check_identity("52320115MJ1234561N", ProviderType.FOUNDATION)
    assert refused.value.field == "provider_type"
    assert "52" in refused.value.text
    assert "社会服务机构" in refused.value.text


def test_row_4_state_organs_do_not_supply() -> None:
    with pytest.raises(Refused) as refused:
        check_identity(credit_code("11"), ProviderType.STATE_ORGAN)
    assert refused.value.field == "provider_type"


def test_a_group_that_is_only_filed_has_no_code() -> None:
    assert check_identity(None, ProviderType.COMMUNITY_GROUP) is None
    with pytest.raises(Refused):
        check_identity("52320115MJ1234561N", ProviderType.COMMUNITY_GROUP)
    with pytest.raises(Refused):
        check_identity(None, ProviderType.SERVICE_AGENCY)


def test_row_5_only_enterprises_and_individual_businesses_have_a_size() -> None:
    able = {kind for kind in ProviderType if may_claim_small(kind)}
    assert able == {ProviderType.ENTERPRISE, ProviderType.INDIVIDUAL_BUSINESS}


@pytest.mark.parametrize(
    ("state", "kind", "until", "may"),
    [
        (OrganisationState.CONFIRMED, ProviderType.SERVICE_AGENCY, None, True),
        (OrganisationState.CONFIRMED, ProviderType.COMMUNITY_GROUP, None, False),
        (OrganisationState.DRAFT, ProviderType.SERVICE_AGENCY, None, False),
        (OrganisationState.SUBMITTED, ProviderType.SERVICE_AGENCY, None, False),
        (OrganisationState.RETURNED, ProviderType.SERVICE_AGENCY, None, False),
        (OrganisationState.BARRED, ProviderType.SERVICE_AGENCY, date(2026, 4, 1), False),
        (OrganisationState.BARRED, ProviderType.SERVICE_AGENCY, date(2026, 3, 31), True),
        (OrganisationState.BARRED, ProviderType.SERVICE_AGENCY, None, False),
    ],
)
def test_who_may_submit_a_bid(state: OrganisationState, kind: ProviderType, until: date | None, may: bool) -> None:
    assert (bidding_trouble(state, kind, until, TODAY) is None) is may


def test_bank_numbers_are_tidied_and_checked() -> None:
    assert check_bank("6222 0210 0111 2223", "1023 0100 0123") == ("6222021001112223", "102301000123")
    for account_no, cnaps, field in [("12345", "102301000123", "account_no"), ("6222021001112223", "1023", "cnaps")]:
        with pytest.raises(Refused) as refused:
            check_bank(account_no, cnaps)
        assert refused.value.field == field


@pytest.mark.parametrize(
    "phone",
    [
        "025-52100000",
        "(025) 5210 0000",
        "（025）52100000",
        "025—52100000",
        "０２５－５２１０００００",
        "13800000000",
        "138 0000 0000",
        "+86 138-0000-0000",
        "0086-25-52100000",
        "025-52100000-801",
        "025-52100000转801",
        "025-52100000 分机 801",
        "025-52100000 ext. 801",
        "025-52100000 / 13800000000",
        "025-52100000、52100001",
        "400-820-8820",
        "12349",
        "000-00000000",
    ],
)
def test_telephone_numbers_as_people_write_them(phone: str) -> None:
    assert phone_trouble(phone) is None


@pytest.mark.parametrize("phone", ["phone?", "电话", "1", "----", "025-52100000 /", "52100000abc", "1" * 25])
def test_what_is_no_telephone_number(phone: str) -> None:
    assert phone_trouble(phone) is not None


def test_an_organisation_is_registered_neither_tomorrow_nor_in_antiquity() -> None:
    for day in (TODAY, date(2018, 5, 4), date(1951, 1, 1)):
        assert registered_trouble(day, TODAY) is None
    for day in (date(2026, 4, 1), date(2030, 1, 1), date(1, 1, 1)):
        assert registered_trouble(day, TODAY) is not None
