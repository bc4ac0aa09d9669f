"""Loading divisions and calendars, taking a district in, and a district's own calendar and values of rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, insert, select

from market.db.session import db
from market.kernel import rulebook
from market.kernel.clock import beijing_day
from market.kernel.errors import NotFound, Refused
from market.kernel.permits import Actor, Permit, Scope, require
from market.kernel.rulebook import RuleSet
from market.kernel.text import N_
from market.kernel.workdays import Calendar, calendar_from_library
from market.places import divisions
from market.places.models import CalendarDay, CalendarYear, Community, District, Division, RuleOverride, Street
from market.places.notices import calendar_data, override_data, rules_data, rules_key
from market.places.queries import rules_for
from market.places.rules import check_calendar, parse_value
from market.records.audit import record
from market.records.keys import read_setting, write_setting
from market.records.notices import post, posted_digest

_DIVISIONS = "divisions"
_BATCH = 5_000
_SYSTEM = Actor(None, "system")
LIBRARY_SOURCE = "国务院办公厅节假日安排通知（chinesecalendar 汇编）"  # zh-only


def load_reference() -> tuple[int, int]:
    """Load divisions and national calendars; return how many divisions and years were written. Harmless to repeat."""
    return load_divisions(), load_calendar()


def load_divisions() -> int:
    """Write the divisions that ship with the product, unless this edition is there; return how many were written."""
    edition = divisions.edition().name
    if read_setting(_DIVISIONS) == edition:
        return 0
    db.session.execute(delete(Division))
    rows = divisions.division_rows()
    for start in range(0, len(rows), _BATCH):
        db.session.execute(insert(Division.__table__), rows[start : start + _BATCH])
    write_setting(_DIVISIONS, edition)
    return len(rows)


def load_calendar(years: Iterable[int] = range(2015, 2041)) -> int:
    """Write the national holidays of the years that the calendar library knows; years already there stay."""
    known = set(db.session.scalars(select(CalendarYear.year).where(CalendarYear.district_id.is_(None))))
    calendar = calendar_from_library(years)
    new = sorted(calendar.years - known)
    for year in new:
        row = CalendarYear(district_id=None, year=year, version=calendar.version, source=LIBRARY_SOURCE)
        db.session.add(row)
        db.session.flush()
        _write_days(
            row,
            [day for day in calendar.off if day.year == year],
            [day for day in calendar.on if day.year == year],
        )
    return len(new)


def _write_days(row: CalendarYear, off: Iterable[date], on: Iterable[date]) -> None:
    db.session.execute(delete(CalendarDay).where(CalendarDay.year_id == row.id))
    days = [{"year_id": row.id, "day": day, "working": False} for day in sorted(off)]
    days += [{"year_id": row.id, "day": day, "working": True} for day in sorted(on)]
    if days:
        db.session.execute(insert(CalendarDay), days)


def _installer(actor: Actor | None) -> Actor:
    """Taking places in belongs to whoever installs the product, or to the operator of the whole installation."""
    if actor is None:
        return _SYSTEM
    require(actor, Permit.PEOPLE_MANAGE, Scope())
    return actor


def adopt_district(actor: Actor | None, code: str, at: datetime) -> District:
    """Take a county-level division in as a tenant with its 街道 and their communities; harmless to repeat.

    `actor` None is the installer. Raises NotFound for a code that is no county-level division.
    """
    who = _installer(actor)
    found = db.session.scalar(select(District).filter_by(code=code))
    if found is not None:
        return found
    names = {
        row.code: row.name
        for row in db.session.scalars(select(Division).where(Division.code.in_([code, code[:4], code[:2]])))
    }
    if len(code) != 6 or code not in names:
        raise NotFound(N_("没有代码为 %(code)s 的区县，请核对六位区划代码。"), code=code)
    row = District(
        code=code,
        name=names[code],
        full_name=divisions.full_name(names[code], names[code[:4]], names[code[:2]]),
        invented=False,
    )
    db.session.add(row)
    db.session.flush()
    record(row.subject, "adopt", who, at, facts={"code": code})
    _adopt_streets(row)
    return row


def _adopt_streets(district: District) -> None:
    below = db.session.scalars(
        select(Division).where(Division.parent_code == district.code).order_by(Division.code)
    ).all()
    streets = [
        Street(code=one.code, name=one.name, uscc=None, invented=False, district=district)
        for one in below
        if divisions.is_street_office(one.code)
    ]
    db.session.add_all(streets)
    db.session.flush()
    communities = [
        {"street_id": street.id, "name": name} for street in streets for name in divisions.communities_of(street.code)
    ]
    if communities:
        db.session.execute(insert(Community), communities)


def add_street(
    actor: Actor | None, district: District, code: str, name: str, at: datetime, *, invented: bool = False
) -> Street:
    """Add a street that the list does not know. Raises Refused for a code that is taken or belongs elsewhere."""
    who = _installer(actor)
    if not code.startswith(district.code) or not divisions.is_street_office(code):
        raise Refused(N_("街道代码应为九位，以本区代码开头，第七位为 0。"), field="code")
    if db.session.scalar(select(Street.id).filter_by(code=code)) is not None:
        raise Refused(N_("代码 %(code)s 已有街道使用。"), field="code", code=code)
    row = Street(code=code, name=name.strip(), uscc=None, invented=invented, district=district)
    db.session.add(row)
    db.session.flush()
    record(district.subject, "add_street", who, at, facts={"code": code, "name": row.name})
    return row


def add_community(actor: Actor, street: Street, name: str, at: datetime) -> Community:
    """Add a community to a street. Raises Refused for a name that is there already."""
    require(actor, Permit.RULES_OVERRIDE, Scope(street.district_id))
    plain = name.strip()
    if db.session.scalar(select(Community.id).filter_by(street_id=street.id, name=plain)) is not None:
        raise Refused(N_("“%(name)s”已经在名单中。"), field="name", name=plain)
    row = Community(street_id=street.id, name=plain)
    db.session.add(row)
    db.session.flush()
    record(
        street.district.subject,
        "add_community",
        actor,
        at,
        permit=Permit.RULES_OVERRIDE,
        facts={"street": street.code, "name": plain},
    )
    return row


def save_calendar(
    actor: Actor, district: District, year: int, source: str, off: Sequence[date], on: Sequence[date], at: datetime
) -> CalendarYear:
    """Write a district's own edition of a year: holidays and make-up days as in the yearly notice named by `source`.

    Each saving is a new version; deadlines already published keep the date and version they were computed with.
    """
    require(actor, Permit.RULES_OVERRIDE, Scope(district.id))
    holidays, make_up = check_calendar(off, on)
    row = db.session.scalar(select(CalendarYear).filter_by(district_id=district.id, year=year))
    number = int(row.version.rpartition("-")[2]) + 1 if row else 1
    if row is None:
        row = CalendarYear(district_id=district.id, year=year)
        db.session.add(row)
    row.version, row.source = f"{district.code}-{year}-{number}", source.strip()
    db.session.flush()
    _write_days(row, holidays, make_up)
    facts = {"year": year, "version": row.version, "off": len(holidays), "on": len(make_up)}
    record(district.subject, "save_calendar", actor, at, permit=Permit.RULES_OVERRIDE, facts=facts)
    post(
        "calendar",
        f"{district.code}-{year}",
        f"{district.full_name}{year}年工作日安排",  # zh-only
        calendar_data(row, holidays, make_up),
        district.subject.chain,
        district.subject.scope,
        actor,
        at,
    )
    return row


@dataclass(frozen=True)
class OverrideFacts:
    """A district's own value as typed."""

    key: str
    regime: str
    value: str
    effective_from: date
    reason: str


