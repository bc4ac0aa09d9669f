"""What is written as JSON comes back as it was."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy.dialects import sqlite

from market.db.types import JsonText

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
