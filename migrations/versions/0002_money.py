"""Proposed awards with objections; contracts that end early, and money claimed back.

Revision: 0002
After: 0001
"""

import sqlalchemy as sa
from alembic import op

from market.db import types

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# What the contract's table says of its states: before, and from now on.
_CHANGED = {
    "ck_agreement_state_known": (
        "state IN ('draft', 'issued', 'half_signed', 'in_force', 'suspended', 'completed', 'cancelled')",
        "state IN ('draft', 'issued', 'half_signed', 'in_force', 'suspended', 'completed', 'cancelled', 'terminated')",
    ),
    "ck_agreement_signed": (
        "(state IN ('in_force', 'suspended', 'completed')) = (signed_at IS NOT NULL)",
        "(state IN ('in_force', 'suspended', 'completed', 'terminated')) = (signed_at IS NOT NULL)",
    ),
}
_ADDED = "(state = 'terminated') = (termination_reason <> '')"
_ADDED_NAME = "ck_agreement_terminated_has_reason"


def upgrade() -> None:
    op.add_column("award", sa.Column("sign_days", types.BigInt, nullable=True))
    # No contract has ended early before: the reason is empty for all of them.
    op.add_column("agreement", sa.Column("termination_reason", sa.Text(), nullable=False, server_default=""))
    if op.get_bind().dialect.name == "sqlite":
        _change_checks_sqlite()
    else:
        op.alter_column("agreement", "termination_reason", server_default=None)
        for name, (_before, now) in _CHANGED.items():
            op.drop_constraint(op.f(name), "agreement", type_="check")
            op.create_check_constraint(op.f(name), "agreement", sa.text(now))
        op.create_check_constraint(op.f(_ADDED_NAME), "agreement", sa.text(_ADDED))
    _objections()
    _terminations()
    _claims()


