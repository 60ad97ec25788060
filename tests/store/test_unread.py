"""A map that is read at the first look is the map, and is not read before."""

import threading

import pytest

from engine.store.unread import Unread


def counted(found):
    """What it is made of, and how often it was read."""
    reads = []

    def read(text):
        reads.append(text)
        return dict(found)

    return Unread("text", read), reads


LOOKS = {
    "a value": lambda m: m["b"],
    "one that is missing": lambda m: m.get("c", 3),
    "a name": lambda m: "a" in m,
    "the order": list,
    "the length": len,
    "all of it": dict,
    "pairs": lambda m: list(m.items()),
    "merged": lambda m: {**m, "c": 3},
    "compared": lambda m: m == {"a": 1, "b": 2},
    "compared from the other side": [{"b": 2, "a": 1}].index,
    "another": lambda m: m != {"a": 1},
    "the keys that another has not": lambda m: m.keys() - {"a"},
    "shown": repr,
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_it_is_the_map(look):
    """Whoever looks, and however, finds what a dict would show him; it is read once, by the first look."""
    found = {"b": 2, "a": 1}
    lazy, reads = counted(found)
    assert reads == []
    assert look(lazy) == look(found)
    look(lazy)
    assert reads == ["text"]


def test_threads_that_look_at_once_find_the_same():
    """All of them may read it; each gets what it says."""
    together = threading.Barrier(8)

    def read(_):
        together.wait(5)  # all of them are inside before one is through
        return {"a": 1}

    lazy, seen = Unread("text", read), []
    threads = [threading.Thread(target=lambda: seen.append(lazy["a"])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [1] * 8
