"""How a benchmark speaks: a table to a person, `--json` to a program; progress on stderr, and only to a person."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass

Cell = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Promise:
    """One sentence that the figures must bear out."""

    says: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Report:
    """What a benchmark found."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    promises: Sequence[Promise]


def finish(report: Report, *, as_json: bool) -> int:
    """Print it. The exit code: 1 when a promise is broken."""
    if as_json:
        print(json.dumps(asdict(report), indent=2))
    else:
        _print_table(report)
    return 0 if all(promise.holds for promise in report.promises) else 1


def arguments(about: str | None, **whole_numbers: int) -> argparse.Namespace:
    """`--json`, and the benchmark's own whole numbers with their defaults."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--json", action="store_true", help="the same as JSON, for programs")
    for name, default in whole_numbers.items():
        parser.add_argument(f"--{name}", type=int, default=default, help=f"default {default}")
    return parser.parse_args()


def progress(text: str) -> None:
    """Where long work stands: one line that is written over."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def progress_over() -> None:
    """The line goes."""
    progress("")


def _print_table(report: Report) -> None:
    cells = [[_shown(cell) for cell in row] for row in report.rows]
    widths = [max(map(len, column)) for column in zip(report.columns, *cells, strict=True)]
    numeric = [
        all(isinstance(cell, int | float | None) for cell in column) for column in zip(*report.rows, strict=True)
    ]

    def line(row: Sequence[str]) -> str:
        each = (
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(row, widths, numeric, strict=True)
        )
        return f"| {' | '.join(each)} |"

    print(_coloured(report.title, "1"))
    print(line(report.columns))
    rules = ("-" * (width + 1) + (":" if right else "-") for width, right in zip(widths, numeric, strict=True))
    print(f"|{'|'.join(rules)}|")
    for row in cells:
        print(line(row))
    for promise in report.promises:
        print(f"{_coloured('holds ', '32') if promise.holds else _coloured('BROKEN', '31')} {promise.says}")
    print()


def _shown(cell: Cell) -> str:
    if cell is None or cell == 0 or cell is False:
        return "-" if cell is not None and not isinstance(cell, bool) else ""
    if isinstance(cell, bool):
        return "yes"
    return f"{cell:,.2f}" if isinstance(cell, float) else f"{cell:,}" if isinstance(cell, int) else cell


def _coloured(text: str, code: str) -> str:
    wanted = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    return f"\033[{code}m{text}\033[0m" if wanted else text
