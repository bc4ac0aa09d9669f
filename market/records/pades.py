"""The two places where pyHanko needs telling: the instant of a signature, and a picture made elsewhere.

Imported by `signing` at the first signature, because pyHanko takes half a second to load.
"""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

from pyhanko.pdf_utils.content import PdfContent
from pyhanko.pdf_utils.layout import BoxConstraints
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.sign.signers import PdfSigner
from pyhanko.sign.signers.constants import ESIC_EXTENSION_1
from pyhanko.sign.signers.pdf_signer import PdfSigningSession


class SignerAt(PdfSigner):
    """A signer whose signatures carry a given instant instead of the machine's, and leave the file PDF 1.7."""

    def __init__(self, *args: Any, at: datetime, **options: Any) -> None:
        super().__init__(*args, **options)
        self._at = at

    def init_signing_session(self, pdf_out: BasePdfFileWriter, existing_fields_only: bool = False) -> PdfSigningSession:
        """As the parent's, with our instant."""
        session = super().init_signing_session(pdf_out, existing_fields_only)
        session.system_time = self._at
        return session

    def register_extensions(self, pdf_out: BasePdfFileWriter, *, md_algorithm: str) -> None:
        """Name the PAdES extension only: the one for elliptic curves would make the file PDF 2.0, against PDF/A-3."""
        pdf_out.register_extension(ESIC_EXTENSION_1)


class Picture(PdfContent):
    """The first page of a PDF held in memory, as the look of a signature."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self._page = page

    def render(self) -> bytes:
        """Import the page into the document and draw it."""
        source = PdfFileReader(io.BytesIO(self._page))
        picture = self._ensure_writer.import_page_as_xobject(source)
        self.resources.xobject["/Picture"] = picture
        left, bottom, right, top = (float(value) for value in picture.get_object()["/BBox"])
        self.box = BoxConstraints(width=right - left, height=top - bottom)
        return b"/Picture Do"
