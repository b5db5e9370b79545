"""Steps that every check takes alike: how a question that failed is shown, and how the server was reached."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

from connector.rest.network_errors import NetworkProblem
from connector.rest.proxies import proxy_for
from connector.sources.common.check import network
from connector.sources.common.check.asking import Reply
from connector.sources.common.check.report import Mark, Step
from connector.sources.common.extras.inclusions import NotOffered

_EXPIRES_SOON = 21
"""Days."""


def failed(name: str, asked: Reply, *, asked_as: str = "") -> Step:
    """Give the step of a question that was answered in a way that ends the check."""
    return _of(name, Mark.FAILED, asked, asked_as)


def limited(name: str, asked: Reply, lacks: str) -> Step:
    """Give the step of a question without whose answer an export lacks something."""
    return dataclasses.replace(_of(name, Mark.LIMITED, asked, ""), lacks=lacks)


def of_sample(name: str, what: str, asked: Mapping[str, Reply], advice: str = "") -> Step:
    """Give the step of a sample that was asked for permissions, by place. `advice` may know more than the answers."""
    if not asked:
        return Step(name, Mark.SKIPPED, f"there are no {what} to ask for")
    refused = {place: each for place, each in asked.items() if each.diagnosis is not None}
    question = f"the permissions of {', '.join(asked)}"
    if not refused:
        meaning = f"all of the {len(asked)} {what} that were asked can be read"
        return Step(name, Mark.OK, meaning, question, "200")
    step = limited(name, next(iter(refused.values())), f"the permissions of {what}")
    meaning = f"{len(refused)} of {len(asked)} cannot be read: {', '.join(refused)}; {step.meaning}"
    return dataclasses.replace(step, asked=question, meaning=meaning, advice=advice or step.advice, blocks=True)


def not_offered(name: str, row: NotOffered) -> Step:
    """Give the step of something that the product does not list: an export without it is complete, and says so."""
    return Step(name, Mark.SKIPPED, f"{row.fact}; the export says so")


def _of(name: str, mark: Mark, asked: Reply, asked_as: str) -> Step:
    diagnosis = asked.diagnosis
    if diagnosis is None:
        return Step(name, mark, "this is not what Bitbucket answers", asked.question, asked.answered)
    meaning = diagnosis.meaning or asked.answered
    return Step(name, mark, meaning, asked_as or asked.question, asked.answered, diagnosis.advice)


def address(base_url: str, reached: Reply) -> Step:
    """Judge whether the server was reached at all, and how."""
    proxy = proxy_for(base_url)
    way = f"through the proxy {proxy}" if proxy else "without a proxy"
    asked = f"{base_url}, {way}"
    if reached.diagnosis is not None:
        return _unreached(base_url, reached, asked, proxy)
    found = () if proxy else network.addresses_of(base_url)
    parts = [", ".join(found)] if found else []
    certificate = None if proxy or not base_url.startswith("https:") else network.certificate_of(base_url)
    if certificate is not None:
        parts.append(certificate.text)
    days = certificate.days_left(time.time()) if certificate else _EXPIRES_SOON
    soon = f"; its certificate expires in {days} days" if days < _EXPIRES_SOON else ""
    clear = ", without TLS: anybody who listens on the way can read the credentials" if _is_in_clear(base_url) else ""
    return Step("address", Mark.OK, f"the server is reached{clear}{soon}", asked, "; ".join(parts) or "an answer")


def _is_in_clear(base_url: str) -> bool:
    parts = urlsplit(base_url)
    return parts.scheme == "http" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}


def _unreached(base_url: str, reached: Reply, asked: str, proxy: str | None) -> Step:
    step = failed("address", reached, asked_as=asked)
    problem = reached.problem
    if (
        problem in {NetworkProblem.TLS_NOT_TRUSTED, NetworkProblem.TLS_OTHER_NAME, NetworkProblem.TLS_EXPIRED}
        and not proxy
    ):
        certificate = network.certificate_of(base_url)
        if certificate is not None:
            step = dataclasses.replace(step, answered=f"{step.answered} ({certificate.text})")
    if problem is NetworkProblem.PROXY_FAILED or problem is NetworkProblem.PROXY_LOGIN or not proxy:
        return step
    return dataclasses.replace(step, advice=f"{step.advice}; the proxy {proxy} was asked: is it the right way?")
