"""Doors of the room."""

from market.workers.views import district, growing, register
from market.workers.views.door import bp

__all__ = ["bp", "district", "growing", "register"]
