"""The statements that write cases, in the order in which they go out: what is deleted before what comes in its place."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, update

from engine.store.statement import Statement, insert_into
from engine.store.tables import (
    ACCEPTED,
    CASE,
    CASE_INDEX,
    CASE_LINK,
    CASE_SECTION,
    EFFECT,
    FEED,
    POSITION,
    STEP,
    TIMER,
    UNSEQUENCED,
)

C = CASE.c

INSERT_CASE = Statement(insert_into(CASE, "id"))
_CHANGING = (
    "number",
    "last_at",
    "seq",
    "revision",
    "closed_at",
    "outcome",
    "leaves",
    "turn",
    "memory",
    "next_due",
    "overdue_since",
    "hash",
)
UPDATE_CASE = Statement(
    update(CASE)
    .where(C.id == bindparam("row"))
    .values({name: bindparam(name, type_=C[name].type) for name in _CHANGING})
)
UPDATE_SEARCH = Statement(
    update(CASE)
    .where(C.id == bindparam("row"))
    .values({name: bindparam(name, type_=C[name].type) for name in ("unique_key", "search")})
)
INSERT_LINK = Statement(insert_into(CASE_LINK))
INSERT_SECTION = Statement(insert_into(CASE_SECTION))
UPDATE_SECTION = Statement(
    update(CASE_SECTION)
    .where(CASE_SECTION.c.case_id == bindparam("row"), CASE_SECTION.c.section == bindparam("key"))
    .values(data=bindparam("data", type_=CASE_SECTION.c.data.type))
)
DELETE_SECTION = Statement(
    delete(CASE_SECTION).where(CASE_SECTION.c.case_id == bindparam("row"), CASE_SECTION.c.section == bindparam("key"))
)
INSERT_POSITION = Statement(insert_into(POSITION))
DELETE_POSITION = Statement(
    delete(POSITION).where(POSITION.c.case_id == bindparam("row"), POSITION.c.state == bindparam("key"))
)
INSERT_TIMER = Statement(insert_into(TIMER))
DELETE_TIMER = Statement(delete(TIMER).where(TIMER.c.case_id == bindparam("row"), TIMER.c.key == bindparam("key")))
INSERT_INDEX = Statement(insert_into(CASE_INDEX))
DELETE_INDEX = Statement(
    delete(CASE_INDEX).where(
        CASE_INDEX.c.case_id == bindparam("row"),
        CASE_INDEX.c.path == bindparam("path"),
        CASE_INDEX.c.value == bindparam("value"),
    )
)
INSERT_STEP = Statement(insert_into(STEP))
INSERT_FEED = Statement(insert_into(FEED))
INSERT_UNSEQUENCED = Statement(insert_into(UNSEQUENCED))
INSERT_EFFECT = Statement(insert_into(EFFECT))
INSERT_ACCEPTED = Statement(insert_into(ACCEPTED))

ORDER = {
    statement: place
    for place, statement in enumerate(
        (
            UPDATE_SEARCH,  # first, as it may change a key: who skips locked rows does not skip a row's second version
            UPDATE_CASE,
            INSERT_LINK,
            DELETE_SECTION,
            UPDATE_SECTION,
            INSERT_SECTION,
            DELETE_POSITION,
            INSERT_POSITION,
            DELETE_TIMER,
            INSERT_TIMER,
            DELETE_INDEX,
            INSERT_INDEX,
            INSERT_STEP,
            INSERT_FEED,
            INSERT_UNSEQUENCED,
            INSERT_EFFECT,
            INSERT_ACCEPTED,
        )
    )
}
