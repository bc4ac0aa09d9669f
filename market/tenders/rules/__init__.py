"""Pure decisions about a tender: method, timetable, content, what is shown to whom and when."""

from market.tenders.rules.content import (
    FULL_SCORE_CENTI,
    UNSCORABLE,
    check_budget,
    check_criteria,
    check_lots,
    check_milestones,
    check_negative,
    check_qualifications,
    check_term,
    check_terms,
    check_words,
    check_year,
    price_weight_centi,
    short_of_budget_fen,
    term_allowed,
)
from market.tenders.rules.defaults import (
    default_criteria,
    default_milestones,
    default_qualifications,
    default_requirement,
    default_term,
    default_terms,
)
from market.tenders.rules.differences import Difference, Version, differences
from market.tenders.rules.findings import SECTIONS, Finding, blocking
from market.tenders.rules.publicity import PUBLICITY, Audience, Fact, Moment, publicity_page, shown
from market.tenders.rules.resolver import (
    FAMILY_LABELS,
    METHOD_NAMES,
    RUNS_HERE,
    Family,
    Reason,
    Resolution,
    Splitting,
    check_deduction,
    check_method,
    check_splitting,
    deduction_range_bp,
    resolve,
    splitting,
)
from market.tenders.rules.security import bid_security_max_fen, check_bond, lot_key_info, performance_bond_max_fen
from market.tenders.rules.stages import STAGE_LABELS, Stage, enough_bidders, is_open, stage
from market.tenders.rules.timetable import (
    Dated,
    Timetable,
    check_deadline,
    check_intention,
    earliest_deadline,
    extended_deadline,
    intention_due,
    intention_needed,
    may_start_on,
    timetable,
)

__all__ = [
    "FAMILY_LABELS", "FULL_SCORE_CENTI", "METHOD_NAMES", "PUBLICITY", "RUNS_HERE", "SECTIONS", "STAGE_LABELS",
    "UNSCORABLE", "Audience", "Dated", "Difference", "Fact", "Family", "Finding", "Moment", "Reason", "Resolution",
    "Splitting", "Stage", "Timetable", "Version", "bid_security_max_fen", "blocking", "check_bond", "check_budget",
    "check_criteria", "check_deadline", "check_deduction", "check_intention", "check_lots", "check_method",
    "check_milestones", "check_negative", "check_qualifications", "check_splitting", "check_term", "check_terms",
    "check_words", "check_year", "deduction_range_bp", "default_criteria", "default_milestones",
    "default_qualifications", "default_requirement", "default_term", "default_terms", "differences",
    "earliest_deadline", "enough_bidders", "extended_deadline", "intention_due", "intention_needed", "is_open",
    "lot_key_info", "may_start_on", "performance_bond_max_fen", "price_weight_centi", "publicity_page", "resolve",
    "short_of_budget_fen", "shown", "splitting", "stage", "term_allowed", "timetable",
]  # fmt: skip
