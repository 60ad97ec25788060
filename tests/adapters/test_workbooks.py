"""Workbooks: what cells say as texts, what is marked, and files that are made to do harm."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from adapters.tables import FileTables
from engine.errors import DeliveryFailed
from engine.ports import Sheet

TABLES = FileTables()
READ = TABLES.read
SHEET1 = "xl/worksheets/sheet1.xml"


def saved(book: Workbook) -> bytes:
    """The file of a workbook."""
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def book_of(*rows: list[object], **formats: str) -> bytes:
    """A workbook with a sheet of these rows; `formats` are number formats by cell."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    for place, code in formats.items():
        book.active[place].number_format = code
    return saved(book)


def changed(content: bytes, **parts: bytes | None) -> bytes:
    """The archive with parts in place of others; `xl__a.xml` is xl/a.xml, None leaves one out."""
    new = {name.replace("__", "/"): part for name, part in parts.items()}
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in dict.fromkeys([*old.namelist(), *new]):
            part = new.get(name, old.read(name) if name in old.namelist() else None)
            if part is not None:
                archive.writestr(name, part)
    return made.getvalue()


def sheet(cells: str) -> bytes:
    """The XML of a sheet with this inside its data."""
    name = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<worksheet xmlns="{name}"><sheetData>{cells}</sheetData></worksheet>'.encode()


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        ("00123", "General", "00123"),
        (123, "0000000000", "0000000123"),
        (123, "General", "123"),
        (4027000001, "0", "4027000001"),
        (12.5, "General", "12.5"),
        (0.1 + 0.2, "General", "0.3"),
        (1e-7, "General", "0.0000001"),
        (-40, "General", "-40"),
        (True, "General", "true"),
        (date(2026, 12, 31), "dd.mm.yyyy", "2026-12-31"),
        (datetime(2026, 12, 31, 15, 30), "dd.mm.yyyy hh:mm", "2026-12-31T15:30:00"),  # noqa: DTZ001  cells have no zone
        (time(15, 30), "hh:mm", "15:30:00"),
        (" a\u200e b ", "General", "a b"),
        ("=not a formula", "@", None),
    ],
)
def test_cells_keep_their_text(value: object, code: str, text: str | None) -> None:
    """Zeros that a format shows, digits as people see them, dates by ISO 8601; a formula without a value is marked."""
    table = READ(book_of(["a"], [value], A2=code), "a.xlsx")
    if text is None:
        assert (table.rows, [f.code for f in table.faults]) == ((), [])
        table = READ(book_of(["a", "b"], [value, "x"], A2=code), "a.xlsx")
        assert [(f.row, f.column, f.code) for f in table.faults] == [(2, "a", "formula")]
    else:
        assert ([row.cells for row in table.rows], table.faults) == ([{"a": text}], ())


def test_formulas_count_by_their_value() -> None:
    """The value that the program stored is taken; none, an error or a number beyond its digits is marked."""
    cells = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c><c r="B1" t="inlineStr"><is><t>b</t></is></c></row>'
        '<row r="2"><c r="A2"><f>1+1</f><v>2</v></c><c r="B2" t="str"><f>"x"</f><v>x</v></c></row>'
        '<row r="3"><c r="A3"><f>1+1</f></c><c r="B3" t="str"><f>""</f><v></v></c></row>'
        '<row r="4"><c r="A4" t="e"><f>1/0</f><v>#DIV/0!</v></c><c r="B4"><v>12345678901234567</v></c></row>'
        '<row r="5"><c r="B5"><v>7</v></c></row>'
    )
    table = READ(changed(book_of(["a"]), **{SHEET1.replace("/", "__"): sheet(cells)}), "a.xlsx")
    assert [(row.number, row.cells["a"], row.cells["b"][:3]) for row in table.rows] == [
        (2, "2", "x"),
        (4, "", "123"),
        (5, "", "7"),
    ]
    assert [(f.row, f.column, f.code) for f in table.faults] == [(4, "a", "error"), (4, "b", "digits")]
    assert "#DIV/0!" in table.faults[0].text


def test_merged_cells_are_said() -> None:
    """The value counts for the first; every other cell under it is marked where the row is a row of the table."""
    book = Workbook()
    for row in (["a", "b"], ["x", "1"], [None, "2"], [None, "3"], ["y", "4"]):
        book.active.append(row)
    book.active.merge_cells("A2:A4")
    book.active.merge_cells("A9:B9")
    faults = READ(saved(book), "a.xlsx").faults
    assert [(f.row, f.column, f.code) for f in faults] == [(3, "a", "merged"), (4, "a", "merged")]
    assert "row 2" in faults[0].text
    book.active.merge_cells("A1:B1")
    with pytest.raises(DeliveryFailed, match=r"row 2 has more cells than there are columns with a name \(1\)"):
        READ(saved(book), "a.xlsx")


