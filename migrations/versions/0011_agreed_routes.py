"""To be paid on a connected account takes two people, as a bank account does.

Revision: 0011
After: 0010
"""

import sqlalchemy as sa
from alembic import op

from market.db import types

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Who chose before stands in the audit chain alone; what was chosen stays chosen.
    op.add_column("stripe_account", sa.Column("asked_by", types.BigInt, nullable=True))
    op.add_column("stripe_account", sa.Column("confirmed_by", types.BigInt, nullable=True))
