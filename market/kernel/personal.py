"""Texts that name a person, where nobody may be named."""

from __future__ import annotations

import re
import unicodedata

from market.kernel.text import N_

# Identity numbers (18 characters) and mobile numbers.
# Needs speak of groups, and residents answer without a name (个人信息保护法 6, 28).
_IDENTITY = re.compile(r"(?<!\d)\d{6}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?!\d)")
_MOBILE = re.compile(r"(?<!\d)1[3-9]\d(?:[\s-]?\d{4}){2}(?!\d)")


def personal_data_trouble(text: str) -> str | None:
    """Return why a text may not be kept because it names a person, or None."""
    plain = unicodedata.normalize("NFKC", text)
    if _IDENTITY.search(plain):
        return N_("文字中有身份证号码，请删去；这里只写事情，不写个人信息。")
    if _MOBILE.search(plain):
        return N_("文字中有手机号码，请删去；这里只写事情，不写个人信息。")
    return None
