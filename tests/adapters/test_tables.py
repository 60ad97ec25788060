"""Tables as people send them, and the sample that ships."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.tables import MAX_BYTES, FileTables
from engine.core.fields import CHECKS
from engine.errors import DeliveryFailed
from engine.ports import TableRow

SAMPLE = Path(__file__).parents[2] / "workflows" / "samples" / "regional-list.csv"
READ = FileTables().read


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_spellings(separator: str, encoding: str, end: str) -> None:
    """Three separators, two encodings and both line ends are read; rows are numbered as people count them."""
    lines = [["name", "note"], [" Зоя ", '"a, b; c\nd"'], ["", ""], [], ["Ян", ""]]
    content = end.join(separator.join(cells) for cells in lines).encode(encoding)
    expected = [TableRow(2, {"name": "Зоя", "note": "a, b; c\nd"}), TableRow(5, {"name": "Ян", "note": ""})]
    assert list(READ(content, "a.csv").rows) == expected


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("a;b\nя;2".encode(), "text in UTF-8, separated by semicolons"),
        ("a,b\nя,2".encode("utf-8-sig"), "text in UTF-8 with a BOM, separated by commas"),
        ("a\tb\nя\t2".encode("cp1251"), "text in Windows-1251, separated by tabs"),
    ],
)
def test_what_was_taken_is_told(content: bytes, told: str) -> None:
    """The encoding and the separator, as they were found out."""
    table = READ(content, "a.csv")
    assert (table.told, table.rows[0].cells) == (told, {"a": "я", "b": "2"})


def test_short_rows() -> None:
    """Missing cells are empty; empty columns at the end do not count."""
    assert READ(b"a,b,,\n1\n1,2,,,\n", "a.csv").rows == (
        TableRow(2, {"a": "1", "b": ""}),
        TableRow(3, {"a": "1", "b": "2"}),
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04rest", "is a damaged workbook"),
        (b"a,b\n1,\x00\n", "not a text file"),
        ("a,b\n1,2\n".encode("utf-16"), "is text in UTF-16"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), r"is an old workbook \(\.xls\)"),
        (b"\x98\x98", "neither in UTF-8 nor in Windows-1251"),
        (b"", "is empty"),
        (b"\n , \n", "is empty"),
        (b"a,b,a\n", "names a column twice: a"),
        (b"a,,b\n", "column 2 has no name"),
        (b"a,b\n1,2,3\n", "row 2 has more cells"),
        (b'a,b\n1,2\n1,"2\n', "after row 2"),
        (b"a\n" + b"x" * 10_001, "row 2 has a cell of 10001"),
        (b"a\n" + b"x" * 200_000, "after row 1"),
        (b"a\n" + b"x\n" * 10_001, "more than 10000 rows"),
        (b",".join(b"%d" % n for n in range(201)), "more than 200 columns"),
        (b"x" * (MAX_BYTES + 1), "larger than 20 MiB"),
    ],
)
def test_refused(content: bytes, said: str) -> None:
    """A file that cannot be read is refused for good, with the place and what to do."""
    with pytest.raises(DeliveryFailed, match=said) as caught:
        READ(content, "a.csv")
    assert caught.value.retry_after is None
    assert "a.csv" in str(caught.value)


@given(st.binary(max_size=300) | st.text(alphabet='ab",;\t\r\n\x00\ufeff', max_size=60).map(str.encode))
def test_any_bytes(content: bytes) -> None:
    """Whatever the bytes are, they are rows of texts or a refusal."""
    try:
        rows = READ(content, "any").rows
    except DeliveryFailed:
        return
    assert all(len(set(row.cells)) == len(rows[0].cells) for row in rows)


def test_sample() -> None:
    """The sample that ships has twelve good proposals, one wrong tax id and one without a designation."""
    rows = READ(SAMPLE.read_bytes(), SAMPLE.name).rows
    wrong_ids = [row.number for row in rows if not CHECKS["ru_inn"](row.cells["tax_id"])]
    nameless = [row.number for row in rows if not row.cells["designation"]]
    assert (len(rows), wrong_ids, nameless) == (14, [8], [15])
    assert all(cell for row in rows for heading, cell in row.cells.items() if heading != "designation")
    assert all(row.cells["contact_email"].endswith(".example") for row in rows)
