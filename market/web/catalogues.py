"""The two languages: Chinese is the source text, English lives in one catalogue per room.

`configure(app)` makes the app speak both. As a command this module keeps the catalogues:

    python -m market.web.catalogues            every room: extract, update the .po, list what is missing, compile
    python -m market.web.catalogues tenders    one room
    python -m market.web.catalogues --check    change nothing; exit 1 and name what is untranslated, fuzzy, obsolete …
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from babel.support import NullTranslations, Translations
from flask import abort, has_request_context, request, session
from flask_babel import Babel, Domain, get_locale

if TYPE_CHECKING:
    from flask import Flask, Response

CHINESE = "zh_Hans_CN"
ENGLISH = "en"
LOCALES = (CHINESE, ENGLISH)
COOKIE = "lang"
FOLDER = Path(__file__).resolve().parent / "translations"
_YEAR_SECONDS = 365 * 24 * 3600


def configure(app: Flask) -> None:
    """Set flask-babel up: Chinese unless the reader chose English, times in Beijing."""
    babel = Babel(app, default_locale=CHINESE, default_timezone="Asia/Shanghai", locale_selector=chosen_locale)
    babel.domain_instance = _Rooms()


def chosen_locale() -> str:
    """The reader's choice from cookie or session; Chinese for everybody else and outside a request."""
    if not has_request_context():
        return CHINESE
    chosen = request.cookies.get(COOKIE) or session.get(COOKIE)
    return chosen if chosen in LOCALES else CHINESE


def remember_locale(response: Response, locale: str) -> Response:
    """Keep the choice in a cookie for a year; a language there is not answers 404."""
    if locale not in LOCALES:
        abort(404)
    response.set_cookie(COOKIE, locale, max_age=_YEAR_SECONDS, httponly=True, samesite="Lax", secure=request.is_secure)
    return response


class _Rooms(Domain):
    """All rooms' catalogues as one, read once per process."""

    def __init__(self) -> None:
        super().__init__(translation_directories=[str(FOLDER)], domain="rooms")
        self.loaded: dict[str, NullTranslations] = {CHINESE: NullTranslations()}

    def get_translations(self) -> NullTranslations:
        locale = str(get_locale() or CHINESE)
        if locale not in self.loaded:
            self.loaded[locale] = _merged(locale)
        return self.loaded[locale]


def _merged(locale: str) -> NullTranslations:
    whole = Translations()
    whole.plural = lambda n: int(n != 1)
    for path in sorted((FOLDER / locale / "LC_MESSAGES").glob("*.mo")):
        with path.open("rb") as file:
            whole.merge(Translations(file, domain=path.stem))
    return whole


if __name__ == "__main__":
    from market.web.bookkeeping import main

    sys.exit(main(sys.argv[1:]))
