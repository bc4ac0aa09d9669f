"""Rounds: calls for projects with a pool, applications and residents' ballots.

Revision: 0005
After: 0004
"""

import sqlalchemy as sa
from alembic import op

from market.db import types

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "venture_round",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("file_id", types.BigInt, nullable=False),
        sa.Column("district_id", types.BigInt, nullable=False),
        sa.Column("street_id", types.BigInt, nullable=False),
        sa.Column("regime", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("themes", types.JsonText(), nullable=False),
        sa.Column("conditions", types.JsonText(), nullable=False),
        sa.Column("project_cap_fen", types.BigInt, nullable=False),
        sa.Column("own_min_bp", types.BigInt, nullable=False),
        sa.Column("projects_most", types.BigInt, nullable=False),
        sa.Column("criteria", types.JsonText(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("apply_days", types.BigInt, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("rules", types.JsonText(), nullable=False),
        sa.Column("rules_digest", sa.Text(), nullable=False),
        sa.Column("calendar_version", sa.Text(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("notice_at", types.UtcInstant(timezone=True), nullable=True),
        sa.Column("deadline_at", types.UtcInstant(timezone=True), nullable=True),
        sa.Column("draw_commitment", sa.Text(), nullable=True),
        sa.Column("draw_secret", sa.Text(), nullable=True),
        sa.Column("closing_digest", sa.Text(), nullable=True),
        sa.Column("pitch_at", types.UtcInstant(timezone=True), nullable=True),
        sa.Column("vote_until", types.UtcInstant(timezone=True), nullable=True),
        sa.Column("codes_made", types.BigInt, nullable=False),
        sa.Column("portfolio", types.JsonText(), nullable=False),
        sa.Column("departure", sa.Text(), nullable=False),
        sa.Column("decided_at", types.UtcInstant(timezone=True), nullable=True),
        sa.Column("created_by", types.BigInt, nullable=True),
        sa.Column("created_at", types.UtcInstant(timezone=True), nullable=False),
        sa.Column("form_token", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state IN ('decided', 'finished')) = (decided_at IS NOT NULL)",
            name=op.f("ck_venture_round_decided_has_time"),
        ),
        sa.CheckConstraint(
            "(state IN ('draft', 'review')) = (notice_at IS NULL) OR state = 'cancelled'",
            name=op.f("ck_venture_round_published_has_notice"),
        ),
        sa.CheckConstraint("regime IN ('venture', 'subsidy', 'reward')", name=op.f("ck_venture_round_regime_known")),
        sa.CheckConstraint(
            "state IN ('draft', 'review', 'open', 'screening', 'jury', 'ranked', 'decided', 'finished', 'cancelled')",
            name=op.f("ck_venture_round_state_known"),
        ),
        sa.CheckConstraint(
            "(notice_at IS NULL) = (deadline_at IS NULL)", name=op.f("ck_venture_round_notice_has_deadline")
        ),
        sa.CheckConstraint("ends_on > starts_on", name=op.f("ck_venture_round_term_forward")),
        sa.CheckConstraint("project_cap_fen > 0", name=op.f("ck_venture_round_cap_positive")),
        sa.ForeignKeyConstraint(["file_id"], ["purchase_file.id"], name=op.f("fk_venture_round_file_id_purchase_file")),
        sa.ForeignKeyConstraint(["street_id"], ["street.id"], name=op.f("fk_venture_round_street_id_street")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_venture_round")),
        sa.UniqueConstraint("file_id", name=op.f("uq_venture_round_file_id")),
        sa.UniqueConstraint("form_token", name=op.f("uq_venture_round_form_token")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_venture_round_state_deadline_at"), "venture_round", ["state", "deadline_at"], unique=False)
    op.create_index(op.f("ix_venture_round_street_id"), "venture_round", ["street_id"], unique=False)
    op.create_table(
        "venture_application",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("round_id", types.BigInt, nullable=False),
        sa.Column("applicant_id", types.BigInt, nullable=False),
        sa.Column("organisation_id", types.BigInt, nullable=False),
        sa.Column("file_id", types.BigInt, nullable=True),
        sa.Column("district_id", types.BigInt, nullable=False),
        sa.Column("street_id", types.BigInt, nullable=False),
        sa.Column("number", types.BigInt, nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("doc", types.JsonText(), nullable=False),
        sa.Column("content", types.JsonText(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("version", types.BigInt, nullable=False),
        sa.Column("saved_at", types.UtcInstant(timezone=True), nullable=False),
        sa.Column("saved_by", types.BigInt, nullable=True),
        sa.Column("submitted_at", types.UtcInstant(timezone=True), nullable=True),
        sa.Column("receipt_number", sa.Text(), nullable=True),
        sa.Column("findings", types.JsonText(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("bonus", types.JsonText(), nullable=False),
        sa.Column("pitch_order", types.BigInt, nullable=True),
        sa.Column("scores", types.JsonText(), nullable=False),
        sa.Column("granted_fen", types.BigInt, nullable=False),
        sa.Column("funding", types.JsonText(), nullable=False),
        sa.Column("verdict", types.JsonText(), nullable=False),
        sa.CheckConstraint(
            "(state IN ('chosen', 'awarded', 'fallen')) = (file_id IS NOT NULL)",
            name=op.f("ck_venture_application_chosen_has_file"),
        ),
        sa.CheckConstraint(
            "(state IN ('draft', 'lapsed')) = (submitted_at IS NULL)",
            name=op.f("ck_venture_application_submitted_has_time"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'submitted', 'lapsed', 'admitted', 'rejected', 'chosen', 'unchosen', 'awarded', "
            "'fallen')",
            name=op.f("ck_venture_application_state_known"),
        ),
        sa.CheckConstraint("granted_fen >= 0", name=op.f("ck_venture_application_grant_natural")),
        sa.ForeignKeyConstraint(
            ["applicant_id"], ["organisation.id"], name=op.f("fk_venture_application_applicant_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["purchase_file.id"], name=op.f("fk_venture_application_file_id_purchase_file")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_venture_application_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["venture_round.id"], name=op.f("fk_venture_application_round_id_venture_round")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_venture_application")),
        sa.UniqueConstraint("file_id", name=op.f("uq_venture_application_file_id")),
        sa.UniqueConstraint("receipt_number", name=op.f("uq_venture_application_receipt_number")),
        sa.UniqueConstraint("round_id", "applicant_id", name=op.f("uq_venture_application_round_id_applicant_id")),
        sa.UniqueConstraint("round_id", "number", name=op.f("uq_venture_application_round_id_number")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_venture_application_applicant_id"), "venture_application", ["applicant_id"], unique=False)
    op.create_index(
        op.f("ix_venture_application_organisation_id"), "venture_application", ["organisation_id"], unique=False
    )
    op.create_index(
        op.f("ix_venture_application_round_id_state"), "venture_application", ["round_id", "state"], unique=False
    )
    op.create_table(
        "venture_ballot",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("round_id", types.BigInt, nullable=False),
        sa.Column("choices", types.JsonText(), nullable=False),
        sa.Column("cast_on", types.UtcInstant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["round_id"], ["venture_round.id"], name=op.f("fk_venture_ballot_round_id_venture_round")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_venture_ballot")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_venture_ballot_round_id"), "venture_ballot", ["round_id"], unique=False)
    op.create_table(
        "venture_funding",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("round_id", types.BigInt, nullable=False),
        sa.Column("line_id", types.BigInt, nullable=False),
        sa.Column("amount_fen", types.BigInt, nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_venture_funding_amount_positive")),
        sa.ForeignKeyConstraint(["line_id"], ["budget_line.id"], name=op.f("fk_venture_funding_line_id_budget_line")),
        sa.ForeignKeyConstraint(
            ["round_id"], ["venture_round.id"], name=op.f("fk_venture_funding_round_id_venture_round")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_venture_funding")),
        sa.UniqueConstraint("round_id", "line_id", name=op.f("uq_venture_funding_round_id_line_id")),
        sqlite_strict=True,
    )
