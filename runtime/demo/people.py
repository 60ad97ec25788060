"""Who acts in the demo, all invented, and how they get their tokens: before the server starts, as `milepost token create` does."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runtime.composition import open_services
from runtime.demo.server import settings
from runtime.settings import SHIPPED, read_settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from runtime.demo.output import Output

REGION = "Sample Region"
WRONG = ("", "Z-300")
"""What the rows with a mistake offer: nobody acts for them."""
LIST = SHIPPED / "samples" / "regional-list.csv"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a token. `own` is the name as he writes it; with `declares` he declares to have no tie with the applicant."""

    id: str
    name: str
    office: str
    roles: tuple[str, ...]
    own: str = ""
    attributes: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    declares: tuple[str, ...] = ()
    email: str = ""

    @property
    def locale(self) -> str:
        """Who writes his name in Russian reads Russian."""
        return "ru" if self.own else "en"


def _staff(
    id: str,  # noqa: A002 (what it is)
    name: str,
    office: str,
    *roles: str,
    own: str = "",
    declares: tuple[str, ...] = (),
    **attributes: str | tuple[str, ...],
) -> Person:
    return Person(id, name, office, roles, own, attributes, declares, f"{id}@ogniva.example")


FREE = ("sod-3", "sur-2")
MECHANICAL = ("valves", "pipes", "pumps", "compressors")
OTHER = ("automation", "electrical", "insulation", "other")

STAFF = (
    _staff(
        "rita", "Rita Regionova", "regional coordinator", "regional_coordinator", own="Рита Регионова", party=REGION
    ),
    _staff(
        "rolf", "Rolf Regionov", "her superior", "regional_coordinator.supervisor", own="Рольф Регионов", party=REGION
    ),
    _staff("olga", "Olga Poryadkova", "process owner", "process_owner"),
    _staff("oskar", "Oskar Chasov", "operations (moves the clock)", "operations"),
    _staff("ilya", "Ilya Priyomov", "intake officer", "intake_officer"),
    _staff(
        "vera",
        "Vera Trebova",
        "requirements reviewer, mechanics",
        "requirements_reviewer",
        own="Вера Требова",
        category=MECHANICAL,
    ),
    _staff("piotr", "Piotr Strogov", "requirements reviewer, the rest", "requirements_reviewer", category=OTHER),
    _staff(
        "vlad",
        "Vlad Glavnov",
        "their superior",
        "requirements_reviewer.supervisor",
        own="Влад Главнов",
        category=(*MECHANICAL, *OTHER),
    ),
    _staff(
        "eva",
        "Eva Dvurolskaya",
        "technical expert, and decision maker",
        "technical_expert",
        "decision_maker",
        declares=FREE,
    ),
    _staff("egor", "Egor Opytov", "technical expert", "technical_expert", own="Егор Опытов", declares=FREE),
    _staff("ella", "Ella Tretyakina", "technical expert", "technical_expert", declares=FREE),
    _staff("dora", "Dora Sprosova", "demand owner of a subsidiary", "demand_owner"),
    _staff("klara", "Klara Organova", "officer of the certification body", "cb_officer", declares=FREE),
    _staff("lena", "Lena Auditova", "lead auditor", "lead_auditor", own="Лена Аудитова", declares=FREE),
    _staff("lev", "Lev Probirkin", "laboratory", "lab_officer", own="Лев Пробиркин", declares=FREE),
    _staff("tina", "Tina Retsenzova", "technical reviewer", "technical_reviewer", declares=FREE),
    _staff("timur", "Timur Drugov", "technical reviewer", "technical_reviewer", own="Тимур Другов", declares=FREE),
    _staff("dima", "Dima Reshaev", "decision maker", "decision_maker", declares=FREE),
    _staff("dana", "Dana Inova", "decision maker", "decision_maker", own="Дана Инова", declares=FREE),
    _staff("roman", "Roman Reestrov", "registry keeper", "registry_keeper"),
    _staff("toma", "Toma Torgova", "tender officer", "tender_officer"),
    _staff("inna", "Inna Sekretova", "secretary of appeals", "intake_officer"),
    _staff("pavel", "Pavel Golosov", "appeal panel", "appeal_panel", own="Павел Голосов", declares=("app-2",)),
    _staff("polina", "Polina Golosova", "appeal panel", "appeal_panel", declares=("app-2",)),
    _staff("petra", "Petra Bezgolosova", "appeal panel", "appeal_panel", declares=("app-2",)),
)


def makers() -> dict[str, Person]:
    """One applicant for each manufacturer of the list, by what he offers; every other one reads Russian."""
    with LIST.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["designation"] not in WRONG]
    return {row["designation"]: _maker(row, russian=number % 2 == 1) for number, row in enumerate(rows)}


def _maker(row: Mapping[str, str], *, russian: bool) -> Person:
    name, _, own = row["contact_name"].partition(" / ")
    return Person(
        id=row["contact_email"].partition("@")[2].partition(".")[0],
        name=name,
        office=row["legal_name"].partition(" / ")[0],
        roles=("applicant",),
        own=own if russian else "",
        attributes={"party": row["tax_id"]},
        email=row["contact_email"],
    )


def settle_in(output: Output, people: Mapping[str, Person], *, now: datetime) -> dict[str, str]:
    """Open the database with its clock standing at `now`, and make everybody a token: person → secret."""
    services = open_services(read_settings(settings(output)), manual_clock=True)
    try:
        services.store.write(lambda tx: tx.set_clock(now))
        made = {
            person.id: services.people.create_token(
                person.id,
                person.own or person.name,
                person.roles,
                person.attributes,
                email=person.email,
                locale=person.locale,
            )[0]
            for person in people.values()
        }
    finally:
        services.store.close()
    output.write_tokens(
        {
            p.id: {"name": p.name, "office": p.office, "roles": list(p.roles), "token": made[p.id]}
            for p in people.values()
        }
    )
    return made
