"""Publishing how many people an organisation has, whenever a number changed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from market.db.session import db
from market.kernel.clock import beijing_day
from market.kernel.permits import Actor, Scope
from market.organisations.models import Organisation
from market.organisations.queries import directory_key
from market.records.models import DirectoryCard
from market.records.notices import post
from market.workers.notices import KIND, workforce_data
from market.workers.queries import workforce


def publish_workforce(organisation_id: int, actor: Actor, at: datetime) -> bool:
    """Post the organisation's workforce in numbers; False when nothing changed or it is not in the directory."""
    row = db.session.get_one(Organisation, organisation_id)
    if row.confirmed_at is None:
        return False
    db.session.flush()
    data, key = workforce_data(workforce(organisation_id, beijing_day(at))), directory_key(row)
    posted = db.session.scalar(select(DirectoryCard.data).filter_by(kind=KIND, key=key))
    if posted == data or (posted is None and not data["people"]):
        return False
    post(KIND, key, row.name, data, row.subject.chain, Scope(row.registrar_district_id), actor, at)
    return True
