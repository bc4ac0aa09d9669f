"""Official documents as PDF/A-3 files: HTML in, bytes out. No network, no file of the machine, no clock.

WeasyPrint is imported at the first document (it takes over a second, and needs libraries of the system), and one font
configuration is kept for all documents: reading the two bundled fonts again would cost as much as a short document.
"""

from __future__ import annotations

import atexit
import base64
import contextlib
import ctypes
import io
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, cached_property
from math import ceil, floor
from pathlib import Path
from typing import Any

from market.kernel.errors import DomainError
from market.kernel.text import N_
from market.paths import resource_dir

APT_COMMAND = "sudo apt-get install -y libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
AUTHOR = "邻里购"
# A name of its own, so that a Noto Sans SC of the machine, perhaps of another version, is never taken instead.
FAMILY = "Linli Noto Sans SC"
WEIGHTS = {400: "NotoSansSC-Regular.ttf", 700: "NotoSansSC-Bold.ttf"}

# What WeasyPrint opens when it is imported; the subsetter alone may be missing, at the price of speed.
_LIBRARIES = (
    "libgobject-2.0.so.0",
    "libpango-1.0.so.0",
    "libharfbuzz.so.0",
    "libfontconfig.so.1",
    "libpangoft2-1.0.so.0",
)

_PLACE = "signature-"

# Pango's font map must not be used by two threads at once, and layout holds the interpreter anyway.
_one_at_a_time = threading.Lock()


class PdfUnavailable(DomainError):
    """The libraries of the system that lay out text are missing; the sentence names the command that installs them."""

    status = 503


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file inside the PDF: the data a document was made from, for machines."""

    name: str
    data: bytes = field(repr=False)
    mime: str
    description: str


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """A place for a signature: page from 0, box (left, bottom, right, top) in points from the lower left corner."""

    name: str
    page: int
    box: tuple[int, int, int, int]
    label: str = ""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A finished document, its number of pages, and where elements with an id `signature-<field name>` came to lie."""

    pdf: bytes = field(repr=False)
    pages: int
    fields: tuple[FieldSpec, ...]


def font_path(weight: int = 400) -> Path:
    """The bundled font file of a weight (400 or 700)."""
    return resource_dir("static") / "vendor" / "noto-sans-sc" / WEIGHTS[weight]


def pdf_ready() -> str | None:
    """None when documents can be made here, otherwise the sentence that says what to install. Imports nothing."""
    if "weasyprint" in sys.modules or not sys.platform.startswith("linux"):
        return None
    try:
        for name in _LIBRARIES:
            ctypes.CDLL(name)
    except OSError:
        return _unavailable().text
    return None


def render_pdf(
    html: str,
    *,
    title: str,
    lang: str,
    at: datetime,
    attachments: Sequence[Attachment] = (),
    author: str = AUTHOR,
) -> bytes:
    """`render_document` for documents without signature fields: the bytes of the file."""
    return render_document(html, title=title, lang=lang, at=at, attachments=attachments, author=author).pdf


def render_document(
    html: str,
    *,
    title: str,
    lang: str,
    at: datetime,
    attachments: Sequence[Attachment] = (),
    author: str = AUTHOR,
) -> Rendered:
    """Lay out HTML (templates/pdf/) with `base.css` as tagged PDF/A-3a; equal input gives equal bytes on one machine.

    `at` is the document's date in its metadata. Raises PdfUnavailable, or ValueError when the HTML asks for anything
    that is not inside it (a template's mistake, or an attempt to make the server fetch something).
    """
    if at.tzinfo is None:
        raise ValueError("the date of a document needs a time zone")
    with _one_at_a_time, _contained():
        engine = _engine()
        document = engine.lay_out(html)
        _describe(document.metadata, title=title, lang=lang, at=at, author=author)
        pdf = document.write_pdf(
            finisher=_finish,
            attachments=[engine.attachment(item, at) for item in attachments],
            **engine.options,
        )
        return Rendered(pdf, len(document.pages), tuple(_signature_places(document)))


def render_picture(html: str, *, css: str) -> bytes:
    """One page for use inside another PDF (the look of a signature): no tags, no metadata, `css` sets its size."""
    with _one_at_a_time, _contained():
        return _engine().picture(html, css)


