"""What all benchmarks share: their options, their table, and the rows of `--json`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement.

    Attributes:
        measure: what was measured.
        case: under which conditions.
        value: the number.
        unit: of it.
        at_least: the goal, where larger is better.
        at_most: the goal, where smaller is better.
        aim: where we want to be.
    """

    measure: str
    case: str
    value: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None
    aim: float | None = None

    def as_json(self) -> dict[str, str | float]:
        """The row as `--json` writes it: goals that there are not are left out."""
        row: dict[str, str | float] = {"measure": self.measure, "case": self.case, "value": self.value}
        row["unit"] = self.unit
        goals = {"at_least": self.at_least, "at_most": self.at_most, "aim": self.aim}
        return row | {name: goal for name, goal in goals.items() if goal is not None}

    @property
    def goal(self) -> str:
        """The goal in words, with whether it was met."""
        if self.at_least is not None:
            return f">= {self.at_least:g} {'met' if self.value >= self.at_least else 'MISSED'}"
        if self.at_most is not None:
            return f"<= {self.at_most:g} {'met' if self.value <= self.at_most else 'MISSED'}"
        return ""


@dataclass(slots=True)
class Report:
    """The rows of one run, printed as they come.

    Attributes:
        quick: whether a short run was asked for, under a minute.
    """

    quick: bool
    rows: list[Row] = field(default_factory=list)

    def add(self, row: Row) -> None:
        """Take in a row and print it."""
        self.rows.append(row)
        print(f"{row.measure:<34} {row.case:<44} {row.value:>12,.3f} {row.unit:<14} {row.goal}", flush=True)

    def heading(self, text: str) -> None:
        """Print a line between groups of rows."""
        print(f"\n{text}", flush=True)


def main(description: str, measure: Callable[[Report], None]) -> None:
    """Run a benchmark from the command line.

    Args:
        description: what question it answers.
        measure: adds its rows to the report.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, under 60 seconds")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there as well")
    options = parser.parse_args()
    report = Report(quick=options.quick)
    print(description)
    measure(report)
    if options.json is not None:
        options.json.write_text(json.dumps([row.as_json() for row in report.rows], indent=1) + "\n", encoding="utf-8")
