"""What tests of collected reviews begin with."""

from __future__ import annotations

import pytest

from tests.conftest import Run
from tests.review.certification.folders import REVIEW, answer, book, save, world


@pytest.fixture
def started(run: Run) -> Run:
    """Start a review of PAY and OPS; OPS is answered."""
    assert run("review", "start", save(world()), "-o", str(REVIEW), "--only", "PAY", "OPS").code == 0
    answer(book("OPS"), name="Dora")
    return run
