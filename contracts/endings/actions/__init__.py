"""Everything that may be done about the early end of a contract: proposed, decided, settled, claimed back."""

from contracts.endings.actions.claiming import (
    ReceiptFacts,
    confirm_receipt,
    enter_receipt,
    reject_receipt,
    waive_claim,
)
from contracts.endings.actions.terminating import (
    approve_termination,
    figures,
    figures_mark,
    propose_termination,
    reject_termination,
    terminate_failed,
)

__all__ = [
    "ReceiptFacts",
    "approve_termination",
    "confirm_receipt",
    "enter_receipt",
    "figures",
    "figures_mark",
    "propose_termination",
    "reject_receipt",
    "reject_termination",
    "terminate_failed",
    "waive_claim",
]
