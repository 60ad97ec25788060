"""A way through a workflow with its due dates, and its picture: months along the top, a bar for each stay, a mark where
something is due. Where the way comes from is left to others.

The picture is one SVG without scripts, links or fonts of its own. Texts come from workflow files, so each is escaped, cut,
and rid of signs that do not print; the same timeline is always the same text.
"""

from __future__ import annotations

from datetime import date, datetime, time
from html import escape
from itertools import groupby
from textwrap import wrap
from typing import TYPE_CHECKING, Literal

from engine.core.calendars.moments import add_months
from engine.core.frozen import frozen
from engine.describe.derivations import said_day, said_end
from engine.describe.words import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from zoneinfo import ZoneInfo

LEFT, TOP, ROW, LINE, HEAD, FOOT = 330.0, 96.0, 26.0, 17.0, 24.0, 96.0
NARROWEST, WIDEST, MONTH, YEAR = 860.0, 1500.0, 60.0, 44.0
"""Widths: of all months together, of a month where there is room, and the least of a year that is named."""
FARTHEST = date(9990, 12, 31)
COLOURS = {"applicant": "#d9822b", "operator": "#3b6fb6", "none": "#9aa5b1"}
INK, GREY, GRID, BAND, PASSES, RED = "#1f2933", "#616e7c", "#e4e7eb", "#f3f6f9", "#8e3a9d", "#b3261e"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@frozen
class Due:
    """A due moment of a deadline: `rule` as the workflow says it, `counted` how it came about; `due` None: there is none, and
    `counted` says why. `provisional`: a year that was counted with has no decree yet. `fired`: it came, and the state stayed.
    """

    name: str
    rule: str
    due: datetime | None
    counted: str
    reminders: tuple[datetime, ...] = ()
    provisional: bool = False
    fired: bool = False


@frozen
class Stay:
    """A stay in a state, `entered` None where the way ends before it, `left` None where it goes on.

    `case` names another case than the workflow's own, `lane` tells the regions of a parallel apart, `around`: there are
    states inside. `side` is whose clock runs.
    """

    path: str
    title: str
    turn: tuple[str, ...]
    side: Literal["operator", "applicant", "none"]
    entered: datetime | None
    left: datetime | None
    dues: tuple[Due, ...] = ()
    case: str = ""
    lane: str = ""
    around: bool = False


@frozen
class Timeline:
    """A way through a workflow; `stopped` says why it could be followed no further, `outcome` what became of the case."""

    workflow: str
    title: str
    story: str
    zone: ZoneInfo
    begin: datetime
    stays: tuple[Stay, ...] = ()
    outcome: str | None = None
    stopped: str | None = None


def said_due(moment: datetime, zone: ZoneInfo) -> str:
    """`12 May 2026`, or with the time where it is not the end of a day."""
    return said_end(moment, zone).removesuffix(" 24:00")


def happens(due: Due, stay: Stay) -> Literal["", "falls due", "moves on"]:
    """What comes of a due moment: nothing, as the state is left before; it passes there; or the state is left by it."""
    if due.fired:
        return "falls due"
    return "moves on" if due.due is not None and due.due == stay.left else ""


def draw(timeline: Timeline) -> str:
    """The SVG."""
    return _Drawing(timeline).draw()


