"""How values are printed on pages: money, time, shares, labels and sentences. `register(app)` hangs them into Jinja."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any

from flask_babel import gettext
from markupsafe import Markup, escape

from market.kernel import clock, money
from market.kernel.errors import DomainError
from market.kernel.naming import STORED_SENTENCES
from market.kernel.text import joined, unfilled
from market.web.catalogues import ENGLISH, chosen_locale, translated

if TYPE_CHECKING:
    from flask import Flask

NOTHING = "-"
_KIB = 1024
_HOUR = 60
_HAN = re.compile(r"[\u3400-\u9fff]")


def yuan(fen: int | None) -> str:
    """Fen as ¥1,286,400.00."""
    return NOTHING if fen is None else money.format_yuan(fen)


def wan(fen: int | None) -> str:
    """Fen as 128.64万元 (English: ¥1,286,400.00, since nobody counts in wan there)."""
    if fen is None:
        return NOTHING
    chinese = money.format_wan(fen)
    return chinese if gettext("万元") == "万元" else money.format_yuan(fen)


def capital(fen: int | None) -> str:
    """Fen in capital numerals, always Chinese: 壹佰贰拾捌万陆仟肆佰元整."""
    return NOTHING if fen is None else zh(money.capital_yuan(fen))


def zh(words: str | None) -> str:
    """Names and texts that people wrote, Chinese in both languages: on an English page marked as Chinese, so that a
    screen reader pronounces them (WCAG 3.1.2).
    """
    if not words:
        return NOTHING
    if chosen_locale() != ENGLISH or not _HAN.search(words):
        return words
    return Markup('<span lang="zh-Hans">{}</span>').format(words)


def instant(at: datetime | None, seconds: bool = False) -> str:
    """An aware instant as Beijing time: 2026-03-31 09:00."""
    return NOTHING if at is None else clock.beijing(at).strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")


def until(at: datetime | None) -> str:
    """A deadline as Beijing time; at midnight the end of the day before."""
    return NOTHING if at is None else clock.deadline_text(at)


def day(value: date | None) -> str:
    """A date, or the Beijing day of an instant: 2026-03-31."""
    if value is None:
        return NOTHING
    return (clock.beijing_day(value) if isinstance(value, datetime) else value).isoformat()


def iso(at: datetime) -> str:
    """An aware instant for machines: 2026-03-31T01:00:00Z."""
    return clock.aware(at).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def lasting(spent: timedelta | int | None) -> str:
    """A length of time, or whole minutes, in hours and minutes: 90 -> 1 小时 30 分 (English: 1 h 30 min)."""
    if spent is None:
        return NOTHING
    minutes = spent // timedelta(minutes=1) if isinstance(spent, timedelta) else spent
    hours, rest = divmod(minutes, _HOUR)
    if not hours:
        return gettext("%(rest)s 分", rest=rest)
    return (
        gettext("%(whole)s 小时 %(rest)s 分", whole=hours, rest=rest)
        if rest
        else gettext("%(whole)s 小时", whole=hours)
    )


def percent_bp(share_bp: int | None) -> str:
    """Ten-thousandths as a percentage: 1250 -> 12.5%."""
    return NOTHING if share_bp is None else money.format_bp(share_bp)


def centi(score_centi: int | None) -> str:
    """Hundredths of a point: 8850 -> 88.50."""
    return NOTHING if score_centi is None else money.format_centi(score_centi)


def label(value: object, labels: Mapping[Any, str] | None = None) -> str:
    """The translated name of an enum member: from `labels`, else from its own `.label`."""
    if value is None:
        return NOTHING
    name = labels[value] if labels is not None else getattr(value, "label", None)
    if name is None:
        raise TypeError(f"no label for {value!r}; give the mapping of labels")
    return text(name)


def text(message: object, **params: object) -> str:
    """A DomainError, or a sentence marked with `N_`, in the reader's language with its parameters filled in.

    A sentence that is stored filled in (`STORED_SENTENCES`) is found again in its words.
    """
    if isinstance(message, DomainError):
        return text(message.message, **message.params)
    if not isinstance(message, str):
        return str(message)
    if not message:
        return ""
    if not params and (found := unfilled(message, STORED_SENTENCES)):
        return text(found[0], **found[1])
    sentence = translated(message)
    return sentence % {name: _shown(value) for name, value in params.items()} if params else sentence


def stored(message: str) -> str:
    """What `text` says, with the words that people wrote marked as Chinese as `zh` does; nothing is “-”."""
    if not (found := unfilled(message, STORED_SENTENCES)):
        return zh(text(message))
    sentence, params = found
    return Markup(escape(translated(sentence))) % {name: zh(words) for name, words in params.items()}  # noqa: S704


def _shown(value: object) -> object:
    match value:
        case datetime():
            return instant(value)
        case date():
            return day(value)
        case timedelta():
            return lasting(value)
        case Enum() if hasattr(value, "label"):
            return label(value)
        case str() if value:
            return translated(str(value))
    return value


def short(digest_hex: str | None) -> str:
    """The first twelve characters of a digest."""
    return NOTHING if not digest_hex else digest_hex[:12] + ("…" if len(digest_hex) > 12 else "")


def filesize(size: int | None) -> str:
    """Bytes as B, KB, MB or GB, one decimal, cut and never rounded up."""
    if size is None:
        return NOTHING
    for power, unit in ((3, "GB"), (2, "MB"), (1, "KB")):
        if size >= _KIB**power:
            tenths = size * 10 // _KIB**power
            return f"{tenths // 10}.{tenths % 10} {unit}"
    return f"{size} B"


def register(app: Flask) -> None:
    """Add every filter above, and what the form macros ask about a field."""
    from market.web import drawing

    for function in (
        yuan,
        wan,
        capital,
        instant,
        until,
        day,
        iso,
        percent_bp,
        centi,
        label,
        text,
        stored,
        short,
        filesize,
        zh,
        lasting,
        joined,
    ):
        app.add_template_filter(function)
    app.jinja_env.globals.update(
        error_links=drawing.error_links,
        field_kind=drawing.field_kind,
        control_attributes=drawing.control_attributes,
    )
