"""What a journal says of the run that it belongs to: the options that decide what is asked."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_HOW = frozenset({"base_url", "credentials", "concurrency", "patience", "max_rate", "resume", "resume_max_age"})
"""Settings that decide how something is asked, and not what."""


def options_of(settings: DataclassInstance) -> str:
    """Name the settings that decide what is asked, on one line."""
    options = {
        field.name: _told(getattr(settings, field.name))
        for field in dataclasses.fields(settings)
        if field.name not in _HOW
    }
    return ", ".join(f"{name}={value}" for name, value in sorted(options.items()))


def _told(value: object) -> str:
    return ", ".join(sorted(map(str, value))) if isinstance(value, frozenset | set) else str(value)
