from __future__ import annotations

import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
import trustme
from cloud_clients import client, close_code, set_x, until, values, visitor
from prometheus_client.parser import text_string_to_metric_families
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.sync.client import connect

from cloudlink.errors import InvalidArgument
from cloudlink.localcloud import Faults, LocalCloud

TOKEN = "a token for the tests"


@pytest.fixture
def cloud() -> Iterator[LocalCloud]:
    with LocalCloud("open", control_token=TOKEN) as running:
        yield running


def ask(cloud: LocalCloud, path: str, *, method: str = "GET", token: str | None = None) -> tuple[int, str]:
    """Status and text of a page."""
    request = urllib.request.Request(cloud.url.replace("ws", "http", 1) + path, method=method)
    if token is not None:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def control(cloud: LocalCloud, path: str, *, method: str = "PUT") -> tuple[int, str]:
    return ask(cloud, path, method=method, token=TOKEN)


def log(cloud: LocalCloud, query: str) -> list[dict[str, Any]]:
    status, text = ask(cloud, f"/logs?{query}")
    assert status == 200
    return list(json.loads(text))


def test_health_tells_who_is_there(cloud: LocalCloud) -> None:
    with client(cloud):
        assert json.loads(ask(cloud, "/health")[1]) == {"status": "ok", "rooms": 1, "clients": 1}


def test_metrics_are_read_by_prometheus_own_library(cloud: LocalCloud) -> None:
    with client(cloud) as one, client(cloud) as other:
        set_x(one, "1")
        assert values(other, 1) == ["1"]
        status, text = ask(cloud, "/metrics")
        assert status == 200
        families = {family.name: family for family in text_string_to_metric_families(text)}
    found = {name: family.samples[0].value for name, family in families.items()}
    assert found["cloudlink_cloud_clients"] == 2
    assert found["cloudlink_cloud_sets"] == found["cloudlink_cloud_delivered"] == 1
    assert families["cloudlink_cloud_sets"].type == "counter"
    assert families["cloudlink_cloud_rooms"].type == "gauge"


def test_the_log_has_the_shape_and_the_order_of_scratchs(cloud: LocalCloud) -> None:
    began = time.time() * 1000
    with client(cloud) as connection:
        for number in range(120):
            set_x(connection, str(number))
        until(lambda: cloud.statistics.sets_received == 120)
    newest = log(cloud, "projectid=7&limit=1")[0]
    assert began - 1 <= newest.pop("timestamp") <= time.time() * 1000
    assert newest == {"user": "bob", "verb": "set_var", "name": "☁ x", "value": "119"}
    assert [entry["value"] for entry in log(cloud, "projectid=7&limit=2&offset=3")] == ["116", "115"]
    assert len(log(cloud, "projectid=7")) == 25
    assert len(log(cloud, "projectid=7&limit=9999")) == 100
    assert log(cloud, "projectid=7&offset=120") == log(cloud, "projectid=8") == []


@pytest.mark.parametrize(
    "query", ["", "limit=5", "projectid=7&limit=-1", "projectid=7&offset=x", "projectid=7&limit=" + "9" * 50, "&" * 50]
)
def test_a_log_that_nobody_can_mean_is_refused(cloud: LocalCloud, query: str) -> None:
    assert ask(cloud, f"/logs?{query}")[0] == 400


def test_pages_that_are_none(cloud: LocalCloud) -> None:
    assert ask(cloud, "/")[0] == 426
    assert ask(cloud, "/nothing")[0] == 426
    assert ask(cloud, "/", method="PUT")[0] == 405


@pytest.mark.parametrize("token", [None, "", "wrong", TOKEN + "x", TOKEN[:-1]])
def test_controls_are_closed_to_who_has_no_token(cloud: LocalCloud, token: str | None) -> None:
    for method, path in (("GET", "/faults"), ("PUT", "/faults?loss=1"), ("PUT", "/disconnect")):
        assert ask(cloud, path, method=method, token=token)[0] == 401
    assert cloud.faults == Faults()


