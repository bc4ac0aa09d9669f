"""A radar picture reckoned on the server: whole-number coordinates for an inline SVG, no script and no style."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_RADIUS, _MARGIN_X, _MARGIN_Y = 130, 130, 45
_NEAR = 0.15


@dataclass(frozen=True)
class AxisLabel:
    """The name of an axis at its outer end."""

    x: int
    y: int
    anchor: str
    text: str


@dataclass(frozen=True)
class Radar:
    """What a template needs: rings of equal level, spokes, names of the axes, one shape a series."""

    width: int
    height: int
    centre: tuple[int, int]
    rings: tuple[str, ...]
    spokes: tuple[tuple[int, int], ...]
    labels: tuple[AxisLabel, ...]
    shapes: tuple[tuple[str, str], ...]


def radar(axes: Sequence[str], series: Sequence[tuple[str, Sequence[int]]], best: int) -> Radar:
    """Return the picture of `series` (name and one level an axis, 0 to `best`), the first axis pointing upwards."""
    centre = (_RADIUS + _MARGIN_X, _RADIUS + _MARGIN_Y)

    def point(axis: int, share: float) -> tuple[int, int]:
        angle = 2 * math.pi * axis / len(axes) - math.pi / 2
        return (
            round(centre[0] + _RADIUS * share * math.cos(angle)),
            round(centre[1] + _RADIUS * share * math.sin(angle)),
        )

    def shape(levels: Sequence[int]) -> str:
        corners = (point(axis, min(level, best) / best) for axis, level in enumerate(levels))
        return " ".join(f"{x},{y}" for x, y in corners)

    labels = []
    for axis, text in enumerate(axes):
        x, y = point(axis, 1.13)
        side = math.cos(2 * math.pi * axis / len(axes) - math.pi / 2)
        anchor = "middle" if abs(side) < _NEAR else ("start" if side > 0 else "end")
        labels.append(AxisLabel(x, y + 5, anchor, text))
    return Radar(
        width=2 * centre[0],
        height=2 * centre[1],
        centre=centre,
        rings=tuple(shape([level] * len(axes)) for level in range(1, best + 1)),
        spokes=tuple(point(axis, 1) for axis in range(len(axes))),
        labels=tuple(labels),
        shapes=tuple((name, shape(levels)) for name, levels in series),
    )
