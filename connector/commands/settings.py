"""Settings that export and check share: which Bitbucket and how it is asked, which Veza, what is verified."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from connector.commands.options import Given, Parser, environment, number, whole
from connector.errors import UsageError
from connector.model import Inclusion
from connector.oaa.names import name_of_server
from connector.oaa.server import SERVER
from connector.outputs.veza.push import VezaSettings, forbidden_characters
from connector.rest.proxies import proxy_for
from connector.sources.datacenter.settings import DEFAULT_CONCURRENCY, DEFAULT_PATIENCE, Credentials, Settings

MAX_CONCURRENCY = 100


@dataclass(frozen=True, slots=True)
class Verify:
    """Hold so many repositories against Bitbucket's own answers; which ones, the seed says (None: any)."""

    count: int
    seed: int | None = None


# ---- the source


def add_source_options(parser: Parser) -> None:
    """Describe which Bitbucket is read, and what of it."""
    group = parser.add_argument_group("Bitbucket")
    parser.setting(
        group,
        "--bitbucket-url URL",
        _base_url,
        "address with its context path, if it has one",
        variable="BITBUCKET_URL",
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


def add_pace_options(parser: Parser) -> None:
    """Describe how fast and how patiently Bitbucket is asked."""
    group = parser.add_argument_group("how Bitbucket is asked")
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
        "requests per second at most (default: what the server's own rate limit allows)",
        variable="OAA_MAX_RATE",
    )


def read_source(options: argparse.Namespace) -> Settings:
    """Read which Bitbucket is read, and how. Raises `UsageError`, also for a proxy before it that cannot be one."""
    if options.bitbucket_url is None:
        raise UsageError("set --bitbucket-url or BITBUCKET_URL to the address of Bitbucket; see --help, or try: demo")
    proxy_for(options.bitbucket_url)
    return Settings(
        base_url=options.bitbucket_url,
        credentials=_credentials(),
        concurrency=options.concurrency,
        patience=options.patience,
        max_rate=options.max_rate,
        granted_groups_only=options.groups == "granted",
        include=options.include,
    )


def _included(given: Given) -> frozenset[Inclusion]:
    names = {name.strip().lower() for name in given.text.split(",")} - {""}
    if unknown := names - {*Inclusion, "all"}:
        raise UsageError(f"{given.name} holds {min(unknown)!r}; there are {', '.join(Inclusion)}, and all")
    return frozenset(Inclusion if "all" in names else map(Inclusion, names))


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


def _credentials() -> Credentials:
    secret, user = environment("BITBUCKET_TOKEN"), environment("BITBUCKET_USER")
    if secret is None:
        raise UsageError(
            "set BITBUCKET_TOKEN to an HTTP access token, or to the password of BITBUCKET_USER, "
            "in the environment or the env file"
        )
    if user is None:
        secret = secret.strip()
        if not re.fullmatch(r"[!-~]+", secret):
            raise UsageError(
                "BITBUCKET_TOKEN holds a character that no access token has; is it a password? "
                "Then set BITBUCKET_USER too"
            )
    elif ":" in user:
        raise UsageError("BITBUCKET_USER holds a colon, which basic authentication cannot send")
    return Credentials(secret, user)


# ---- Veza


def add_veza_options(parser: Parser, group: argparse._ArgumentGroup) -> None:
    """Describe which Veza is pushed to."""
    parser.setting(group, "--veza-url URL", _as_given, "push to this Veza; needs VEZA_API_KEY", variable="VEZA_URL")


def add_name_options(parser: Parser) -> None:
    """Describe how things are called in Veza."""
    group = parser.add_argument_group("names in Veza")
    parser.setting(group, "--provider-name NAME", _veza_name, f"provider in Veza (default {SERVER.provider_name!r})")
    parser.setting(
        group, "--data-source-name NAME", _veza_name, "data source in Veza (default 'Bitbucket Server - HOST')"
    )


def read_data_source_name(options: argparse.Namespace, source: Settings) -> str:
    """Read how the data source is called; without a name of its own, as the server."""
    return options.data_source_name or name_of_server(source.base_url)


def read_veza(options: argparse.Namespace, source: Settings) -> VezaSettings | None:
    """Read which Veza is pushed to, if any. Raises `UsageError` for half of it."""
    url, key = options.veza_url, environment("VEZA_API_KEY")
    if url is None and key is None:
        return None
    if url is None or key is None:
        here, missing = ("VEZA_API_KEY", "VEZA_URL") if url is None else (url.name, "VEZA_API_KEY")
        raise UsageError(f"{here} is set, but {missing} is not; pushing to Veza needs both")
    provider, data_source = options.provider_name or SERVER.provider_name, read_data_source_name(options, source)
    return VezaSettings(url.text.strip(), key.strip(), provider, data_source)


def _as_given(given: Given) -> Given:
    return given


def _veza_name(given: Given) -> str:
    if wrong := forbidden_characters(given.text):
        raise UsageError(f"{given.name} holds {wrong!r}, which Veza does not allow in names")
    return given.text


# ---- what is verified


def add_verify_options(parser: Parser, group: argparse._ArgumentGroup) -> None:
    """Describe `--verify`."""
    parser.setting(
        group,
        "--verify N",
        whole(1),
        "draw N repositories, ask Bitbucket itself who can do what there, and compare; exit 4 where they differ",
    )
    parser.setting(group, "--verify-seed NUMBER", whole(0), "draw the same repositories again")


def read_verify(options: argparse.Namespace) -> Verify | None:
    """Read what is verified, if anything. Raises `UsageError`."""
    if options.verify is None and options.verify_seed is not None:
        raise UsageError("--verify-seed needs --verify")
    return None if options.verify is None else Verify(options.verify, options.verify_seed)
