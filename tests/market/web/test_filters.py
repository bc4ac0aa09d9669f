"""How values are printed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from flask_babel import force_locale

from market.kernel.errors import Refused
from market.kernel.naming import PRICE_NOT_ACCEPTED
from market.kernel.permits import ROLE_LABELS, Role
from market.kernel.uscc import ProviderType
from market.web import filters

AT = datetime(2026, 3, 31, 16, 30, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def request_context(gallery: Flask) -> Iterator[None]:
    with gallery.test_request_context():
        yield


def test_money() -> None:
    assert filters.yuan(128_640_000) == "¥1,286,400.00"
    assert filters.wan(128_640_000) == "128.64万元"
    assert filters.capital(128_640_000) == "壹佰贰拾捌万陆仟肆佰元整"
    with force_locale("en"):
        assert filters.wan(128_640_000) == "¥1,286,400.00"
        assert filters.capital(100) == "壹元整"


def test_time_is_shown_in_beijing() -> None:
    assert filters.instant(AT) == "2026-04-01 00:30"
    assert filters.instant(AT, seconds=True) == "2026-04-01 00:30:05"
    assert filters.day(AT) == "2026-04-01"
    assert filters.day(date(2026, 3, 31)) == "2026-03-31"
    assert filters.iso(AT) == "2026-03-31T16:30:05Z"
    with pytest.raises(ValueError, match="naive"):
        filters.instant(datetime(2026, 3, 31))  # noqa: DTZ001  a naive time is what must be refused


def test_a_deadline_at_midnight_is_the_end_of_the_day_before() -> None:
    assert filters.until(datetime(2026, 5, 7, 16, tzinfo=UTC)) == "2026-05-07 24:00"
    assert filters.until(datetime(2026, 12, 31, 16, tzinfo=UTC)) == "2026-12-31 24:00"
    assert filters.until(AT) == "2026-04-01 00:30"


def test_a_length_of_time_is_told_in_hours_and_minutes() -> None:
    said = [filters.lasting(n) for n in (0, 45, 60, 90, timedelta(hours=24))]
    assert said == ["0 分", "45 分", "1 小时", "1 小时 30 分", "24 小时"]
    with force_locale("en"):
        assert [filters.lasting(n) for n in (45, 60, 90)] == ["45 min", "1 h", "1 h 30 min"]


def test_shares_scores_sizes_and_digests() -> None:
    assert filters.percent_bp(1_250) == "12.5%"
    assert filters.centi(8_850) == "88.50"
    assert filters.short("9f86d081884c7d659a2f") == "9f86d081884c…"
    assert [filters.filesize(n) for n in (0, 1023, 1024, 1_572_864, 5_368_709_120)] == [
        "0 B", "1023 B", "1.0 KB", "1.5 MB", "5.0 GB",
    ]  # fmt: skip


@pytest.mark.parametrize("function", [
    filters.yuan, filters.wan, filters.capital, filters.instant, filters.until, filters.day, filters.percent_bp,
    filters.centi, filters.lasting, filters.short, filters.filesize, filters.label,
])  # fmt: skip
def test_nothing_is_a_dash(function: object) -> None:
    assert function(None) == "-"  # type: ignore[operator]


def test_labels_and_sentences_follow_the_language() -> None:
    refused = Refused("统一社会信用代码应为18位，现在是%(length)d位。请对照登记证书核对。", field="uscc", length=17)
    assert filters.label(ProviderType.FOUNDATION) == "基金会"
    assert filters.text(refused) == "统一社会信用代码应为18位，现在是17位。请对照登记证书核对。"
    with force_locale("en"):
        assert filters.label(ProviderType.FOUNDATION) == "Foundation"
        assert filters.label(Role.AUDITOR, ROLE_LABELS) == "Auditor"
        assert filters.text(refused) == (
            "A unified social credit code has 18 characters; this one has 17. "
            "Compare it with the registration certificate."
        )
        assert filters.text("编号：%(number)s", number=ProviderType.FOUNDATION) == "No. Foundation"
        assert filters.text("编号：%(number)s", number=AT) == "No. 2026-04-01 00:30"
        assert filters.text("编号：%(number)s", number="审计员") == "No. Auditor"
    with pytest.raises(TypeError, match="no label"):
        filters.label(Role.AUDITOR)


def test_a_sentence_stored_filled_in_is_said_in_the_readers_language(gallery: Flask) -> None:
    kept = PRICE_NOT_ACCEPTED % {"reason": "没有\n证明"}
    assert filters.text(kept) == filters.stored(kept) == kept
    with force_locale("en"):
        assert filters.text(kept) == "The price is abnormally low and was not justified: 没有\n证明"
    with gallery.test_request_context(headers={"Cookie": "lang=en"}), force_locale("en"):
        marked = '<span lang="zh-Hans">&lt;没有证明&gt;</span>'
        assert filters.stored(PRICE_NOT_ACCEPTED % {"reason": "<没有证明>"}).endswith(f"not justified: {marked}")
    assert filters.stored("") == "-"