class _Drawing:
    def __init__(self, timeline: Timeline) -> None:
        self.timeline, self.zone = timeline, timeline.zone
        first = timeline.begin.astimezone(self.zone).date()
        last = min(self._last().astimezone(self.zone).date(), FARTHEST)
        self.first = first.replace(day=1)
        self.months = (last.year - first.year) * 12 + last.month - first.month + 2
        self.end = add_months(self.first, self.months)
        self.days = (self.end - self.first).days
        self.width = min(WIDEST, max(MONTH * self.months, NARROWEST))
        self.lines: list[str] = []
        self.y = TOP

    def _last(self) -> datetime:
        reached = [stay for stay in self.timeline.stays if stay.entered is not None]
        moments = [moment for stay in reached for moment in (stay.entered, stay.left, *(due.due for due in stay.dues))]
        return max([self.timeline.begin, *(moment for moment in moments if moment is not None)])

    def draw(self) -> str:
        for name, stays in lanes(self.timeline.stays):
            self._lane(name, stays)
        bottom = self.y + 8
        self._legend(bottom)
        width, height = LEFT + self.width + 20, bottom + FOOT
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
            f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="system-ui, sans-serif" font-size="12" fill="{INK}" role="img">'
        )
        title = f"{_clean(self.timeline.title)}: {_clean(self.timeline.story)}"
        start = [
            head,
            f"<title>{_safe(title, 200)}</title>",
            f'<rect width="{width:.0f}" height="{height:.0f}" fill="#ffffff"/>',
            _text(16, 26, self.timeline.title, size=17, weight="bold", most=90),
            _text(16, 46, self._subtitle(), fill=GREY, most=190),
        ]
        return "\n".join([*start, *self._axis(bottom), *self.lines, "</svg>"]) + "\n"

    def _subtitle(self) -> str:
        said = f"{self.timeline.story} · from {said_day(self.timeline.begin.astimezone(self.zone).date())}"
        return f"{said}, everybody uses all the time there is · days in {self.zone.key}"

    # ── the months ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _axis(self, bottom: float) -> Iterator[str]:
        month = self.width / self.months
        every = next(n for n in (1, 2, 5, 10, 20, 50, 100, 200, 500, 10_000) if n * 12 * month >= YEAR or n == 10_000)
        named = 0.0
        for number in range(self.months + 1):
            day = add_months(self.first, number)
            x, new_year = self._x(datetime.combine(day, time(), self.zone)), number == 0 or day.month == 1
            if new_year and (day.year % every == 0 or number == 0):
                yield f'<line x1="{x:.1f}" y1="60" x2="{x:.1f}" y2="{bottom:.1f}" stroke="#9aa5b1"/>'
                if number < self.months and x >= named:
                    named = x + YEAR
                    yield _text(x + 4, 72, str(day.year), weight="bold")
            elif month >= 8:
                yield f'<line x1="{x:.1f}" y1="76" x2="{x:.1f}" y2="{bottom:.1f}" stroke="{GRID}"/>'
            if number < self.months and month >= 12:
                name = _MONTHS[day.month - 1]
                yield _text(x + month / 2, 88, name if month >= 28 else name[0], fill=GREY, size=11, anchor="middle")
        year = self._x(self.timeline.begin) + self._x_of_days(365)
        if year < LEFT + self.width:
            yield (
                f'<line x1="{year:.1f}" y1="76" x2="{year:.1f}" y2="{bottom:.1f}" stroke="{GREY}" stroke-dasharray="4 4"/>'
            )

    def _x(self, moment: datetime) -> float:
        local = moment.astimezone(self.zone)
        days = (local.date() - self.first).days + (local.hour * 60 + local.minute) / 1440
        return LEFT + min(max(self._x_of_days(days), 0.0), self.width)  # what lies farther is at the edge

    def _x_of_days(self, days: float) -> float:
        return days * self.width / self.days

    # ── the stays ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _lane(self, name: str, stays: Sequence[Stay]) -> None:
        if name:
            height = HEAD + sum(_height(stay) for stay in stays)
            width = LEFT + self.width + 4
            self.lines.append(
                f'<rect x="8" y="{self.y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{BAND}" fill-opacity="0.75" rx="4"/>'
            )
            self.lines.append(_text(16, self.y + 16, name, weight="bold", fill=GREY, most=110))
            self.y += HEAD
        for stay in stays:
            self._stay(stay, 28.0 if name else 16.0)

    def _stay(self, stay: Stay, x: float) -> None:
        self.lines.append("<g>")
        self.lines.append(f"<title>{_safe(self._told(stay), 300)}</title>")
        self.lines.append(
            _text(x, self.y + 14, stay.title, most=44, weight="normal" if not stay.around else "bold", size=12)
        )
        turn = ", ".join(stay.turn)
        if turn:
            self.lines.append(_text(x, self.y + 27, turn, fill=GREY, size=10, most=52))
        if stay.entered is None:
            self.lines.append(_text(LEFT + 4, self.y + 14, "not reached", fill=GREY, size=11))
        else:
            self._bar(stay, stay.entered)
        y = self.y + ROW
        for due in stay.dues:
            if due.due is not None and stay.entered is not None:
                self._due(stay, due, y)
                y += LINE
        self.y += _height(stay)
        self.lines.append("</g>")

    def _bar(self, stay: Stay, entered: datetime) -> None:
        start = self._x(entered)
        end = LEFT + self.width if stay.left is None else self._x(stay.left)
        colour = COLOURS[stay.side]
        look = (
            f'fill="{colour}" fill-opacity="0.12" stroke="{colour}" stroke-width="1"'
            if stay.around
            else f'fill="{colour}"'
        )
        wide = max(end - start, 3.0)
        self.lines.append(f'<rect x="{start:.1f}" y="{self.y + 5:.1f}" width="{wide:.1f}" height="11" rx="2" {look}/>')

    def _due(self, stay: Stay, due: Due, y: float) -> None:
        if due.due is None or stay.entered is None:
            return
        x, start, middle = self._x(due.due), self._x(stay.entered), y + 5
        colour = PASSES if happens(due, stay) == "falls due" else INK
        low, high = min(start, x), max(start, x)
        dashes = ' stroke-dasharray="2 3"' if due.provisional else ""
        self.lines.append(
            f'<line x1="{low:.1f}" y1="{middle:.1f}" x2="{high:.1f}" y2="{middle:.1f}" stroke="{GREY}"{dashes}/>'
        )
        for reminder in due.reminders:
            at = self._x(reminder)
            self.lines.append(
                f'<line x1="{at:.1f}" y1="{middle - 4:.1f}" x2="{at:.1f}" y2="{middle + 4:.1f}" stroke="{GREY}"/>'
            )
        fill = "#ffffff" if due.provisional else colour
        self.lines.append(
            f'<path d="M{x:.1f} {middle - 5:.1f}l5 5l-5 5l-5 -5z" fill="{fill}" stroke="{colour}" stroke-width="1.3"/>'
        )
        words = f"{_clean(due.name)} {said_due(due.due, self.zone)}"
        room = x < LEFT + self.width - 7 * len(words)
        self.lines.append(
            _text(
                x + 9 if room else x - 9,
                middle + 4,
                words,
                fill=colour,
                size=11,
                anchor="start" if room else "end",
                most=60,
                halo=True,
            )
        )

    def _told(self, stay: Stay) -> str:
        """What is shown where somebody points at a row."""
        if stay.entered is None:
            return stay.path
        entered = said_day(stay.entered.astimezone(self.zone).date())
        ends = "goes on" if stay.left is None else f"left {said_due(stay.left, self.zone)}"
        return f"{stay.path}: entered {entered}, {ends}"

    # ── the legend ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _legend(self, y: float) -> None:
        x, line = 16.0, y + 26
        for side, words in (
            ("applicant", "applicant's turn"),
            ("operator", "operator's turn"),
            ("none", "nobody's turn"),
        ):
            self.lines.append(
                f'<rect x="{x:.1f}" y="{line - 9:.1f}" width="20" height="11" rx="2" fill="{COLOURS[side]}"/>'
            )
            self.lines.append(_text(x + 26, line, words, size=11))
            x += 140
        for fill, stroke, words, wide in (
            (INK, INK, "due", 60),
            (PASSES, PASSES, "falls due while the state goes on", 220),
            ("#ffffff", INK, "due, counted with a provisional year", 230),
        ):
            self.lines.append(
                f'<path d="M{x + 5:.1f} {line - 8:.1f}l5 5l-5 5l-5 -5z" fill="{fill}" stroke="{stroke}" stroke-width="1.3"/>'
            )
            self.lines.append(_text(x + 16, line, words, size=11))
            x += wide
        self.lines.append(f'<line x1="{x:.1f}" y1="{line - 8:.1f}" x2="{x:.1f}" y2="{line + 1:.1f}" stroke="{GREY}"/>')
        self.lines.append(_text(x + 8, line, "reminder", size=11))
        self.lines.append(
            f'<line x1="{x + 80:.1f}" y1="{line - 4:.1f}" x2="{x + 104:.1f}" y2="{line - 4:.1f}" stroke="{GREY}" stroke-dasharray="4 4"/>'
        )
        self.lines.append(_text(x + 110, line, "a year after the beginning", size=11))
        if self.timeline.stopped is not None:
            words = f"The way ends here: {_clean(self.timeline.stopped)}"
            for number, part in enumerate(wrap(words, 170)[:3]):
                self.lines.append(_text(16, line + 24 + 16 * number, part, fill=RED, most=170))


