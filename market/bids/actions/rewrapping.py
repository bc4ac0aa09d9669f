"""When an opener has lost the key: two others wrap the lot's key anew, each with an own passphrase, in two acts.

Between the two acts the rest lies locked under the installation's key, besides being sealed to the second officer,
and is removed when the second has acted or after 24 hours. Each opener is told; both acts stand in the file's chain.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import datetime

from market.bids.mail import tell_rewrap
from market.bids.models import Rewrap
from market.bids.queries import lot_locked, lot_with_tender, my_wraps, open_rewraps, wraps_of
from market.bids.rules import REWRAP_WAIT
from market.db.session import db
from market.kernel.errors import NotFound, Refused
from market.kernel.permits import Actor, Permit
from market.kernel.sealing import FIRST_LAYER, SECOND_LAYER, peel, public_of
from market.kernel.text import N_
from market.people.actions import open_sealing_key
from market.people.queries import holders, sealing_keys
from market.records.audit import record
from market.records.keys import lock, unlock
from market.tenders.actions import wrap_lot_keys
from market.tenders.models import Lot
from market.tenders.rules import lot_key_info
from market.tenders.states import LotState


@dataclass(frozen=True)
class Begun:
    """The first act before it is written down."""

    lot_id: int
    lost_user_id: int
    new_user_id: int
    reason: str
    rests: dict[str, str] = field(repr=False)


@dataclass(frozen=True)
class Rewrapped:
    """The second act before it is written down."""

    rewrap_id: int
    lot_id: int
    lot_key: bytes = field(repr=False)


def _sealed_lot(actor: Actor, lot: Lot | None) -> Lot:
    if lot is None or Permit.BID_OPEN not in actor.permits(lot.subject.scope):
        raise NotFound(N_("没有找到您要的内容，链接可能已失效。"))
    if lot.state != LotState.SEALED:
        raise Refused(N_("这个采购包已开标或已终止，不需要更换开标人。"))
    return lot


def _lock_name(lot_id: int, second_user_id: int | str) -> str:
    return f"rewrap:{lot_id}:{second_user_id}"


def begin_rewrap(actor: Actor, lot_id: int, lost_user_id: int, new_user_id: int, reason: str, passphrase: str) -> Begun:
    """The first officer takes off one layer, for each colleague who may act second. Raises Refused.

    `new_user_id` may be the same person with a new key, or another opener of this place.
    """
    lot = _sealed_lot(actor, lot_with_tender(lot_id))
    _check_replacement(actor, lot, lost_user_id, new_user_id)
    if not reason.strip():
        raise Refused(N_("请说明更换开标人的原因。"), field="reason")
    seconds = [w for w in my_wraps(lot_id, actor.user_id or 0) if w.second_user_id not in {lost_user_id, new_user_id}]
    if not seconds:
        raise Refused(N_("您和其余开标人之间没有可用的封装，无法由您发起更换。"))
    private = open_sealing_key(actor.user_id or 0, passphrase)
    rests = {}
    for wrap in seconds:
        rest = peel(wrap.wrapped, private, lot_key_info(lot_id), FIRST_LAYER)
        rests[str(wrap.second_user_id)] = base64.b64encode(lock(_lock_name(lot_id, wrap.second_user_id), rest)).decode()
    return Begun(lot_id, lost_user_id, new_user_id, reason.strip(), rests)


def _check_replacement(actor: Actor, lot: Lot, lost_user_id: int, new_user_id: int) -> None:
    if actor.user_id in {lost_user_id, new_user_id}:
        raise Refused(N_("更换须由另外两位开标人办理，不能由本人或接替人办理。"), field="lost")
    if lost_user_id not in {w.first_user_id for w in wraps_of(lot.id)}:
        raise Refused(N_("所选人员不是这个采购包的开标人。"), field="lost")
    if new_user_id not in holders(Permit.BID_OPEN, lot.subject.scope):
        raise Refused(N_("接替人还没有开标人角色，请先由管理员授予。"), field="replacement")
    if new_user_id not in sealing_keys([new_user_id]):
        raise Refused(N_("接替人还没有生成自己的密钥，请先在“我的密钥”页办理。"), field="replacement")


def keep_begun(actor: Actor, begun: Begun, at: datetime) -> Rewrap:
    """Write the first act down and tell every opener of the lot."""
    lot = _sealed_lot(actor, lot_locked(begun.lot_id))
    if any(at < row.at + REWRAP_WAIT for row in open_rewraps(lot.id)):
        raise Refused(N_("已有一次更换正在等待第二位开标人，请先办完，或等 24 小时后重新发起。"))
    row = Rewrap(
        lot_id=lot.id,
        lost_user_id=begun.lost_user_id,
        new_user_id=begun.new_user_id,
        first_user_id=actor.user_id,
        reason=begun.reason,
        rests=begun.rests,
        at=at,
    )
    db.session.add(row)
    db.session.flush()
    record(
        lot.subject,
        "begin_rewrap",
        actor,
        at,
        permit=Permit.BID_OPEN,
        facts={"rewrap": row.id},
        private={"lost": begun.lost_user_id, "replacement": begun.new_user_id, "reason": begun.reason},
    )
    tell_rewrap(lot, {w.first_user_id for w in wraps_of(lot.id)} | {begun.new_user_id}, at)
    return row


def finish_rewrap(actor: Actor, rewrap: Rewrap, passphrase: str, at: datetime) -> Rewrapped:
    """The second officer takes off the second layer and wraps the key anew for the replacement. Raises Refused."""
    lot = _sealed_lot(actor, lot_with_tender(rewrap.lot_id))
    _check_replacement(actor, lot, rewrap.lost_user_id, rewrap.new_user_id)
    locked = rewrap.rests.get(str(actor.user_id))
    if rewrap.done_at is not None or at >= rewrap.at + REWRAP_WAIT or locked is None:
        raise Refused(N_("这次更换已办完、已超过 24 小时，或不是由您办理第二步。"))
    rest = unlock(_lock_name(lot.id, str(actor.user_id)), base64.b64decode(locked))
    lot_key = peel(rest, open_sealing_key(actor.user_id or 0, passphrase), lot_key_info(lot.id), SECOND_LAYER)
    if public_of(lot_key) != lot.public_key:
        raise Refused(N_("解出的密钥与公告的公钥不一致，请联系平台管理员。"))
    return Rewrapped(rewrap.id, lot.id, lot_key)


def keep_rewrapped(actor: Actor, made: Rewrapped, at: datetime) -> Rewrap:
    """Write the second act down: everyone who may open gets the key anew, the lost key's holder does not."""
    lot = _sealed_lot(actor, lot_locked(made.lot_id))
    row = db.session.get(Rewrap, made.rewrap_id, populate_existing=True, with_for_update=True)
    if row is None or row.done_at is not None:
        raise Refused(N_("这次更换已办完、已超过 24 小时，或不是由您办理第二步。"))
    count = wrap_lot_keys(lot, made.lot_key, at)
    if row.lost_user_id != row.new_user_id:
        db.session.flush()
        count -= _drop_wraps(lot.id, row.lost_user_id)
    row.second_user_id, row.done_at, row.rests = actor.user_id, at, {}
    db.session.flush()
    facts = {"rewrap": row.id, "wraps": count}
    record(lot.subject, "finish_rewrap", actor, at, permit=Permit.BID_OPEN, facts=facts)
    return row


def _drop_wraps(lot_id: int, user_id: int) -> int:
    gone = [w for w in wraps_of(lot_id) if user_id in (w.first_user_id, w.second_user_id)]
    for wrap in gone:
        db.session.delete(wrap)
    db.session.flush()
    return len(gone)


def rewrap_lot(
    first: Actor,
    first_passphrase: str,
    second: Actor,
    second_passphrase: str,
    *,
    lot_id: int,
    lost_user_id: int,
    new_user_id: int,
    reason: str,
    at: datetime,
) -> Rewrap:
    """Both acts, one after the other."""
    begun = keep_begun(first, begin_rewrap(first, lot_id, lost_user_id, new_user_id, reason, first_passphrase), at)
    return keep_rewrapped(second, finish_rewrap(second, begun, second_passphrase, at), at)


def expire_rewrap(row: Rewrap) -> None:
    """Remove the rests of a replacement nobody finished in time."""
    row.rests = {}
    db.session.flush()
