"""Whatever is in a file, it is a workflow or findings, soon."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.core.diagnostics import Severity
from engine.core.loader.codes import CODES
from engine.core.loader.load import Loaded, load

EVERYTHING = Path(__file__).with_name("everything.yaml").read_text(encoding="utf-8")
PIECES = sorted({line.strip() for line in EVERYTHING.splitlines()} | set(EVERYTHING.replace("\n", " ").split()))
ODD = st.sampled_from(
    [
        "{",
        "}",
        "[",
        "]",
        ": ",
        "null",
        "~",
        "{}",
        "[]",
        "!x ",
        "*a",
        "&a ",
        "- ",
        "'",
        '"',
        "\n",
        "  ",
        "true",
        "1",
        "\x00",
        "\t",
        "é",
        "a.b.c",
        "\U0001f600",
    ]
)


def check(source: str) -> Loaded:
    """What holds for every file."""
    loaded = load(source, file="f.yaml")
    errors = [d for d in loaded.diagnostics if d.severity is Severity.ERROR]
    assert (loaded.workflow is None) == bool(errors)
    assert [(d.mark.line, d.mark.column) for d in loaded.diagnostics] == sorted(
        (d.mark.line, d.mark.column) for d in loaded.diagnostics
    )
    for found in loaded.diagnostics:
        assert found.code in CODES
        assert "\n" not in found.message + (found.hint or "")
        assert found.render(source)
    return loaded


@given(st.text(max_size=300))
def test_any_text(source):
    """Random text never raises."""
    check(source)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_change_of_a_valid_file(data):
    """Lines lost, doubled, exchanged or indented, words exchanged, pieces put in: never more than findings."""
    source = EVERYTHING
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(source) - 1))
        end = min(len(source), at + data.draw(st.integers(0, 40)))
        piece = data.draw(st.one_of(st.just(""), ODD, st.sampled_from(PIECES)))
        source = source[:at] + piece + source[end:]
    check(source)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_value_under_any_key(data):
    """A value of another shape in place of a right one never raises."""
    lines = EVERYTHING.splitlines()
    at = data.draw(st.integers(0, len(lines) - 1))
    key, colon, _ = lines[at].partition(": ")
    value = data.draw(
        st.sampled_from(
            [
                "null",
                "[]",
                "{}",
                "[[a]]",
                "{a: {b: c}}",
                "x",
                "-1",
                "'a b'",
                "true",
                "[a, a]",
                "{a: 1}",
                "99999999999999999999",
                "a.b.c.d.e",
            ]
        )
    )
    lines[at] = f"{key}{colon or ': '}{value}"
    check("\n".join(lines))


HEAD = EVERYTHING[: EVERYTHING.index("define:")]
REST = EVERYTHING[EVERYTHING.index("duties:") :]


@pytest.mark.parametrize(
    "define",
    [
        "\n".join(f"  d{n}: d{n + 1} && d{n + 1}" for n in range(60)) + "\n  d60: count > 1\n  many: d0",
        "\n".join(f"  d{n}: d{n + 1}" for n in range(3_000)) + "\n  many: d0",
        "\n".join(f"  d{n}: nothing{n}" for n in range(5_000)) + "\n  many: d0",
        "  many: " + "(" * 5_000 + "1",
        "  many: " + "count > 1 && " * 20_000 + "true",
        "  many: '" + "!" * 100_000 + "true'",
    ],
    ids=["doubling", "chain", "faults", "depth", "length", "nots"],
)
def test_a_hostile_file_ends_soon(define):
    """Doubling, deep, long and faulty definitions are bounded."""
    start = perf_counter()
    check(f"{HEAD}define:\n{define}\n{REST}")
    assert perf_counter() - start < 10


def test_many_unknown_names_end_soon():
    """A file of faults is read until there are enough of them."""
    states = "".join(f"  s{n}: {{turn: clerk, events: {{e: {{by: clerk, to: t{n}}}}}}}\n" for n in range(5_000))
    start = perf_counter()
    loaded = check(EVERYTHING.replace("states:\n  first:", f"states:\n{states}  first:", 1))
    assert len(loaded.diagnostics) == 201
    assert perf_counter() - start < 10
