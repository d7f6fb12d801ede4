"""For whoever watches the server."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.api.mock_api import MockApi
from app.api.models import ApiResponse
from app.models import Role
from app.web import watch

HEALTHY = {"ready": True, "version": "1", "checks": [{"name": "disk", "ok": True, "message": "x"}]}


@pytest.fixture
def api(monkeypatch):
    monkeypatch.setattr(watch, "READY_FOR_SECONDS", 0.0)
    api = MockApi()
    api.open()
    yield api
    api.close()


@pytest.fixture
def health(api, monkeypatch):
    """What a look at the studio finds; to be changed."""
    found = {**HEALTHY}
    monkeypatch.setattr(api, "check_health", lambda: ApiResponse(success=True, data=found))
    return found


def test_being_alive_needs_no_studio_and_no_session(house):
    answer = house.browser().get("/healthz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_a_stranger_hears_a_bare_word(house, health):
    ready = house.browser().get("/readyz")
    health["ready"] = False
    not_ready = house.browser().get("/readyz")

    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})
    assert (not_ready.status_code, not_ready.json()) == (503, {"status": "not ready"})


@pytest.mark.parametrize("role", ["member", "viewer"])
@pytest.mark.usefixtures("health")
def test_so_does_everybody_below_an_admin(house, role):
    browser = house.signed_in(house.person("mai", role))

    assert browser.get("/readyz").json() == {"status": "ready"}


def test_an_admin_hears_the_reasons(house, health):
    health["ready"] = False
    program = house.program(house.token()[0])

    for answer in (house.signed_in().get("/readyz"), program.get("/readyz")):
        assert (answer.status_code, answer.json()) == (503, health)


@pytest.mark.usefixtures("health")
def test_a_worthless_token_is_not_a_stranger(house):
    assert house.program("whisk_invented").get("/readyz").status_code == 401


def test_a_studio_that_cannot_be_looked_at_is_not_ready(house, api, monkeypatch):
    away = ApiResponse(success=False, code="server_unreachable", message="away")
    monkeypatch.setattr(api, "check_health", lambda: away)

    assert house.browser().get("/readyz").status_code == 503
    assert house.signed_in().get("/readyz").json() == {"message": "away"}


def test_one_look_serves_everybody_for_a_moment(house, api, monkeypatch):
    monkeypatch.setattr(watch, "READY_FOR_SECONDS", 3_600.0)
    looks = []
    monkeypatch.setattr(
        api, "check_health", lambda: looks.append(1) or ApiResponse(success=True, data=HEALTHY)
    )
    house.browser().get("/readyz")
    looks.clear()

    for _ in range(5):
        house.browser().get("/readyz")

    assert looks == []


def test_the_figures_are_for_admins(house):
    assert house.browser().get("/metrics").status_code == 401
    assert house.signed_in(house.person("mai", Role.MEMBER)).get("/metrics").status_code == 403
    assert house.program(house.token(scope="write")[0]).get("/metrics").status_code == 403
    assert house.program(house.token()[0]).get("/metrics").status_code == 200


def test_prometheus_can_read_the_figures(house, api):
    api.add_many([{"prompt": "one"}, {"prompt": "two", "images_per_prompt": 3}])
    api.start_queue()
    api.wait_for(timeout_seconds=60)

    answer = house.program(house.token()[0]).get("/metrics")

    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    tasks = {sample.labels["status"]: sample.value for sample in families["whisk_tasks"].samples}
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["cache-control"] == "no-store"
    assert tasks == {"pending": 0, "running": 0, "completed": 2, "error": 0}
    assert families["whisk_images_saved"].samples[0].value == 4
    assert families["whisk_image_bytes"].samples[0].value > 4_000
    (requests,) = families["whisk_requests"].samples
    assert (requests.labels["state"], requests.value) == ("saved", 4)
    assert families["whisk_queue_running"].samples[0].value == 1
    assert "process_resident_memory_bytes" in families
