"""Which story a nominal path follows, and what is said where there is none."""

from __future__ import annotations

import pytest

from engine.errors import InvalidWorkflow, NotFound
from engine.rehearse.preview import NoNominalPath
from tests.rehearse.paths import STORY, TERM, dues, look

FINISH = "  - {{name: {name}, open: {{by: ana}}, steps: [{{do: finish, by: ana}}]}}\n"
SILENT = "  - {{name: {name}, open: {{by: ana}}}}\n"


def stories(*lines):
    """A file of scenarios about the workflow with one term."""
    return STORY.format(name="term") + "".join(lines)


def test_the_story_called_nominal_is_followed(write):
    """Wherever it stands; the workflow's own file is looked at first, then its neighbours."""
    path = write(
        "term", TERM.format(term="3 days"), stories(FINISH.format(name="first"), FINISH.format(name="nominal b"))
    )
    assert look(path).story == "nominal b"
    path.with_name("a.test.yaml").write_text(stories(FINISH.format(name="nominal a")))
    assert look(path).story == "nominal b"


def test_without_one_the_first_that_comes_to_an_end_is_followed(write):
    """A story that stops on the way says nothing about the whole."""
    path = write("term", TERM.format(term="3 days"), stories(SILENT.format(name="first"), FINISH.format(name="second")))
    way = look(path)
    assert (way.story, way.outcome) == ("second", "finished")


def test_a_story_is_named(write):
    """Also one that comes to no end: its case goes on, and what is due there is still to come."""
    path = write("term", TERM.format(term="3 days"), stories(SILENT.format(name="first"), FINISH.format(name="second")))
    way = look(path, scenario="first")
    assert (way.story, way.outcome, way.stays[-1].left) == ("first", None, None)
    assert dues(way) == {("counting", "counted"): ["2026-01-15"]}
    with pytest.raises(NoNominalPath, match=r"^there is no scenario 'frist' about term.yaml; there is 'first'$"):
        look(path, scenario="frist")


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (None, "no scenario file beside term.yaml is about it; write term.test.yaml"),
        ([SILENT], "no scenario brings a case of term.yaml to an end; call one `nominal …`, or name one"),
        ([FINISH.replace("by: ana}}]", "by: system}}]")], "'one' does not go as written: finish by system was refused"),
    ],
)
def test_there_is_no_path_without_a_story_that_holds(write, told, why):
    """What is missing, and what to do about it."""
    path = write("term", TERM.format(term="3 days"), told and stories(*(line.format(name="one") for line in told)))
    with pytest.raises(NoNominalPath) as refused:
        look(path)
    assert why in str(refused.value)


def test_what_is_no_workflow_is_refused(write, folder):
    """A scenario file, a folder, a file that is not there; a fault in a workflow beside it has its place."""
    path = write("term", TERM.format(term="3 days"), stories(FINISH.format(name="one")))
    for other in (path.with_name("term.test.yaml"), folder, folder / "none.yaml"):
        with pytest.raises(NotFound, match="is no workflow file"):
            look(other)
    path.write_text(TERM.format(term="3 weeks"))
    with pytest.raises(InvalidWorkflow):
        look(path)
