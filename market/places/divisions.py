"""The divisions that ship with the product: files of the statistics bureau's codes, read as they are."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

LEVELS = {2: "province", 4: "city", 6: "county", 9: "street"}
_PARENT_LENGTH = {2: 0, 4: 2, 6: 4, 9: 6}
# The seventh digit of a street-level code: 0 街道 (and 地区 with an office), 1 镇, 2 乡, 4 zones that are no division.
_STREET_OFFICE = "0"
_FOLDER = "data"


@dataclass(frozen=True)
class Edition:
    """Where the list comes from and which day it describes."""

    source: str
    as_of: str
    licence: str

    @property
    def name(self) -> str:
        """Kept in the database to know whether this list is loaded."""
        return f"{self.as_of} {self.source}"


def _lines(name: str) -> Iterator[str]:
    content = (files("market.places") / _FOLDER / name).read_bytes()
    text = gzip.decompress(content) if name.endswith(".gz") else content
    return iter(text.decode("utf-8").splitlines())


def edition() -> Edition:
    """Source, day and licence of the shipped list, from the head of its file."""
    head = {}
    for line in _lines("divisions.tsv.gz"):
        if not line.startswith("#"):
            break
        name, _, value = line.removeprefix("# ").partition(": ")
        head[name] = value
    return Edition(head["source"], head["as of"], head["licence"])


def division_rows() -> list[dict[str, Any]]:
    """Every division as a row of the table `division`, about 44,700."""
    rows = []
    for line in _lines("divisions.tsv.gz"):
        if line.startswith("#"):
            continue
        code, name = line.split("\t")
        parent = code[: _PARENT_LENGTH[len(code)]] or None
        rows.append({"code": code, "name": name, "level": LEVELS[len(code)], "parent_code": parent})
    return rows


def communities_of(street_code: str) -> list[str]:
    """Names of the communities and villages of a street; known for the three pilot districts."""
    pairs = (line.split("\t") for line in _lines("communities.tsv") if not line.startswith("#"))
    return [name for code, name in pairs if code.startswith(street_code)]


def is_street_office(code: str) -> bool:
    """True for a 街道, whose office may purchase; towns, townships and zones are not."""
    return len(code) == 9 and code[6] == _STREET_OFFICE


def full_name(county: str, city: str, province: str) -> str:
    """The usual full name of a district: 南京市江宁区; a municipality's own: 上海市静安区."""
    upper = province if city in {"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"} else city
    return f"{upper}{county}"