def _change_checks_sqlite() -> None:
    """Rewrite the checks where SQLite keeps them: its own way for a change that leaves every row as it is.

    Making the table anew would drop it while other tables point to it. Source: https://sqlite.org/lang_altertable.html
    """
    connection = op.get_bind()
    text = connection.scalar(sa.text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'agreement'"))
    for name, (before, now) in _CHANGED.items():
        if text.count(before) != 1:
            raise RuntimeError(f"{name} is not where the first migration put it")
        text = text.replace(before, now)
    first = f"CONSTRAINT ck_agreement_state_known CHECK"
    if text.count(first) != 1:
        raise RuntimeError("the checks of agreement are not where the first migration put them")
    text = text.replace(first, f"CONSTRAINT {_ADDED_NAME} CHECK ({_ADDED}), {first}")
    version = connection.scalar(sa.text("PRAGMA schema_version"))
    op.execute("PRAGMA writable_schema = ON")
    connection.execute(
        sa.text("UPDATE sqlite_master SET sql = :sql WHERE type = 'table' AND name = 'agreement'"), {"sql": text}
    )
    op.execute(f"PRAGMA schema_version = {version + 1}")
    op.execute("PRAGMA writable_schema = RESET")


def _objections() -> None:
    op.create_table(
        "objection",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("award_id", types.BigInt, nullable=False),
        sa.Column("file_id", types.BigInt, nullable=False),
        sa.Column("district_id", types.BigInt, nullable=False),
        sa.Column("street_id", types.BigInt, nullable=False),
        sa.Column("form_token", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("filed_by", types.BigInt, nullable=True),
        sa.Column("filed_at", types.UtcInstant(timezone=True), nullable=False),
        sa.Column("answer_by", sa.Date(), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("decided_at", types.UtcInstant(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'filed') = (decided_at IS NULL)", name=op.f("ck_objection_decided_has_time")),
        sa.CheckConstraint("(state = 'filed') = (reply = '')", name=op.f("ck_objection_decided_has_reply")),
        sa.CheckConstraint("state IN ('filed', 'upheld', 'rejected')", name=op.f("ck_objection_state_known")),
        sa.ForeignKeyConstraint(["award_id"], ["award.id"], name=op.f("fk_objection_award_id_award")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objection")),
        sa.UniqueConstraint("form_token", name=op.f("uq_objection_form_token")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_objection_award_id"), "objection", ["award_id"], unique=False)
    op.create_index(op.f("ix_objection_district_id_state"), "objection", ["district_id", "state"], unique=False)


def _terminations() -> None:
    op.create_table(
        "termination",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("agreement_id", types.BigInt, nullable=False),
        sa.Column("file_id", types.BigInt, nullable=False),
        sa.Column("district_id", types.BigInt, nullable=False),
        sa.Column("street_id", types.BigInt, nullable=False),
        sa.Column("organisation_id", types.BigInt, nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("settle_bp", types.BigInt, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("proposed_by", types.BigInt, nullable=True),
        sa.Column("proposed_at", types.UtcInstant(timezone=True), nullable=False),
        sa.Column("decided_at", types.UtcInstant(timezone=True), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("settled_fen", types.BigInt, nullable=False),
        sa.Column("freed_fen", types.BigInt, nullable=False),
        sa.CheckConstraint("(state = 'proposed') = (decided_at IS NULL)", name=op.f("ck_termination_decided_has_time")),
        sa.CheckConstraint("(state = 'rejected') = (answer <> '')", name=op.f("ck_termination_rejected_has_answer")),
        sa.CheckConstraint(
            "ground IN ('failed', 'breach', 'agreed', 'impossible', 'annulled')",
            name=op.f("ck_termination_ground_known"),
        ),
        sa.CheckConstraint("state IN ('proposed', 'approved', 'rejected')", name=op.f("ck_termination_state_known")),
        sa.CheckConstraint("settle_bp BETWEEN 0 AND 10000", name=op.f("ck_termination_share_in_range")),
        sa.CheckConstraint("settled_fen >= 0 AND freed_fen >= 0", name=op.f("ck_termination_amounts_natural")),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f("fk_termination_agreement_id_agreement")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_termination")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_termination_agreement_id"), "termination", ["agreement_id"], unique=False)
    op.create_index(op.f("ix_termination_street_id_state"), "termination", ["street_id", "state"], unique=False)
    op.create_index(
        "uq_termination_live",
        "termination",
        ["agreement_id"],
        unique=True,
        sqlite_where=sa.text("state <> 'rejected'"),
        postgresql_where=sa.text("state <> 'rejected'"),
    )


def _claims() -> None:
    op.create_table(
        "claim",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("termination_id", types.BigInt, nullable=False),
        sa.Column("agreement_id", types.BigInt, nullable=False),
        sa.Column("file_id", types.BigInt, nullable=False),
        sa.Column("district_id", types.BigInt, nullable=False),
        sa.Column("street_id", types.BigInt, nullable=False),
        sa.Column("organisation_id", types.BigInt, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("amount_fen", types.BigInt, nullable=False),
        sa.Column("basis", types.JsonText(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("claimed_at", types.UtcInstant(timezone=True), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("waived_fen", types.BigInt, nullable=False),
        sa.Column("waive_reason", sa.Text(), nullable=False),
        sa.Column("waived_at", types.UtcInstant(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'waived') = (waive_reason <> '')", name=op.f("ck_claim_waived_has_reason")),
        sa.CheckConstraint("(state = 'waived') = (waived_at IS NOT NULL)", name=op.f("ck_claim_waived_has_time")),
        sa.CheckConstraint("state IN ('claimed', 'received', 'waived')", name=op.f("ck_claim_state_known")),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_claim_amount_positive")),
        sa.CheckConstraint("waived_fen BETWEEN 0 AND amount_fen", name=op.f("ck_claim_waived_within")),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f("fk_claim_agreement_id_agreement")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_claim_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["termination_id"], ["termination.id"], name=op.f("fk_claim_termination_id_termination")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim")),
        sa.UniqueConstraint("agreement_id", name=op.f("uq_claim_agreement_id")),
        sa.UniqueConstraint("number", name=op.f("uq_claim_number")),
        sa.UniqueConstraint("termination_id", name=op.f("uq_claim_termination_id")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_claim_organisation_id_state"), "claim", ["organisation_id", "state"], unique=False)
    op.create_index(op.f("ix_claim_street_id_state"), "claim", ["street_id", "state"], unique=False)
    op.create_table(
        "claim_part",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("claim_id", types.BigInt, nullable=False),
        sa.Column("line_id", types.BigInt, nullable=False),
        sa.Column("amount_fen", types.BigInt, nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_claim_part_amount_positive")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_claim_part_claim_id_claim")),
        sa.ForeignKeyConstraint(["line_id"], ["budget_line.id"], name=op.f("fk_claim_part_line_id_budget_line")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_part")),
        sa.UniqueConstraint("claim_id", "line_id", name=op.f("uq_claim_part_claim_id_line_id")),
        sqlite_strict=True,
    )
    op.create_table(
        "claim_receipt",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("claim_id", types.BigInt, nullable=False),
        sa.Column("file_id", types.BigInt, nullable=False),
        sa.Column("district_id", types.BigInt, nullable=False),
        sa.Column("street_id", types.BigInt, nullable=False),
        sa.Column("organisation_id", types.BigInt, nullable=False),
        sa.Column("form_token", sa.Text(), nullable=True),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("amount_fen", types.BigInt, nullable=False),
        sa.Column("bank_reference", sa.Text(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("entered_by", types.BigInt, nullable=False),
        sa.Column("entered_at", types.UtcInstant(timezone=True), nullable=False),
        sa.Column("decided_by", types.BigInt, nullable=True),
        sa.Column("decided_at", types.UtcInstant(timezone=True), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("parts", types.JsonText(), nullable=False),
        sa.CheckConstraint(
            "(state = 'entered') = (decided_at IS NULL)", name=op.f("ck_claim_receipt_decided_has_time")
        ),
        sa.CheckConstraint("state IN ('entered', 'confirmed', 'rejected')", name=op.f("ck_claim_receipt_state_known")),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_claim_receipt_amount_positive")),
        sa.CheckConstraint("decided_by IS NULL OR decided_by <> entered_by", name=op.f("ck_claim_receipt_two_people")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_claim_receipt_claim_id_claim")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_receipt")),
        sa.UniqueConstraint("form_token", name=op.f("uq_claim_receipt_form_token")),
        sa.UniqueConstraint("number", name=op.f("uq_claim_receipt_number")),
        sqlite_strict=True,
    )
    op.create_index(
        "uq_claim_receipt_reference",
        "claim_receipt",
        ["claim_id", "bank_reference"],
        unique=True,
        sqlite_where=sa.text("state <> 'rejected'"),
        postgresql_where=sa.text("state <> 'rejected'"),
    )
