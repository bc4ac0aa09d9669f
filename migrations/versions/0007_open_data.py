"""Open data: the order in which notices were committed, and the shelf of other publishers' packages.

Revision: 0007
After: 0006
"""

import sqlalchemy as sa
from alembic import op

from market.db import types

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# Whoever commits notices takes this lock last and keeps it until they can be seen, so that numbers rise as readers see
# them. Nothing is waited for behind it, so it is part of no deadlock.
_LOCK = 7_305_141_109


def upgrade() -> None:
    op.create_table(
        "feed_entry",
        sa.Column("seq", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("notice_id", types.BigInt, nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_feed_entry_notice_id_notice")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_feed_entry")),
        sa.UniqueConstraint("notice_id", name=op.f("uq_feed_entry_notice_id")),
        sqlite_strict=True,
    )
    op.create_table(
        "imported_source",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("imported_at", types.UtcInstant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imported_source")),
        sa.UniqueConstraint("name", name=op.f("uq_imported_source_name")),
        sqlite_strict=True,
    )
    op.create_table(
        "imported_release",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("source_id", types.BigInt, nullable=False),
        sa.Column("ocid", sa.Text(), nullable=False),
        sa.Column("release_id", sa.Text(), nullable=False),
        sa.Column("date", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"], ["imported_source.id"], name=op.f("fk_imported_release_source_id_imported_source")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imported_release")),
        sa.UniqueConstraint(
            "source_id", "ocid", "digest", name=op.f("uq_imported_release_source_id_ocid_digest")
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "imported_purchase",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("source_id", types.BigInt, nullable=False),
        sa.Column("ocid", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("buyer", sa.Text(), nullable=False),
        sa.Column("supplier", sa.Text(), nullable=False),
        sa.Column("amount", sa.Text(), nullable=False),
        sa.Column("date", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"], ["imported_source.id"], name=op.f("fk_imported_purchase_source_id_imported_source")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imported_purchase")),
        sa.UniqueConstraint("source_id", "ocid", name=op.f("uq_imported_purchase_source_id_ocid")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_imported_purchase_ocid"), "imported_purchase", ["ocid"], unique=False)
    op.execute("INSERT INTO feed_entry (notice_id) SELECT id FROM notice ORDER BY id")
    _number_notices(op.get_bind().dialect.name)


def _number_notices(dialect: str) -> None:
    if dialect == "sqlite":
        op.execute(
            "CREATE TRIGGER notice_is_numbered AFTER INSERT ON notice "
            "BEGIN INSERT INTO feed_entry (notice_id) VALUES (NEW.id) ON CONFLICT DO NOTHING; END"
        )
        return
    op.execute(
        "CREATE FUNCTION number_notice() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"PERFORM pg_advisory_xact_lock({_LOCK}); "
        "INSERT INTO feed_entry (notice_id) VALUES (NEW.id) ON CONFLICT DO NOTHING; RETURN NULL; END $$"
    )
    # Deferred: it runs when the transaction commits. A restored backup brings its own numbers, hence the conflict.
    op.execute(
        "CREATE CONSTRAINT TRIGGER notice_is_numbered AFTER INSERT ON notice DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION number_notice()"
    )
