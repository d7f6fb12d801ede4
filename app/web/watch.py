"""For whoever watches the server: is it alive, is it ready, and the figures of Prometheus."""

import threading
import time
from collections.abc import Iterator

import orjson
from fastapi import APIRouter, Request
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector
from starlette.responses import Response

from app.api.base_api import BaseApi
from app.api.models import ApiResponse
from app.models import Role
from app.version import VERSION
from app.web.answers import answered

READY_FOR_SECONDS = 2.0
"""How long one look serves everybody: strangers may ask, and a look reads the disk."""


def watch_router(api: BaseApi) -> APIRouter:
    """`/healthz` and `/readyz` for everybody, `/metrics` for admins."""
    watch = _Watch(api)
    routes = APIRouter(include_in_schema=False)
    for path, endpoint in (
        ("/healthz", watch.alive), ("/readyz", watch.ready), ("/metrics", watch.metrics)
    ):  # fmt: skip
        routes.add_api_route(path, endpoint, methods=["GET"], response_model=None)
    return routes


class _Watch:
    def __init__(self, api: BaseApi) -> None:
        self._api = api
        self._lock = threading.Lock()
        self._seen: ApiResponse | None = None
        self._seen_at = float("-inf")

    def alive(self) -> Response:
        """That this process answers."""
        return _plain({"status": "ok"}, 200)

    def ready(self, request: Request) -> Response:
        """Whether the studio can do its work: a bare word, and the reasons for an admin."""
        user = getattr(request.state, "user", None)
        seen = self._look()
        if user is not None and user.role == Role.ADMIN:
            return _plain(seen.data or {"message": seen.message}, _status(seen))
        return _plain({"status": "ready" if _status(seen) == 200 else "not ready"}, _status(seen))

    def _look(self) -> ApiResponse:
        with self._lock:
            if self._seen is None or time.monotonic() - self._seen_at >= READY_FOR_SECONDS:
                self._seen = self._api.check_health()
                self._seen_at = time.monotonic()
            return self._seen

    def metrics(self, request: Request) -> Response:
        """The figures, as Prometheus reads them."""
        answer = self._api.acting_as(request.state.user).get_figures()
        if not answer.success:
            return answered(answer)
        registry = CollectorRegistry()
        registry.register(_Figures(answer))
        ProcessCollector(registry=registry)
        text = generate_latest(registry)
        headers = {"Cache-Control": "no-store", "Content-Type": CONTENT_TYPE_LATEST}
        return Response(text, headers=headers)


def _status(seen: ApiResponse) -> int:
    return 200 if seen.success and seen.data["ready"] else 503


def _plain(data: object, status: int) -> Response:
    return Response(
        orjson.dumps(data),
        status_code=status,
        headers={"Cache-Control": "no-store"},
        media_type="application/json",
    )


class _Figures(Collector):
    """One answer of `BaseApi.get_figures` as metrics."""

    def __init__(self, answer: ApiResponse) -> None:
        self._figures = answer.data

    def collect(self) -> Iterator[Metric]:
        """See `Collector`."""
        queue = self._figures["queue"]
        yield _labelled("whisk_tasks", "Tasks in the queue by status.", "status", queue["counts"])
        yield _gauge("whisk_queue_running", "1 while the queue claims work.", queue["running"])
        yield _gauge("whisk_requests_in_flight", "Requests that are out.", queue["in_flight"])
        yield _gauge(
            "whisk_images_uncertain",
            "Images whose request may have been charged and that wait for a person.",
            queue["uncertain"],
        )
        yield _gauge("whisk_images_wanted", "Images of its tasks.", queue["images_wanted"])
        yield _gauge("whisk_images_done", "Images saved for them.", queue["images_done"])
        yield CounterMetricFamily(
            "whisk_images_saved", "Images saved ever.", value=self._figures["images"]
        )
        yield CounterMetricFamily(
            "whisk_image_bytes", "Bytes of their files.", value=self._figures["bytes"]
        )
        yield from self._attempts()
        version = GaugeMetricFamily("whisk_build", "The running version.", labels=["version"])
        version.add_metric([VERSION], 1)
        yield version

    def _attempts(self) -> Iterator[Metric]:
        labels = ["provider", "state"]
        count = CounterMetricFamily("whisk_requests", "Requests by outcome.", labels=labels)
        cost = CounterMetricFamily("whisk_cost_dollars", "What they cost.", labels=labels)
        for row in self._figures["attempts"]:
            where = [row["provider"], row["state"]]
            count.add_metric(where, row["count"])
            cost.add_metric(where, row["cost"])
        yield from (count, cost)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=float(value))


def _labelled(name: str, text: str, label: str, values: dict[str, float]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family
