"""Libraries that only some commands need, and a plain installation leaves out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from connector.errors import UsageError

EXTRAS = {"review": frozenset({"openpyxl", "xlsxwriter"})}
"""The modules of each extra of pyproject.toml."""


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Raise `UsageError` where a library of an extra is missing when it is imported within the block."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in EXTRAS[name]:
            raise
        raise UsageError(
            f"this command needs {error.name}, which is an extra: pip install -r requirements-extras.txt in a clone, "
            f"or pip install 'oaa-bitbucket[{name}]'"
        ) from error
