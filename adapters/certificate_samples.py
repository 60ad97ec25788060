"""Certificates of invented facts, to try templates with: all facts, none, and more than fits on a page."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from engine.ports import CertificateView

FACTS: dict[str, Any] = {
    "body": "Ogniva Sample Certification Body",
    "body_address": "1 Example Street, Ogniva, Sample Region",
    "holder": "Sample Valves LLC / ООО «Образец-Арматура»",
    "holder_address": {
        "country": "Sampleland",
        "region": "Sample Region",
        "city": "Ogniva",
        "street": "7 Invented Lane",
    },
    "plant": ("Plant No. 1, Ogniva",),
    "product": "Z-50",
    "product_name": "Gate valve / Задвижка",
    "standard": {"number": "TU 3741-001-00000001-2025", "revision": "2"},
    "scheme": "3",
    "scope": ("Z-50", "Z-80"),
    "granted_on": date(2026, 5, 12),
    "valid_from": date(2026, 5, 12),
    "valid_until": date(2029, 5, 11),
    "reports": ("P-17/2026", "P-18/2026"),
    "signatory": {"name": "Ivan Primerov", "title": "Head of the certification body"},
    "conditions": ({"text": "Submit the quality plan", "due": date(2026, 9, 1)},),
}
_LONG = "Sample Valves, Fittings and Other Parts of Every Kind LLC / ООО «Образцовые задвижки и прочее» "
_MANY: dict[str, Any] = {
    "holder": _LONG * 4,
    "body": _LONG * 2,
    "product_name": _LONG * 6,
    "scope": tuple(f"Z-{n} DN{n} Задвижка клиновая" for n in range(60)),
    "plant": tuple(f"Plant No. {n}, Ogniva" for n in range(9)),
    "reports": tuple(f"P-{n}/2026" for n in range(12)),
    "conditions": tuple({"text": f"Condition {n}", "due": date(2026, 9, 1)} for n in range(6)),
}
ALL = CertificateView(
    number="OGN1.RU.0001.P00001-38",
    issue=1,
    token="preview",  # noqa: S106  (no secret: it opens nothing)
    verify_url="https://milepost.example/v/preview",
    template="certificate",
    facts=FACTS,
    case_number="Q-2026-000001",
    issued_at=datetime(2026, 5, 12, 9, 30, tzinfo=UTC),
)
SAMPLES = {
    "all facts": ALL,
    "no facts": replace(ALL, facts={}, case_number=None),
    "60 items and long names": replace(ALL, facts={**FACTS, **_MANY}),
}
