"""`make bench`: every measured work beside its floor, in one run on one machine; rows go to benchmarks/results.json."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import firing, growth, postgres, recounting, registering, serving, starting, stepping, storing

RESULTS = Path(__file__).parent / "results.json"


def main() -> None:
    """Run all, print a table, write the rows."""
    modules = (stepping, storing, postgres, serving, firing, recounting, registering, growth, starting)
    rows = []
    for module in modules:
        print(f"{module.__name__.removeprefix('benchmarks.')} …", file=sys.stderr)
        rows += module.measure()
    table = Table(title="Ratios to floors of the same run (medians)", title_justify="left")
    for heading in ("work", "figure", "unit", "floor", "ratio", "target", "met"):
        table.add_column(heading, justify="left" if heading in {"work", "unit", "target"} else "right")
    for row in rows:
        floor = "–" if row.floor is None else f"{row.floor:.1f}"
        ratio = "–" if row.ratio is None else f"{row.ratio:.2f}"
        table.add_row(row.work, f"{row.figure:.1f}", row.unit, floor, ratio, row.target, "yes" if row.met else "NO")
    Console().print(table)
    RESULTS.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