class _Engine:
    """WeasyPrint with our fonts and style sheet, loaded once per process."""

    options = {"pdf_variant": "pdf/a-3a", "pdf_version": "1.7", "output_intent": "--srgb", "pdf_tags": True}

    def __init__(self) -> None:
        import weasyprint
        from weasyprint.text.fonts import FontConfiguration
        from weasyprint.urls import URLFetcher

        self.weasyprint = weasyprint
        self.fetcher = URLFetcher(allowed_protocols={"data"}, allow_redirects=False, fail_on_errors=True)
        self.fonts = FontConfiguration()
        self.colours: dict[str, Any] = {}
        # Only this style sheet may read files, and it names three; documents get the fetcher above.
        ours = URLFetcher(allowed_protocols={"file"}, allow_redirects=False, fail_on_errors=True)
        shared = {"font_config": self.fonts, "color_profiles": self.colours}
        profile = Path(weasyprint.__file__).parent / "pdf" / "sRGB2014.icc"
        weasyprint.CSS(string=_own_files(profile), url_fetcher=ours, **shared)
        # A colour profile is written differently once its name was read: read it now, or the first document differs.
        self.profile_names = [colour.name for colour in self.colours.values()]
        base = (resource_dir("templates") / "pdf" / "base.css").read_text(encoding="utf-8")
        self._base = weasyprint.CSS(string=base, url_fetcher=self.fetcher, **shared)

    def lay_out(self, html: str) -> Any:
        document = self.weasyprint.HTML(string=html, url_fetcher=self.fetcher)
        return document.render(
            font_config=self.fonts, color_profiles=self.colours, stylesheets=[self._base], **self.options
        )

    def picture(self, html: str, css: str) -> bytes:
        sheet = self.weasyprint.CSS(string=css, url_fetcher=self.fetcher, font_config=self.fonts)
        page = self.weasyprint.HTML(string=html, url_fetcher=self.fetcher)
        result: bytes = page.write_pdf(font_config=self.fonts, stylesheets=[sheet])
        return result

    def attachment(self, item: Attachment, at: datetime) -> Any:
        # Made anew for each document: WeasyPrint's own object can be read only once. Only a URL carries a media type.
        when = at.astimezone(UTC)
        return self.weasyprint.Attachment(
            url=f"data:{item.mime};base64,{base64.b64encode(item.data).decode('ascii')}",
            url_fetcher=self.fetcher,
            name=item.name,
            description=item.description,
            created=when,
            modified=when,
            relationship="Source",
        )


def _own_files(profile: Path) -> str:
    # The colour profile is named here although WeasyPrint would find it: that way it is read once, and closed.
    faces = (
        f'@font-face {{ font-family: "{FAMILY}"; font-weight: {weight}; src: url({font_path(weight).as_uri()}) }}'
        for weight in WEIGHTS
    )
    colours = f"@color-profile --srgb {{ src: url({profile.as_uri()}); components: r, g, b }}"
    return "\n".join([colours, *faces])


def _describe(metadata: Any, *, title: str, lang: str, at: datetime, author: str) -> None:
    when = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    metadata.title, metadata.lang, metadata.authors = title, lang, [author]
    metadata.created = metadata.modified = when


def _finish(document: Any, pdf: Any) -> None:
    _compress_once(pdf)
    # Readers show the title, not the file's name: asked for by PDF/UA and kind to everyone.
    pdf.catalog["ViewerPreferences"] = "<</DisplayDocTitle true>>"
    if any(_signature_places(document)):
        # Without object streams: pyHanko reads a whole stream again for each object in it, two seconds a verification.
        write = pdf.write
        pdf.write = lambda output, version, identifier, _compress: write(output, version, identifier, compress=False)


def _compress_once(pdf: Any) -> None:
    plain, once = _streams()
    for one in pdf.objects:
        if type(one) is plain:
            one.__class__ = once


@cache
def _streams() -> tuple[type, type]:
    """The writer's streams, and those that give it the same bytes when the file's identifier asks for them again."""
    import pydyf

    return pydyf.Stream, type("Stream", (pydyf.Stream,), {"data": cached_property(pydyf.Stream.data.fget)})


def _signature_places(document: Any) -> Iterator[FieldSpec]:
    for number, page in enumerate(document.pages):
        for anchor, (left, top, right, bottom) in page.anchors.items():
            if anchor.startswith(_PLACE):
                # CSS pixels from the top left become points from the bottom left, outwards to whole ones.
                low = floor(left * 0.75), floor((page.height - bottom) * 0.75)
                high = ceil(right * 0.75), ceil((page.height - top) * 0.75)
                yield FieldSpec(anchor.removeprefix(_PLACE), number, (*low, *high))


@cache
def _engine() -> _Engine:
    # WeasyPrint keeps a copy of the fonts in a temporary folder, which goes when the font configuration goes.
    atexit.register(_engine.cache_clear)
    return _Engine()


def _import_weasyprint() -> None:
    if "weasyprint" in sys.modules:
        return
    if pdf_ready() is not None:
        raise _unavailable()
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        # A missing subsetter is announced as a coming change; here it only means slower documents.
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            import weasyprint  # noqa: F401
        except OSError:
            raise _unavailable() from None


@contextlib.contextmanager
def _contained() -> Iterator[None]:
    """Turn WeasyPrint's refusal to fetch, which is no Exception, into one."""
    _import_weasyprint()
    from weasyprint.urls import FatalURLFetchingError

    try:
        yield
    except FatalURLFetchingError as refusal:
        raise ValueError(f"{refusal}: a document may only use what is inside it") from None


def _unavailable() -> PdfUnavailable:
    return PdfUnavailable(N_("这台机器缺少生成 PDF 的系统库。请管理员运行：%(command)s"), command=APT_COMMAND)
