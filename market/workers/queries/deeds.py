"""What people did: employment, continuing education, supervision, postings, and the cards that tell of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from market.db.session import db
from market.organisations.models import Organisation
from market.workers.models import Employment, GrowthCard, LearningEntry, Posting, SocialWorker, SupervisionEntry
from market.workers.rules import Span
from market.workers.states import SUPERVISING, LearningKind, PostingState


def learning_of(worker_ids: Collection[int], since: date | None = None) -> dict[int, list[LearningEntry]]:
    """Return people's continuing education by person, oldest first."""
    found: dict[int, list[LearningEntry]] = defaultdict(list)
    query = select(LearningEntry).where(LearningEntry.worker_id.in_(list(worker_ids)))
    if since is not None:
        query = query.where(LearningEntry.day >= since)
    for row in db.session.scalars(query.order_by(LearningEntry.day, LearningEntry.id)):
        found[row.worker_id].append(row)
    return found


def as_entries(rows: Iterable[LearningEntry]) -> list[tuple[LearningKind, date, int]]:
    """Return learning entries as the rules take them."""
    return [(LearningKind(row.kind), row.day, row.hours_centi) for row in rows]


def employments_of(worker_id: int) -> list[tuple[Employment, str]]:
    """Return where a person was and is employed, with the organisations' names, latest first."""
    query = (
        select(Employment, Organisation.name)
        .join(Organisation, Organisation.id == Employment.organisation_id)
        .where(Employment.worker_id == worker_id)
        .order_by(Employment.id.desc())
    )
    return [(row, name) for row, name in db.session.execute(query)]


def present_employment(worker_id: int) -> Employment | None:
    """Return where a person is employed now."""
    return db.session.scalar(select(Employment).where(Employment.worker_id == worker_id, Employment.until_on.is_(None)))


def supervisions_of(worker_id: int, limit: int = 100) -> list[tuple[SupervisionEntry, str]]:
    """Return the latest supervisions received (with the supervisor's name), latest first."""
    query = (
        select(SupervisionEntry, SocialWorker.name)
        .join(SocialWorker, SocialWorker.id == SupervisionEntry.supervisor_id)
        .where(SupervisionEntry.supervisee_id == worker_id)
        .order_by(SupervisionEntry.day.desc(), SupervisionEntry.id.desc())
        .limit(limit)
    )
    return [(row, name) for row, name in db.session.execute(query)]


def supervision_given(worker_id: int) -> tuple[int, int]:
    """Return how often a person supervised, and for how many hours (hundredths)."""
    query = select(func.count(), func.coalesce(func.sum(SupervisionEntry.hours_centi), 0)).where(
        SupervisionEntry.supervisor_id == worker_id
    )
    count, centi = db.session.execute(query).one()
    return int(count), int(centi)


def supervisors_in(organisation_id: int) -> list[SocialWorker]:
    """Return an organisation's own supervisors, by name."""
    query = select(SocialWorker).where(
        SocialWorker.organisation_id == organisation_id, SocialWorker.tier.in_([t.value for t in SUPERVISING])
    )
    return list(db.session.scalars(query.order_by(SocialWorker.name, SocialWorker.id)))


# --- postings ---------------------------------------------------------------------------------------------------------


def postings_of(worker_id: int) -> list[Posting]:
    """Return a person's postings, latest first."""
    query = select(Posting).where(Posting.worker_id == worker_id).options(joinedload(Posting.worker))
    return list(db.session.scalars(query.order_by(Posting.id.desc()).limit(100)))


def posting(posting_id: int) -> Posting | None:
    """Return a posting with its person."""
    return db.session.scalar(select(Posting).where(Posting.id == posting_id).options(joinedload(Posting.worker)))


def postings_under(source: tuple[str, int]) -> list[Posting]:
    """Return the running postings of one signed contract, person loaded."""
    query = select(Posting).where(
        Posting.source_kind == source[0], Posting.source_id == source[1], Posting.state == PostingState.RUNNING
    )
    return list(db.session.scalars(query.options(joinedload(Posting.worker)).order_by(Posting.id)))


def spans(worker_ids: Collection[int], organisation_id: int | None = None) -> dict[int, list[Span]]:
    """Return the running postings of people as the rules take them; of one organisation, or (None) of all."""
    found: dict[int, list[Span]] = defaultdict(list)
    if not worker_ids:
        return found
    query = select(Posting.worker_id, Posting.starts_on, Posting.ends_on, Posting.weekly_centi).where(
        Posting.worker_id.in_(list(worker_ids)), Posting.state == PostingState.RUNNING
    )
    if organisation_id is not None:
        query = query.where(Posting.organisation_id == organisation_id)
    for worker_id, starts_on, ends_on, centi in db.session.execute(query):
        found[worker_id].append(Span(starts_on, ends_on, centi))
    return found


def card(card_id: int) -> GrowthCard | None:
    """Return a growth card that was handed out."""
    return db.session.get(GrowthCard, card_id)


def cards_of(worker_id: int) -> Sequence[GrowthCard]:
    """Return the latest cards of a person, latest first."""
    query = select(GrowthCard).where(GrowthCard.worker_id == worker_id).order_by(GrowthCard.id.desc()).limit(5)
    return list(db.session.scalars(query))
