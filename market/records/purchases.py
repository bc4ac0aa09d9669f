"""Opening a purchase file: one number, one chain, one ocid for everything that follows."""

from __future__ import annotations

from datetime import datetime

from market.db.session import db
from market.kernel.clock import beijing_day
from market.records.keys import read_setting
from market.records.models import PurchaseFile, RelatedFile
from market.records.receipts import next_number

PREFIX_SETTING = "ocid_prefix"
# Not registered with the Open Contracting Partnership; an installation's own prefix stands in its settings.
DEFAULT_PREFIX = "ocds-linli0"


def open_file(
    district_id: int, street_id: int, street_code: str, regime: str, title: str, at: datetime
) -> PurchaseFile:
    """Open the file of a new purchase; its ocid carries the street's code, the year and a running number."""
    year = beijing_day(at).year
    number = next_number(f"ocid:{street_code}:{year}")
    prefix = read_setting(PREFIX_SETTING) or DEFAULT_PREFIX
    file = PurchaseFile(
        ocid=f"{prefix}-{street_code}-{year}-{number:04d}",
        district_id=district_id,
        street_id=street_id,
        regime=regime,
        title=title,
        opened_at=at,
    )
    db.session.add(file)
    db.session.flush()
    return file


def relate(file_id: int, earlier_id: int, relationship: str) -> None:
    """Link a file to an earlier one: unsuccessfulProcess, renewalProcess, framework or parent."""
    db.session.add(RelatedFile(file_id=file_id, related_file_id=earlier_id, relationship=relationship))
    db.session.flush()
