"""How values are written into a payload: what is unknown is left out, times are RFC 3339, UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from oaaclient.templates import CustomApplication, CustomResource
from oaaclient.templates.application import Identity


def set_properties(entity: CustomApplication | CustomResource | Identity, **properties: object) -> None:
    """Set the custom properties that are known."""
    for name, value in properties.items():
        entity.set_property(name, value, ignore_none=True)


def rfc3339(milliseconds: int | None) -> str | None:
    """Write a time that is given in epoch milliseconds."""
    if milliseconds is None:
        return None
    moment = datetime.fromtimestamp(milliseconds // 1000, UTC) + timedelta(milliseconds=milliseconds % 1000)
    return moment.isoformat(timespec="milliseconds" if milliseconds % 1000 else "seconds").replace("+00:00", "Z")
