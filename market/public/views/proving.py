"""How to compute a purchase again: the page that explains it, the bundle, the verifier as a file."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Any

from flask import Response, render_template, request

from market.kernel.canonical import sha256_hex
from market.public import bundles, queries
from market.public.rules.bundle import VERIFIER, verifier_file
from market.public.views.door import OPEN, bp
from market.web.guard import found, public

# A bundle is a few hundred kilobytes. The last ones asked for are kept, and only one is made at a time, so that many
# readers of one purchase cost as much as one, and nobody keeps the server busy by asking for all.
_MOST = 8
_made: OrderedDict[tuple[str, str], bytes] = OrderedDict()
_one_at_a_time = Lock()


@bp.get("/check/how")
@public(OPEN)
def how_to_check() -> Any:
    """What can be checked of a purchase, and how, in plain words."""
    asked = request.args.get("ocid", "")[:80]
    return render_template(
        "market/public/how.html",
        card=queries.purchase_head(asked) if asked else None,
        digest=sha256_hex(verifier_file()),
        size=len(verifier_file()),
        key=queries.receipt_key(),
    )


@bp.get("/check/verify.py")
@public("anyone may check")
def verifier() -> Response:
    """The verifier, the same file that lies in every bundle."""
    return _file(verifier_file(), VERIFIER, "text/x-python", sha256_hex(verifier_file()))


@bp.get("/purchases/<ocid>/bundle.zip")
@public("anyone may compute a purchase again")
def bundle(ocid: str) -> Response:
    """Everything published of a purchase in one file, with the verifier."""
    there = found(bundles.wanted(ocid))
    fresh = not request.if_none_match.contains(there.mark)
    return _file(_packed(there) if fresh else b"", f"{ocid}.zip", "application/zip", there.mark)


def _packed(there: bundles.Wanted) -> bytes:
    name = (there.card.ocid, there.mark)
    with _one_at_a_time:
        content = _made.pop(name, None) or bundles.make_bundle(there)
        _made[name] = content
        while len(_made) > _MOST:
            _made.popitem(last=False)
        return content


def _file(content: bytes, name: str, kind: str, tag: str) -> Response:
    answer = Response(content, mimetype=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "public, no-cache"
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.set_etag(tag)
    answer.make_conditional(request)
    return answer
