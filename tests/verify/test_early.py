"""Fields that are read before anything can have written them; where something may have, nothing is said."""

import pytest

ASK = "ask: {turn: clerk, events: {fix: {by: clerk, form: [a.limit!], to: AFTER}}}\n"
READ = "read: {turn: clerk, events: {go: {by: clerk, when: a.limit > 1, to: TARGET}, drop: {by: clerk, to: end}}}\n"
END = "end: {final: true}\n"
SPLIT = """\
both:
  turn: clerk
  parallel:
    one: {initial: o, states: {o: {turn: clerk, events: {ONE}}, of: {final: true}}}
    two: {initial: t, states: {t: {turn: clerk, events: {go: {by: clerk, when: a.limit > 1, to: tf}}}, tf: {final: true}}}
  done: [{to: LAST}]
"""


@pytest.fixture
def said(verify):
    """What is said of the field: the lines."""

    def said(states, initial, **options):
        data = options.pop("data", "a: {limit: integer}\n")
        found = verify(
            states, initial=initial, data=data, form="a.limit?" if options.pop("asked", False) else "", **options
        )
        return [message for code, _, message in found if code == "WF128"]

    return said


WORDS = ["'a.limit' is read here, and nothing can have written it yet"]


def test_before_and_after(said):
    """Only ahead of every write it cannot be there; a round makes it possible."""
    late = READ.replace("TARGET", "ask") + ASK.replace("AFTER", "end") + END
    assert said(late, "read") == WORDS
    assert said(READ.replace("TARGET", "ask") + ASK.replace("AFTER", "read") + END, "read") == []
    assert said(ASK.replace("AFTER", "read") + READ.replace("TARGET", "end") + END, "ask") == []


def test_what_gives_it_or_asks_for_it(said):
    """A default, an optional form of the opening, `has`, a form of the event itself: nothing to say."""
    late = READ.replace("TARGET", "ask") + ASK.replace("AFTER", "end") + END
    assert said(late, "read", data="a: {limit: {type: integer, default: 1}}") == []
    assert said(late.replace("a.limit > 1", "has(a.limit) && a.limit > 1"), "read") == []
    assert said(late.replace("when: a.limit > 1", "form: [a.limit!], when: a.limit > 1"), "read") == []


def test_other_regions_go_on_meanwhile(said):
    """What one region writes the other may read, later or earlier; before both nothing is there."""
    one = "x: {by: clerk, form: [a.limit!], to: of}"
    assert said(SPLIT.replace("ONE", one).replace("LAST", "end") + END, "both") == []
    assert (
        said(
            SPLIT.replace("ONE", "x: {by: clerk, to: of}").replace("LAST", "ask") + ASK.replace("AFTER", "end") + END,
            "both",
        )
        == WORDS
    )


def test_states_around_write_too(said):
    """An event of a stage is taken wherever the case is inside it."""
    stage = (
        "stage: {initial: read, events: {note: {by: clerk, form: [a.limit!]}}, states: {"
        + READ.replace("TARGET", "rest").replace("end", "rest").strip()
        + ", rest: {turn: clerk, events: {over: {by: clerk, to: .end}}}}}\n"
    )
    assert said(stage.replace(".end", "end") + END, "stage") == []


def test_what_is_brought_back_may_read_it(said):
    """A kept region goes on where it was, after what was written meanwhile."""
    split = (
        SPLIT.replace("ONE", "x: {by: clerk, to: of}").replace("LAST", "end")
        + "  events: {pause: {by: clerk, to: ask}}\n"
    )
    again = "ask: {turn: clerk, events: {fix: {by: clerk, form: [a.limit!], to: both, keep: [two]}}}\n"
    assert said(split + again + END, "both") == []


def test_deadlines_wait_for_their_field(said):
    """One that begins with a field is not armed before; nothing is refused."""
    late = "read: {turn: clerk, deadlines: {d: {at: a.day, to: end}}, events: {go: {by: clerk, to: ask}}}\nask: {turn: clerk, events: {fix: {by: clerk, form: [a.day!], to: end}}}\n"
    assert said(late + END, "read", data="a: {day: date}") == []


def test_a_certificate_does_not_come_before_what_it_says(said):
    """What is frozen when it is reserved, and when its product is listed, can have been given by then."""
    facts = "certificate: {number: 'C-{seq:3}', template: sheet, limit: a.limit}\nregister: {limit: a.limit}"
    fix = "ask: {turn: clerk, events: {fix: {by: clerk, form: [a.limit!], to: AFTER}}}\n"
    grant = "sure: {turn: clerk, events: {grant: {by: clerk, to: TARGET, actions: [{certificate: reserve}, {register: list}]}}}\n"
    late = grant.replace("TARGET", "ask") + fix.replace("AFTER", "end") + END
    words = " when the certificate is reserved in 'sure', and nothing can have written it yet"
    assert said(late, "sure", extra=facts) == [f"'a.limit' is read here{words}"]
    soon = fix.replace("AFTER", "sure") + grant.replace("TARGET", "end") + END
    assert said(soon, "ask", extra=facts) == []
