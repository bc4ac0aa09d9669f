"""Pages of tenders."""

from market.tenders.views import acting, drafting, reading
from market.tenders.views.door import bp

__all__ = ["acting", "bp", "drafting", "reading"]