def override_rule(actor: Actor, district: District, facts: OverrideFacts, at: datetime) -> RuleOverride:
    """Give a rule the district's own value from a day on, with a reason; published at once.

    Purchases published before keep the set they were published under. Raises Refused at a field.
    """
    require(actor, Permit.RULES_OVERRIDE, Scope(district.id))
    known = rulebook.load().keys()
    if facts.key not in known:
        raise Refused(N_("没有这条规则，请从规则表中选择。"), field="key")
    if facts.effective_from < beijing_day(at):
        raise Refused(N_("生效日期不能早于今天：已经发布的采购按发布时的规则办理。"), field="effective_from")
    try:
        before = rules_for(district, facts.regime, facts.effective_from).rule(facts.key)
    except rulebook.MissingRule:
        raise Refused(N_("这一采购方式没有这条规则，请改选采购方式。"), field="regime") from None
    row = RuleOverride(
        district_id=district.id,
        key=facts.key,
        regime=facts.regime,
        value=parse_value(facts.value, before.unit, before.value, field="value"),
        effective_from=facts.effective_from,
        reason=facts.reason.strip(),
        made_by=actor.user_id,
        made_at=at,
    )
    db.session.add(row)
    db.session.flush()
    data = override_data(row, before.value, before.unit)
    record(district.subject, "override_rule", actor, at, permit=Permit.RULES_OVERRIDE, facts=data)
    post(
        "override",
        f"{district.code}-{row.key}-{row.regime}",
        f"{district.full_name}：{before.zh}",
        data,
        district.subject.chain,
        district.subject.scope,
        actor,
        at,
    )
    return row


def publish_rules(district: District, book: RuleSet, calendar: Calendar, actor: Actor, at: datetime) -> str:
    """Put the set of rules and the calendar that judge a purchase on the noticeboard, once; return the notice's digest.

    The purchase's notice names the digest, so whoever computes the purchase again knows by which numbers.
    """
    data = rules_data(book, calendar)
    key = rules_key(data)
    if there := posted_digest("rules", key):
        return there
    title = f"{district.full_name}{book.day.isoformat()}规则集"  # zh-only
    return post("rules", key, title, data, district.subject.chain, district.subject.scope, actor, at).digest
