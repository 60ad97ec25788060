"""A message to an invented person, shared by the tests of mail and webhooks."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.ports import Message, Person


@pytest.fixture
def message() -> Message:
    """A message with letters of both alphabets, long lines and a line that begins with a dot."""
    return Message(
        message_id="case-1.42.0.zoe@milepost.example",
        to=Person("zoe", "Зоя Пример", "zoe@sample.example", "ru"),
        subject="Q-2026-000001: напоминание о сроке",
        text="Здравствуйте!\n.\nFrom here on: " + "x" * 1200 + "\n",
        case_id="case-1",
        case_number="Q-2026-000001",
        workflow="qualification",
        template="reminder",
        sent_at=datetime(2026, 5, 12, 9, 30, tzinfo=UTC),
    )
