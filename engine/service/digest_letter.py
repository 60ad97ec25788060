"""The letter that holds a day's letters to one person: what each is about, and where to look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.ports import Origin

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from engine.ports import Message, Templates

WORDS: Mapping[str, str] = {
    "digest.en.txt": """\
Subject: {{ count }} messages of {{ today | day }}

Dear {{ to.name }},

these are your messages of the day, {{ count }} in all.
{% for letter in letters %}

{{ letter.subject }}
{{ letter.link }}
{% endfor %}

--
Milepost wrote this letter by itself.
""",
    "digest.ru.txt": """\
Subject: Сообщения за {{ today | day }}: {{ count }}

Здравствуйте, {{ to.name }}!

Ваши сообщения за день, всего {{ count }}.
{% for letter in letters %}

{{ letter.subject }}
{{ letter.link }}
{% endfor %}

--
Письмо составлено системой Milepost автоматически.
""",
}


def digest_templates(templates: Callable[[Mapping[str, str]], Templates]) -> Templates:
    """The digest's own words."""
    return templates(WORDS)


def digest_of(templates: Templates, letters: Sequence[tuple[Message, str]], *, message_id: str, zone: str) -> Message:
    """One message in the place of several, each with the address of its case; the first one's receiver is all the others'."""
    first = letters[0][0]
    subject, text = templates.render(
        "digest",
        first.to.locale,
        {
            "count": len(letters),
            "today": first.sent_at,
            "case": {"timezone": zone},
            "to": {"name": first.to.name},
            "letters": tuple({"subject": letter.subject, "link": link} for letter, link in letters),
        },
    )
    return type(first)(
        message_id=message_id,
        to=first.to,
        subject=subject,
        text=text,
        case_id=first.case_id,
        case_number=first.case_number,
        workflow=first.workflow,
        template="digest",
        sent_at=first.sent_at,
        origin=first.origin if all(letter.origin == first.origin for letter, _ in letters) else Origin(),
    )
