"""Doors of the endings room: terminations and claims."""

from contracts.endings.views import claims, terminations
from contracts.endings.views.door import bp

__all__ = ["bp", "claims", "terminations"]
