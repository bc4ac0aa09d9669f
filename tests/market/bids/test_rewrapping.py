"""A lost key: two others wrap anew, each with an own passphrase; the lost key opens nothing any more."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest

from market.bids import actions, due, queries
from market.db.session import db
from market.kernel.errors import NotFound, Refused
from market.kernel.permits import Role
from market.people.actions import make_keys
from market.people.models import User
from market.records.audit import verify_all
from market.records.models import AuditEntry, Message
from tests.factories import bids
from tests.factories.people import PASSPHRASE, acting, keys, person


def newcomer(case: bids.Case) -> User:
    user = person(Role.STREET_OPENER, case.office.street.scope, name="接替人")
    keys(user)
    return user


def replace(case: bids.Case, lost: User, new: User) -> None:
    one, two = (user for user in (*case.office.openers, case.office.escrow) if user.id not in {lost.id, new.id})
    actions.rewrap_lot(
        acting(one), PASSPHRASE, acting(two), PASSPHRASE, lot_id=case.lot_id, lost_user_id=lost.id,
        new_user_id=new.id, reason="密钥口令遗失", at=case.deadline - timedelta(days=1),
    )  # fmt: skip


def test_the_replacement_opens_and_the_lost_key_does_not(session: Any) -> None:
    case = bids.closed()
    lost, new = case.office.openers[0], newcomer(case)
    replace(case, lost, new)
    assert lost.id not in {u for w in queries.wraps_of(case.lot_id) for u in (w.first_user_id, w.second_user_id)}
    with pytest.raises(Refused, match="没有把密钥交给您"):
        actions.peel_lot(acting(lost), case.lot_id, PASSPHRASE, case.openable)
    bids.open_bids(case, new, case.office.openers[1])
    assert len(bids.results(case)) == 3
    verbs = list(
        session.scalars(db.select(AuditEntry.verb).where(AuditEntry.verb.like("%rewrap")).order_by(AuditEntry.id))
    )
    assert verbs == ["begin_rewrap", "finish_rewrap"]
    told = set(session.scalars(db.select(Message.user_id).where(Message.subject.like("更换开标人%"))))
    assert {lost.id, new.id, case.office.escrow.id} <= told
    assert verify_all()[1] is None


def test_the_same_person_with_a_new_key(session: Any) -> None:
    case = bids.closed()
    user = case.office.openers[0]
    make_keys(user.id, "another quiet passphrase", None, case.deadline)
    replace(case, user, user)
    actions.peel_lot(acting(user), case.lot_id, "another quiet passphrase", case.openable)
    actions.open_with_passphrase(acting(case.office.escrow), case.lot_id, PASSPHRASE, case.openable)
    bids.decrypt_all(case)
    assert len(bids.results(case)) == 3


def test_the_half_in_between_is_locked_twice_and_goes_after_a_day(session: Any) -> None:
    case = bids.closed()
    lost, two = case.office.openers
    new, at = newcomer(case), case.deadline - timedelta(days=2)
    escrow = acting(case.office.escrow)
    begun = actions.begin_rewrap(escrow, case.lot_id, lost.id, new.id, "口令遗失", PASSPHRASE)
    row = actions.keep_begun(escrow, begun, at)
    assert set(row.rests) == {str(two.id)}
    assert base64.b64decode(row.rests[str(two.id)]).startswith(b"LSY1")
    with pytest.raises(Refused, match="已有一次更换"):
        actions.keep_begun(escrow, begun, at)
    late = at + timedelta(hours=24)
    with pytest.raises(Refused, match="24 小时"):
        actions.finish_rewrap(acting(two), row, PASSPHRASE, late)
    assert due.expire_rewraps(late - timedelta(seconds=1)) == 0
    assert due.expire_rewraps(late) == 1
    assert row.rests == {}


def test_neither_the_loser_nor_the_replacement_nor_one_alone_may_do_it(session: Any) -> None:
    case = bids.closed()
    lost, two = case.office.openers
    new, at = newcomer(case), case.deadline - timedelta(days=1)
    escrow = acting(case.office.escrow)
    for own in (lost, new):
        with pytest.raises(Refused, match="由另外两位"):
            actions.begin_rewrap(acting(own), case.lot_id, lost.id, new.id, "遗失", PASSPHRASE)
    with pytest.raises(NotFound):
        actions.begin_rewrap(case.office.as_clerk(), case.lot_id, lost.id, new.id, "遗失", PASSPHRASE)
    row = actions.keep_begun(escrow, actions.begin_rewrap(escrow, case.lot_id, lost.id, new.id, "遗失", PASSPHRASE), at)
    for one in (escrow, acting(new), acting(lost)):
        with pytest.raises(Refused):
            actions.finish_rewrap(one, row, PASSPHRASE, at)
    with pytest.raises(Refused, match="口令不正确"):
        actions.finish_rewrap(acting(two), row, "wrong words here", at)


@pytest.mark.parametrize("missing", ["role", "key", "reason"])
def test_the_replacement_must_be_an_opener_with_a_key_and_the_reason_given(session: Any, missing: str) -> None:
    case = bids.closed()
    escrow = acting(case.office.escrow)
    new = person(None if missing == "role" else Role.STREET_OPENER, case.office.street.scope)
    if missing != "key":
        keys(new)
    says = {"role": "还没有开标人角色", "key": "还没有生成自己的密钥", "reason": "请说明"}[missing]
    reason = " " if missing == "reason" else "遗失"
    with pytest.raises(Refused, match=says):
        actions.begin_rewrap(escrow, case.lot_id, case.office.openers[0].id, new.id, reason, PASSPHRASE)


def test_after_the_opening_nobody_wraps_anew(session: Any) -> None:
    case = bids.opened()
    new = newcomer(case)
    with pytest.raises(Refused, match="不需要更换"):
        actions.begin_rewrap(
            acting(case.office.escrow), case.lot_id, case.office.openers[0].id, new.id, "遗失", PASSPHRASE
        )
