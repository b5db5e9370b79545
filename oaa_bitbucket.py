#!/usr/bin/env python3
"""Export who can reach what in a self-hosted Bitbucket, and why. See --help and README.md."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

_ENVIRONMENT = Path(__file__).resolve().parent / ".venv"


def _start_again(reason: str) -> NoReturn:
    """Start this very program in the environment that make sets up, where there is one."""
    python = _ENVIRONMENT / "bin" / "python"
    if not python.exists() or Path(sys.prefix) == _ENVIRONMENT:
        sys.stderr.write(
            f"{reason}: run 'make install' here once, or 'pip install -r requirements.txt' (Python 3.11 or later)\n"
        )
        sys.exit(2)
    os.execv(python, [str(python), *sys.argv])  # noqa: S606 - this very program, with its libraries


if sys.version_info < (3, 11):  # noqa: UP036 - an older Python stumbles over the syntax before it can say why
    _start_again(f"Python {sys.version_info[0]}.{sys.version_info[1]} is too old")

# Looked for before anything is loaded: a command loads its libraries only when it is called.
for _library in ("dotenv", "oaaclient", "requests", "rich", "tenacity", "urllib3"):
    if find_spec(_library) is None:
        _start_again(f"No module named {_library!r}")

from connector.__main__ import run  # noqa: E402 - see above

if __name__ == "__main__":
    run()
