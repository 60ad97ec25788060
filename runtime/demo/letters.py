"""The letters that lie in the mailbox folder, read by their headers; what the story says of them is the narrator's."""

from __future__ import annotations

from dataclasses import dataclass
from email import policy
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter."""

    sent_at: datetime
    template: str
    case_number: str
    to: str


class Letters:
    """The folder, looked at again and again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: set[str] = set()

    def __len__(self) -> int:
        return len(self._known)

    def new(self) -> list[Letter]:
        """What has come since the last look, oldest first."""
        found = []
        for path in self._folder.glob("*.eml"):
            if path.name not in self._known:
                self._known.add(path.name)
                found.append(_read(path))
        return sorted(found, key=lambda letter: (letter.sent_at, letter.case_number, letter.template, letter.to))


def _read(path: Path) -> Letter:
    with path.open("rb") as file:
        head = BytesHeaderParser(policy=policy.default).parse(file)
    return Letter(
        sent_at=parsedate_to_datetime(str(head["Date"])),
        template=str(head["X-Milepost-Template"]),
        case_number=str(head["X-Milepost-Case"]),
        to=str(head["To"].addresses[0].addr_spec),
    )
