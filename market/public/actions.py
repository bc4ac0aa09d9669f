"""What this room itself publishes: the verifier that lies in every bundle, named on the noticeboard."""

from __future__ import annotations

from datetime import datetime

from market.kernel.canonical import sha256_hex
from market.kernel.permits import CLOCK, Scope
from market.public.rules.bundle import verifier_file
from market.records.notices import post, posted_digest


def post_verifier(at: datetime) -> int:
    """Publish the digest of the verifier, once for each edition; a reader compares the file in a bundle with it."""
    content = verifier_file()
    key = sha256_hex(content)
    if posted_digest("verifier", key):
        return 0
    data = {"file": "verify.py", "sha256": key, "size": len(content)}
    post("verifier", key, "核对程序 verify.py", data, ("register", "verifier"), Scope(), CLOCK, at)  # zh-only
    return 1
