"""What is published of a challenge: that there is one, against what, and the decision; never trade secrets."""

from __future__ import annotations

from typing import Any

from market.awards.rules import award_release_id
from market.challenges.models import Challenge


def challenge_fragment(row: Challenge, status: str) -> dict[str, Any]:
    """Return the OCDS fragment: the award's status and a `complaints` document with the facts of the challenge."""
    document: dict[str, Any] = {
        "id": f"challenge-{row.id}",
        "documentType": "complaints",
        "title": "质疑处理",
        "format": "text/html",
        "linliChallenge": {
            "organisation": row.organisation.name,
            "facts": row.facts,
            "request": row.request,
            "state": row.state,
            "filedOn": row.filed_at.date().isoformat(),
            "replyBy": row.reply_by.isoformat(),
            "reply": row.reply or None,
            "decision": row.decision or None,
        },
    }
    award = {"id": award_release_id(row.award_id), "status": status, "documents": [document]}
    return {"awards": [award]}