def lanes(stays: Sequence[Stay]) -> Iterator[tuple[str, Sequence[Stay]]]:
    """As they were begun, but those of one case and region together, where the first of them stands: (its name, they)."""
    first: dict[tuple[str, str], int] = {}
    for number, stay in enumerate(stays):
        if stay.lane or stay.case:
            first.setdefault((stay.case, stay.lane), number)
    places = {id(stay): first.get((stay.case, stay.lane), number) for number, stay in enumerate(stays)}
    ordered = sorted(stays, key=lambda stay: places[id(stay)])
    for (case, lane), found in groupby(ordered, key=lambda stay: (stay.case, stay.lane)):
        yield " · ".join(part for part in (case, lane.partition("#")[0]) if part), list(found)


def _height(stay: Stay) -> float:
    marks = sum(due.due is not None for due in stay.dues) if stay.entered is not None else 0
    return max(ROW + LINE * marks, ROW + 8 if stay.turn else ROW) + 2


def _text(
    x: float,
    y: float,
    words: str,
    *,
    fill: str = INK,
    size: int = 12,
    weight: str = "normal",
    anchor: str = "start",
    most: int = 80,
    halo: bool = False,
) -> str:
    """One text; with a `halo` it stays readable on a line."""
    look = "" if weight == "normal" else f' font-weight="{weight}"'
    look += "" if fill == INK else f' fill="{fill}"'
    look += "" if size == 12 else f' font-size="{size}"'
    look += "" if anchor == "start" else f' text-anchor="{anchor}"'
    look += ' stroke="#ffffff" stroke-width="3" paint-order="stroke"' if halo else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{look}>{_safe(words, most)}</text>'


def _clean(words: str) -> str:
    """On one line, with a sign in the place of each that does not print."""
    return " ".join("".join(sign if sign.isprintable() or sign.isspace() else "�" for sign in words).split())


def _safe(words: str, most: int) -> str:
    return escape(shorten(_clean(words), most))
