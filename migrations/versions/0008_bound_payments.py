"""An approval holds the accounts it was given for; a line of a statement may be left out for its date.

Revision: 0008
After: 0007
"""

import sqlalchemy as sa
from alembic import op

from market.db import types

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_NAME = "ck_statement_row_note_known"
_BEFORE = "note IN ('unknown', 'amount', 'repeated', 'contradicts', 'superseded')"
_NOW = "note IN ('unknown', 'amount', 'date', 'repeated', 'contradicts', 'superseded')"


def upgrade() -> None:
    # What was approved before has no accounts on record: it is approved once more before it can be ordered.
    op.add_column("payment", sa.Column("checked", types.JsonText(), nullable=True))
    if op.get_bind().dialect.name == "sqlite":
        _change_check_sqlite()
    else:
        op.drop_constraint(op.f(_NAME), "statement_row", type_="check")
        op.create_check_constraint(op.f(_NAME), "statement_row", sa.text(_NOW))


def _change_check_sqlite() -> None:
    """Rewrite the check where SQLite keeps it, as the second migration does: every row stays as it is.

    Source: https://sqlite.org/lang_altertable.html
    """
    connection = op.get_bind()
    text = connection.scalar(sa.text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'statement_row'"))
    if text.count(_BEFORE) != 1:
        raise RuntimeError(f"{_NAME} is not where the first migration put it")
    version = connection.scalar(sa.text("PRAGMA schema_version"))
    op.execute("PRAGMA writable_schema = ON")
    connection.execute(
        sa.text("UPDATE sqlite_master SET sql = :sql WHERE type = 'table' AND name = 'statement_row'"),
        {"sql": text.replace(_BEFORE, _NOW)},
    )
    op.execute(f"PRAGMA schema_version = {version + 1}")
    op.execute("PRAGMA writable_schema = RESET")
