"""Fixes as edits of a text: what is not meant stays as it is."""

from __future__ import annotations

import pytest

from engine.core.diagnostics import NOWHERE, Mark
from engine.core.fixes import Guess, Recomment, Remove, Respell, guess
from engine.core.loader.editing import edit


def at(text, words):
    """Where words stand."""
    before = text[: text.index(words)]
    line = before.count("\n") + 1
    return Mark(line, len(before) - (before.rfind("\n") + 1) + 1, len(words))


@pytest.mark.parametrize(
    ("text", "words", "old", "new", "then"),
    [
        ("a: {tpye: text}\n", "tpye", "tpye", "type", "a: {type: text}\n"),
        ("form: [a.sopt!, b]\n", "a.sopt!", "a.sopt", "a.spot", "form: [a.spot!, b]\n"),
        ("to: 'x.hom'  # why\n", "'x.hom'", "hom", "home", "to: 'x.home'  # why\n"),
        ("to: home\n", "home", "hom", "home", None),
        ("to: hom.hom\n", "hom.hom", "hom", "home", "to: home.hom\n"),
        ("a: ё\r\nto: hom\r\n", "hom", "hom", "home", "a: ё\r\nto: home\r\n"),
    ],
)
def test_a_word(text, words, old, new, then):
    """One word at its place, whatever stands around it; another word there is left alone."""
    assert edit(text, Respell(at(text, words), old, new)) == then


BLOCK = """\
# head
a: 1
b:            # of b
  # above c
  c: text     # of c
  # above d
  d:
    e: |
      x
      y

    # in d

  # above f
  f: [g, h]
k: [{l: 1}, {m: 2}]
"""


@pytest.mark.parametrize(
    ("words", "part", "gone"),
    [
        ("c: text", "entry", ["  c: text     # of c"]),
        ("d:\n", "entry", ["  d:", "    e: |", "      x", "      y"]),
        ("f: [g", "entry", ["  f: [g, h]"]),
        ("a: 1", "entry", ["a: 1"]),
    ],
)
def test_an_entry_of_lines(words, part, gone):
    """Its lines go; comments above and below, and blank lines, stay."""
    after = edit(BLOCK, Remove(at(BLOCK, words), part))
    assert after is not None
    left = BLOCK.splitlines()
    first = left.index(gone[0])
    assert left[first : first + len(gone)] == gone
    assert after.splitlines() == left[:first] + left[first + len(gone) :]


@pytest.mark.parametrize(
    ("text", "words", "part", "then"),
    [
        ("k: {a: 1, b: 2, c: 3}\n", "a: 1", "entry", "k: {b: 2, c: 3}\n"),
        ("k: {a: 1, b: 2, c: 3}\n", "b: 2", "entry", "k: {a: 1, c: 3}\n"),
        ("k: {a: 1, b: {x: y}, c: 3}\n", "b: {", "entry", "k: {a: 1, c: 3}\n"),
        ("k: {a: 1, b: 2, c: 3}  # x\n", "c: 3", "entry", "k: {a: 1, b: 2}  # x\n"),
        ("k: [{a: 1}, {b: 2}]\n", "{b: 2}", "item", "k: [{a: 1}]\n"),
        ("k: [{a: 1}, {b: 2}]\n", "b: 2", "entry", "k: [{a: 1}]\n"),
        ("k: {a: {b: 2}}\nl: 1\n", "b: 2", "entry", "l: 1\n"),
        ("k:\n  - a: 1\n    b: 2\n  - c: 3  # x\n", "a: 1", "item", "k:\n  - c: 3  # x\n"),
        ("k:\n  - a: 1\n    b: 2\n  - c: 3\n", "a: 1", "entry", "k:\n  - b: 2\n  - c: 3\n"),
        ("k:\n  - a: 1\n    b: 2\n  - c: 3\n", "b: 2", "entry", "k:\n  - a: 1\n  - c: 3\n"),
        ("k: {a: &x {p: 1}, b: *x, c: 3}\n", "b: *x", "entry", "k: {a: &x {p: 1}, c: 3}\n"),
        ("k: {a: &x {p: 1}, b: *x, c: 3}\n", "c: 3", "entry", "k: {a: &x {p: 1}, b: *x}\n"),
        ("k: {a: 1,\n    # said\n    b: 2}\n", "b: 2", "entry", None),
        ("a: 1\n", "a: 1", "entry", None),
        ("k: &x [{a: 1}]\nl: [*x, {a: 1}]\n", "{a: 1}]\n", "entry", None),
    ],
)
def test_what_stands_in_a_line(text, words, part, then):
    """With its comma; what holds nothing else goes too; what would take a comment or an alias with it stays."""
    assert edit(text, Remove(at(text, words), part)) == then


def test_by_its_keys():
    """From the top of the file, or from the entry at a place."""
    assert edit(BLOCK, Remove(NOWHERE, inside=("b", "f"))) == BLOCK.replace("  f: [g, h]\n", "")
    assert edit(BLOCK, Remove(at(BLOCK, "b: "), inside=("c",))) == BLOCK.replace("  c: text     # of c\n", "")
    assert edit(BLOCK, Remove(NOWHERE, inside=("b", "z"))) is None
    assert edit("\ufeffa: 1\nb: 2\n", Remove(NOWHERE, inside=("b",))) == "\ufeffa: 1\n"


@pytest.mark.parametrize(
    ("text", "comment", "new", "then"),
    [
        ("a: 1  # x y\nb: 2\n", "# x y", "", "a: 1\nb: 2\n"),
        ("a: 1\n  # x y\nb: 2\n", "# x y", "", "a: 1\nb: 2\n"),
        ("a: 1  # x y\n", "# x y", "# y", "a: 1  # y\n"),
        ("a: 1  # x y\n", "x y", "", None),
    ],
)
def test_a_comment(text, comment, new, then):
    """It goes with the blanks before it, or with its line; or says less."""
    assert edit(text, Recomment(at(text, comment), new)) == then


@pytest.mark.parametrize(
    ("name", "known", "meant"),
    [
        ("evnts", ["events", "deadlines"], "events"),
        ("tuft.spott", ["tuft.spot", "tuft.kind", "moss.spot"], "tuft.spot"),
        ("tuft.weighs", ["tuft.weight", "tuft.weights"], None),  # two are near
        ("tu", ["to", "by"], None),  # near, and not sure
        ("tuft.x", ["tuft.spot", "tuft.kind"], None),  # a group in common says nothing
    ],
)
def test_a_sure_guess(name, known, meant):
    """A hint is given where something is near, a fix where one alone is very near."""
    said = guess(name, known)
    found = said.fix(NOWHERE) if isinstance(said, Guess) else None
    assert found == (None if meant is None else Respell(NOWHERE, name, meant))
