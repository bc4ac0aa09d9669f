"""Passwords, the throttle, and who may give which role."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from market.kernel.permits import Actor, Grant, Role, Scope
from market.people.rules import (
    FREE_TRIES,
    email_trouble,
    grantable,
    login_trouble,
    misplaced,
    password_trouble,
    throttle_until,
)

AT = datetime(2026, 3, 31, 1, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaa", "1234567890", "Password12"[:8], "wangfang01"])
def test_weak_passwords(password: str) -> None:
    assert password_trouble(password, "wangfang01") is not None


@pytest.mark.parametrize("password", ["horse battery staple", "七盏安静的灯笼挂在门前", "correct-h0rse"])
def test_good_passwords_need_no_odd_characters(password: str) -> None:
    assert password_trouble(password, "wangfang") is None


@pytest.mark.parametrize("login", ["mingde-admin", "wang.fang@example.cn", "clerk_jn", "王芳", "a+b", "123"])
def test_logins_as_people_choose_them(login: str) -> None:
    assert login_trouble(login) is None


@pytest.mark.parametrize("login", ["a b", "王 芳", "a\tb", "a\u3000b", "a/b", "<b>", ""])
def test_a_login_has_no_space_in_it(login: str) -> None:
    assert login_trouble(login) is not None


@pytest.mark.parametrize(
    "email", ["w@example.invalid", "a.b+c@mail.example.com.cn", "王芳@例子.中国"]
)
def test_addresses_that_mail_may_reach(email: str) -> None:
    assert email_trouble(email) is None


@pytest.mark.parametrize(
    "email", ["x", "not an email", "a@b", "@example.cn", "a@@example.cn", "a@example.", "a@.cn", "a@b@c.cn", "a@b..cn"]
)
def test_what_is_no_address(email: str) -> None:
    assert email_trouble(email) is not None


def test_the_wait_begins_after_the_free_tries_and_doubles_up_to_an_hour() -> None:
    assert throttle_until([AT] * (FREE_TRIES - 1)) is None
    waits = [throttle_until([AT] * (FREE_TRIES + n)) for n in range(8)]
    assert [(wait - AT) // MINUTE for wait in waits if wait] == [1, 2, 4, 8, 16, 32, 60, 60]


def _actor(role: Role, scope: Scope) -> Actor:
    return Actor(1, "x", (Grant(role, scope.district_id, scope.street_id, scope.organisation_id),))


@pytest.mark.parametrize(
    ("giver", "wanted", "may"),
    [
        ((Role.DISTRICT_CIVIL, Scope(1)), Grant(Role.STREET_CLERK, 1, 5), True),
        ((Role.DISTRICT_CIVIL, Scope(1)), Grant(Role.DISTRICT_FINANCE, 1), True),
        ((Role.DISTRICT_CIVIL, Scope(1)), Grant(Role.STREET_CLERK, 2, 9), False),
        ((Role.DISTRICT_CIVIL, Scope(1)), Grant(Role.AUDITOR), False),
        ((Role.DISTRICT_CIVIL, Scope(1)), Grant(Role.OPERATOR, 1), False),
        ((Role.DISTRICT_CIVIL, Scope(1)), Grant(Role.ORGANISATION_SIGNATORY, organisation_id=3), False),
        ((Role.DISTRICT_FINANCE, Scope(1)), Grant(Role.STREET_CLERK, 1, 5), False),
        ((Role.STREET_APPROVER, Scope(1, 5)), Grant(Role.STREET_CLERK, 1, 5), False),
        ((Role.OPERATOR, Scope()), Grant(Role.OPERATOR), True),
        ((Role.OPERATOR, Scope()), Grant(Role.AUDITOR), True),
        ((Role.OPERATOR, Scope(1)), Grant(Role.OPERATOR), False),
        ((Role.OPERATOR, Scope(1)), Grant(Role.OPERATOR, 1), True),
        ((Role.ORGANISATION_ADMIN, Scope(organisation_id=3)), Grant(Role.ORGANISATION_EDITOR, None, None, 3), True),
        ((Role.ORGANISATION_ADMIN, Scope(organisation_id=3)), Grant(Role.ORGANISATION_EDITOR, None, None, 4), False),
        ((Role.ORGANISATION_ADMIN, Scope(organisation_id=3)), Grant(Role.STREET_CLERK, 1, 5), False),
        ((Role.ORGANISATION_ADMIN, Scope(organisation_id=3)), Grant(Role.ORGANISATION_ADMIN), False),
    ],
)
def test_roles_are_given_within_the_own_reach(giver: tuple[Role, Scope], wanted: Grant, may: bool) -> None:
    assert grantable(_actor(*giver), wanted) is may


@pytest.mark.parametrize(
    ("role", "scope", "fits"),
    [
        (Role.STREET_CLERK, Scope(1, 5), True),
        (Role.STREET_CLERK, Scope(1), False),
        (Role.DISTRICT_FINANCE, Scope(1), True),
        (Role.DISTRICT_FINANCE, Scope(1, 5), False),
        (Role.KEY_ESCROW, Scope(), False),
        (Role.AUDITOR, Scope(), True),
        (Role.EXPERT, Scope(1), True),
        (Role.ORGANISATION_ADMIN, Scope(1), False),
    ],
)
def test_a_role_is_held_where_it_belongs(role: Role, scope: Scope, fits: bool) -> None:
    assert (misplaced(role, scope) is None) is fits
