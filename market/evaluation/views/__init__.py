"""Pages of the evaluation: the officer's desk, a member's seat, a bidder's explanation."""

from market.evaluation.views import lots, panel, prices, qualifying, seats
from market.evaluation.views.door import bp

__all__ = ["bp", "lots", "panel", "prices", "qualifying", "seats"]
