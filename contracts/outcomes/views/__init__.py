"""Doors of the room: the evaluation, its raters, residents with a code, and trying scores out."""

from contracts.outcomes.views import organising, rating, residents, trying
from contracts.outcomes.views.door import bp

__all__ = ["bp", "organising", "rating", "residents", "trying"]
