"""What is kept ready, and for how long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from market.public.kept import Shelf

AT = datetime(2026, 3, 31, 1, 0, tzinfo=UTC)
SOON = AT + timedelta(hours=1)


def test_a_page_is_kept_until_it_would_read_differently() -> None:
    shelf = Shelf()
    assert shelf.keep("a", "text", AT, SOON) == "text"
    assert shelf.find("a", AT) == "text"
    assert shelf.find("a", SOON - timedelta(microseconds=1)) == "text"
    assert shelf.find("a", SOON) is None


def test_a_page_made_later_is_no_answer_for_an_earlier_instant() -> None:
    shelf = Shelf()
    shelf.keep("a", "text", SOON, None)
    assert shelf.find("a", AT) is None
    assert shelf.find("a", SOON + timedelta(days=4000)) == "text"


def test_what_was_not_asked_for_longest_goes_first() -> None:
    shelf = Shelf(most=2)
    shelf.keep("a", "1", AT, None)
    shelf.keep("b", "2", AT, None)
    shelf.find("a", AT)
    shelf.keep("c", "3", AT, None)
    assert [shelf.find(name, AT) for name in "abc"] == ["1", None, "3"]
