"""`milepost validate --fix`."""

from __future__ import annotations

import json
import stat

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.core.loader.load import load
from engine.describe.diff import compare
from runtime.cli.fixing import Fixed, write

GOOD = """\
# who keeps the moss
milepost: 1
workflow: moss
title: Moss permits
timezone: Europe/Moscow
roles:
  gleaner:   {title: Gleaner, side: applicant, sees: own}   # finds it
  mossreeve: {title: Mossreeve, sees: all}
data:
  tuft:
    kind: [feather, cushion]          # as the book says
    weight: {type: integer, default: 0, min: 0}
event_data: {reasons: text}
open: {by: gleaner, form: [tuft.kind!, tuft.weight]}
initial: look
states:
  look:
    turn: mossreeve
    events:
      nod: {by: mossreeve, to: home}
      # not often
      shrug: {by: mossreeve, form: [reasons!], choose: [{when: tuft.weight > 70, to: lost}, {to: home}]}
  lost: {final: true}
  home: {final: true}
"""
FAULTS = {
    "a key": ("sees: own", "ses: own"),
    "a state": ("nod: {by: mossreeve, to: home}", "nod: {by: mossreeve, to: hom}"),
    "a role": ("turn: mossreeve", "turn: mosreeve"),
    "a sender": ("shrug: {by: mossreeve", "shrug: {by: mossreve"),
    "a field": ("form: [tuft.kind!", "form: [tuft.knd!"),
    "a name in a condition": ("when: tuft.weight", "when: tuft.wieght"),
    "a word": ("side: applicant", "side: aplicant"),
    "a role of nobody": ("data:\n", "  hermit: {title: Hermit}  # left over\ndata:\n"),
    "a field of nobody": ("    weight:", "    colour: text\n    weight:"),
    "a definition of nobody": ("open:", "define: {heavy: tuft.weight > 9}\nopen:"),
    "event data of nobody": ("{reasons: text}", "{reasons: text, sighs: text}"),
    "an arm": ("{to: home}]", "{to: home}, {when: tuft.weight > 5, to: lost}]"),
    "a turn": ("home: {final: true}", "home: {final: true, turn: mossreeve}"),
    "a silence": ("  lost:", "  # milepost: ignore[WF064] the old ones are here\n  lost:"),
}
"""What is exchanged in GOOD, and comes back by the fix."""


@pytest.fixture
def moss(milepost, tmp_path, monkeypatch):
    """Mends a text: (exit code, stdout, the file then)."""
    monkeypatch.chdir(tmp_path)

    def mend(text, *words):
        path = tmp_path / "moss.yaml"
        path.write_bytes(text.encode())
        code, out, err = milepost("validate", "moss.yaml", "--profile", "production", *(words or ["--fix"]))
        assert err == "" or "json" in words
        return code, out, path.read_bytes().decode()

    return mend


def test_what_is_right_stays(moss):
    """Nothing to mend, nothing written, nothing said."""
    assert moss(GOOD) == (0, "✓ moss.yaml\n", GOOD)


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_fault_is_mended(moss, fault):
    """Every other byte stays; the change is shown, and the exit code is that of the mended file."""
    was, now = FAULTS[fault]
    assert was in GOOD
    text = GOOD.replace(was, now, 1)
    code, out, after = moss(text)
    assert after == GOOD
    assert code == 0
    assert out.startswith("moss.yaml: mended (WF")
    gone, come = set(text.splitlines()) - set(GOOD.splitlines()), set(GOOD.splitlines()) - set(text.splitlines())
    shown = [line for line in out.splitlines() if line[0] in "+-"]
    assert {line[1:] for line in shown if line[0] == "-"} == gone
    assert {line[1:] for line in shown if line[0] == "+"} == come


@pytest.mark.parametrize("ending", ["\r\n", "\n"])
def test_all_at_once(moss, ending):
    """With whatever line ends the file has, twenty faults are twenty fixes."""
    text = GOOD
    for was, now in FAULTS.values():
        text = text.replace(was, now, 1)
    code, _, after = moss(text.replace("\n", ending))
    assert (code, after) == (0, GOOD.replace("\n", ending))


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("title: Moss permits\n", "title: Moss permits\ntitl: Moss\n"),  # there would be two of them
        ("{when: tuft.weight > 70, to: lost}, {to: home}]", "{to: home}, {to: lost}]"),  # nothing else leads to `lost`
    ],
)
def test_what_brings_a_new_finding_is_not_written(moss, was, now):
    """A second `title` is worse than an unknown key, a state that nothing leads to than an arm that is never taken."""
    text = GOOD.replace(was, now, 1)
    assert moss(text)[2] == text


