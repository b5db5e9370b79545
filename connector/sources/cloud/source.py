"""Bitbucket Cloud, as commands use a source: see `sources.common.source.Product`."""

from __future__ import annotations

from connector.sources.cloud.check.run import check
from connector.sources.cloud.export import collect
from connector.sources.cloud.verify import ask_who_can, collect_some

__all__ = ["ask_who_can", "check", "collect", "collect_some"]
