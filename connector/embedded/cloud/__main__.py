"""The embedded Bitbucket Cloud in a process of its own, for benchmarks and for trying things out.

    python -m connector.embedded.cloud --repositories 1000 --hour 60

Its workspace is `harbour-payments`, or `synthetic` with --repositories; the credentials are those of the demo:
bitbucket-admin@harbourpayments.example with demo-token, or the consumer demo-consumer with demo-secret.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from connector.embedded.cloud.sample import sample_workspace
from connector.embedded.cloud.server import EmbeddedCloud
from connector.embedded.cloud.settings import RateLimit, Settings, TooMany, Window
from connector.embedded.cloud.synthetic import synthetic_workspace
from connector.embedded.common import standalone

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until a signal, or with `--with-parent` until standard input ends."""
    options = _parser().parse_args(arguments)
    synthetic = options.repositories is not None
    workspace = synthetic_workspace(**standalone.sizes(options)) if synthetic else sample_workspace()
    server = EmbeddedCloud(workspace, _settings(options), port=options.port)
    standalone.serve(server, with_parent=options.with_parent)


def _parser() -> argparse.ArgumentParser:
    program = "python -m connector.embedded.cloud"
    parser = standalone.parser(program, __doc__, users=200, groups=15, projects=20)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    behaviour = parser.add_argument_group("behaviour")
    behaviour.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    behaviour.add_argument("--context", default="", help="path of a gateway, such as /bitbucket")
    behaviour.add_argument("--opaque-next", action="store_true", help="no page numbers in next")
    behaviour.add_argument("--rate-limit", type=int, default=1_000, help="requests an hour; 0 for no limit")
    behaviour.add_argument("--hour", type=float, default=3_600.0, help="seconds that an hour of the limit lasts")
    behaviour.add_argument("--window", type=Window, default=Window.SLIDING, choices=list(Window))
    behaviour.add_argument("--too-many", type=TooMany, default=TooMany.TEXT, choices=list(TooMany), metavar="FORM")
    return parser


def _settings(options: argparse.Namespace) -> Settings:
    limit = RateLimit(options.rate_limit, options.hour, options.window) if options.rate_limit else None
    return Settings(
        context=options.context,
        latency=options.latency,
        opaque_next=options.opaque_next,
        rate_limit=limit,
        too_many=options.too_many,
    )


if __name__ == "__main__":
    main()
