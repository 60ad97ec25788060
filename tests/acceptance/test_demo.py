"""The demo as a user runs it: what it tells is what the database, the letters and the certificates say."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import sqlite3
import stat
import subprocess
import sys
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from runtime.settings import SHIPPED

CHAPTERS = (
    "The region's list",
    "Intake and corporate requirements",
    "Readiness and tests",
    "Review, decision, register",
    "Refused, and appealed",
    "Suspended and reinstated",
    "The panel votes, other people decide",
    "Half a year passes",
    "May this bidder offer this product on that day?",
)
NUMBER = re.compile(r"OGN1\.RU\.OSC\.P\.\d{5}-\d{2}")


@dataclass(frozen=True)
class Told:
    """What the demo said and left."""

    code: int
    text: str
    errors: str
    folder: Path


def run_demo(folder: Path, **environment: str) -> Told:
    """`milepost demo --output FOLDER` as a process of its own, without a terminal."""
    milepost = Path(sys.executable).parent / "milepost"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("MILEPOST_", "COV"))}
    done = subprocess.run(
        [milepost, "demo", "--output", str(folder)],
        cwd=folder.parent,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    return Told(done.returncode, done.stdout, done.stderr, folder)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """The demo, told once. Proxies are set that lead nowhere: whoever asks the network fails."""
    nowhere = "http://127.0.0.1:9"
    folder = tmp_path_factory.mktemp("demo") / "demo-output"
    return run_demo(folder, HTTP_PROXY=nowhere, HTTPS_PROXY=nowhere, ALL_PROXY=nowhere, NO_PROXY="", PYTHONUTF8="1")


def rows(told: Told, query: str) -> list[Any]:
    """From the database it left."""
    with closing(sqlite3.connect(f"file:{told.folder / 'milepost.db'}?immutable=1", uri=True)) as database:
        return database.execute(query).fetchall()


def letters(told: Told) -> list[Any]:
    """Every letter it left."""
    files = sorted((told.folder / "mailbox").glob("*.eml"))
    return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]


def test_it_is_told_to_the_end_in_time(told: Told) -> None:
    """Exit code 0, nothing on stderr, less than a minute of its own."""
    assert (told.code, told.errors) == (0, "")
    said = re.search(r"Told in (\d+) seconds", told.text)
    assert said is not None
    assert int(said[1]) < 60


def test_every_chapter_is_told_in_order(told: Told) -> None:
    """The chapters are numbered headings."""
    headings = re.findall(r"^(\d+)\. (.*?) · ", told.text, re.MULTILINE)
    assert [(str(n), title) for n, title in enumerate(CHAPTERS, 1)] == headings


def test_it_reads_well_in_100_columns(told: Told) -> None:
    """No line of the story is longer, none has colours or blanks at its end; commands to copy stay whole."""
    story = told.text.partition("\nTold in ")[0]
    assert [line for line in story.splitlines() if len(line) > 100 or line != line.rstrip() or "\x1b" in line] == []


def test_bad_rows_of_the_list_are_named_by_row_and_column(told: Told) -> None:
    """Two rows are wrong, twelve cases opened."""
    assert re.search(r"^ +8 +tax_id ", told.text, re.MULTILINE)
    assert re.search(r"^ +15 +designation ", told.text, re.MULTILINE)
    assert rows(told, "SELECT count(*) FROM \"case\" WHERE workflow = 'qualification'") == [(12,)]


def test_refusals_teach(told: Told) -> None:
    """A stranger sees nothing, a role is missing, a condition is named, the evaluator does not decide."""
    text = " ".join(told.text.split())
    assert "✗ 404: there is no case 'Q-2026-000002' for you" in text
    assert "✗ 403: Ilya Priyomov may not send compliant here; requirements_reviewer may" in text
    assert "✗ 409: compliant needs: two_opinions" in text
    assert "sod-2 wants another person here (ISO/IEC 17065 7.6.2)" in text
    assert "another technical_reviewer may send recommend" in text


def test_certificates_of_the_story_are_in_the_database(told: Told) -> None:
    """Each number that is told exists, with the status that its last chapter gives it."""
    held = dict(rows(told, "SELECT number, status FROM certificate ORDER BY issue"))
    assert set(held) == set(NUMBER.findall(told.text))
    assert Counter(held.values()) == {"valid": 4, "expired": 1}


def test_certificates_are_pdf_a_3_with_their_facts(told: Told) -> None:
    """Each file says PDF/A-3b of itself and carries the register's facts as JSON."""
    files = sorted((told.folder / "certificates").glob("*.pdf"))
    assert len(files) == 5
    scopes = {}
    for file in files:
        reader = PdfReader(file)
        facts = json.loads(reader.attachments["certificate.json"][0])
        xmp = reader.trailer["/Root"]["/Metadata"].get_data().decode()
        assert re.search(r"pdfaid:part\W+3\b", xmp)
        assert facts["number"] in file.name
        assert facts["number"] in reader.pages[0].extract_text()
        scopes[file.name.partition("_")[0]] = facts["facts"]["scope"]
    assert scopes["OK-90"] == ["OK-90-57", "OK-90-89"]
    assert scopes["Z-50"] == ["Z-50", "Z-80", "Z-100"]


