"""What scenarios cover of a workflow, and what becomes of a goal that is not reached."""

from __future__ import annotations

from engine.rehearse.coverage import Share

ALL = [
    "{do: split, by: ana}",
    "{do: give_back, by: ana, with: {reasons: x}}",
    "{do: resubmit, by: zavod}",
    "wait: 9 days",
]


def test_arms_and_deadlines_are_counted(run, written):
    """Of all scenarios together; what is missing is named as it stands in the file."""
    report = run(written({"one": ALL[:1], "two": ALL}))
    shares = report.coverage["order"]
    assert shares["deadlines"] == Share(1, 2, ("correction:no_answer",))
    assert shares["transitions"] == Share(
        3,
        10,
        (
            "check:accept",
            "check:tell_all",
            "correction:no_answer",
            "weighing:done",
            "weighing:failed",
            "decision:grant",
            "decision:again",
        ),
    )


def test_a_goal_that_is_not_reached_fails_the_suite(run, written):
    """All scenarios pass, and still the suite does not."""
    report = run(written({"one": ALL}, beside="coverage: {deadlines: 50, transitions: 90}\n"))
    assert not report.files[0].failures
    assert not report.passed
    assert len(report.short) == 1
    assert report.short[0].startswith("order: transitions ")
    assert report.short[0].endswith("wanted 90 %")


def test_nothing_to_cover_is_covered():
    """A workflow without deadlines has all of them."""
    assert Share(0, 0, ()).percent == 100.0
