"""The Bitbucket that is read, its credentials, and the pace of requests: settings that export and check share."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from connector.commands.shared.emails import read_emails
from connector.commands.shared.options import Given, Parser, environment, number, whole
from connector.errors import UsageError
from connector.model import Inclusion
from connector.oaa.cloud import CLOUD
from connector.oaa.names import name_of_server, name_of_workspace
from connector.oaa.server import SERVER
from connector.rest.proxies import proxy_for
from connector.sources.cloud import credentials as cloud_credentials
from connector.sources.cloud import source as cloud
from connector.sources.cloud.settings import DEFAULT_BASE_URL
from connector.sources.cloud.settings import Settings as CloudSettings
from connector.sources.common.settings import (
    DEFAULT_CONCURRENCY,
    DEFAULT_PATIENCE,
    DEFAULT_RESUME_MAX_AGE,
)
from connector.sources.common.source import Source
from connector.sources.datacenter import source as datacenter
from connector.sources.datacenter.settings import Credentials, Settings

MAX_CONCURRENCY = 100

_CLOUD_HOST = "bitbucket.org"
_CONSUMER = ("BITBUCKET_CLIENT_ID", "BITBUCKET_CLIENT_SECRET")
_CLOUD_VARIABLES = ("BITBUCKET_EMAIL", *_CONSUMER)
_SLUG = re.compile(r"[a-z0-9][a-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class Bitbucket:
    """A source, and its default names in Veza."""

    source: Source[Any]
    provider_name: str
    data_source_name: str


def server(settings: Settings) -> Bitbucket:
    """Give a Bitbucket Server / Data Center."""
    return Bitbucket(
        Source(settings, settings.base_url, datacenter), SERVER.provider_name, name_of_server(settings.base_url)
    )


def workspace(settings: CloudSettings) -> Bitbucket:
    """Give a workspace of Bitbucket Cloud."""
    return Bitbucket(
        Source(settings, settings.address, cloud), CLOUD.provider_name, name_of_workspace(settings.workspace)
    )


def add_source_options(parser: Parser) -> None:
    """Add the options that name the Bitbucket and what is read from it."""
    group = parser.add_argument_group("Bitbucket (one of the first two)")
    parser.setting(
        group,
        "--bitbucket-url URL",
        _base_url,
        "address of a server with its context path, if it has one; with --workspace that of a gateway to the API of "
        f"Bitbucket Cloud (default {DEFAULT_BASE_URL})",
        variable="BITBUCKET_URL",
    )
    parser.setting(
        group,
        "--workspace SLUG",
        _slug,
        "a workspace of Bitbucket Cloud: what follows https://bitbucket.org/ in the addresses of its pages",
        variable="BITBUCKET_WORKSPACE",
    )
    parser.setting(
        group,
        "--include LIST",
        _included,
        f"what to read beyond users, groups and permissions, with commas between: {', '.join(Inclusion)}, "
        "or all; each costs requests (default: none of it)",
        frozenset(),
        "OAA_INCLUDE",
    )
    group.add_argument(
        "--groups",
        choices=["all", "granted"],
        default="all",
        help="all groups (default), or only those that hold a grant, and their members",
    )
    group.add_argument(
        "--emails",
        type=parser.path,
        metavar="FILE",
        help="with --workspace: addresses that may be those of members, one a line, or an earlier export that has "
        "them. Bitbucket Cloud lists none, but confirms whose an address is",
    )


def add_pace_options(parser: Parser) -> None:
    """Add the options of pace and retries."""
    group = parser.add_argument_group("requests to Bitbucket")
    parser.setting(
        group,
        "--concurrency N",
        whole(1, MAX_CONCURRENCY),
        f"requests in flight at most, 1 to {MAX_CONCURRENCY} (default {DEFAULT_CONCURRENCY})",
        DEFAULT_CONCURRENCY,
        "OAA_CONCURRENCY",
    )
    parser.setting(
        group,
        "--patience SECONDS",
        number(0),
        "how long one request is tried again while Bitbucket is away, in the middle of a run "
        f"(default {DEFAULT_PATIENCE:g})",
        DEFAULT_PATIENCE,
        "OAA_PATIENCE",
    )
    parser.setting(
        group,
        "--max-rate N",
        number(0.01),
        "requests per second at most (default: what a server's own rate limit allows)",
        variable="OAA_MAX_RATE",
    )


def read_bitbucket(
    options: argparse.Namespace, resume: Path | None = None, resume_max_age: float = DEFAULT_RESUME_MAX_AGE
) -> Bitbucket:
    """Read the settings of the source. Raises `UsageError`, also for an address of a proxy that cannot be used."""
    common = {
        "concurrency": options.concurrency,
        "patience": options.patience,
        "max_rate": options.max_rate,
        "granted_groups_only": options.groups == "granted",
        "resume": resume,
        "resume_max_age": resume_max_age,
        "include": options.include,
    }
    if options.workspace is not None:
        return workspace(_cloud(options, common))
    if options.bitbucket_url is None:
        raise UsageError(
            "set --bitbucket-url or BITBUCKET_URL to the address of Bitbucket, or --workspace or BITBUCKET_WORKSPACE "
            "to a workspace of Bitbucket Cloud; see --help, or try: demo"
        )
    return server(_server(options, common))


def _server(options: argparse.Namespace, common: Mapping[str, Any]) -> Settings:
    url = options.bitbucket_url
    if _is_cloud(url):
        raise UsageError(
            "bitbucket.org is Bitbucket Cloud, and no server: set --workspace or BITBUCKET_WORKSPACE to the workspace, "
            "and leave --bitbucket-url and BITBUCKET_URL out"
        )
    for name in _CLOUD_VARIABLES:
        if environment(name) is not None:
            raise UsageError(
                f"{name} belongs to Bitbucket Cloud: set --workspace or BITBUCKET_WORKSPACE too, or drop {name} to "
                "read the server that BITBUCKET_URL names"
            )
    if options.emails is not None:
        raise UsageError("--emails is for Bitbucket Cloud (--workspace): a server lists its users' addresses; drop it")
    proxy_for(url)
    return Settings(
        base_url=url,
        credentials=_server_credentials(),
        **common,
    )


def _cloud(options: argparse.Namespace, common: Mapping[str, Any]) -> CloudSettings:
    url = options.bitbucket_url or DEFAULT_BASE_URL
    if _is_cloud(url) and url != DEFAULT_BASE_URL:
        raise UsageError(
            f"leave --bitbucket-url and BITBUCKET_URL out: the API of Bitbucket Cloud is at {DEFAULT_BASE_URL}, and "
            "--workspace says which workspace is read"
        )
    proxy_for(url)
    return CloudSettings(
        workspace=options.workspace,
        credentials=_cloud_credentials(),
        base_url=url,
        **common,
        emails=read_emails(options.emails) if options.emails is not None else (),
    )


def _is_cloud(url: str) -> bool:
    host = (urlsplit(url).hostname or "").lower().rstrip(".")
    return host == _CLOUD_HOST or host.endswith(f".{_CLOUD_HOST}")


# ---- one option each


def _included(given: Given) -> frozenset[Inclusion]:
    names = {name.strip().lower() for name in given.text.split(",")} - {""}
    if unknown := names - {*Inclusion, "all"}:
        raise UsageError(f"{given.name} holds {min(unknown)!r}; there are {', '.join(Inclusion)}, and all")
    return frozenset(each for each in Inclusion if names & {each, "all"})


def _slug(given: Given) -> str:
    slug = given.text.strip().lower()
    if not _SLUG.fullmatch(slug):
        raise UsageError(
            f"{given.name} is no slug of a workspace: it is what follows https://bitbucket.org/ in the addresses of "
            "its pages, such as acme for https://bitbucket.org/acme/"
        )
    return slug


def _base_url(given: Given) -> str:
    url = given.text.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound or re.search(r"[\s\x00-\x1f\x7f]", url):
        raise UsageError(f"{given.name} is no address of a server; it looks like https://bitbucket.example.com/context")
    if "@" in parts.netloc:
        raise UsageError(f"{given.name} holds a user name; set BITBUCKET_USER and BITBUCKET_TOKEN instead")
    if parts.query or parts.fragment or "?" in url or "#" in url:
        raise UsageError(f"{given.name} goes on after the path; give the address up to the context path")
    return url


# ---- credentials


def _server_credentials() -> Credentials:
    secret, user = environment("BITBUCKET_TOKEN"), environment("BITBUCKET_USER")
    if secret is None:
        raise UsageError(
            "set BITBUCKET_TOKEN to an HTTP access token, or to the password of BITBUCKET_USER, "
            "in the environment or the env file"
        )
    if user is None:
        return Credentials(_token(secret, "is it a password? Then set BITBUCKET_USER too"))
    if ":" in user:
        raise UsageError("BITBUCKET_USER holds a colon, which basic authentication cannot send")
    return Credentials(secret, user)


def _cloud_credentials() -> cloud_credentials.Credentials:
    """Read one kind of credentials. Raises `UsageError` that says what to drop where there is more than one kind."""
    if environment("BITBUCKET_USER") is not None:
        raise UsageError(
            "BITBUCKET_USER is for a server: drop it to read a workspace of Bitbucket Cloud, where an API token is "
            "sent with BITBUCKET_EMAIL; or drop --workspace and BITBUCKET_WORKSPACE to read the server"
        )
    token, email = environment("BITBUCKET_TOKEN"), environment("BITBUCKET_EMAIL")
    key, secret = map(environment, _CONSUMER)
    if (token or email) and (key or secret):
        raise UsageError(
            f"{_set('BITBUCKET_TOKEN', 'BITBUCKET_EMAIL')} and {_set(*_CONSUMER)} are two kinds of credentials: "
            f"drop {_set(*_CONSUMER)} to sign in by the token, or {_set('BITBUCKET_TOKEN', 'BITBUCKET_EMAIL')} to "
            "sign in as the OAuth consumer"
        )
    if key is not None and secret is not None:
        return _consumer(key.strip(), secret.strip())
    if key is not None or secret is not None:
        here, missing = _CONSUMER if key is not None else reversed(_CONSUMER)
        raise UsageError(f"{here} is set, but {missing} is not; an OAuth consumer has both")
    if token is None:
        raise UsageError(
            "set BITBUCKET_EMAIL and BITBUCKET_TOKEN to an API token and its owner's Atlassian address, or "
            "BITBUCKET_CLIENT_ID and BITBUCKET_CLIENT_SECRET to key and secret of an OAuth consumer, in the "
            "environment or the env file"
        )
    if email is None:
        return cloud_credentials.AccessToken(_token(token, "is it an API token? Then set BITBUCKET_EMAIL too"))
    email = email.strip()
    if ":" in email or email.count("@") != 1 or not email.isprintable():
        raise UsageError(
            "BITBUCKET_EMAIL is no e-mail address; it is that of the Atlassian account that owns the token"
        )
    return cloud_credentials.ApiToken(email, token.strip())


def _consumer(key: str, secret: str) -> cloud_credentials.Consumer:
    if ":" in key or not key.isprintable():
        raise UsageError("BITBUCKET_CLIENT_ID holds a character that no key of an OAuth consumer has")
    return cloud_credentials.Consumer(key, secret)


def _token(secret: str, hint: str) -> str:
    secret = secret.strip()
    if not re.fullmatch(r"[!-~]+", secret):
        raise UsageError(f"BITBUCKET_TOKEN holds a character that no access token has; {hint}")
    return secret


def _set(*names: str) -> str:
    """Name those variables that are set."""
    return " and ".join(name for name in names if environment(name) is not None)
