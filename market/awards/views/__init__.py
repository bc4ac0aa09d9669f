"""Doors of the room: deciding on awards, and objections to proposed ones."""

from market.awards.views import deciding, objecting
from market.awards.views.door import bp

__all__ = ["bp", "deciding", "objecting"]
