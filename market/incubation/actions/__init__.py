"""What the district, the staff of nodes, organisations and the clock do in the network."""

from market.incubation.actions.booking import book, cancel
from market.incubation.actions.growing import (
    assess,
    dismiss,
    extend,
    give_notice,
    graduate,
    hand_back,
    name_successor,
    note_mentoring,
    pass_stage,
    progress_of,
    reckoned,
)
from market.incubation.actions.hosting import (
    agree_hosting,
    decline_hosting,
    end_hosting,
    expire_hostings,
    propose_hosting,
)
from market.incubation.actions.intake import (
    Application,
    accept,
    admit,
    application_mark,
    apply,
    loaded,
    offer,
    pass_check,
    recall,
    refuse,
    resubmit,
    rules_of,
    send_back,
    withdraw,
)
from market.incubation.actions.network import (
    NodeFacts,
    RoomFacts,
    add_room,
    appoint,
    close_node,
    open_node,
    reopen_node,
    save_node,
    save_scheme,
    set_room_active,
)
from market.incubation.actions.training import (
    TrainingFacts,
    cancel_training,
    close_training,
    give_up_seat,
    plan_training,
    sign_up,
)

__all__ = [
    "Application", "NodeFacts", "RoomFacts", "TrainingFacts", "accept", "add_room", "admit", "agree_hosting",
    "application_mark", "apply",
    "appoint", "assess", "book", "cancel", "cancel_training", "close_node", "close_training", "decline_hosting",
    "dismiss", "end_hosting", "expire_hostings", "extend", "give_notice", "give_up_seat", "graduate", "hand_back",
    "loaded", "name_successor", "note_mentoring", "offer", "open_node", "pass_check", "pass_stage", "plan_training",
    "progress_of", "propose_hosting", "recall", "reckoned", "refuse", "reopen_node", "resubmit", "rules_of",
    "save_node", "save_scheme", "send_back", "set_room_active", "sign_up", "withdraw",
]  # fmt: skip
