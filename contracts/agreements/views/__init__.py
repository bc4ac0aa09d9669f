"""Doors of the room: reading contracts, acting on them, their documents."""

from contracts.agreements.views import acting, papers, reading
from contracts.agreements.views.door import bp

__all__ = ["acting", "bp", "papers", "reading"]
