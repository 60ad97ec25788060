"""What a step writes does not grow with what the case holds, and a history grows by what was said."""

from __future__ import annotations

import pytest

from engine.store.link import Link
from engine.store.pipelined import Pipelined

LARGE = "Описание " * 20_000


@pytest.fixture
def written(monkeypatch):
    """The texts that are sent to be written, by table, in bytes."""
    sizes = {}

    def counting(write):
        def counted(link, rows):
            for one, of_table in rows:
                (table, *_) = one.tables
                texts = [value for row in of_table for value in row.values() if isinstance(value, str)]
                sizes[table] = sizes.get(table, 0) + sum(len(text.encode()) for text in texts)
            write(link, rows)

        return counted

    monkeypatch.setattr(Pipelined, "write", counting(Pipelined.write))
    monkeypatch.setattr(Link, "write", counting(Link.write))
    return sizes


def test_a_step_writes_what_it_changes(store, version_id, maker, written):
    """A case that holds 300 KB takes a step that changes another group."""
    step = maker.opened(data={"file.text": LARGE, "n.seq": 1})
    index = {"product.designation": "Valve"}
    store.write(lambda tx: tx.insert_case(step, version_id=version_id, unique_key=None, index=index))
    assert written["case_section"] > len(LARGE)
    written.clear()
    case = step.case
    for n in range(2, 12):
        after = maker.next(case, data={**case.data, "n.seq": n})
        store.write(lambda tx, s=after: (tx.lock_case(s.case.id), tx.save(s, unique_key=None, index=index)))
        case = after.case
    assert store.read(lambda r: r.case(case.id)).case == case
    assert sum(written.values()) < 10 * 2048
    assert set(written) == {"case", "case_section", "step", "feed" if "feed" in written else "unsequenced"}
