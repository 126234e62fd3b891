"""Liveness that means the decision loop and the keeper, readiness, and metrics."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from starlette.responses import Response

from api.rest.described import NO_TOKEN, Responses, gives
from api.tally import Tally
from controller.stove import Stove

if TYPE_CHECKING:
    from prometheus_client.core import Metric

_METRICS: Responses = {
    200: {
        "content": {
            "text/plain": {"example": 'flameout_relay_permitted{burner="left"} 1.0', "schema": {"type": "string"}}
        }
    }
}


def router(stove: Stove, tally: Tally) -> APIRouter:
    """/healthz, /readyz and /metrics."""
    routes = APIRouter(tags=["health"])

    @routes.get("/healthz", responses=_shown({"status": "ok"}), openapi_extra=NO_TOKEN)
    async def healthz() -> Response:
        """200 while the decision loop turns and a keeper answers it, else 503. Needs no token."""
        alive = stove.alive()
        return _status(alive, {"status": "ok" if alive else "failing"})

    @routes.get("/readyz", responses=_shown({"status": "ok", "problems": []}), openapi_extra=NO_TOKEN)
    async def readyz() -> Response:
        """200 while everything works, the journal too, else 503 with the problems. Needs no token."""
        problems = stove.own_problems()
        if not problems and not stove.alive():
            problems = ["The decision loop is late."]
        return _status(not problems, {"status": "problem" if problems else "ok", "problems": problems})

    @routes.get("/metrics", responses=_METRICS, openapi_extra=NO_TOKEN, response_class=Response)
    async def metrics() -> Response:
        """Prometheus text. Needs no token."""
        from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415 - 12 ms, only for scrapers

        registry = CollectorRegistry()
        registry.register(_Collector(stove, tally))
        return Response(generate_latest(registry), media_type="text/plain; version=0.0.4; charset=utf-8")

    return routes


def _shown(example: dict[str, Any]) -> Responses:
    failing = {"application/json": {"example": example | {"status": "failing"}}}
    return gives(example) | {503: {"description": "Not so.", "content": failing}}


def _status(good: bool, content: dict[str, Any]) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(json.dumps(content), 200 if good else 503, headers, "application/json")


class _Collector:
    """The stove as Prometheus metrics, made at each scrape."""

    def __init__(self, stove: Stove, tally: Tally) -> None:
        self._stove = stove
        self._tally = tally

    def collect(self) -> "Iterator[Metric]":
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily  # noqa: PLC0415

        def gauge(name: str, text: str) -> GaugeMetricFamily:
            return GaugeMetricFamily(f"flameout_{name}", text, labels=["burner"])

        permitted = gauge("relay_permitted", "1 while the keeper keeps the relay energised")
        lit = gauge("flame_lit", "1 while a flame is measured; absent while unknown")
        remaining = gauge("timer_remaining_seconds", "Until the user's timer ends; absent without one")
        for view in self._stove.views():
            permitted.add_metric([view.id], float(view.permitted))
            if view.flame != "unknown":
                lit.add_metric([view.id], float(view.flame == "lit"))
            if view.timer is not None:
                remaining.add_metric([view.id], view.timer.remaining_s)
        yield from (permitted, lit, remaining)
        yield GaugeMetricFamily("flameout_alive", "1 while loop and keeper work", value=float(self._stove.alive()))
        yield GaugeMetricFamily("flameout_problems", "Problems that stand", value=len(self._stove.problems()))
        events = CounterMetricFamily("flameout_events", "Events since the start", labels=["event_type", "burner"])
        for (kind, burner), count in self._tally.events.items():
            events.add_metric([kind, burner or ""], count)
        cuts = CounterMetricFamily(
            "flameout_shut_offs", "Shut-offs of a permitted burner since the start", labels=["cause", "burner"]
        )
        for (cause, burner), count in self._tally.cuts.items():
            cuts.add_metric([cause, burner or ""], count)
        yield from (events, cuts)
