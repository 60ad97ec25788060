"""Rules of silences."""

from __future__ import annotations

from engine.verify.rules.rule import ALWAYS, NOTE, WARNING, Rule

_PARKED = """\
  check: {turn: clerk, events: {accept: {by: clerk, to: done}}, deadlines: {decide: {after: 5 days}}}SILENCE
  done: {final: true}
"""

SILENCES = (
    Rule(
        "WF107",
        "A silence without a rule or without a reason",
        ALWAYS,
        "Who reads the file next has to know why the finding was left. What the engine refuses cannot be silenced.",
        _PARKED.replace("SILENCE", "  # milepost: ignore[WF088]"),
        _PARKED.replace("SILENCE", "  # milepost: ignore[WF088] the portal shows it, nobody has to be told"),
    ),
    Rule(
        "WF108",
        "A silence of nothing",
        (NOTE, WARNING, WARNING),
        "What it spoke of has gone, and it would hide the next one.",
        _PARKED.replace("SILENCE", "  # milepost: ignore[WF065] it is reopened by hand").replace(
            ", deadlines: {decide: {after: 5 days}}", ""
        ),
        _PARKED.replace("SILENCE", "").replace(", deadlines: {decide: {after: 5 days}}", ""),
    ),
)
