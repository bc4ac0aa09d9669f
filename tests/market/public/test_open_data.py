"""What machines get: packages, records, bulk, grants, workbook, and the API as it is described."""

from __future__ import annotations

import gzip
import io
import json
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy
from python_calamine import CalamineWorkbook
from schemathesis.specs.openapi.checks import positive_data_acceptance
from sqlalchemy import select
from sqlalchemy.orm import Session

from market.kernel.clock import system_now
from market.public.rules import openapi
from market.public.rules.grants import grants
from market.records.models import ImportedSource, Notice, PurchaseCard
from tests.factories.imported import OCID, shelf
from tests.factories.notices import many, organisation, published
from tests.factories.places import street
from tests.fixtures.visitor import Visitor

MOST = 8


def _json(visitor: Visitor, url: str) -> Any:
    page = visitor.get(url, most=MOST)
    assert page.status == 200
    assert page.response.headers["Access-Control-Allow-Origin"] == "*"
    return json.loads(page.response.data)


# --- one purchase -----------------------------------------------------------------------------------------------------


def test_a_record_holds_the_releases_and_what_they_come_to(session: Session, visitor: Visitor) -> None:
    file = published("paid")
    package = _json(visitor, f"/ocds/releases/{file.ocid}.json")
    (record,) = _json(visitor, f"/ocds/records/{file.ocid}.json")["records"]
    compiled = record["compiledRelease"]
    assert record["releases"] == package["releases"]
    assert (compiled["tag"], compiled["id"]) == (["compiled"], f"{file.ocid}-{package['releases'][-1]['date']}")
    assert compiled["contracts"][0]["implementation"]["transactions"]
    assert package["license"].startswith("https://creativecommons.org/")
    assert visitor.get("/ocds/records/ocds-none.json").status == 404


def test_a_package_names_the_extension_of_our_own_fields(session: Session, visitor: Visitor) -> None:
    ocid = published("paid").ocid
    package = json.loads(visitor.get(f"/ocds/releases/{ocid}.json").response.data)
    address = package["extensions"][-1].removeprefix("http://127.0.0.1:8000")
    metadata = json.loads(visitor.get(address).response.data)
    schema = json.loads(visitor.get(address.replace("extension.json", metadata["schemas"][0])).response.data)
    assert "linliScoring" in schema["definitions"]["Award"]["properties"]
    assert visitor.get(address.replace("extension.json", "other.json")).status == 404


def test_one_purchase_s_files_refuse_a_parameter_nobody_knows(session: Session, visitor: Visitor) -> None:
    ocid = published("tender").ocid
    files = (f"/ocds/releases/{ocid}.json", f"/ocds/records/{ocid}.json", "/ocds/extension/extension.json")
    for address in (*files, f"/purchases/{ocid}/releases.json"):
        answer = visitor.get(f"{address}?year=2025", headers={"Accept": "application/json"})
        assert (answer.status, json.loads(answer.response.data)["field"]) == (422, "year")


# --- bulk -------------------------------------------------------------------------------------------------------------


def _lines(visitor: Visitor, url: str) -> list[dict[str, Any]]:
    answer = visitor.get(url).response
    assert answer.mimetype == "application/gzip"
    return [json.loads(line) for line in gzip.decompress(answer.data).splitlines()]


def test_bulk_is_every_release_in_order_or_those_of_a_year_or_district(session: Session, visitor: Visitor) -> None:
    published("tender", at=system_now() - timedelta(days=120))
    published("paid")
    published("tender", place=street("330502001"))
    everything = [one["id"] for one in _lines(visitor, "/ocds/releases.jsonl.gz")]
    assert everything == list(session.scalars(select(Notice.release_id).order_by(Notice.id)))
    assert [one["date"][:4] for one in _lines(visitor, "/ocds/releases.jsonl.gz?year=2025")] == ["2025", "2025"]
    assert {one["ocid"][12:18] for one in _lines(visitor, "/ocds/releases.jsonl.gz?district=330502")} == {"330502"}
    assert _lines(visitor, "/ocds/releases.jsonl.gz?year=2024") == []


_WRONG = ("year=20x6", "year=1999", "year=99999", "district=000000", "years=2026", "year=2026&year=2025")


@pytest.mark.parametrize("query", _WRONG)
def test_bulk_of_what_is_not_there_is_refused(session: Session, visitor: Visitor, query: str) -> None:
    street()
    for path in ("/ocds/releases.jsonl.gz", "/ocds/purchases.xlsx", "/360giving/grants.json"):
        assert visitor.get(f"{path}?{query}").status == 422


