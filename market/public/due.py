"""The door where the clock knocks."""

from __future__ import annotations

from datetime import datetime

from market.public.actions import post_verifier
from market.public.queries import receipt_key


def announce_verifier(at: datetime) -> int:
    """Name a new edition of the verifier on the noticeboard; an installation without keys has nothing to verify yet."""
    return post_verifier(at) if receipt_key() is not None else 0
