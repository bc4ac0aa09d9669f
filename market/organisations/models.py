"""Providers and their payout accounts. Organisations are national; the registrar's district confirms them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from market.db.session import db, strict
from market.db.types import At, Id, Ref, one_of
from market.kernel.permits import Scope
from market.kernel.uscc import ProviderType
from market.organisations.states import BankState, OrganisationState, RatingKind, RatingState
from market.records.audit import Subject


class Organisation(db.Model):
    """A provider. A community group without legal person has no credit code and cannot sign a contract."""

    id: Mapped[Id]
    uscc: Mapped[str | None] = mapped_column(unique=True)
    name: Mapped[str]
    provider_type: Mapped[str]
    legal_representative: Mapped[str]
    registered_on: Mapped[date | None]
    address: Mapped[str]
    contact_name: Mapped[str]
    contact_phone: Mapped[str]
    service_fields: Mapped[str]  # comma-separated category codes
    introduction: Mapped[str]
    registrar_district_id: Mapped[Ref] = mapped_column(ForeignKey("district.id"), index=True)
    is_small: Mapped[bool]  # claims small or micro enterprise; only lawful for prefix 91 and deemed bodies
    state: Mapped[str]
    return_reason: Mapped[str]
    barred_until: Mapped[date | None]
    created_at: Mapped[At]
    confirmed_at: Mapped[datetime | None]
    __tablename__ = "organisation"
    __table_args__ = strict(
        one_of("state", OrganisationState),
        one_of("provider_type", ProviderType),
        CheckConstraint("uscc IS NOT NULL OR provider_type = 'community_group'", name="code_unless_group"),
        CheckConstraint("(state IN ('confirmed', 'barred')) = (confirmed_at IS NOT NULL)", name="confirmed_has_time"),
        Index(None, "state", "id"),
    )

    @property
    def subject(self) -> Subject:
        """Chain of the organisation; confirmed by its registrar's district."""
        scope = Scope(self.registrar_district_id, None, self.id)
        return Subject("organisation", self.id, ("organisation", str(self.id)), scope)


class OrganisationRating(db.Model):
    """A grade 1A-5A or a star rating as the district entered it; never derived from points (cut-offs differ)."""

    id: Mapped[Id]
    organisation_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"), index=True)
    district_id: Mapped[Ref]
    kind: Mapped[str]
    level: Mapped[int]
    rater: Mapped[str]
    basis: Mapped[str]
    valid_from: Mapped[date]
    valid_until: Mapped[date]
    state: Mapped[str]
    withdraw_reason: Mapped[str]
    entered_at: Mapped[At]
    __tablename__ = "organisation_rating"
    __table_args__ = strict(
        one_of("kind", RatingKind),
        one_of("state", RatingState),
        CheckConstraint("level BETWEEN 1 AND 5", name="level_one_to_five"),
        CheckConstraint("valid_from <= valid_until", name="ends_after_it_begins"),
        CheckConstraint("(state = 'withdrawn') = (withdraw_reason <> '')", name="withdrawn_has_reason"),
        UniqueConstraint("organisation_id", "kind", "valid_from", "level", "entered_at"),
    )

    @property
    def subject(self) -> Subject:
        """Chain of the organisation, scope of the district that entered it."""
        scope = Scope(self.district_id, None, self.organisation_id)
        return Subject("organisation_rating", self.id, ("organisation", str(self.organisation_id)), scope)


class BankAccount(db.Model):
    """Where an organisation is paid. Only one is live; a change needs two people."""

    id: Mapped[Id]
    organisation_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"), index=True)
    holder: Mapped[str]
    account_no: Mapped[str]
    bank_name: Mapped[str]
    cnaps: Mapped[str]
    state: Mapped[str]
    proposed_by: Mapped[int | None]
    proposed_at: Mapped[At]
    confirmed_by: Mapped[int | None]
    __tablename__ = "bank_account"
    __table_args__ = strict(
        one_of("state", BankState),
        CheckConstraint("confirmed_by IS NULL OR confirmed_by <> proposed_by", name="two_people"),
        Index(
            "uq_bank_account_live",
            "organisation_id",
            unique=True,
            sqlite_where=db.text("state = 'live'"),
            postgresql_where=db.text("state = 'live'"),
        ),
    )

    @property
    def subject(self) -> Subject:
        """Chain of the organisation."""
        chain = ("organisation", str(self.organisation_id))
        return Subject("bank_account", self.id, chain, Scope(organisation_id=self.organisation_id))


class StripeAccount(db.Model):
    """An organisation's connected account; its payout route once it can be paid and two people have chosen it."""

    id: Mapped[Id]
    organisation_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"), unique=True)
    account: Mapped[str] = mapped_column(unique=True)
    payouts_enabled: Mapped[bool]
    chosen: Mapped[bool]
    updated_at: Mapped[At]
    asked_by: Mapped[int | None]
    confirmed_by: Mapped[int | None]
    __tablename__ = "stripe_account"