def test_the_workbook_s_sums_are_the_cards_sums_and_no_text_is_a_formula(session: Session, visitor: Visitor) -> None:
    published("paid", title="=1+1")
    card = session.query(PurchaseCard).one()
    book = CalamineWorkbook.from_filelike(io.BytesIO(visitor.get("/ocds/purchases.xlsx").response.data))
    (head, row), (_, award), (_, contract), (_, *payments) = (
        book.get_sheet_by_name(name).to_python() for name in book.sheet_names
    )
    assert dict(zip(head, row, strict=True))["名称"] == "=1+1"
    assert row[5:8] == [card.amount_fen / 100, card.awarded_fen / 100, card.paid_fen / 100]
    assert award[-1] == contract[-1] == card.awarded_fen / 100
    assert sum(one[5] for one in payments) == card.paid_fen / 100


# --- grants -----------------------------------------------------------------------------------------------------------

_PROJECT: dict[str, Any] = {
    "ocid": "ocds-linli0-1", "date": "2026-03-31T01:00:00Z", "buyer": {"id": "street-1", "name": "东山街道办事处"},
    "tender": {"title": "冬日一碗汤", "description": "邻里互助"},
    "relatedProcesses": [{"relationship": ["parent"], "identifier": "ocds-linli0-0", "title": "第一轮公益创投"}],
    "parties": [{"id": "funder-lottery", "name": "福彩公益金", "roles": ["funder"]}],
    "awards": [
        {"id": "award-1", "status": "active", "date": "2026-02-01T00:00:00Z",
         "value": {"amount": 36000, "currency": "CNY"},
         "suppliers": [{"id": "org-1", "name": "湖滨社工"}], "contractPeriod": {"startDate": "2026-02-14T00:00:00Z"}},
        {"id": "award-2", "status": "pending", "date": "2026-02-01T00:00:00Z",
         "value": {"amount": 1, "currency": "CNY"}, "suppliers": [{"id": "org-2", "name": "竹林"}]},
    ],
    "contracts": [
        {"id": "contract-1", "awardID": "award-1", "dateSigned": "2026-02-20T00:00:00Z",
         "value": {"amount": 36000, "currency": "CNY"},
         "implementation": {"transactions": [
             {"id": "P1", "date": "2026-03-01T00:00:00Z", "value": {"amount": 18000.55, "currency": "CNY"}},
             {"id": "P2", "date": "2026-03-02T00:00:00Z", "value": {"amount": -0.55, "currency": "CNY"}}]}},
    ],
}  # fmt: skip


def test_a_grant_is_an_award_that_stands_with_what_was_paid() -> None:
    (one,) = grants(_PROJECT, "venture", "https://x/purchases/")
    assert (one["amountAwarded"], one["amountDisbursed"]) == (36000, 18000)
    assert one["recipientOrganization"] == [{"id": "org-1", "name": "湖滨社工"}]
    assert one["grantProgramme"][0]["title"] == "第一轮公益创投"
    assert one["url"] == "https://x/purchases/ocds-linli0-1"
    assert [t["id"] for t in one["disbursementTransaction"]] == ["P1", "P2"]


def test_a_purchase_that_comes_from_no_round_is_no_grant() -> None:
    assert list(grants(_PROJECT | {"relatedProcesses": []}, "venture", "")) == []


# --- the API ----------------------------------------------------------------------------------------------------------


def test_purchases_are_paged_by_cursor_without_a_gap_or_a_repeat(session: Session, visitor: Visitor) -> None:
    files, seen, url = many(25), [], "/api/v1/purchases?limit=10"
    while True:
        page = _json(visitor, url)
        seen += [one["ocid"] for one in page["items"]]
        if page["next"] is None:
            break
        url = f"/api/v1/purchases?limit=10&after={page['next']}"
    assert seen == [file.ocid for file in files]


def test_a_purchase_and_its_filters(session: Session, visitor: Visitor) -> None:
    file = published("paid")
    one = _json(visitor, f"/api/v1/purchases/{file.ocid}")
    assert (one["amount_fen"], one["awarded_fen"], one["paid_fen"]) == (48_000_000, 43_200_000, 12_960_000)
    for query, count in (("street=320115001", 1), ("district=330502", 0), ("year=2026", 1), ("year=2025", 0),
                         ("method=comparison", 1), ("stage=tender", 0)):  # fmt: skip
        assert len(_json(visitor, f"/api/v1/purchases?{query}")["items"]) == count
    for link in one["links"].values():
        assert visitor.get(link).status == 200


def test_what_has_not_changed_is_not_sent_again(session: Session, visitor: Visitor) -> None:
    file = published("tender")
    for url in (f"/api/v1/purchases/{file.ocid}", "/api/v1/purchases", f"/ocds/records/{file.ocid}.json"):
        tag = visitor.get(url).response.headers["ETag"]
        again = visitor.get(url, headers={"If-None-Match": tag})
        assert (again.status, again.response.data) == (304, b"")


