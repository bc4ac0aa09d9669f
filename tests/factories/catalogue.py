"""A district's catalogue edition and its items for tests."""

from __future__ import annotations

from datetime import date
from itertools import count
from typing import Any

from market.catalogue.actions import load_negative_list
from market.catalogue.models import CatalogueItem, CatalogueVersion, NegativeItem
from market.catalogue.queries import version_in_force
from market.db.session import db
from market.kernel.categories import Category
from market.kernel.clock import system_now
from market.places.models import District
from tests.factories.places import district as make_district

_numbers = count(1)
INDICATORS = [
    {"code": "A1", "title": "探访完成率", "target": "全年 1,200 人次", "max_centi": 4000},
    {"code": "A2", "title": "紧急情况响应", "target": "30 分钟内", "max_centi": 3000},
    {"code": "A3", "title": "台账与安全", "target": "完整、无事故", "max_centi": 3000},
]


def version(district: District | None = None, number: str = "2026-1", day: date = date(2026, 1, 1)) -> CatalogueVersion:
    """The edition in force in a district, or a new one."""
    place = district or make_district()
    found = version_in_force(place.id)
    if found is None:
        found = CatalogueVersion(
            district_id=place.id,
            number=number,
            effective_from=day,
            source="本区购买服务指导性目录",
            published_at=system_now(),
        )
        db.session.add(found)
        db.session.flush()
    return found


def item(
    district: District | None = None, category: str = Category.ELDER_CARE, name: str = "独居老人探访", **changes: Any
) -> CatalogueItem:
    """A service of the edition in force."""
    values: dict[str, Any] = {
        "code": f"A{next(_numbers):03d}",
        "category": category,
        "name": name,
        "unit": "人次",
        "description": "为独居老人上门探访，建立一人一档。",
        "requirements": "每月至少两次上门；紧急情况 30 分钟内到场。",
        "guiding_department": "民政局",
        "price_low_fen": 20_00,
        "price_high_fen": 40_00,
        "indicators": INDICATORS,
    }
    row = CatalogueItem(version_id=version(district).id, **{**values, **changes})
    db.session.add(row)
    db.session.flush()
    return row


def negative_list() -> None:
    """The six items of 管理办法 art. 10."""
    load_negative_list()


def negative(number: int = 7, title: str = "测试事项", words: tuple[str, ...] = ("测试词",)) -> NegativeItem:
    """One more row of the negative list."""
    row = NegativeItem(number=number, title=title, words=list(words), source="政府购买服务管理办法第十条")
    db.session.add(row)
    db.session.flush()
    return row
