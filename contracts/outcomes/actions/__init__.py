"""Opening an evaluation, asking the four sources, taking their ratings, closing it by the contract's rule."""

from contracts.outcomes.actions.asking import (
    NO_TIE,
    declare,
    decline,
    invite_evaluator,
    invite_organisation,
    make_codes,
    require_invited,
)
from contracts.outcomes.actions.closing import all_in, close_evaluation
from contracts.outcomes.actions.opening import extend_collection, open_evaluation, sources_of, terms_of
from contracts.outcomes.actions.rating import rate_mutual, rate_public, rate_self, rate_third

__all__ = [
    "NO_TIE",
    "all_in",
    "close_evaluation",
    "declare",
    "decline",
    "extend_collection",
    "invite_evaluator",
    "invite_organisation",
    "make_codes",
    "open_evaluation",
    "rate_mutual",
    "rate_public",
    "rate_self",
    "rate_third",
    "require_invited",
    "sources_of",
    "terms_of",
]
