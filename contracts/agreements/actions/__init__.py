"""Everything that may be done with a contract: drafted, signed, suspended, completed, terminated."""

from contracts.agreements.actions.drafting import (
    RENDER_JOB,
    assigned,
    cancel_agreement,
    draft_agreement,
    issue_agreement,
    keep_document,
    save_agreement,
    terms_of,
)
from contracts.agreements.actions.ending import complete_agreement, terminate_agreement
from contracts.agreements.actions.signing import (
    PreparedSignature,
    enter_into_force,
    prepare_signature,
    record_signature,
    sign_agreement,
)
from contracts.agreements.actions.standing import record_filing, resume_agreement, suspend_if_award_fell
from contracts.agreements.actions.substituting import (
    Change,
    accept_substitution,
    propose_substitution,
    reject_substitution,
    serving,
    substitutes,
)

__all__ = [
    "RENDER_JOB",
    "Change",
    "PreparedSignature",
    "accept_substitution",
    "assigned",
    "cancel_agreement",
    "complete_agreement",
    "draft_agreement",
    "enter_into_force",
    "issue_agreement",
    "keep_document",
    "prepare_signature",
    "propose_substitution",
    "record_filing",
    "record_signature",
    "reject_substitution",
    "resume_agreement",
    "save_agreement",
    "serving",
    "sign_agreement",
    "substitutes",
    "suspend_if_award_fell",
    "terminate_agreement",
    "terms_of",
]
