"""Figures in the text format of Prometheus. Owner of prometheus_client; one registry for each application.

Steps and the lateness of timers are read from the feed at each look, so they cost a step nothing, and a counter begins at 0
when its process does. They are of the whole database: watch one node, or take the largest.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

if TYPE_CHECKING:
    from engine.service.services import Services
    from engine.store.records import StepFigure

TIMED = frozenset({"deadline", "reminder", "escalation"})
LATE = (0.1, 0.5, 1, 2, 5, 15, 60, 300, 1800, 3600, 86_400)
"""Seconds."""


class Metrics:
    """For one application; `refused` is told of each refusal, the rest is asked for."""

    media_type = CONTENT_TYPE_LATEST

    def __init__(self, services: Services) -> None:
        self._services, self._lock = services, Lock()
        self._pos: int | None = None
        self.registry = CollectorRegistry()
        self._steps = self._counter("milepost_steps", "Steps of cases", "workflow", "kind")
        self._refusals = self._counter(
            "milepost_refusals", "Requests that were refused, by the problem's name", "reason"
        )
        self._late = Histogram(
            "milepost_timer_lateness_seconds",
            "From a timer's moment until its step was stored",
            buckets=LATE,
            registry=self.registry,
        )
        self._waiting = self._gauge("milepost_effects_pending", "Effects that are not over", "adapter")
        self._age = self._gauge("milepost_effect_age_seconds", "How long the oldest of them has waited", "adapter")
        self._open = self._gauge("milepost_open_cases", "Open cases in a state", "workflow", "state")
        self._incidents = self._gauge("milepost_incidents_open", "Incidents that wait for a person")
        self._due = self._gauge("milepost_timers_late_seconds", "How long the first due timer has not been fired")

        self._posts = self._counter("milepost_event_posts", "Tries to post an event to a subscription", "outcome")
        self._posted: dict[str, int] = {}
        self._owed = self._gauge("milepost_event_deliveries", "Events that subscriptions are owed", "status")
        self._behind = self._gauge("milepost_events_lag_steps", "Steps that the subscription furthest behind has left")

    def refused(self, reason: str) -> None:
        """One request more."""
        self._refusals.labels(reason).inc()

    def text(self) -> bytes:
        """All of them now."""
        services = self._services
        with self._lock:
            end = services.feed.end()
            if self._pos is None or self._pos > end:  # another database has come in its place
                self._pos = end
            for one in services.figures.steps(self._pos):
                self._count(one)
            now, due = services.clock.now(), services.timers.next_due()
            self._due.set(max(0.0, (now - due).total_seconds()) if due is not None else 0.0)
            self._incidents.set(services.incidents.open_ones())
            for gauge in (self._waiting, self._age, self._open):
                gauge.clear()
            for waiting in services.figures.waiting():
                self._waiting.labels(waiting.adapter).set(waiting.count)
                self._age.labels(waiting.adapter).set(max(0.0, (now - waiting.since).total_seconds()))
            for cases in services.figures.open_cases():
                self._open.labels(cases.workflow, cases.state or "-").set(cases.count)
            self._events()
            return generate_latest(self.registry)

    def _events(self) -> None:
        """What is posted to subscriptions, by this process, and what waits, of the whole database."""
        for outcome, count in self._services.publishing.outcomes().items():
            self._posts.labels(outcome).inc(count - self._posted.get(outcome, 0))
            self._posted[outcome] = count
        waiting, behind = self._services.publishing.figures()
        for status in ("waiting", "delivering", "dead"):
            self._owed.labels(status).set(waiting.get(status, 0))
        self._behind.set(behind)

    def _count(self, one: StepFigure) -> None:
        self._pos = one.pos
        self._steps.labels(one.workflow, one.kind).inc()
        if one.kind in TIMED:
            self._late.observe(max(0.0, (one.recorded_at - one.at).total_seconds()))

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, registry=self.registry)
