"""What is written as JSON comes back as it was."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from sqlalchemy.dialects import sqlite

from market.db.types import FrozenRules, JsonText
from market.kernel.rulebook import load

KIND, DIALECT = JsonText(), sqlite.dialect()


@pytest.mark.parametrize(
    "value",
    [
        None,
        {"甲": ["乙", 1, -1, True, None, ""], "": {}},
        2**63 - 1,
        # The parts of an exact share grow past what a machine word holds.
        {"score": [2**64 + 1, 3**60], "low": -(2**64) - 1},
        "1234567890123456789012345",
    ],
)
def test_a_value_comes_back_exactly(value: Any) -> None:
    again = KIND.process_result_value(KIND.process_bind_param(value, DIALECT), DIALECT)
    assert again == value
    # A float in the place of a whole number would be equal to it and written otherwise.
    assert json.dumps(again, sort_keys=True) == json.dumps(value, sort_keys=True)


def test_a_set_of_rules_comes_back_once_for_all_rows_that_hold_it() -> None:
    kind, rules = FrozenRules(), load().at("320115", "comparison", date(2026, 4, 1))
    text = kind.process_bind_param(rules, DIALECT)
    again = kind.process_result_value(text, DIALECT)
    assert again is not None
    assert (again.digest, dict(again)) == (rules.digest, dict(rules))
    assert kind.process_result_value("".join(text), DIALECT) is again


def test_before_publication_there_are_no_rules() -> None:
    kind = FrozenRules()
    assert kind.process_result_value(kind.process_bind_param(None, DIALECT), DIALECT) is None
    # As rounds kept it before they had a type of their own.
    assert kind.process_result_value("[]", DIALECT) is None
