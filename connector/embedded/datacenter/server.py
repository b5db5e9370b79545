"""The embedded Data Center on a loopback port, and the faults that only such a server has.

Knows no addresses and no records.
"""

from __future__ import annotations

import json
import random
import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from connector.embedded.common import faults
from connector.embedded.common.messages import ANONYMOUS, Answer, Caller, Request, encode, html
from connector.embedded.common.server import EmbeddedServer, Entry
from connector.embedded.datacenter.answers import LOGIN_PAGE, Refusal
from connector.embedded.datacenter.application import Application
from connector.embedded.datacenter.faults import DeleteProject, DeleteRepository
from connector.embedded.datacenter.organisation import Organisation
from connector.embedded.datacenter.settings import Settings

if TYPE_CHECKING:
    import ssl

    from connector.embedded.common.messages import Headers
    from connector.embedded.datacenter.organisation import Project

__all__ = ["EmbeddedBitbucket", "Entry"]


class EmbeddedBitbucket(EmbeddedServer[Organisation, Application]):
    """A Bitbucket Data Center for one organisation; serves while its context is entered.

    `created` are the personal projects that came into being because somebody asked for them.
    """

    def __init__(
        self,
        organisation: Organisation,
        settings: Settings | None = None,
        *,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self._shuffler = random.Random(0)  # noqa: S311 - the order of keys keeps no secret
        super().__init__(
            organisation,
            context=self.settings.context,
            latency=self.settings.latency,
            slots=self.settings.slots,
            port=port,
            tls=tls,
        )

    @property
    def created(self) -> list[Project]:
        """Personal projects that were made because somebody asked for them."""
        return self._application.created if self._application else []

    def _new_application(self) -> Application:
        return Application(self.organisation, self.settings, self.base_url)

    def _answer(self, request: Request, effect: faults.Effect | None) -> tuple[Answer, Caller]:
        match effect:
            case DeleteRepository():
                self._delete_repository(effect.id)
            case DeleteProject():
                self._delete_project(effect.id)
        answer, account = self.application.answer(request, logged_out=isinstance(effect, faults.Unsigned))
        settings = self.settings
        if answer.body.startswith(b"{") and (settings.ids_as_strings or settings.shuffled_keys):
            body = encode(self._disguised(json.loads(answer.body)))
            answer = Answer(answer.status, body, answer.headers, answer.content_type)
        if account is None:
            return answer, ANONYMOUS
        return answer, Caller(account.name, request.authorization.partition(" ")[0].lower())

    def _disguised(self, value: Any) -> Any:  # noqa: ANN401 - whatever JSON can hold
        """Write the same JSON as another server might."""
        if isinstance(value, list):
            return [self._disguised(each) for each in value]
        if not isinstance(value, dict):
            return value
        items = [(key, self._disguised(each)) for key, each in value.items()]
        if self.settings.shuffled_keys:
            self._shuffler.shuffle(items)
        shape = dict(items)
        if self.settings.ids_as_strings and "id" in shape:
            shape["id"] = str(shape["id"])
        return shape

    def _delete_repository(self, number: int) -> None:
        self.organisation.repositories.pop(number, None)
        self.application.forget()

    def _delete_project(self, number: int) -> None:
        repositories = self.organisation.repositories
        for repository in [each for each in repositories.values() if each.project_id == number]:
            del repositories[repository.id]
        self.organisation.projects.pop(number, None)
        self.application.forget()

    def _maintenance(self, request: Request) -> Answer:
        if request.path.endswith("/status"):
            return Answer(HTTPStatus.SERVICE_UNAVAILABLE, encode({"state": "MAINTENANCE"}))
        return html(HTTPStatus.SERVICE_UNAVAILABLE, "Bitbucket is currently unavailable for maintenance")

    def _failure(self, fault: faults.Status, headers: Headers) -> Answer:
        if fault.is_numbered:
            headers += (("X-AREQUESTID", f"@1A2B3Cx{uuid.uuid4().hex}"),)
        return Refusal(fault.status, fault.message, fault.exception, headers).answer()

    def _login_page(self) -> Answer:
        return LOGIN_PAGE
