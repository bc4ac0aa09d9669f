"""The door where the clock knocks: the day's end."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from market.db.session import db
from market.kernel.clock import beijing_day
from market.records.models import Chain
from market.records.receipts import close_day


def close_ended_day(at: datetime) -> int:
    """Publish the signed digest of the Beijing day that ended last, once; an installation without a chain has none."""
    if db.session.scalar(select(Chain.id).limit(1)) is None:
        return 0
    return int(close_day(beijing_day(at) - timedelta(days=1), at) is not None)
