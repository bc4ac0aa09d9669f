"""Every door is guarded by a permit or says why it is open; every permit is held by somebody and used somewhere."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from market.kernel.permits import FORBIDDEN_PAIRS, ROLE_LABELS, ROLE_PERMITS, Permit, Role
from tests.house.source import product

# Rooms that may have open doors: portal, sign-in and reset, health, document check, intake, one-time codes (residents'
# surveys in outcomes, votes in venture), webhooks; awards, because anybody may object to a result while it is public.
OPEN_ROOMS = {
    "app",
    "public",
    "people",
    "records",
    "organisations",
    "agreements",
    "awards",
    "needs",
    "outcomes",
    "payouts",
    "venture",
    "demo",
}


@pytest.fixture
def rules(app: Flask) -> list[tuple[str, str, set[str], object]]:
    return [
        (rule.rule, rule.endpoint, set(rule.methods or ()), app.view_functions[rule.endpoint])
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static"
    ]


def test_every_route_is_guarded_or_open_for_a_reason(rules: list[tuple[str, str, set[str], object]]) -> None:
    unguarded = [
        f"{rule} ({endpoint})"
        for rule, endpoint, _methods, view in rules
        if not getattr(view, "permit", None) and not getattr(view, "public", None)
    ]
    assert not unguarded


def test_no_route_is_both_guarded_and_open(rules: list[tuple[str, str, set[str], object]]) -> None:
    both = [rule for rule, _endpoint, _methods, view in rules if hasattr(view, "permit") and hasattr(view, "public")]
    assert not both


def test_open_doors_exist_only_where_they_must(rules: list[tuple[str, str, set[str], object]]) -> None:
    astray = []
    for rule, endpoint, _methods, view in rules:
        module = getattr(view, "__module__", "")
        room = module.split(".")[1] if module.count(".") else module
        if getattr(view, "public", None) and room not in OPEN_ROOMS:
            astray.append(f"{rule} ({endpoint}) is open in {module}")
    assert not astray


def test_guards_name_permits(rules: list[tuple[str, str, set[str], object]]) -> None:
    wrong = [
        rule
        for rule, _endpoint, _methods, view in rules
        if not all(isinstance(permit, Permit) for permit in getattr(view, "permit", ()))
    ]
    assert not wrong


def test_every_permit_is_held_by_a_role() -> None:
    held = {permit for permits in ROLE_PERMITS.values() for permit in permits}
    assert set(Permit) - held == set()


def test_every_role_has_permits_and_a_name() -> None:
    assert set(ROLE_PERMITS) == set(Role) == set(ROLE_LABELS)


def test_every_permit_is_used() -> None:
    """Outside its own table, in a guard, an action or a machine."""
    text = "\n".join(source.text for source in product() if source.module != "market.kernel.permits")
    used = set(re.findall(r"\b(?:Permit|_P|P)\.(\w+)", text))
    assert not [permit.name for permit in Permit if permit.name not in used]


def test_no_role_holds_both_acts_of_a_forbidden_pair_by_itself() -> None:
    """One role must not contain what two people have to do."""
    both = [
        f"{role}: {' + '.join(sorted(pair))}"
        for role, permits in ROLE_PERMITS.items()
        for pair in FORBIDDEN_PAIRS
        if pair <= permits
    ]
    assert not both
