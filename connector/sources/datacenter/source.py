"""Bitbucket Server / Data Center, as commands use a source: see `sources.common.source.Product`."""

from __future__ import annotations

from connector.sources.datacenter.check.run import check
from connector.sources.datacenter.export import collect
from connector.sources.datacenter.verify import ask_who_can, collect_some

__all__ = ["ask_who_can", "check", "collect", "collect_some"]
