"""Where templates, static files and migrations lie: inside an installed wheel, or beside the packages in a checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def resource_dir(name: str) -> Path:
    """The folder `name` (templates, static or migrations); FileNotFoundError when the installation is incomplete."""
    # A wheel carries these folders inside the package; a checkout or an editable install has them beside it.
    # Inside first: a stray folder next to an installed package must not win.
    for base in (_PACKAGE, _PACKAGE.parent):
        if (base / name).is_dir():
            return base / name
    raise FileNotFoundError(name)
