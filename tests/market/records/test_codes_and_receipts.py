"""Codes that work once, numbers without gaps, receipts anybody can check."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from market.kernel.clock import system_now
from market.kernel.errors import Refused
from market.records.codes import look_up, new_code, spend, use
from market.records.keys import found_installation, receipt_public
from market.records.models import OneTimeCode
from market.records.receipts import give_receipt, next_number
from market.records.signing import verify_receipt

DAY = timedelta(days=1)


def _code(purpose: str = "survey") -> str:
    return new_code(purpose, ("milestone", 3), system_now() + DAY)


def test_a_code_is_read_from_a_slip_of_paper_and_works_once(session: Session) -> None:
    code = _code()
    full_width = code.translate({sign: sign + 0xFEE0 for sign in range(0x21, 0x7F)})
    for typed in (f" {code.lower().replace('-', '')} ", code.replace("-", " "), code.replace("-", "—"), full_width):
        row = look_up("survey", typed, system_now())
    assert (row.subject_kind, row.subject_id) == ("milestone", 3)
    use(row, system_now())
    with pytest.raises(Refused):
        look_up("survey", code, system_now())
    with pytest.raises(Refused):
        use(row, system_now())


def test_unknown_used_late_and_foreign_codes_sound_the_same(session: Session) -> None:
    used, late, foreign = _code(), _code(), _code("reset")
    use(look_up("survey", used, system_now()), system_now())
    said = set()
    for code, at in [("2222-2222-2222", system_now()), (used, system_now()), (late, system_now() + DAY)]:
        with pytest.raises(Refused) as refused:
            look_up("survey", code, at)
        said.add((refused.value.text, refused.value.field))
    with pytest.raises(Refused) as refused:
        look_up("survey", foreign, system_now())
    assert said == {(refused.value.text, "code")}


def test_the_token_of_a_page_is_taken_once_and_opens_nothing(session: Session) -> None:
    assert spend("survey-page", "ab" * 16, ("milestone", 3), system_now())
    assert not spend("survey-page", "ab" * 16, ("milestone", 3), system_now())
    assert spend("survey-page", "cd" * 16, ("milestone", 3), system_now())
    with pytest.raises(Refused):
        look_up("survey-page", "ab" * 16, system_now() - DAY)


def test_no_character_is_mistaken_for_another(session: Session) -> None:
    codes = "".join(_code() for _ in range(50))
    assert not set(codes) & set("01OIL")


def test_the_database_holds_no_code(session: Session) -> None:
    code = _code()
    stored = session.scalars(select(OneTimeCode)).one()
    assert code.replace("-", "") not in str(vars(stored))


def test_numbers_of_a_series_have_no_gap_and_series_do_not_mix(session: Session) -> None:
    assert [next_number("合同 2026") for _ in range(3)] == [1, 2, 3]
    with session.begin_nested() as given_up:
        assert next_number("合同 2026") == 4
        given_up.rollback()
    assert next_number("合同 2026") == 4
    assert next_number("合同 2027") == 1


@pytest.fixture
def receipt_facts(session: Session) -> dict[str, str]:
    found_installation("测试", system_now())
    return {"digest": "ab" * 32, "lot": "东山街道独居老人探访"}


def test_a_receipt_is_checked_with_the_public_key_alone(session: Session, receipt_facts: dict[str, str]) -> None:
    given = give_receipt("R-1", ("bid", 1), receipt_facts, system_now())
    said = given["payload"]
    assert (said["number"], said["digest"], said["at"][:16]) == ("R-1", receipt_facts["digest"], "2026-03-31T01:00")
    assert verify_receipt(receipt_public(), given)
    other = {**given, "payload": {**said, "digest": "cd" * 32}}
    assert not verify_receipt(receipt_public(), other)


def test_a_receipt_is_never_changed_or_taken_back(session: Session, receipt_facts: dict[str, str]) -> None:
    give_receipt("R-1", ("bid", 1), receipt_facts, system_now())
    for statement in ("UPDATE receipt SET number = 'R-2'", "DELETE FROM receipt"):
        with pytest.raises(DBAPIError, match="never changed"), session.begin_nested():
            session.execute(text(statement))


def test_a_number_is_given_once(session: Session, receipt_facts: dict[str, str]) -> None:
    give_receipt("R-1", ("bid", 1), receipt_facts, system_now())
    with pytest.raises(DBAPIError), session.begin_nested():
        give_receipt("R-1", ("bid", 2), receipt_facts, system_now())
