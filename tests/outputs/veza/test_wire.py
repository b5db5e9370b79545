"""What is sent is what oaaclient's own client sends: an upgrade of oaaclient that changes the wire is noticed here."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Callable

import pytest
from oaaclient.client import OAAClient

from connector.outputs.veza import compression
from connector.outputs.veza.settings import ALLOWED_IN_NAMES
from tests.outputs.veza.conftest import PROVIDER, SOURCE, application, push
from tests.outputs.veza.fake import Call, FakeVeza, Request


def sent(request: Request) -> tuple[str, ...]:
    """Give the head and the body of a request, and the payload of a push apart.

    The head is without the product that asks; the length of a push is that of its payload, whose compression differs.
    """
    head = re.sub(r"(?i)^(user-agent|host): .*$", "", request.head, flags=re.MULTILINE)
    found = re.search(rb'"json_data": ?"([^"]*)"', request.body)
    if found is None:
        return head, request.body.decode()
    assert request.headers["content-length"] == str(len(request.body))
    head = re.sub(r"(?i)^content-length: .*$", "", head, flags=re.MULTILINE)
    return head, request.body.replace(found[1], b"").decode(), gzip.decompress(base64.b64decode(found[1])).decode()


def wire(push_to: Callable[[FakeVeza], object], monkeypatch: pytest.MonkeyPatch) -> dict[Call, set[tuple[str, ...]]]:
    """Give what arrives at a Veza that knows neither provider nor data source."""
    with FakeVeza() as veza:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(veza.ca_file))
        push_to(veza)
        return {call: {sent(request) for request in veza.calls(call)} for call in Call}


def push_with_oaaclient(veza: FakeVeza) -> None:
    client = OAAClient(veza.url, api_key=veza.api_key)
    client.push_application(PROVIDER, SOURCE, application(), create_provider=True)
    client._http_adapter.close()


def test_every_request_is_byte_for_byte_that_of_oaaclient(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = wire(lambda veza: push(veza, application().get_payload()), monkeypatch)
    assert all(len(requests) == 1 for requests in ours.values())
    assert ours == wire(push_with_oaaclient, monkeypatch)


def test_limits_are_those_of_oaaclient() -> None:
    assert compression.MAX_PAYLOAD_SIZE == OAAClient.MAX_PAYLOAD_SIZE
    assert ALLOWED_IN_NAMES == OAAClient.ALLOWED_CHARACTERS


def test_the_fake_takes_plain_json_too(veza: FakeVeza) -> None:
    client = OAAClient(veza.url, api_key=veza.api_key)
    client.enable_compression = False
    client.create_provider(PROVIDER, "application")
    client.push_metadata(PROVIDER, SOURCE, application().get_payload())
    client._http_adapter.close()
    assert veza.pushes == [json.loads(json.dumps(application().get_payload()))]
