"""Which Veza is pushed to, under which names there."""

from __future__ import annotations

import argparse

from connector.commands.shared.options import Given, Parser, environment
from connector.commands.shared.source_settings import Bitbucket
from connector.errors import UsageError
from connector.oaa.cloud import CLOUD
from connector.oaa.server import SERVER
from connector.outputs.veza.push import VezaSettings, forbidden_characters


def add_veza_options(parser: Parser, group: argparse._ArgumentGroup) -> None:
    """Add the option that names Veza."""
    parser.setting(group, "--veza-url URL", _as_given, "push to this Veza; needs VEZA_API_KEY", variable="VEZA_URL")


def add_name_options(parser: Parser) -> None:
    """Add the options of the names in Veza."""
    group = parser.add_argument_group("names in Veza")
    default = f"{SERVER.provider_name!r} or {CLOUD.provider_name!r}"
    parser.setting(group, "--provider-name NAME", _veza_name, f"provider in Veza (default {default})")
    parser.setting(
        group,
        "--data-source-name NAME",
        _veza_name,
        "data source in Veza (default 'Bitbucket Server - HOST' or 'Bitbucket Cloud - WORKSPACE')",
    )


def read_data_source_name(options: argparse.Namespace, bitbucket: Bitbucket) -> str:
    """Read the name of the data source; by default that of the server or the workspace."""
    return options.data_source_name or bitbucket.data_source_name


def read_veza(options: argparse.Namespace, bitbucket: Bitbucket) -> VezaSettings | None:
    """Read the settings of Veza, if there are any. Raises `UsageError` if only the URL or only the key is set."""
    url, key = options.veza_url, environment("VEZA_API_KEY")
    if url is None and key is None:
        return None
    if url is None or key is None:
        here, missing = ("VEZA_API_KEY", "VEZA_URL") if url is None else (url.name, "VEZA_API_KEY")
        raise UsageError(f"{here} is set, but {missing} is not; pushing to Veza needs both")
    provider, data_source = options.provider_name or bitbucket.provider_name, read_data_source_name(options, bitbucket)
    return VezaSettings(url.text.strip(), key.strip(), provider, data_source)


def _as_given(given: Given) -> Given:
    return given


def _veza_name(given: Given) -> str:
    if wrong := forbidden_characters(given.text):
        raise UsageError(f"{given.name} holds {wrong!r}, which Veza does not allow in names")
    return given.text
