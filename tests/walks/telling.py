"""What a page tells of a milestone or a contract: every act recorded of it needs words of its own."""

from __future__ import annotations

from sqlalchemy import select

from contracts.agreements.views.door import STORY as AGREEMENT_STORY
from contracts.delivery.views import STORY as MILESTONE_STORY
from market.db.session import db
from market.records.models import AuditEntry

WORDS = {"milestone": MILESTONE_STORY, "agreement": AGREEMENT_STORY}


def wordless() -> list[tuple[str, str]]:
    """Return the acts recorded so far for which their page would show a bare key."""
    told = select(AuditEntry.subject_kind, AuditEntry.verb).where(AuditEntry.subject_kind.in_(WORDS)).distinct()
    return [(kind, verb) for kind, verb in db.session.execute(told) if verb not in WORDS[kind]]
