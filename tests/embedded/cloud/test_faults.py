"""Each fault of the embedded Bitbucket Cloud does what it says, and what people change meanwhile is seen."""

from __future__ import annotations

import socket
import time

import pytest

from connector.embedded.cloud.faults import TokensEnd, empty_page, foreign_next, wrong_size
from connector.embedded.common.faults import (
    Drip,
    Fault,
    Instead,
    LoginPage,
    Maintenance,
    Redirect,
    Status,
    Unsigned,
)
from connector.embedded.common.messages import TEXT_TYPE, Answer, html
from tests.embedded.cloud.client import by_consumer, crowded, message_of, serving, small


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_errors_of_the_server_and_of_gateways(status: int) -> None:
    with serving(small().workspace) as client:
        client.server.faults.add(
            Fault(Status(status, retry_after="7"), times=1), Fault(Status(status, html=True), times=1)
        )
        in_json, in_html, right = (client.get("user") for _ in range(3))
    assert message_of(in_json)[0] == status
    assert in_json.headers["Retry-After"] == "7"
    assert (in_html.status_code, in_html.text[:15]) == (status, "<!DOCTYPE html>")
    assert right.status_code == 200
    assert "X-Credential-Type" not in in_json.headers


def test_an_answer_that_drips() -> None:
    with serving(small().workspace) as client:
        client.server.faults.add(Fault(Drip(pieces=5, pause=0.05), times=1))
        started = time.monotonic()
        slow = client.get("user").json()
        assert time.monotonic() - started >= 0.19
        assert slow == client.json("user")


def test_an_answer_that_drips_may_be_given_up_and_the_server_goes_on() -> None:
    with serving(small().workspace) as client:
        client.server.faults.add(Fault(Drip(pieces=50, pause=1.0), times=1))
        port = int(client.server.base_url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            connection.sendall(b"GET /2.0/user HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"HTTP/1.1 401".startswith(connection.recv(7))
        assert client.get("user").status_code == 200


def test_somebody_else_answers() -> None:
    pages = [html(200, "Wi-Fi"), Answer(200, b""), Answer(200, b"OK", content_type=TEXT_TYPE), Answer(200, b"null")]
    with serving(small().workspace) as client:
        client.server.faults.add(*(Fault(Instead(page), times=1) for page in pages))
        answers = [client.get("user") for _ in pages]
        client.server.faults.add(Fault(LoginPage(), times=1), Fault(Redirect(), times=1))
        login, redirect = client.get("user"), client.get("user")
    assert [answer.content for answer in answers] == [page.body for page in pages]
    assert (login.status_code, login.headers["Content-Type"]) == (200, "text/html;charset=UTF-8")
    assert (redirect.status_code, "Location" in redirect.headers) == (302, True)
    assert not any("X-Credential-Type" in answer.headers for answer in [*answers, login, redirect])


def test_credentials_that_are_lost_on_the_way() -> None:
    with serving(small().workspace) as client:
        client.server.faults.add(Fault(Unsigned(), path="repositories", times=1), Fault(Unsigned(), path="members"))
        lost = client.get("repositories/acme")
        assert (lost.status_code, [row["slug"] for row in lost.json()["values"]]) == (200, ["docs"])
        assert "X-Credential-Type" not in lost.headers
        assert len(client.rows("repositories/acme")) == 3
        assert client.get("workspaces/acme/members").status_code == 401
        assert client.server.requests[0].with_credentials


def test_tokens_that_end_in_the_middle() -> None:
    with serving(small().workspace) as admin, by_consumer(admin) as oauth:
        admin.server.faults.add(Fault(TokensEnd(), path="/2.0/repositories", times=1))
        assert oauth.get("user").status_code == 200
        assert message_of(oauth.get("repositories/acme")) == (401, "Access token expired.")
        assert message_of(oauth.get("user")) == (401, "Access token expired.")
        with by_consumer(admin) as again:
            assert again.get("repositories/acme").status_code == 200


def test_pages_that_lie() -> None:
    elsewhere = "https://api.bitbucket.org.evil.example/2.0/workspaces/acme/members?page=2"
    with serving(crowded(60).workspace) as client:
        client.server.faults.add(
            Fault(foreign_next(elsewhere), times=1), Fault(empty_page(), times=1), Fault(wrong_size(-1), times=1)
        )
        foreign, empty, short = (client.get("workspaces/acme/members") for _ in range(3))
    assert foreign.json()["next"] == elsewhere
    assert (empty.json()["values"], "next" in empty.json()) == ([], False)
    assert short.json()["size"] == 61
    assert all(answer.headers["X-Credential-Type"] == "apitoken" for answer in (foreign, empty, short))


def test_maintenance_concerns_every_address() -> None:
    with serving(small().workspace) as client:
        client.server.faults.add(Fault(Maintenance(60), path="user", times=1))
        assert client.get("repositories/acme").status_code == 200
        assert [client.get(path).status_code for path in ("user", "repositories/acme")] == [503, 503]
