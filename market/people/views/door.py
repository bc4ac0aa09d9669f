"""What the doors share: the blueprint, the status of a page with a form."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

bp = Blueprint("people", __name__)


def status(form: Any) -> int:
    """422 for a form that was refused."""
    return 422 if form.errors else 200
