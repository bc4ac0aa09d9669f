"""The demonstration's present instant: the machine's plus an offset kept in the database.

Sessions, second factors, throttles and certificates use real time and never come here.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from market.kernel.clock import system_now
from market.kernel.errors import Refused
from market.kernel.text import N_
from market.records.keys import read_setting, write_setting

NAME = "demonstration_offset_seconds"


def demonstration_now() -> datetime:
    """Return the demonstration's present instant."""
    offset = read_setting(NAME)
    return system_now() + timedelta(seconds=offset if isinstance(offset, int) else 0)


def set_demonstration_now(at: datetime) -> None:
    """Move the demonstration clock so that it now shows `at`. Raises Refused for a step back in time."""
    if read_setting(NAME) is not None and at < demonstration_now():
        raise Refused(N_("演示时钟只能往后走。"))
    write_setting(NAME, int((at.astimezone(UTC) - system_now()).total_seconds()))
