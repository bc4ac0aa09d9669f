"""Pages of the network."""

from market.incubation.views import growing, hosting, intake, network, rooms, trainings
from market.incubation.views.door import bp

__all__ = ["bp", "growing", "hosting", "intake", "network", "rooms", "trainings"]
