"""Each member of a panel says what to think of a bidder's explanation of its price.

Revision: 0009
After: 0008
"""

import sqlalchemy as sa
from alembic import op

from market.db import types

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # What was concluded before stands, and has no opinions on record.
    op.create_table(
        "price_opinion",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("inquiry_id", types.BigInt, nullable=False),
        sa.Column("seat_id", types.BigInt, nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("given_at", types.UtcInstant(timezone=True), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_price_opinion_has_reason")),
        sa.ForeignKeyConstraint(
            ["inquiry_id"], ["price_inquiry.id"], name=op.f("fk_price_opinion_inquiry_id_price_inquiry")
        ),
        sa.ForeignKeyConstraint(["seat_id"], ["seat.id"], name=op.f("fk_price_opinion_seat_id_seat")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_opinion")),
        sa.UniqueConstraint("inquiry_id", "seat_id", name=op.f("uq_price_opinion_inquiry_id_seat_id")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_price_opinion_seat_id"), "price_opinion", ["seat_id"], unique=False)