def test_a_server_without_a_token_has_no_controls() -> None:
    with LocalCloud() as cloud:
        assert control(cloud, "/faults?loss=1")[0] == 404
        assert ask(cloud, "/faults", token="None")[0] == 404
    with pytest.raises(InvalidArgument, match="16 characters"):
        LocalCloud(control_token="short")


def test_faults_are_switched_over_http(cloud: LocalCloud) -> None:
    status, text = control(cloud, "/faults?loss=0.1&delay=0.1,0.2&disorder=true&relay_interval=0.1&seed=5")
    assert status == 200
    assert cloud.faults == Faults(loss=0.1, delay=(0.1, 0.2), disorder=True, relay_interval=0.1, seed=5)
    assert json.loads(control(cloud, "/faults", method="GET")[1]) == json.loads(text)
    assert control(cloud, "/faults")[0] == 200  # nothing named: all is well
    assert cloud.faults == Faults()


@pytest.mark.parametrize(
    "query", ["loss=2", "loss=x", "loss=nan", "delay=2,1", "delay=inf", "lost=1", "outage=maybe", "seed=1.5"]
)
def test_faults_that_make_no_sense_change_nothing(cloud: LocalCloud, query: str) -> None:
    status, text = control(cloud, f"/faults?{query}")
    assert status == 400
    assert text.strip()
    assert cloud.faults == Faults()


@pytest.mark.parametrize(("query", "code"), [("", 1006), ("?code=4001", 4001)])
def test_all_are_disconnected_over_http(cloud: LocalCloud, query: str, code: int) -> None:
    with client(cloud) as one, client(cloud) as other:
        assert control(cloud, f"/disconnect{query}")[0] == 200
        assert close_code(one) == close_code(other) == code
        assert control(cloud, "/disconnect?code=5")[0] == 400
        assert control(cloud, "/disconnect?code=x")[0] == 400


def test_an_outage_cuts_all_off_lets_nobody_in_and_ends(cloud: LocalCloud) -> None:
    with client(cloud) as connection:
        set_x(connection, "1")
        until(lambda: cloud.variables("7") != {})
        control(cloud, "/faults?outage=true")
        assert close_code(connection) == 1006
    with pytest.raises(InvalidStatus) as refused:
        connect(cloud.url)
    assert refused.value.response.status_code == 503
    assert ask(cloud, "/health")[0] == ask(cloud, "/logs?projectid=7")[0] == 503
    control(cloud, "/faults")
    assert ask(cloud, "/health")[0] == 200
    with client(cloud) as connection:
        assert values(connection, 1) == ["1"]


def test_other_peoples_pages_are_turned_away() -> None:
    with LocalCloud(origins=["https://game.example"]) as cloud:
        with visitor(cloud, origin="https://game.example"), visitor(cloud):
            pass
        with pytest.raises(InvalidStatus) as refused:
            connect(cloud.url, origin="https://evil.example")  # type: ignore[arg-type]
        assert refused.value.response.status_code == 403


@pytest.mark.parametrize(("profile", "code"), [("turbowarp", 4004), ("scratch", 1008)])
def test_projects_that_are_not_on_the_list_are_turned_away(profile: str, code: int) -> None:
    with LocalCloud(profile, projects=[7, "my-game"]) as cloud, client(cloud):
        with visitor(cloud) as stranger:
            stranger.send('{"method":"handshake","user":"bob","project_id":"8"}')
            assert close_code(stranger) == code
        assert cloud.members("7") == ["bob"]


def test_there_is_a_most_of_connections() -> None:
    with LocalCloud(max_connections=2) as cloud:
        with client(cloud), client(cloud), pytest.raises((OSError, WebSocketException)):
            connect(cloud.url)
        until(lambda: cloud.statistics.clients == 0)
        with client(cloud):
            pass


def test_tls_makes_it_a_wss_server() -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    with LocalCloud("open", tls=context) as cloud:
        assert cloud.url.startswith("wss://127.0.0.1:")
        with client(cloud, ssl=trusting) as one, client(cloud, ssl=trusting) as other:
            for number in range(100):
                set_x(one, "9" * 10_000 + str(number))
            assert values(other, 100)[-1].endswith("99")
            cloud.disconnect_all(4001)
            assert close_code(one) == 4001
