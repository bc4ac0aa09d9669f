"""Lists that ship with the product: the negative list, and a guidance catalogue to start from."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((files("market.catalogue") / "data" / name).read_text("utf-8"))


def negative_rows() -> list[dict[str, Any]]:
    """The six items of 管理办法 art. 10, each with the words that point at it."""
    content = _read("negative_list.toml")
    return [{**item, "source": content["source"]} for item in content["item"]]


def starter() -> tuple[str, list[dict[str, Any]]]:
    """Source and items of the catalogue to start from."""
    content = _read("starter.toml")
    return content["source"], content["item"]
