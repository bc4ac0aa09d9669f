"""Marks text for translation without knowing any framework."""


def N_(text: str) -> str:  # noqa: N802 - the extractor's usual name for a mark
    """Return `text` unchanged; the catalogue extractor collects the literal, the web layer translates it when shown."""
    return text
