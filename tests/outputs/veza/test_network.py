"""Names, ports, certificates and proxies that do not lead to Veza, and the message for each."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from connector.errors import UsageError
from connector.outputs.veza.push import connect
from tests.outputs.veza.conftest import refusal, settings
from tests.outputs.veza.fake import FakeVeza


@contextmanager
def plain_server(answer: bytes) -> Iterator[int]:
    """Answer each connection with the same bytes, without TLS; gives the port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        listener.close()


def free_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


def test_a_host_that_does_not_exist(veza: FakeVeza) -> None:
    message = refusal(veza, url="https://veza.invalid")
    assert "the name veza.invalid cannot be resolved: check the host name in VEZA_URL and this machine's DNS" in message


def test_a_port_on_which_no_server_listens(veza: FakeVeza) -> None:
    message = refusal(veza, url=f"https://localhost:{free_port()}")
    assert "the connection was refused: check host and port in VEZA_URL" in message


def test_a_server_without_tls(veza: FakeVeza) -> None:
    with plain_server(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        message = refusal(veza, url=f"https://localhost:{port}")
    assert "TLS could not be set up: check that the port speaks TLS" in message
    assert "http://" not in message


@pytest.mark.parametrize("bundle", [None, "missing.pem", "empty.pem"])
def test_certificates_to_trust(
    veza: FakeVeza, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, bundle: str | None
) -> None:
    (tmp_path / "empty.pem").write_text("no certificate")
    if bundle is None:
        monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    else:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / bundle))
    message = refusal(veza)
    assert "REQUESTS_CA_BUNDLE" in message
    assert ("is not trusted" if bundle is None else "cannot be used") in message
    assert "missing.pem" in message or bundle != "missing.pem"
    assert not veza.requests


def test_a_certificate_for_another_host(monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeVeza(hosts=("veza.example.com",)) as other:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other.ca_file))
        assert "use a host name in VEZA_URL that the certificate is made for" in refusal(other)
        assert not other.requests


def test_a_proxy_that_is_not_there(veza: FakeVeza, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://someone:hidden-word@127.0.0.1:{free_port()}")
    message = refusal(veza, url="https://veza.invalid")
    assert "the proxy could not be used: check HTTPS_PROXY" in message
    assert "hidden-word" not in message


def test_a_proxy_that_wants_a_password(veza: FakeVeza, monkeypatch: pytest.MonkeyPatch) -> None:
    with plain_server(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n") as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        assert "the proxy wants a user name and password (407)" in refusal(veza, url="https://veza.invalid")


def test_a_proxy_whose_address_cannot_be_read(veza: FakeVeza, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:S3cr3tPW/x@proxy:99999")
    with pytest.raises(UsageError, match=r"^HTTPS_PROXY is no address of a proxy") as caught:
        connect(settings(veza, url="https://veza.example.com"))
    assert "S3cr3t" not in str(caught.value)
