"""Doors of the room: reading contracts, acting on them, their documents."""

from contracts.agreements.views import acting, changing, papers, reading
from contracts.agreements.views.door import bp

__all__ = ["acting", "bp", "changing", "papers", "reading"]
