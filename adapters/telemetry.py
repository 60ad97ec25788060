"""Spans of requests and deliveries, sent to an OpenTelemetry collector by OTLP over HTTP; the optional extra `otel`.

Owner of opentelemetry; nothing else imports it, and this is imported only where an address is set.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.propagate import extract
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from opentelemetry.trace import Span

WAIT_SECONDS = 5.0
"""For the collector; what it does not take is lost, and nobody waits for it."""


class Telemetry:
    """The engine's port Spans."""

    def __init__(self, url: str, *, version: str) -> None:
        about = Resource.create({"service.name": "milepost", "service.version": version})
        self._provider = TracerProvider(resource=about)
        exporter = OTLPSpanExporter(endpoint=f"{url.rstrip('/')}/v1/traces", timeout=WAIT_SECONDS)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("milepost")

    @contextmanager
    def span(self, name: str, caller: Mapping[str, str] | None = None, /, **attributes: str | int) -> Iterator[Telling]:
        """A span around what is done inside; with `caller`, the headers of a request, one of its caller's trace."""
        context, kind = (None, SpanKind.INTERNAL) if caller is None else (extract(caller), SpanKind.SERVER)
        with self._tracer.start_as_current_span(
            name, context=context, kind=kind, attributes=_dotted(attributes)
        ) as one:
            yield Telling(one)

    def close(self) -> None:
        """Sends what is left, for as long as one post may take."""
        self._provider.shutdown()


class Telling:
    """What becomes known of a span while it goes on."""

    def __init__(self, span: Span) -> None:
        self._span = span

    def tell(self, name: str | None = None, /, *, failed: bool = False, **attributes: str | int) -> None:
        """Attributes as for `span`; a better `name` for it; whether what it stands for failed."""
        if name is not None:
            self._span.update_name(name)
        self._span.set_attributes(_dotted(attributes))
        if failed:
            self._span.set_status(Status(StatusCode.ERROR))


def _dotted(attributes: Mapping[str, str | int]) -> dict[str, str | int]:
    """`http__route` is `http.route`."""
    return {name.replace("__", "."): value for name, value in attributes.items()}
