"""Which resource an address is one of: templates in which a segment in braces stands for any."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


def patterns(templates: Iterable[str]) -> dict[str, list[str]]:
    """Split each template into its segments."""
    return {template: template.split("/") for template in templates}


def matching(known: Mapping[str, Sequence[str]], segments: Sequence[str]) -> tuple[str, list[str]] | None:
    """Find the first template that fits, and what stands where it has braces; None where none fits."""
    for template, parts in known.items():
        if len(parts) == len(segments):
            pairs = list(zip(parts, segments, strict=True))
            if all(part.startswith("{") or part == segment for part, segment in pairs):
                return template, [segment for part, segment in pairs if part.startswith("{")]
    return None
