"""Schemathesis against the OpenAPI document: whatever is sent, by whomever, no 500, and no answer that it does not describe."""

from __future__ import annotations

from contextlib import suppress
from hashlib import sha256
from zlib import crc32

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    negative_data_rejection,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.conftest import ACME

DESCRIBED = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
schemathesis.serializer.alias("application/pdf", "application/octet-stream")
schemathesis.serializer.alias("message/rfc822", "application/octet-stream")
DRAWING = b"valve DN 50, sheet 1 of 1\n"
LETTER = b"Message-ID: <1.2.3@milepost>\r\nSubject: one\r\n\r\nof nobody\r\n"
SENT = {
    "upload_document": [DRAWING],
    "verify_letter": [LETTER],
    "take_bounce": [LETTER],
    "open_case": [
        {"workflow": "offer", "data": ACME},
        {"workflow": "offer", "data": {**ACME, "product": {"designation": "V-9"}}},
    ],
    "send_event": [
        {"event": "score", "data": {"review.score": 80}},
        {"event": "score", "data": {"review": {"score": 10, "remark": "weak"}}},
        {"event": "accept"},
        {"event": "return", "data": {"reasons": "no drawing"}},
        {"event": "answer", "data": {"product.designation": "V-2"}},
        {"event": "grant"},
        {"event": "withdraw"},
    ],
}
"""Bodies that mean something here, beside those made from the document."""
THERE = {
    "case_id": ["O-2026-0001", "O-2026-0002"],
    "name": ["offer"],
    "number": ["T.00001-0", "1"],
    "entry_no": ["1"],
    "incident_id": [1],
    "seq": [4],
    "n": [1],
    "sha256": [sha256(DRAWING).hexdigest()],
}
"""What there is at the beginning."""


def filled(world):
    """A listed product's case, another party's, and an incident."""
    drawing = world.as_("anna").post("/documents", content=DRAWING).json()["sha256"]
    case = world.listed({**ACME, "product": {**ACME["product"], "drawing": drawing}})
    world.open("boris", {"applicant": {"tax_id": "9999999999"}, "product": {"designation": "W-1"}})
    world.services.store.write(
        lambda tx: tx.add_incident(case_id=case["id"], kind="timer", subject="x", text="refused")
    )


def sometimes(made, known):
    """What was made, or two times in three one of those that are known: always the same one for the same value."""
    place = crc32(repr(made).encode())
    return known[place // 3 % len(known)] if known and place % 3 else made


def described(world, *, meaning):
    """The document; `meaning`: with names and bodies that mean something."""
    schema = schemathesis.openapi.from_dict(world.app.openapi())
    schema = schema.exclude(path="/events/stream")  # it does not end
    schema.config.update(base_url=world.listening.url)
    schema.config.checks.negative_data_rejection.expected_statuses += ["413"]  # wrong, because it is too long
    if meaning:

        @schema.hook
        def map_path_parameters(_, path_parameters):
            return {name: sometimes(made, THERE.get(name)) for name, made in (path_parameters or {}).items()}

        @schema.hook
        def map_body(context, body):
            return sometimes(body, SENT.get(context.operation.definition.raw["operationId"]))

    return schema


def asking(examples, **more):
    """So many examples, the same each time."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        **more,
    )


@pytest.mark.parametrize(
    ("examples", "length"), [pytest.param(25, 10, id="short"), pytest.param(800, 30, id="long", marks=pytest.mark.slow)]
)
def test_requests_that_follow_each_other(world, examples, length):
    """By people of all roles, on what earlier answers have named."""
    seen = set()

    class Clients(described(world, meaning=True).include(path_regex="^/cases").as_state_machine()):
        def setup(self):
            """The same beginning each time."""
            self.tokens = [*world.anew().values(), "mp_wrong"]
            self.count = 0
            filled(world)

        def before_call(self, case):
            """Somebody's token."""
            self.count += 1
            place = crc32(f"{case.operation.label} {self.count}".encode()) % len(self.tokens)
            case.headers["Authorization"] = f"Bearer {self.tokens[place]}"

        def validate_response(self, response, case, *_, **__):
            """As the document says."""
            seen.add((case.operation.label, response.status_code))
            case.validate_response(response, checks=DESCRIBED)

    Clients.run(settings=asking(examples, stateful_step_count=length))
    assert any(label.startswith("GET /cases/") and status == 200 for label, status in seen)
    assert any(label.startswith("POST /cases/{case_id}") for label, _ in seen)


def ambiguous(case):
    """Whether what was wrong is not to be seen any more in an address: a list of one is written as that one, an empty one not."""
    return any(isinstance(value, list) and len(value) < 2 for value in (case.query or {}).values())


@pytest.mark.parametrize(
    "examples", [pytest.param(5, id="short"), pytest.param(200, id="long", marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("caller", ["anna", "oleg", "ops"])
def test_every_operation(world, caller, examples):
    """What fits the document and what does not: the latter is never taken."""
    filled(world)
    for found in described(world, meaning=False).get_all_operations():
        for mode in GenerationMode:

            @asking(examples)
            @given(found.ok().as_strategy(generation_mode=mode))
            def ask(case):
                case.headers["Authorization"] = f"Bearer {world.secrets[caller]}"
                wrong = [] if ambiguous(case) else [negative_data_rejection]
                case.validate_response(case.call(), checks=[*DESCRIBED, *wrong])

            with suppress(Unsatisfiable):  # it takes nothing that could be wrong
                ask()


@pytest.mark.parametrize("caller", ["anna", "oleg", "ops"])
def test_every_operation_on_what_there_is(world, caller):
    """With names of cases, workflows, certificates that there are."""
    filled(world)
    for found in described(world, meaning=True).get_all_operations():

        @asking(12)
        @given(found.ok().as_strategy(generation_mode=GenerationMode.POSITIVE))
        def ask(case):
            case.headers["Authorization"] = f"Bearer {world.secrets[caller]}"
            case.validate_response(case.call(), checks=DESCRIBED)

        ask()
