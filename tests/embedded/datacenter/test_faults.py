"""Each fault does what it says, to the requests that it names, as seen from a socket."""

from __future__ import annotations

import socket
import threading
import time

import pytest
import requests

from connector.embedded.common import faults
from connector.embedded.common.faults import Fault, Faults
from connector.embedded.datacenter.faults import DeleteProject, DeleteRepository
from connector.embedded.datacenter.server import EmbeddedBitbucket
from tests.embedded.datacenter.client import Client, error_of, serving, small

USERS = "GET /rest/api/latest/application-properties HTTP/1.1\r\nHost: x\r\n\r\n"


def raw(server: EmbeddedBitbucket) -> bytes:
    """Ask for the version on a connection of one's own, and give all bytes until it ends."""
    port = int(server.base_url.rpartition(":")[2])
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(USERS.encode())
        while part := connection.recv(65536):
            received += part
    return received


def test_too_many_requests() -> None:
    with serving(small().organisation) as client:
        client.server.faults.add(
            Fault(faults.Status(429, retry_after="3"), times=2), Fault(faults.Status(429), times=1)
        )
        answers = [client.get("users") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [429, 429, 429, 200]
    assert [answer.headers.get("Retry-After") for answer in answers] == ["3", "3", None, None]
    assert error_of(answers[0]) == (429, None)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_server_errors_in_json_and_html(status: int) -> None:
    with serving(small().organisation) as client:
        client.server.faults.add(Fault(faults.Status(status), times=1), Fault(faults.Status(status, html=True)))
        in_json, in_html = client.get("users"), client.get("users")
    assert error_of(in_json) == (status, None)
    assert (in_html.status_code, in_html.text[:15]) == (status, "<!DOCTYPE html>")


def test_reset_before_an_answer() -> None:
    with serving(small().organisation) as client:
        client.server.faults.add(Fault(faults.Reset(), times=1))
        with pytest.raises(ConnectionResetError):
            raw(client.server)
        assert client.get("users").status_code == 200
        assert [entry.status for entry in client.server.requests] == [0, 200]


def test_reset_in_the_middle_of_the_body() -> None:
    with serving(small().organisation) as client:
        client.server.faults.add(Fault(faults.ResetInBody()))
        with pytest.raises(ConnectionResetError):
            raw(client.server)
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            client.get("users")


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_cut_short(chunked: bool) -> None:
    with serving(small().organisation) as client:
        client.server.faults.add(Fault(faults.CutBody(chunked=chunked)))
        head, _, body = raw(client.server).partition(b"\r\n\r\n")
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            client.get("users")
    assert (b"Transfer-Encoding: chunked" in head) == chunked
    assert b'{"version"' in body
    assert not body.endswith((b"}", b"0\r\n\r\n"))


def test_json_cut_with_a_length_that_agrees() -> None:
    with serving(small().organisation) as client:
        client.server.faults.add(Fault(faults.CutJson(), times=1))
        cut, whole = client.get("users"), client.get("users")
    assert whole.text.startswith(cut.text)
    assert 0 < len(cut.text) < len(whole.text)


def test_a_login_page_instead_of_json() -> None:
    with serving(small().organisation) as client:
        client.server.faults.add(Fault(faults.LoginPage(), times=1), Fault(faults.Redirect(), times=1))
        page, redirect = client.get("users"), client.get("users")
        assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html;charset=UTF-8")
        assert redirect.status_code == 302
        assert redirect.headers["Location"].startswith(f"{client.server.base_url}/login")


def test_a_slow_answer() -> None:
    with serving(small().organisation) as client:
        client.server.faults.add(Fault(faults.Slow(0.3), times=1))
        with pytest.raises(requests.exceptions.ReadTimeout):
            client.session.get(f"{client.server.base_url}/rest/api/latest/users", timeout=0.05)
        started = time.monotonic()
        assert client.get("users").status_code == 200
        assert time.monotonic() - started < 0.25


def test_a_login_that_is_lost_from_some_request_on() -> None:
    for public, expected in ((True, [200, 200, 200]), (False, [200, 401, 401])):
        with serving(small(public_access=public).organisation) as client:
            client.server.faults.add(Fault(faults.Unsigned(), path="/repos", after=1))
            answers = [client.get("repos") for _ in range(3)]
            assert client.get("users").headers["X-AUSERNAME"] == "admin"
        assert [answer.status_code for answer in answers] == expected
        assert ["X-AUSERNAME" in answer.headers for answer in answers] == [True, False, False]


def test_somebody_deletes_while_we_read() -> None:
    with serving(small().organisation) as client:
        client.server.faults.add(
            Fault(DeleteRepository(1), path="repos/api", after=1, times=1),
            Fault(DeleteProject(2), path="projects/SEC$", after=1, times=1),
        )
        api, sec = "projects/PAY/repos/api", "projects/SEC"
        assert [client.get(api).status_code for _ in range(2)] == [200, 404]
        assert error_of(client.get(api)) == (404, "NoSuchRepositoryException")
        assert client.get(sec).status_code == 200
        assert error_of(client.get(sec)) == (404, "NoSuchProjectException")
        assert [row["slug"] for row in client.rows("repos")] == ["docs"]


def test_maintenance_passes() -> None:
    with serving(small().organisation) as client:
        client.server.faults.add(Fault(faults.Maintenance(0.2), path="users", times=1))
        assert client.get("projects").status_code == 200
        assert [client.get(path).status_code for path in ("users", "projects", "application-properties")] == [503] * 3
        assert client.get("", api="/status").json() == {"state": "MAINTENANCE"}
        time.sleep(0.25)
        assert client.get("users").status_code == 200


def test_which_requests_are_hit() -> None:
    everything = Faults()
    everything.add(Fault(faults.Reset(), path="/a", after=1, every=2, times=2))
    hits = [everything.choose(path) is not None for path in ("/a", "/b", "/a", "/a", "/a", "/a", "/a", "/a")]
    assert hits == [False, False, False, True, False, True, False, False]
    assert everything.fired == 2
    everything.add(Fault(faults.Reset()))
    everything.clear()
    assert everything.choose("/a") is None


def test_chance_is_the_same_every_time() -> None:
    def hits(seed: int) -> list[bool]:
        by_chance = Faults(seed)
        by_chance.add(Fault(faults.Reset(), probability=0.5))
        return [by_chance.choose("/") is not None for _ in range(100)]

    assert hits(1) == hits(1) != hits(2)
    assert 30 < sum(hits(1)) < 70


def test_faults_are_counted_right_by_many_threads() -> None:
    with serving(small().organisation) as client:
        client.server.faults.add(Fault(faults.Status(503), times=10))
        statuses: list[int] = []

        def ask() -> None:
            with Client(client.server, "admin", "root") as other:
                statuses.extend(other.get("users").status_code for _ in range(10))

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (statuses.count(503), statuses.count(200)) == (10, 30)
