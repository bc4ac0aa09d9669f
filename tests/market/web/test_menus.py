"""A short menu is a line of links; a long one folds what belongs together. The order of what waits on the desk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from market.web.menus import Folded, Link, MenuGroup, folded
from market.web.rooms import Waiting, by_urgency


def entries(*groups: MenuGroup) -> list[tuple[MenuGroup, Link]]:
    return [(group, Link(f"{group}-{n}", f"/{n}", active=n == 3)) for n, group in enumerate(groups)]


def test_seven_entries_stay_a_line_of_links() -> None:
    given = entries(*[MenuGroup.PURCHASE] * 7)
    assert folded(given) == [link for _group, link in given]


def test_from_eight_on_groups_fold_but_the_desk_and_a_group_of_one_do_not() -> None:
    desk, one = [MenuGroup.DESK] * 3, [MenuGroup.NEEDS]
    menu = folded(entries(*[MenuGroup.CONTRACTS] * 4, *desk, *one))
    assert [type(entry) for entry in menu] == [Link, Link, Link, Link, Folded]
    contracts = menu[-1]
    assert isinstance(contracts, Folded)
    assert [link.url for link in contracts.links] == ["/0", "/1", "/2", "/3"]
    assert contracts.active, "the page shown is one of these"


def test_what_is_overdue_comes_first_and_is_urgent_whatever_its_room_says_of_it() -> None:
    now = datetime(2026, 6, 1, 2, tzinfo=UTC)
    day = timedelta(days=1)
    given = [
        Waiting("a", "no day", "/"),
        Waiting("a", "tomorrow", "/", now + day),
        Waiting("a", "urgent tomorrow", "/", now + day, urgent=True),
        Waiting("a", "over since now", "/", now),
        Waiting("a", "over for long", "/", now - 9 * day),
        Waiting("a", "urgent without a day", "/", urgent=True),
    ]
    shown = [(one.title, one.urgent) for one in by_urgency(given, now)]
    assert shown == [
        ("over for long", True),
        ("over since now", True),
        ("urgent tomorrow", True),
        ("urgent without a day", True),
        ("tomorrow", False),
        ("no day", False),
    ]
