"""Directory notice of a confirmed organisation: organisation-level facts only, nobody's name or phone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from market.organisations.models import Organisation, OrganisationRating
from market.organisations.states import RatingKind, RatingState


def directory_data(subject: Organisation, ratings: Iterable[OrganisationRating], district: str) -> dict[str, Any]:
    """Return what the public directory shows; `district` is the division code of the registrar's district.

    Grade and stars carry their validity: whether one still holds is asked on the day it is read.
    """
    standing = [one for one in ratings if one.state == RatingState.STANDING]
    return {
        "name": subject.name,
        "uscc": subject.uscc,
        "provider_type": subject.provider_type,
        "registered_on": subject.registered_on.isoformat() if subject.registered_on else None,
        "service_fields": [f for f in subject.service_fields.split(",") if f],
        "introduction": subject.introduction,
        "state": subject.state,
        "district": district,
        "grade": _rating(standing, RatingKind.GRADE),
        "stars": _rating(standing, RatingKind.STARS),
    }


def _rating(standing: Iterable[OrganisationRating], kind: RatingKind) -> dict[str, Any] | None:
    """The latest rating of a kind."""
    found = max((one for one in standing if one.kind == kind), key=lambda one: (one.valid_from, one.id), default=None)
    if found is None:
        return None
    return {
        "level": found.level,
        "rater": found.rater,
        "basis": found.basis,
        "valid_from": found.valid_from.isoformat(),
        "valid_until": found.valid_until.isoformat(),
    }