def test_a_role_that_a_scenario_knows_stays(moss, tmp_path):
    """Files beside it are looked at too."""
    (tmp_path / "moss.test.yaml").write_text(
        "workflow: moss.yaml\nclock: 2026-01-12 09:00\npeople: {ana: {roles: [hermit]}, ben: {roles: [gleaner]}}\n"
        "scenarios: [{name: x, open: {by: ben, with: {tuft.kind: feather}}, steps: [], end: {}}]\n"
    )
    text = GOOD.replace("data:\n", "  hermit: {title: Hermit}\ndata:\n", 1)
    assert moss(text)[2] == text


def test_what_is_silenced_is_not_mended(moss):
    """Somebody has looked at it."""
    text = GOOD.replace(
        "    weight:", "    colour: text  # milepost: ignore[WF097] for the next version\n    weight:", 1
    )
    assert moss(text)[2] == text


def test_only_to_look(moss):
    """`--diff` shows it, writes nothing, and ends as the file is."""
    text = GOOD.replace("sees: own", "ses: own", 1)
    code, out, after = moss(text, "--diff")
    assert (code, after) == (1, text)
    assert "moss.yaml: would be mended (WF010)" in out


def test_for_programs(moss, capsys):
    """JSON stays JSON: what is changed is told beside it; a finding says whether it could be mended."""
    text = GOOD.replace("sees: own", "ses: own", 1)
    _, out, _ = moss(text, "--format", "json")
    assert [one["fixable"] for one in json.loads(out)["findings"]] == [True]
    code, out, after = moss(text, "--fix", "--format", "json")
    assert (code, json.loads(out)["findings"], after) == (0, [], GOOD)


def test_permissions_stay(milepost, tmp_path, monkeypatch):
    """The file is written anew, and nothing is left beside it."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "moss.yaml"
    path.write_text(GOOD.replace("sees: own", "ses: own", 1))
    path.chmod(0o640)
    milepost("validate", "moss.yaml", "--fix")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [one.name for one in tmp_path.glob("*") if one.is_file()] == ["moss.yaml"]


def test_whole_or_not_at_all(tmp_path):
    """What cannot be written leaves the file as it was, and nothing beside it."""
    path = tmp_path / "moss.yaml"
    path.write_text(GOOD)
    with pytest.raises(UnicodeEncodeError):
        write(Fixed(str(path), GOOD, "\ud800", ()))
    assert [one.name for one in tmp_path.iterdir()] == ["moss.yaml"]
    assert path.read_text() == GOOD


def test_a_link_stays_one(milepost, tmp_path, monkeypatch):
    """The file behind it is mended."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kept").mkdir()
    behind, link = tmp_path / "kept" / "moss.yaml", tmp_path / "moss.yaml"
    behind.write_text(GOOD.replace("sees: own", "ses: own", 1))
    link.symlink_to(behind)
    milepost("validate", "moss.yaml", "--fix")
    assert link.is_symlink()
    assert behind.read_text() == GOOD


@pytest.mark.parametrize("fault", ["an arm", "a turn", "a silence", "a role of nobody", "a definition of nobody"])
def test_what_is_taken_out_changes_nothing_else(moss, fault):
    """Only what was taken out is not there any more; the diff of the workflows names nothing that is used."""
    was, now = FAULTS[fault]
    text = GOOD.replace(was, now, 1)
    old, new = load(text, file="moss.yaml").workflow, load(moss(text)[2], file="moss.yaml").workflow
    named = [(one.kind, one.what, one.name) for one in compare(old, new)]
    allowed = {
        "an arm": {"event", "arm"},
        "a turn": {"state"},
        "a silence": set(),
        "a role of nobody": {"role"},
        "a definition of nobody": {"workflow"},
    }
    assert {what for _, what, _ in named} <= allowed[fault]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(chosen=st.sets(st.sampled_from(sorted(FAULTS)), min_size=1, max_size=6), drop=st.integers(0, len(GOOD) - 1))
def test_twice_is_once(moss, chosen, drop):
    """Whatever is wrong, and with a letter gone somewhere: what has been mended is not mended again."""
    text = GOOD
    for fault in sorted(chosen):
        text = text.replace(*FAULTS[fault], 1)
    text = text[:drop] + text[drop + 1 :]
    code, _, once = moss(text)
    again, out, twice = moss(once)
    assert (again, twice) == (code, once)
    assert "mended (" not in out
