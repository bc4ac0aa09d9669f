"""Every number once: page, contract, releases, machine-readable doors and bundle of a purchase show the same figures.

All purchases of the demonstration are walked, over HTTP, as any reader would. What a page or a document shows must be a
figure of the releases, or follow from them in one of the named ways; what the releases decide must stand on the page.
"""

from __future__ import annotations

import io
import json
import re
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from market.kernel.money import format_centi, format_yuan
from market.records.projections import fen_of
from tests.factories.verifying import verify
from tests.walks.browser.site import Site
from tests.walks.figures import YUAN, amounts, compiled_of, derived, known_of, strange, text_of

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-town")]

# Other doors that hand out a purchase; they must say the same. {} is the ocid.
MACHINE_DOORS = ("/ocds/releases/{}.json", "/ocds/records/{}.json", "/api/v1/purchases/{}")


def get(site: Site, path: str) -> bytes:
    with urllib.request.urlopen(site.address + path, timeout=30) as answer:
        found: bytes = answer.read()
    return found


def ocids(site: Site) -> list[str]:
    """All purchases, page by page."""
    found: dict[str, None] = {}
    path: str | None = "/purchases"
    while path:
        text = get(site, path).decode()
        found |= dict.fromkeys(re.findall(r'href="/purchases/(ocds-[^"/]+)"', text))
        onward = re.search(r'href="(/purchases\?[^"]*before=\d+[^"]*)"', text)
        path = onward[1].replace("&amp;", "&") if onward else None
    return list(found)


def decided(now: dict[str, Any]) -> Iterator[str]:
    """What must stand on the page in so many words."""
    values: list[dict[str, Any]] = [one["value"] for one in now.get("awards", ())]
    values += [one["value"] for one in now.get("bids", {}).get("details", ())]
    scores: list[int] = []
    for contract in now.get("contracts", ()):
        values += [contract["value"], *(one["linliValue"] for one in contract["milestones"])]
        values += [one["value"] for one in contract.get("implementation", {}).get("transactions", ())]
        outcomes = [one["linliEvaluation"] for one in contract["milestones"] if "linliEvaluation" in one]
        values += [one["earned"] for one in outcomes]
        yield from (one["score"] for one in outcomes)
    for award in now.get("awards", ()):
        for one in award.get("linliScoring", {}).get("results", ()):
            scores += [one["total_centi"], one["price_centi"]]
        scores += _marks(award.get("linliScoring", {}))
    scores += _marks(now.get("tender", {}).get("linliRound", {}).get("jury", {}))
    applications = now.get("tender", {}).get("linliRound", {}).get("applications", ())
    scores += [one["totalCenti"] for one in applications if one.get("totalCenti") is not None]
    yield from (format_yuan(fen_of(one) or 0) for one in values)
    yield from map(format_centi, scores)


def _marks(data: dict[str, Any]) -> list[int]:
    """Every single mark of the sheets without names."""
    return [centi for sheet in data.get("sheets", ()) for row in sheet.values() for centi in row.values()]


def bundled(raw: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(raw)) as file:
        return {one.filename: file.read(one) for one in file.infolist()}


@pytest.fixture(scope="module")
def purchases(site: Site) -> dict[str, list[dict[str, Any]]]:
    """Every purchase with its releases."""
    found = {one: json.loads(get(site, f"/purchases/{one}/releases.json"))["releases"] for one in ocids(site)}
    assert len(found) >= 40
    return found


def test_the_page_shows_the_figures_of_the_releases_and_no_others(
    site: Site, purchases: dict[str, list[dict[str, Any]]]
) -> None:
    wrong, compared = [], 0
    for ocid, releases in purchases.items():
        page = get(site, f"/purchases/{ocid}").decode()
        now = compiled_of(releases)
        compared += len(set(YUAN.findall(page)))
        wrong += [f"{ocid}: the page shows {shown}" for shown in set(strange(page, known_of(releases)))]
        for figure in set(decided(now)):
            compared += 1
            if figure not in page:
                wrong.append(f"{ocid}: the page lacks {figure}")
    assert not wrong, wrong[:20]
    print(f"{compared} figures of {len(purchases)} purchases")
    assert compared > 500


def test_the_signed_contract_says_what_was_published(site: Site, purchases: dict[str, list[dict[str, Any]]]) -> None:
    wrong, papers = [], 0
    for ocid, releases in purchases.items():
        for contract in compiled_of(releases).get("contracts", ()):
            for paper in contract.get("documents", ()):
                text = text_of(get(site, urlsplit(paper["url"]).path))
                papers += 1
                price = fen_of(contract["value"]) or 0
                known = {*amounts(contract), price // 10}
                wrong += [f"{ocid}: the contract says {one}" for one in strange(text, known)]
                needed = [contract["value"], *(one["linliValue"] for one in contract["milestones"])]
                wrong += [
                    f"{ocid}: the contract lacks {one}" for one in needed if format_yuan(fen_of(one) or 0) not in text
                ]
                wrong += [f"{ocid}: number"] * (contract["description"] not in text)
    assert not wrong, wrong[:20]
    assert papers >= 14


def test_every_document_is_where_its_release_says(site: Site, purchases: dict[str, list[dict[str, Any]]]) -> None:
    """Contracts are the only public files; every other document is a part of the purchase's page."""
    for ocid, releases in purchases.items():
        page = get(site, f"/purchases/{ocid}").decode()
        for document in documents(compiled_of(releases)):
            where = urlsplit(document["url"])
            if document["documentType"] == "contractSigned":
                assert where.path == f"/files/{document['id'].removeprefix('file-')}"
            else:
                assert where.path == f"/purchases/{ocid}"
                assert f'id="{where.fragment}"' in page, document["url"]


def documents(part: Any) -> Iterator[dict[str, Any]]:
    """Every document anywhere in a release."""
    if isinstance(part, dict):
        yield from part.get("documents", ())
        for inner in part.values():
            yield from documents(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from documents(inner)


def test_the_bundle_holds_the_same_bytes_and_computes(site: Site, purchases: dict[str, list[dict[str, Any]]]) -> None:
    for ocid, releases in purchases.items():
        raw = get(site, f"/purchases/{ocid}/bundle.zip")
        inside = bundled(raw)
        found = [json.loads(inside[name]) for name in sorted(inside) if name.startswith("releases/")]
        assert found == releases
        chain = json.loads(get(site, f"/purchases/{ocid}/chain.json"))
        assert inside["chain.jsonl"].decode().splitlines() == [one["header"] for one in chain["entries"]]
        assert verify(raw).faults == [], ocid


def test_every_other_door_says_the_same(site: Site, purchases: dict[str, list[dict[str, Any]]]) -> None:
    for ocid, releases in purchases.items():
        now = compiled_of(releases)
        for door in MACHINE_DOORS:
            body = json.loads(get(site, door.format(ocid)))
            said = body.get("releases") or [one.get("compiledRelease", one) for one in body.get("records", [body])]
            known = set(amounts(now)) | {figure for one in releases for figure in amounts(one)} | derived(now)
            assert set(amounts(said)) <= known, (door, ocid)
            assert set(amounts(now)) <= set(amounts(said)) or "releases" not in body, (door, ocid)
