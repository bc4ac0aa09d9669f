"""Directory notice of a confirmed organisation: organisation-level facts only, nobody's name or phone."""

from __future__ import annotations

from typing import Any

from market.organisations.models import Organisation


def directory_data(subject: Organisation) -> dict[str, Any]:
    """Return what the public directory shows."""
    return {
        "name": subject.name,
        "uscc": subject.uscc,
        "provider_type": subject.provider_type,
        "registered_on": subject.registered_on.isoformat() if subject.registered_on else None,
        "service_fields": [f for f in subject.service_fields.split(",") if f],
        "introduction": subject.introduction,
        "state": subject.state,
    }
