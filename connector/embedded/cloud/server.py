"""The embedded Bitbucket Cloud on a loopback port.

Knows no addresses and no records.
"""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING

from connector.embedded.cloud.answers import error
from connector.embedded.cloud.application import Application
from connector.embedded.cloud.settings import Settings
from connector.embedded.cloud.workspace import Workspace
from connector.embedded.common.messages import Answer, Caller, Request, html
from connector.embedded.common.server import EmbeddedServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.embedded.common import faults
    from connector.embedded.common.messages import Headers


class EmbeddedCloud(EmbeddedServer[Workspace, Application]):
    """A Bitbucket Cloud with one workspace; serves while its context is entered.

    The API is at `base_url` + `/2.0` and `/1.0`, OAuth tokens are at `base_url` + `/site/oauth2/access_token`.
    `clock` counts the rolling hour and the life of tokens, in seconds; it only goes forward.
    """

    def __init__(
        self,
        workspace: Workspace,
        settings: Settings | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings or Settings()
        self._clock = clock
        super().__init__(workspace, context=self.settings.context, latency=self.settings.latency)

    def _new_application(self) -> Application:
        return Application(self.organisation, self.settings, self.base_url, self._clock)

    def _answer(self, request: Request, effect: faults.Effect | None) -> tuple[Answer, Caller]:
        return self.application.answer(request, effect)

    def _maintenance(self, request: Request) -> Answer:  # noqa: ARG002 - all of it is maintained
        return html(HTTPStatus.SERVICE_UNAVAILABLE, "Bitbucket is down for maintenance")

    def _failure(self, fault: faults.Status, headers: Headers) -> Answer:
        return error(fault.status, fault.message, headers).answer

    def _login_page(self) -> Answer:
        return html(HTTPStatus.OK, "Log in with Atlassian account")
