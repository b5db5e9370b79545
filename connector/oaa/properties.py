"""Properties of a payload: how they are defined and set, and those that every export has about its collection.

What is unknown is left out. Times are RFC 3339, UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from oaaclient.templates import CustomApplication, CustomResource
from oaaclient.templates.application import Identity

from connector import __version__, text
from connector.model import Snapshot
from connector.oaa.vocabulary import Kind, Property

T = TypeVar("T")


def define(definition: Callable[..., None], properties: Iterable[Property[T]], *before: str) -> None:
    """Define properties by one of oaaclient's methods; `before` are its arguments before name and kind."""
    for each in properties:
        definition(*before, each.name, each.kind)


def set_properties(
    entity: CustomApplication | CustomResource | Identity, properties: Iterable[Property[T]], value: T
) -> None:
    """Set the properties of `value` that are known."""
    for each in properties:
        entity.set_property(each.name, each.get(value), ignore_none=True)


def rfc3339(milliseconds: int | None) -> str | None:
    """Write a time that is given in epoch milliseconds."""
    if milliseconds is None:
        return None
    moment = datetime.fromtimestamp(milliseconds // 1000, UTC) + timedelta(milliseconds=milliseconds % 1000)
    return text.rfc3339(moment, "milliseconds" if milliseconds % 1000 else "seconds")


_LONGEST_PROPERTY = 4096
"""Characters that Veza takes in one string property."""

COLLECTION: tuple[Property[Snapshot], ...] = (
    Property("is_complete", Kind.BOOLEAN, lambda snapshot: snapshot.is_complete),
    Property(
        "not_collected", Kind.STRING_LIST, lambda snapshot: [gap.name[:_LONGEST_PROPERTY] for gap in snapshot.gaps]
    ),
    Property("collected_at", Kind.STRING, lambda snapshot: rfc3339(snapshot.source.collected_at)),
    Property("collected_by", Kind.STRING, lambda snapshot: snapshot.source.collected_by),
    Property("connector_version", Kind.STRING, lambda _: __version__),
)
"""Whether an export is complete, what it lacks, when and by which account it was collected, and by which version."""
