"""Milestones that fall with their contract, claims after a breach, people replaced, and one reminder of a draft.

Revision: 0006
After: 0005
"""

import sqlalchemy as sa
from alembic import op

from market.db import types

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_NAME = "ck_milestone_state_known"
_BEFORE = "state IN ('planned', 'reported', 'returned', 'accepted')"
_NOW = "state IN ('planned', 'reported', 'returned', 'accepted', 'fallen')"


def upgrade() -> None:
    # No claim was settled by hand before, and no draft was reminded of.
    op.add_column("termination", sa.Column("claim_bp", types.BigInt, nullable=False, server_default="0"))
    op.add_column("venture_application", sa.Column("reminded_at", types.UtcInstant(timezone=True), nullable=True))
    if op.get_bind().dialect.name == "sqlite":
        _change_check_sqlite()
    else:
        op.alter_column("termination", "claim_bp", server_default=None)
        op.drop_constraint(op.f(_NAME), "milestone", type_="check")
        op.create_check_constraint(op.f(_NAME), "milestone", sa.text(_NOW))
    # What a contract that ended early left undone stood as planned until now.
    op.execute(
        "UPDATE milestone SET state = 'fallen' WHERE state <> 'accepted' AND agreement_id IN "
        "(SELECT id FROM agreement WHERE state = 'terminated')"
    )
    _substitutions()


def _change_check_sqlite() -> None:
    """Rewrite the check where SQLite keeps it, as the second migration does: every row stays as it is.

    Source: https://sqlite.org/lang_altertable.html
    """
    connection = op.get_bind()
    text = connection.scalar(sa.text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'milestone'"))
    if text.count(_BEFORE) != 1:
        raise RuntimeError(f"{_NAME} is not where the first migration put it")
    version = connection.scalar(sa.text("PRAGMA schema_version"))
    op.execute("PRAGMA writable_schema = ON")
    connection.execute(
        sa.text("UPDATE sqlite_master SET sql = :sql WHERE type = 'table' AND name = 'milestone'"),
        {"sql": text.replace(_BEFORE, _NOW)},
    )
    op.execute(f"PRAGMA schema_version = {version + 1}")
    op.execute("PRAGMA writable_schema = RESET")


def _substitutions() -> None:
    op.create_table(
        "substitution",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("agreement_id", types.BigInt, nullable=False),
        sa.Column("file_id", types.BigInt, nullable=False),
        sa.Column("district_id", types.BigInt, nullable=False),
        sa.Column("street_id", types.BigInt, nullable=False),
        sa.Column("organisation_id", types.BigInt, nullable=False),
        sa.Column("form_token", sa.Text(), nullable=True),
        sa.Column("leaving_id", types.BigInt, nullable=False),
        sa.Column("entering_id", types.BigInt, nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("weekly_centi", types.BigInt, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("proposed_by", types.BigInt, nullable=True),
        sa.Column("proposed_at", types.UtcInstant(timezone=True), nullable=False),
        sa.Column("decided_at", types.UtcInstant(timezone=True), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "state IN ('proposed', 'accepted', 'rejected')", name=op.f("ck_substitution_state_known")
        ),
        sa.CheckConstraint("leaving_id <> entering_id", name=op.f("ck_substitution_two_people")),
        sa.CheckConstraint("weekly_centi > 0", name=op.f("ck_substitution_hours_positive")),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_substitution_has_reason")),
        sa.CheckConstraint(
            "(state = 'proposed') = (decided_at IS NULL)", name=op.f("ck_substitution_decided_has_time")
        ),
        sa.CheckConstraint(
            "(state = 'rejected') = (answer <> '')", name=op.f("ck_substitution_rejected_has_answer")
        ),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreement.id"], name=op.f("fk_substitution_agreement_id_agreement")
        ),
        sa.ForeignKeyConstraint(
            ["entering_id"], ["social_worker.id"], name=op.f("fk_substitution_entering_id_social_worker")
        ),
        sa.ForeignKeyConstraint(
            ["leaving_id"], ["social_worker.id"], name=op.f("fk_substitution_leaving_id_social_worker")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_substitution")),
        sa.UniqueConstraint("form_token", name=op.f("uq_substitution_form_token")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_substitution_street_id_state"), "substitution", ["street_id", "state"], unique=False
    )
    # One proposal at a time waits for each person promised.
    op.create_index(
        "uq_substitution_waiting",
        "substitution",
        ["agreement_id", "leaving_id"],
        unique=True,
        sqlite_where=sa.text("state = 'proposed'"),
        postgresql_where=sa.text("state = 'proposed'"),
    )
