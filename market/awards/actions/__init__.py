"""Everything that may be done with awards: made from a ranking, or proposed and confirmed; objected to; stopped."""

from market.awards.actions.lots import LETTER_JOB, award_lot, candidate
from market.awards.actions.objecting import answer_objection, object_to_award
from market.awards.actions.proposing import Proposal, confirm_award, propose_award, refuse_award
from market.awards.actions.standing import annul, decline, reinstate, suspend

__all__ = [
    "LETTER_JOB",
    "Proposal",
    "annul",
    "answer_objection",
    "award_lot",
    "candidate",
    "confirm_award",
    "decline",
    "object_to_award",
    "propose_award",
    "refuse_award",
    "reinstate",
    "suspend",
]
