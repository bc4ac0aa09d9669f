"""The form of the receipt check."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import TextAreaField

from market.web.fields import Form, OneFileField, optional


class ReceiptForm(Form):
    """A receipt or daily digest as a file, or its text."""

    file = OneFileField(_l("回执文件（JSON）"), validators=[optional()], accept=".json")
    text = TextAreaField(_l("或粘贴回执全文"), validators=[optional()])
