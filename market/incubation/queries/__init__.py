"""Reads of the network, of residencies, of trainings, and what the rooms above ask: hosts and ties of support."""

from market.incubation.queries.network import (
    Branch,
    Plan,
    booking,
    bookings_between,
    bookings_of,
    calendar_of,
    descendants,
    legal_person_named,
    meeting_room,
    node,
    node_counts,
    nodes_of,
    nodes_within,
    plan_of,
    rooms_of,
    scheme,
    staff_of,
    supported_by_node,
    taken_slots,
)
from market.incubation.queries.residencies import (
    Reach,
    assessments_of,
    hosting,
    hostings,
    live_at,
    live_residency,
    mentoring_of,
    pending,
    proposed_to,
    residencies,
    residency,
    stages_of,
    training_minutes,
    workstations_taken,
)
from market.incubation.queries.ties import Support, host_of, operating_in, operators_of, supports
from market.incubation.queries.trainings import coming_for, seats_of, to_close, training, trainings, trainings_of

__all__ = [
    "Branch", "Plan", "Reach", "Support", "assessments_of", "booking", "bookings_between", "bookings_of",
    "calendar_of", "coming_for", "descendants", "host_of", "hosting", "hostings", "legal_person_named", "live_at",
    "live_residency", "meeting_room", "mentoring_of", "node", "node_counts", "nodes_of", "nodes_within",
    "operating_in", "operators_of", "pending", "plan_of", "proposed_to", "residencies", "residency", "rooms_of",
    "scheme", "seats_of", "staff_of", "stages_of", "supported_by_node", "supports", "taken_slots", "to_close",
    "training", "training_minutes", "trainings", "trainings_of", "workstations_taken",
]  # fmt: skip
