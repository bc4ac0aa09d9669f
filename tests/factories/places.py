"""Districts and streets for tests: the pilot districts under their real codes. Asked twice, the same row comes back."""

from __future__ import annotations

from market.db.session import db
from market.places.models import Community, District, Street

NAMES = {
    "320115": ("江宁区", "南京市江宁区"),
    "330502": ("吴兴区", "湖州市吴兴区"),
    "510115": ("温江区", "成都市温江区"),
}
STREETS = {
    "320115001": "东山街道",
    "320115002": "秣陵街道",
    "320115003": "汤山街道",
    "330502001": "月河街道",
    "510115001": "柳城街道",
}


def district(code: str = "320115") -> District:
    """A tenant district; 江宁 unless another code is given."""
    found = db.session.scalar(db.select(District).filter_by(code=code))
    if found is None:
        name, full_name = NAMES.get(code, (f"{code}区", f"{code}区"))
        found = District(code=code, name=name, full_name=full_name, invented=code not in NAMES)
        db.session.add(found)
        db.session.flush()
    return found


def street(code: str = "320115001", name: str = "") -> Street:
    """A street of the district its code begins with; 东山街道 unless another code is given."""
    found = db.session.scalar(db.select(Street).filter_by(code=code))
    if found is None:
        found = Street(
            code=code,
            name=name or STREETS.get(code, f"{code}街道"),
            uscc=None,
            invented=code not in STREETS,
            district=district(code[:6]),
        )
        db.session.add(found)
        db.session.flush()
    return found


def community(of: Street | None = None, name: str = "河滨社区") -> Community:
    """A community of a street."""
    row = Community(street_id=(of or street()).id, name=name)
    db.session.add(row)
    db.session.flush()
    return row
