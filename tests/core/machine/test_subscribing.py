"""Who subscribes to a case hears what goes to its subscribers."""

from __future__ import annotations

from engine.errors import EventNotAllowed, InvalidPayload

SOURCE = """
initial: a
states:
  a:
    turn: clerk
    events:
      tell: {by: clerk, actions: [{notify: subscribers, template: news}]}
      end: {by: clerk, to: b}
  b: {final: true}
"""


def test_subscribers_are_told(play) -> None:
    """Whoever sent `subscribe` and not `unsubscribe` since; nothing else moves by it."""
    case = play(SOURCE).open()
    assert case.send("tell").sent("news")[-1] == ()
    before = case.case.revision
    case.send("subscribe", by="bob").send("subscribe", by="cyd").send("subscribe", by="bob")
    assert case.case.revision == before
    assert case.send("tell").sent("news")[-1] == ("id:cyd", "id:bob")
    case.send("unsubscribe", by="cyd")
    assert case.send("tell").sent("news")[-1] == ("id:bob",)


def test_subscribing_asks_for_nothing_and_ends_with_the_case(play) -> None:
    """No data goes with it; a closed case takes it no more."""
    case = play(SOURCE).open()
    case.refused(InvalidPayload, "subscribe", {"n": 1}, by="bob")
    case.send("end")
    case.refused(EventNotAllowed, "subscribe", by="bob")


def test_a_workflow_may_have_the_word_for_itself(play) -> None:
    """A handler of that name in the definition wins."""
    case = play(SOURCE.replace("end:", "subscribe:")).open().send("subscribe")
    assert case.case.closed_at is not None
