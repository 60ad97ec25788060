"""A letter's text as HTML, for mail programs that show it: paragraphs, lists and links, and nothing that the text does not say."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")
_SIGNATURE = "--"
LONG = 72
_BODY = "margin:0;padding:24px;background:#f6f7f8;color:#1c2b39;font:16px/1.5 Georgia,'Times New Roman',serif"
_SHEET = "max-width:38em;margin:0 auto;padding:24px 28px;background:#ffffff;border-top:3px solid #16324f"
_SMALL = "margin:24px 0 0;padding-top:12px;border-top:1px solid #d5dbe0;font-size:13px;color:#5b7183"


def html_of(text: str, *, locale: str) -> str:
    """A whole document. The text is data: whatever looks like markup in it is shown as it is."""
    body, _, signature = text.partition(f"\n{_SIGNATURE}\n")
    blocks = [_block(block.split("\n")) for block in re.split(r"\n[ \t]*\n", body.strip("\n")) if block.strip()]
    foot = f'<p style="{_SMALL}">{_lines(signature.strip().split(chr(10)))}</p>' if signature.strip() else ""
    language = escape(locale.partition("_")[0], quote=True)
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"></head>\n'
        f'<body style="{_BODY}"><div style="{_SHEET}">\n' + "\n".join([*blocks, foot]) + "\n</div></body></html>\n"
    )


def _block(lines: list[str]) -> str:
    first = next((n for n, line in enumerate(lines) if line.lstrip().startswith("- ")), len(lines))
    before = f"<p>{_lines(lines[:first])}</p>" if first else ""
    return before + (_list(lines[first:]) if first < len(lines) else "")


def _list(lines: list[str]) -> str:
    """Lines that begin with a dash, each with those that follow it."""
    items: list[list[str]] = []
    for line in lines:
        if line.lstrip().startswith("- ") or not items:
            items.append([line.lstrip().removeprefix("- ")])
        else:
            items[-1].append(line.strip())
    return "<ul>" + "".join(f"<li>{_lines(item)}</li>" for item in items) + "</ul>"


def _lines(lines: Iterable[str]) -> str:
    """A short line ends where its writer ended it; a long one was only broken to fit, and goes on."""
    kept: list[str] = []
    broken = False
    for line in lines:
        if broken and kept:
            kept[-1] += f" {_linked(line)}"
        else:
            kept.append(_linked(line))
        broken = len(line) > LONG
    return "<br>\n".join(kept)


def _linked(line: str) -> str:
    parts, at = [], 0
    for found in _LINK.finditer(line):
        address = escape(found[0], quote=True)
        parts += [escape(line[at : found.start()]), f'<a href="{address}" style="color:#16528a">{address}</a>']
        at = found.end()
    return "".join([*parts, escape(line[at:])])
