"""A purchase announces the performance bond that its contract may ask for.

Revision: 0010
After: 0009
"""

import sqlalchemy as sa
from alembic import op

from market.db import types

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # What was published before announced no bond.
    op.add_column("tender", sa.Column("bond_bp", types.BigInt, nullable=False, server_default="0"))
