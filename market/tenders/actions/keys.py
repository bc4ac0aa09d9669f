"""A lot's key pair: the public half is published, the private half exists only wrapped for pairs of openers."""

from __future__ import annotations

import base64
from datetime import datetime
from itertools import permutations

from sqlalchemy import delete

from market.db.session import db
from market.kernel.canonical import sha256_hex
from market.kernel.errors import Refused
from market.kernel.permits import Permit
from market.kernel.sealing import new_key, new_keypair, wrap_pair
from market.kernel.text import N_
from market.people.models import SealingKey
from market.people.queries import holders, names, sealing_keys
from market.records.keys import lock
from market.tenders.models import Lot, LotKeyWrap
from market.tenders.rules import lot_key_info

OPENERS = 2


def opener_keys(part: Lot) -> list[SealingKey]:
    """Return the sealing keys of those who may open: the street's openers and the district's escrow.

    Raises Refused, naming who is missing, when fewer than two different people have a key.
    """
    people = holders(Permit.BID_OPEN, part.subject.scope)
    keys = sealing_keys(people)
    if len(keys) >= OPENERS:
        return [keys[user_id] for user_id in sorted(keys)]
    without = [name for user_id, name in sorted(names(people).items()) if user_id not in keys]
    short = OPENERS - len(keys)
    if without:
        text = N_("开标需要两名持有密钥的人员，还缺 %(n)s 名。请下列开标人先在“我的密钥”中设置密钥：%(names)s。")
        raise Refused(text, n=short, names="、".join(without))
    raise Refused(N_("开标需要两名持有密钥的人员，还缺 %(n)s 名。请先由管理员指定开标人，并由本人设置密钥。"), n=short)


def make_lot_keys(part: Lot, at: datetime) -> None:
    """Make the lot's key pair and the secret of the draw; only public key and digest are readable afterwards."""
    private, part.public_key = new_keypair()
    secret = new_key()
    part.draw_commitment = sha256_hex(secret)
    part.draw_secret = base64.b64encode(lock(f"draw:{part.id}", secret)).decode()
    wrap_lot_keys(part, private, at)


def wrap_lot_keys(part: Lot, private: bytes, at: datetime) -> int:
    """Wrap the lot's private key for every ordered pair of openers; earlier wraps are replaced. Returns how many pairs.

    Also called when two openers re-wrap for somebody who lost a key. The private key itself is never stored.
    """
    keys = opener_keys(part)
    info = lot_key_info(part.id)
    # The lot's own new facts are written by its move, together with its state.
    with db.session.no_autoflush:
        db.session.execute(delete(LotKeyWrap).where(LotKeyWrap.lot_id == part.id))
    wraps = [
        LotKeyWrap(
            lot_id=part.id,
            first_user_id=first.user_id,
            second_user_id=second.user_id,
            wrapped=wrap_pair(private, first.public, second.public, info),
            made_at=at,
        )
        for first, second in permutations(keys, OPENERS)
    ]
    db.session.add_all(wraps)
    return len(wraps)
