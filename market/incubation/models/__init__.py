"""Tables of the network, of residencies with what is done in them, of trainings and of hosting."""

from market.incubation.models.network import BookedSlot, Booking, MeetingRoom, Node, Operating, Scheme
from market.incubation.models.residencies import Assessment, Hosting, Mentoring, Residency, StageRecord
from market.incubation.models.trainings import Training, TrainingSeat

__all__ = [
    "Assessment", "BookedSlot", "Booking", "Hosting", "MeetingRoom", "Mentoring", "Node", "Operating", "Residency",
    "Scheme", "StageRecord", "Training", "TrainingSeat",
]  # fmt: skip