def test_which_sheet() -> None:
    """The first that is not hidden, or the one named, hidden or not; what is not read is told."""
    book = Workbook()
    book.active.title, book.active.sheet_state = "old", "hidden"
    for name in ("list", "notes"):
        book.create_sheet(name).append([name])
        book[name].append(["x"])
    book["old"].append(["old"])
    content = saved(book)
    table = READ(content, "a.xlsx")
    assert (list(table.rows[0].cells), table.told) == (
        ["list"],
        "the sheet 'list' of a workbook; not read: old (hidden), notes",
    )
    assert list(READ(content, "a.xlsx", "notes").rows[0].cells) == ["notes"]
    assert READ(content, "a.xlsx", "old").rows == ()
    with pytest.raises(DeliveryFailed, match="has no sheet 'nothing'; there are old, list, notes"):
        READ(content, "a.xlsx", "nothing")
    with pytest.raises(DeliveryFailed, match="a text file, which has no sheets"):
        READ(b"a\n1\n", "a.csv", "list")


def test_rows_far_below_and_blank_ones() -> None:
    """Rows keep their numbers; cells that are only formatted do not count."""
    book = Workbook()
    book.active["A3"], book.active["A7"] = "a", "x"
    book.active["GZ900000"].number_format = "0.00"
    assert [(row.number, row.cells) for row in READ(saved(book), "a.xlsx").rows] == [(7, {"a": "x"})]


GOOD = book_of(["a"], ["x"])
DOCTYPE = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
TEXT = '<c r="A{row}" t="s"><v>0</v></c>'


def _opened_up(name: str, before: bytes, after: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(GOOD)) as archive:
        return changed(GOOD, **{name.replace("/", "__"): archive.read(name).replace(before, after, 1)})


def _lying() -> bytes:
    """Its directory says that a part is small, which unpacks to a hundred times as much."""
    made = io.BytesIO(
        changed(GOOD, xl__worksheets__sheet1_xml=None, **{SHEET1.replace("/", "__"): sheet(" " * 900_000)})
    )
    content = bytearray(made.getvalue())
    size = len(sheet(" " * 900_000)).to_bytes(4, "little")
    place = content.find(size)
    while place >= 0:
        content[place : place + 4] = (900).to_bytes(4, "little")
        place = content.find(size)
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x05\x06" + bytes(18), "is an archive and no workbook"),
        (GOOD[:-30], "is a damaged workbook"),
        (changed(GOOD, xl__workbook_xml=b"") [:200], "is a damaged workbook"),
        (changed(GOOD, mimetype=b"application/vnd.oasis.opendocument.spreadsheet"), r"OpenDocument file \(\.ods\)"),
        (changed(GOOD, **{"xl__vbaProject.bin": b"x"}), r"with macros \(\.xlsm\)"),
        (changed(GOOD, **{"xl__workbook.bin": b"x"}), r"binary workbook \(\.xlsb\)"),
        (changed(GOOD, **{f"xl__media__{n}.png": b"x" for n in range(1_000)}), "more than 1000 parts"),
        (changed(GOOD, **{SHEET1.replace("/", "__"): sheet(" " * (2 << 20))}), "packed more than 200 times"),
        (_lying(), "damaged workbook"),
        (_opened_up("xl/workbook.xml", b"<workbook", DOCTYPE + b"<workbook"), "has a DOCTYPE"),
        (_opened_up(SHEET1, b"<worksheet", DOCTYPE + b"<worksheet"), "has a DOCTYPE"),
        (_opened_up(SHEET1, b"<sheetData>", b"<a>" * 70 + b"<sheetData>"), "nested more than 60 deep"),
        (_opened_up(SHEET1, b"<sheetData>", b"<sheetData><"), "is no XML"),
        (_opened_up(SHEET1, b'r="A2"', b'r="XFD1048576"'), "has something in row 1048576, column 16384"),
        (_opened_up(SHEET1, b'r="A2"', b'r="2A"'), "there is no cell '2A'"),
        (changed(GOOD, **{SHEET1.replace("/", "__"): None}), "its part 'xl/worksheets/sheet1.xml' is missing"),
        (book_of(["a"], *[["x"]] * 10_001), "more than 10000 rows"),
        (book_of([f"h{n}" for n in range(201)]), "at most 10000 rows and 200 columns"),
        (book_of(["a"], ["x" * 10_001]), "row 2 has a cell of 10001 characters"),
    ],
)  # fmt: skip
def test_refused(content: bytes, said: str) -> None:
    """For good, with what to do; nothing of it reaches a reader that could be filled up or led astray."""
    with pytest.raises(DeliveryFailed, match=said) as caught:
        READ(content, "a.xlsx")
    assert (caught.value.retry_after, "a.xlsx" in str(caught.value)) == (None, True)


