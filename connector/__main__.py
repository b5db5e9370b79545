"""The entry point of an installed connector: `oaa-bitbucket`, or `python -m connector`."""

import os
import signal

for _number in (signal.SIGINT, signal.SIGTERM):  # loading takes a moment, in which nothing is to be put in order yet
    signal.signal(_number, lambda number, _: os._exit(128 + number))

from connector.cli.main import run  # noqa: E402 - see above

__all__ = ["run"]

if __name__ == "__main__":
    run()
