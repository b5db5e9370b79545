"""What can go wrong with a Bitbucket Cloud beside what can with any server; `embedded.common.faults` has the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.embedded.common.faults import Effect

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class TokensEnd(Effect):
    """Every OAuth token that was handed out ends just before this answer."""


@dataclass(frozen=True, slots=True)
class Rewritten(Effect):
    """The right answer, its JSON changed by somebody; what comes of it is sent with the right headers."""

    change: Callable[[Any], Any]


def foreign_next(address: str) -> Rewritten:
    """Send the reader of a listing to an address of somebody else's."""
    return Rewritten(lambda body: body | {"next": address})


def empty_page() -> Rewritten:
    """Answer a page without rows as if it were the last."""
    return Rewritten(lambda body: {name: value for name, value in body.items() if name != "next"} | {"values": []})


def wrong_size(by: int) -> Rewritten:
    """Tell another `size` than the listing has."""
    return Rewritten(lambda body: body | {"size": body["size"] + by})
