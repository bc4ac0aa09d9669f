"""Figures beside their marks."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Figure:
    """One measured ratio. `most` or `least` is its mark; `told` what was measured on both sides."""

    name: str
    ratio: float
    told: str
    most: float | None = None
    least: float | None = None
    unit: str = ""

    @property
    def holds(self) -> bool | None:
        """Whether the mark is reached; None without a mark."""
        if self.most is not None:
            return self.ratio <= self.most
        return self.ratio >= self.least if self.least is not None else None

    def line(self) -> str:
        """The figure as it is printed."""
        mark = ""
        if self.most is not None:
            mark = f"≤ {self.most:g}{self.unit}"
        elif self.least is not None:
            mark = f"≥ {self.least:g}{self.unit}"
        verdict = {True: "ok", False: "MISSED", None: ""}[self.holds]
        return f"{self.name:<46} {self.ratio:8.2f}{self.unit:<3} {mark:<9} {verdict:<7} {self.told}"


@dataclass
class Report:
    """All figures of a run."""

    figures: list[Figure] = field(default_factory=list)

    def heading(self, text: str) -> None:
        """A part of the report begins."""
        print(f"\n{text}\n{'-' * len(text)}", flush=True)

    def add(self, figure: Figure) -> None:
        """Keep a figure and print it at once."""
        self.figures.append(figure)
        print(figure.line(), flush=True)

    @property
    def missed(self) -> list[Figure]:
        return [figure for figure in self.figures if figure.holds is False]
