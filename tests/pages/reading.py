"""A page as a program reads it: its elements and what they say."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

EMPTY = {"meta", "link", "input", "br", "circle", "rect", "path"}


@dataclass
class Element:
    """An element with all that is in it, in order."""

    name: str
    marks: dict = field(default_factory=dict)
    inside: list = field(default_factory=list)

    def text(self):
        """What it says, on one line."""
        parts = (one if isinstance(one, str) else one.text() for one in self.inside)
        return " ".join(" ".join(parts).split())

    def all(self, tag, *, class_="", **marks):
        """Every element of this kind in it, with these attributes and, among its own, these classes."""
        found = []
        for one in self.inside:
            if isinstance(one, Element):
                classes = set((one.marks.get("class") or "").split())
                fits = one.name == tag and set(class_.split()) <= classes
                fits = fits and all(one.marks.get(key) == value for key, value in marks.items())
                found += ([one] if fits else []) + one.all(tag, class_=class_, **marks)
        return found

    def one(self, tag, **marks):
        """The only one."""
        (found,) = self.all(tag, **marks)
        return found

    def rows(self):
        """What stands beside each label."""
        pairs = [(div.all("dt"), div.all("dd")) for div in self.all("div")]
        return {dt[0].text(): dd[0].text() for dt, dd in pairs if dt and dd}


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open = [Element("")]

    def handle_starttag(self, name, marks):
        made = Element(name, dict(marks))
        self.open[-1].inside.append(made)
        if name not in EMPTY:
            self.open.append(made)

    def handle_startendtag(self, name, marks):
        self.open[-1].inside.append(Element(name, dict(marks)))

    def handle_endtag(self, name):
        closed = self.open.pop()
        assert closed.name == name, f"<{closed.name}> is closed by </{name}>"

    def handle_data(self, data):
        self.open[-1].inside.append(data)


def read(text):
    """The elements of a page; AssertionError where one is not closed by its own end."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert len(reader.open) == 1, [one.name for one in reader.open]
    return reader.open[0]
