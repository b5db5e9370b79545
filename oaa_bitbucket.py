#!/usr/bin/env python3
"""Export who can reach what in a self-hosted Bitbucket, and why. See --help and README.md."""

import os
import sys
from pathlib import Path

try:
    from connector.cli import main
except ModuleNotFoundError as missing:
    environment = Path(__file__).resolve().parent / ".venv" / "bin" / "python"
    if not environment.exists() or Path(sys.prefix) == environment.parent.parent:
        sys.exit(f"{missing}: run 'make' here once, or 'pip install -r requirements.txt' (Python 3.11 or later)")
    os.execv(environment, [str(environment), *sys.argv])  # noqa: S606 - this very program, with its libraries

if __name__ == "__main__":
    sys.exit(main())
