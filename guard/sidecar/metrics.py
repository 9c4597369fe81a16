"""Prometheus metrics. No label carries a value of the user's data, a subject or SQL."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from guard.model import Decision

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)


class Metrics:
    """The counters of one sidecar."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._decisions = Counter("guard_decisions", "Decisions by outcome.", ["outcome"], registry=self.registry)
        self._gaps = Counter("guard_gaps", "Gaps that led to a denial, by code.", ["code"], registry=self.registry)
        self._rules = Counter(
            "guard_rules", "Rules that determined a decision.", ["rule", "outcome"], registry=self.registry
        )
        self._requests = Counter(
            "guard_requests", "Requests by route and status.", ["route", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "guard_request_seconds", "Time of a request.", ["route"], buckets=SECONDS, registry=self.registry
        )
        self._attested = Gauge(
            "guard_audit_attested_entries", "Entries that a witness or authority saw.", ["by"], registry=self.registry
        )
        self._failing = Gauge(
            "guard_audit_attest_failures",
            "Failures in a row of a witness or authority.",
            ["by"],
            registry=self.registry,
        )
        self._refused_times = Gauge(
            "guard_audit_clock_runs_backwards_entries",
            "Entries since the start whose time was refused, because the clock ran backwards.",
            registry=self.registry,
        )

    def decided(self, decision: Decision) -> None:
        """Counts a decision with its rules and gaps."""
        self._decisions.labels(decision.outcome).inc()
        for gap in decision.gaps:
            self._gaps.labels(gap.code).inc()
        for reason in decision.determined_by:
            self._rules.labels(reason.rule, decision.outcome).inc()

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Counts a request."""
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def attested(self, by: str, entries: int, failures: int) -> None:
        """Notes what a witness, or the time-stamp authority, did last."""
        self._attested.labels(by).set(entries)
        self._failing.labels(by).set(failures)

    def refused_times(self, entries: int) -> None:
        """Notes for how many entries the clock was refused."""
        self._refused_times.set(entries)

    def text(self) -> bytes:
        """The metrics in Prometheus' text format."""
        return generate_latest(self.registry)