def test_a_long_text_in_every_cell() -> None:
    """A text that cells share counts once for each: what is small in the file is not made large in memory."""
    strings = b"<sst><si><t>" + b"ab" * 16_000 + b"</t></si></sst>"
    rows = "".join(f'<row r="{n}">{TEXT.format(row=n)}</row>' for n in range(1, 3_000))
    content = changed(GOOD, **{"xl__sharedStrings.xml": strings, SHEET1.replace("/", "__"): sheet(rows)})
    assert len(content) < 100_000
    with pytest.raises(DeliveryFailed, match="more than 40 million characters"):
        READ(content, "a.xlsx")


DATED = book_of(["a", "b"], [date(2026, 1, 1), 5], ["x", "=1"], B2="00000")
DATED_PARTS = {
    name: zipfile.ZipFile(io.BytesIO(DATED)).read(name) for name in (SHEET1, "xl/styles.xml", "xl/workbook.xml")
}
WRITTEN = [
    "1e300",
    "-1e300",
    "NaN",
    "-1",
    "99999999999",
    "<v>",
    "</v>",
    't="s"',
    't="d"',
    'r="A1"',
    "&foo;",
    "&#x0;",
    '"',
    "",
]


def test_a_day_before_all_days() -> None:
    """What the reader gives up at is refused like any other damage, and ends nothing else."""
    parts = {SHEET1.replace("/", "__"): DATED_PARTS[SHEET1].replace(b"<v>46023</v>", b"<v>-1e300</v>")}
    with pytest.raises(DeliveryFailed, match="a cell that cannot be read"):
        READ(changed(DATED, **parts), "a.xlsx")


@given(
    st.sampled_from(sorted(DATED_PARTS)),
    st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 12), st.sampled_from(WRITTEN)), min_size=1, max_size=4),
)
def test_any_words_in_its_parts(name: str, edits: list[tuple[int, int, str]]) -> None:
    """Whatever its XML says, it is a table of texts or a refusal."""
    part = DATED_PARTS[name].decode()
    for place, length, words in edits:
        at = place % (len(part) + 1)
        part = part[:at] + words + part[at + length :]
    try:
        table = READ(changed(DATED, **{name.replace("/", "__"): part.encode()}), "a.xlsx")
    except DeliveryFailed:
        return
    assert all(isinstance(cell, str) for row in table.rows for cell in row.cells.values())


@given(st.data())
def test_any_damage(data: st.DataObject) -> None:
    """A workbook in which bytes were changed is a table of texts or a refusal."""
    content = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        table = READ(bytes(content), "a.xlsx")
    except DeliveryFailed:
        return
    assert all(isinstance(cell, str) for row in table.rows for cell in row.cells.values())


@given(st.lists(st.text(max_size=20), min_size=1, max_size=5))
def test_what_is_written_is_text(cells: list[str]) -> None:
    """Whatever a text begins with, no cell is a formula, and none begins like one."""
    content = TABLES.write([Sheet("x" * 40 + "[]", [f"h{n}" for n in range(len(cells))], [cells])])
    (found,) = load_workbook(io.BytesIO(content)).worksheets
    for cell in found[2] if found.max_row > 1 else ():
        assert cell.data_type in {"s", "inlineStr"} or cell.value is None
        assert not str(cell.value or "").startswith(("=", "+", "-", "@", "\t", "\r"))


def test_a_template_takes_texts() -> None:
    """Its columns are texts, so that zeros stay when people fill it in; choices are offered."""
    content = TABLES.write([Sheet("list", ["id", "series"], options={"series": ["serial", "batch"]}, fill=True)])
    (found,) = load_workbook(io.BytesIO(content)).worksheets
    assert found.column_dimensions["A"].number_format == "@"
    (offered,) = found.data_validations.dataValidation
    assert (offered.formula1, str(offered.sqref)) == ('"serial,batch"', "B2:B10001")


def test_a_length_of_time_is_told_as_it_is() -> None:
    """What no field takes is still a text that its problem can quote."""
    (row,) = READ(book_of(["a"], [timedelta(hours=30)], A2="[h]:mm"), "a.xlsx").rows
    assert row.cells["a"] == "1 day, 6:00:00"
