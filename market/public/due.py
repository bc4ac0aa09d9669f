"""The door where the clock knocks."""

from __future__ import annotations

from datetime import datetime

from market.public.actions import post_verifier


def announce_verifier(at: datetime) -> int:
    """Name a new edition of the verifier on the noticeboard."""
    return post_verifier(at)
