"""The 2026 calendars that the worked examples assume."""

from datetime import date

from market.kernel.workdays import Calendar

_QINGMING = frozenset(date(2026, 4, day) for day in (4, 5, 6))
_MAY = frozenset(date(2026, 5, day) for day in range(1, 6))

TEST_2026 = Calendar("test-2026", _QINGMING | _MAY, frozenset({date(2026, 5, 9)}), frozenset({2026}))
WITHOUT_MAY = Calendar("test-2026-without-may", _QINGMING, frozenset(), frozenset({2026}))
