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
from flask import abort, g, has_request_context, request, session
from flask_babel import Babel, Domain, get_locale
from jinja2 import pass_context
from markupsafe import Markup

if TYPE_CHECKING:
    from flask import Flask, Response
    from jinja2.runtime import Context

CHINESE = "zh_Hans_CN"
ENGLISH = "en"
LOCALES = (CHINESE, ENGLISH)
COOKIE = "lang"
FOLDER = Path(__file__).resolve().parent / "translations"
_YEAR_SECONDS = 365 * 24 * 3600


def configure(app: Flask) -> None:
    """Set flask-babel up: Chinese unless the reader chose English, times in Beijing."""
    babel = Babel(app, default_locale=CHINESE, default_timezone="Asia/Shanghai", locale_selector=chosen_locale)
    babel.domain_instance = _rooms
    app.jinja_env.globals.update(_=_said, gettext=_said)


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
        self.loaded: dict[str, _Sentences] = {CHINESE: _Sentences(NullTranslations())}

    def get_translations(self) -> NullTranslations:
        return self.sentences().translations

    def sentences(self) -> _Sentences:
        """The reader's language. Looked up once a request, and again when a locale is forced."""
        try:  # a page asks here some hundred times
            babel = g._flask_babel  # noqa: SLF001  where the extension keeps it
        except (AttributeError, RuntimeError):  # not asked before, or outside of any application
            babel = None
        locale = getattr(babel, "babel_locale", None)
        kept = getattr(babel, "linli", None)
        if kept is not None and kept[0] is locale:
            found: _Sentences = kept[1]
            return found
        name = str(get_locale() or CHINESE)
        if name not in self.loaded:
            self.loaded[name] = _Sentences(_merged(name))
        babel = getattr(g, "_flask_babel", None) if g else None
        if babel is not None:
            babel.linli = (babel.babel_locale, self.loaded[name])
        return self.loaded[name]


class _Sentences:
    """One language; sentences without parameters are kept ready for a page."""

    def __init__(self, translations: NullTranslations) -> None:
        self.translations = translations
        self.ready: dict[str, Markup] = {}

    def plain(self, sentence: str) -> Markup:
        """The sentence as markup, its doubled percent signs made single."""
        found = self.ready.get(sentence)
        if found is None:
            text = self.translations.gettext(sentence)
            found = self.ready[sentence] = Markup(text) % {}  # noqa: S704  the catalogue's text is our own
        return found


_rooms = _Rooms()


def translated(sentence: str) -> str:
    """A marked sentence in the reader's language; parameters are the caller's."""
    return _rooms.sentences().translations.gettext(sentence)


@pass_context
def _said(context: Context, sentence: str, **values: object) -> str:
    """`_("…")` in templates, as the extension has it but without a detour at each of a page's hundreds of sentences."""
    language = _rooms.sentences()
    if context.eval_ctx.autoescape and not values:
        return language.plain(sentence)
    text = language.translations.gettext(sentence)
    if context.eval_ctx.autoescape:
        return Markup(text) % values  # noqa: S704  the catalogue's text is our own, and the values are escaped
    return text % values


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
