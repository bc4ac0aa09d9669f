"""Verbs of the room: entering people, confirming certificates, learning and supervision, postings, growth cards."""

from market.workers.actions.cards import CARD_JOB, issue_card
from market.workers.actions.certificates import (
    CertificateFacts,
    certificate_mark,
    confirm_certificate,
    enter_certificate,
    lapse_certificates,
    mend_certificate,
    remind_of_expiry,
    return_certificate,
)
from market.workers.actions.entering import end_employment, enter_worker, name_tier
from market.workers.actions.growing import add_learning, add_supervision
from market.workers.actions.posting import (
    Assignment,
    end_posting,
    end_postings_under,
    gone,
    post_workers,
    replace_posting,
    require_load,
    weekly_limit,
)

__all__ = [
    "CARD_JOB", "Assignment", "CertificateFacts", "add_learning", "add_supervision", "certificate_mark",
    "confirm_certificate",
    "end_employment", "end_posting", "end_postings_under", "enter_certificate", "enter_worker", "gone", "issue_card",
    "lapse_certificates", "mend_certificate", "name_tier", "post_workers", "remind_of_expiry", "replace_posting",
    "require_load", "return_certificate", "weekly_limit",
]  # fmt: skip