def test_letters_went_out_in_both_languages(told: Told) -> None:
    """Reminders and escalations among them; nobody got one twice."""
    found = letters(told)
    assert f"{len(found)} letters" in told.text
    texts = [letter.get_body(("plain",)).get_content() for letter in found]
    assert any(text.startswith("Здравствуйте, ") for text in texts)
    assert any(text.startswith("Dear ") for text in texts)
    assert {"reminder", "escalation", "refusal_with_reasons_and_appeal_right"} <= {
        letter["X-Milepost-Template"] for letter in found
    }
    assert len(found) == len({letter["Message-ID"] for letter in found})


def test_the_register_answers_as_told(told: Told) -> None:
    """The last status of every entry is that of the table's second date."""
    last = dict(rows(told, "SELECT entry_no, status FROM register_entry ORDER BY revision"))
    assert last == {
        "R-000001": "listed",
        "R-000002": "listed",
        "R-000003": "listed",
        "R-000004": "delisted",
        "R-000005": "listed",
    }
    assert re.search(r"^DP-4 +no +suspended since 3 Jun +yes +listed since 25 Jun", told.text, re.MULTILINE)
    assert re.search(r"^OK-90 +yes +listed since 14 May +no +expired since 12 Nov", told.text, re.MULTILINE)
    assert re.search(r"^NC-65 +no +never listed +no +never listed", told.text, re.MULTILINE)


def test_six_endings(told: Told) -> None:
    """What was promised of the six products has become of their cases."""
    outcomes = dict(rows(told, "SELECT number, outcome FROM \"case\" WHERE workflow = 'qualification'"))
    appeals = dict(rows(told, "SELECT number, outcome FROM \"case\" WHERE workflow = 'appeal'"))
    assert outcomes["Q-2026-000006"] == "closed"
    assert [outcomes[f"Q-2026-00000{n}"] for n in (1, 2, 3)] == [None, None, None]
    assert appeals == {"A-2026-0001": "upheld"}


def test_nothing_is_left_running_or_open(told: Told) -> None:
    """The server ended and said nothing bad; tokens are for the owner of the folder alone; no incident."""
    log = (told.folder / "server.log").read_text("utf-8")
    address = re.search(r"http://127\.0\.0\.1:(\d+)", log)
    assert address is not None
    with pytest.raises(ConnectionRefusedError), closing(socket.create_connection(("127.0.0.1", int(address[1])))):
        pass
    assert "Traceback" not in log
    assert "ERROR" not in log
    assert stat.S_IMODE((told.folder / "tokens.json").stat().st_mode) == 0o600
    assert rows(told, "SELECT count(*) FROM incident") == [(0,)]
    assert list((told.folder).glob("*.db-wal")) == []


def test_only_loopback_is_spoken_to(told: Told) -> None:
    """The server listens on 127.0.0.1; every proxy led nowhere, and the story was told all the same."""
    log = (told.folder / "server.log").read_text("utf-8")
    assert {"127.0.0.1"} == set(re.findall(r"https?://([^:/\s]+)", log))


def test_a_folder_that_is_not_its_own_is_left_alone(tmp_path: Any) -> None:
    """One line, exit code 2, and the folder is as it was."""
    folder = tmp_path / "precious"
    folder.mkdir()
    (folder / "thesis.txt").write_text("years", encoding="utf-8")
    done = run_demo(folder)
    assert done.code == 2
    assert len(done.errors.splitlines()) == 1
    assert "was not made by the demo" in done.errors
    assert [path.name for path in folder.iterdir()] == ["thesis.txt"]


def test_every_case_is_recorded_and_told_again(told: Told, tmp_path: Path) -> None:
    """`milepost test --record` makes a scenario of each case; beside the shipped workflows all of them go as they went."""
    milepost = Path(sys.executable).parent / "milepost"
    folder = tmp_path / "workflows"
    shutil.copytree(SHIPPED, folder, ignore=shutil.ignore_patterns("*.test.yaml"))
    with closing(sqlite3.connect(f"file:{told.folder / 'milepost.db'}?mode=ro", uri=True)) as database:
        numbers = [row[0] for row in database.execute("SELECT number FROM \"case\" WHERE workflow = 'qualification'")]
    assert len(numbers) > 10
    for number in numbers:
        recorded = subprocess.run(
            [milepost, "test", "--record", number], cwd=told.folder, capture_output=True, text=True, check=True
        )
        (folder / f"{number}.test.yaml").write_text(recorded.stdout, encoding="utf-8")
    done = subprocess.run([milepost, "test", folder, "--format", "json"], capture_output=True, text=True, check=False)
    said = json.loads(done.stdout)
    assert [one["failure"] for one in said["scenarios"]] == [None] * len(numbers)
    unknown = subprocess.run(
        [milepost, "test", "--record", "Q-1"], cwd=told.folder, capture_output=True, text=True, check=False
    )
    assert (unknown.returncode, "there is no case 'Q-1'" in unknown.stderr) == (2, True)
