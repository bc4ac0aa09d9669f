"""Card of the evaluation room."""

from __future__ import annotations

from market.evaluation.actions.ranking import REPORT_JOB
from market.evaluation.jobs import report_pdf
from market.web.rooms import Room

CARD = Room(name="evaluation", jobs={REPORT_JOB: report_pdf})
