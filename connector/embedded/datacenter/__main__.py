"""The embedded Data Center in a process of its own, for benchmarks and for trying things out.

python -m connector.embedded.datacenter --repositories 100000 --latency 0.05
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.embedded.common import standalone
from connector.embedded.datacenter.sample import sample_organisation
from connector.embedded.datacenter.server import EmbeddedBitbucket
from connector.embedded.datacenter.settings import RateLimit, Settings
from connector.embedded.datacenter.synthetic import synthetic_organisation

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until a signal, or with `--with-parent` until standard input ends."""
    options = _parser().parse_args(arguments)
    synthetic = options.repositories is not None
    organisation = synthetic_organisation(**standalone.sizes(options)) if synthetic else sample_organisation()
    server = EmbeddedBitbucket(organisation, _settings(options), port=options.port)
    standalone.serve(server, with_parent=options.with_parent)


def _parser() -> argparse.ArgumentParser:
    program = "python -m connector.embedded.datacenter"
    parser = standalone.parser(program, main.__doc__, users=2_000, groups=200, projects=100)
    behaviour = parser.add_argument_group("behaviour")
    behaviour.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    behaviour.add_argument("--slots", type=int, help="answers worked on at the same time; the others queue")
    behaviour.add_argument("--context", default="", help="context path, such as /bitbucket")
    behaviour.add_argument("--page-cap", type=int, default=1_000)
    behaviour.add_argument("--rate-capacity", type=int, help="switches rate limiting on")
    behaviour.add_argument("--rate-fill", type=float, default=5.0, help="requests per second")
    return parser


def _settings(options: argparse.Namespace) -> Settings:
    limited = options.rate_capacity is not None
    return Settings(
        context=options.context,
        latency=options.latency,
        slots=options.slots,
        page_cap=options.page_cap,
        rate_limit=RateLimit(options.rate_capacity, options.rate_fill) if limited else None,
    )


if __name__ == "__main__":
    main()
