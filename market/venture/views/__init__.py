"""Pages of the room: officers, applicants, jurors and residents."""

from market.venture.views import applying, checking, deciding, files, judging, voting, writing
from market.venture.views.door import bp

__all__ = ["applying", "bp", "checking", "deciding", "files", "judging", "voting", "writing"]