@pytest.mark.parametrize(
    "url",
    ["changes?after=x", "changes?after=-1", "changes?limit=0", "changes?limit=501", "changes?limit=1&limit=2",
     "changes?wrong=1", "purchases?stage=none", "purchases?year=20", "purchases?district=x", "organisations?after=1.0"],
)  # fmt: skip
def test_what_is_not_understood_is_refused_with_the_name_of_the_parameter(
    session: Session, visitor: Visitor, url: str
) -> None:
    page = visitor.get(f"/api/v1/{url}")
    problem = json.loads(page.response.data)
    assert (page.status, page.response.mimetype) == (422, "application/problem+json")
    assert problem["field"] in url


@pytest.mark.parametrize("url", ["/purchases/%00", "/purchases?words=%00", "/api/v1/purchases/a%00"])
def test_a_zero_byte_is_no_address(session: Session, visitor: Visitor, url: str) -> None:
    assert visitor.get(url).status == 400


def test_what_is_not_there_is_a_problem_document(session: Session, visitor: Visitor) -> None:
    for url in ("purchases/none", "organisations/none", "none"):
        page = visitor.get(f"/api/v1/{url}")
        assert (page.status, page.response.mimetype) == (404, "application/problem+json")


def test_everything_the_api_answers_is_described_and_nothing_breaks_it(
    session: Session, app: Flask, visitor: Visitor
) -> None:
    """Schemathesis asks for everything that is described, rightly and wrongly."""
    published("paid")
    organisation()
    description = _json(visitor, "/api/v1/openapi.json")
    assert {f"/api/v1{path}" for path in description["paths"]} | {"/api/v1/openapi.json"} == {
        rule.rule.replace("<", "{").replace(">", "}")
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1")
    }
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    for operation in schema.get_all_operations():
        for mode in schemathesis.GenerationMode:
            _ask(operation.ok().as_strategy(mode))


def _ask(cases: SearchStrategy[Any]) -> None:
    @settings(
        max_examples=10, deadline=None, database=None, phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck), derandomize=True,
    )  # fmt: skip
    @given(cases)
    def ask(case: Any) -> None:
        answer = case.call()
        # A cursor is well formed by its digits alone; no schema says which ones the feed has given out.
        never_given = answer.status_code == 400 and answer.json().get("field") == "after"
        case.validate_response(answer, excluded_checks=[positive_data_acceptance] if never_given else [])

    ask()


# --- pages ------------------------------------------------------------------------------------------------------------


def test_imported_purchases_are_found_and_named_as_another_s(session: Session, visitor: Visitor) -> None:
    published("tender", title="本地助餐")
    shelf()
    found = visitor.get("/imported?words=助餐", most=MOST)
    assert [one.split() for one in found.words("//*[contains(@class, 'purchase-title')]")] == [["社区助餐", "Pasti"]]
    assert "Comune di Esempio" in found.text
    assert "社区助餐 Pasti" not in visitor.get("/purchases").text
    (link,) = found.all("//*[contains(@class, 'purchase-title')]/a")
    page = visitor.get(link.get("href"), most=MOST)
    assert page.status == 200
    for words in ("Comune di Esempio", "https://example.org", "CC0", "Cooperativa", "<b>mensa</b>", "未作核对"):
        assert words in page.text
    package = json.loads(visitor.get(page.all("//p[@class='form-buttons']/a")[0].get("href")).response.data)
    assert package["publisher"]["name"] == "Comune di Esempio"


def test_odd_imported_data_has_a_page_too(session: Session, visitor: Visitor) -> None:
    shelf()
    assert len(visitor.get("/imported").all("//li[@class='purchase-line']")) == 2
    for link in visitor.get("/imported").all("//*[contains(@class, 'purchase-title')]/a"):
        assert visitor.get(link.get("href")).status == 200
    assert visitor.get("/imported/1/none").status == 404


def test_the_shelf_refuses_machines_an_unknown_parameter_and_lists_pass_over_it_as_other_lists_do(
    session: Session, visitor: Visitor
) -> None:
    shelf()
    package = f"/imported-releases/{session.scalars(select(ImportedSource.id)).one()}/{quote(OCID)}.json"
    assert visitor.get(package).status == 200
    for query in ("year=2024", "after=1&after=2"):
        answer = visitor.get(f"{package}?{query}", headers={"Accept": "application/json"})
        problem = json.loads(answer.response.data)
        assert (answer.status, problem["field"]) == (422, query.partition("=")[0])
        assert problem["field"] in problem["detail"]
    for listing in ("/imported", "/purchases"):
        assert visitor.get(f"{listing}?wrong=1").status == 200


def test_the_page_of_open_data_links_what_there_is(session: Session, visitor: Visitor) -> None:
    published("tender")
    page = visitor.get("/open-data", most=MOST)
    for link in page.all("//main//a[starts-with(@href, '/')]"):
        assert visitor.get(link.get("href")).status == 200
    assert openapi.MOST == 500
