"""`mail:` at the top of a file."""

from __future__ import annotations

import re
from datetime import time
from typing import TYPE_CHECKING

from engine.core.loader.keys import MAIL
from engine.core.loader.yaml_nodes import ScalarNode
from engine.core.mailing import Mailing, Quiet

if TYPE_CHECKING:
    from engine.core.loader.draft import Draft
    from engine.core.loader.yaml_nodes import Node

ADDRESS = re.compile(
    r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$"
)
HOURS = re.compile(r"^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$")
MAX_ADDRESS = 254
MAX_NAME = 120


def read_mail(draft: Draft, node: Node) -> Mailing:
    """The whole of it."""
    entries = draft.reader.table(node, MAIL, "`mail`")
    sender = draft.reader.title(entries, "sender")
    if sender is not None and any(len(words) > MAX_NAME for _, words in sender.values):
        draft.reader.shape(entries["sender"], f"a sender's name has at most {MAX_NAME} characters", "shorten it")
    return Mailing(
        sender,
        _address(draft, entries["from"], "from") if "from" in entries else None,
        _address(draft, entries["reply_to"], "reply_to") if "reply_to" in entries else None,
        _quiet(draft, entries["quiet"]) if "quiet" in entries else None,
    )


def _address(draft: Draft, node: Node, key: str) -> str | None:
    text = draft.reader.string(node, f"`{key}`")
    if text is None:
        return None
    if len(text) > MAX_ADDRESS or not ADDRESS.fullmatch(text):
        draft.reader.shape(node, f"`{key}` is no mail address", "write it like qualification@buyer.example")
        return None
    return text


def _quiet(draft: Draft, node: Node) -> Quiet | None:
    text = draft.reader.string(node, "`quiet`")
    if text is None:
        return None
    start, _, end = text.partition("-")
    if not isinstance(node, ScalarNode) or not HOURS.fullmatch(text) or start == end:
        draft.reader.shape(node, "`quiet` is no span of hours", "write it like 21:00-07:00")
        return None
    return Quiet(time.fromisoformat(start), time.fromisoformat(end))
