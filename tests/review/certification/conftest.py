"""What tests of collected reviews begin with."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from connector.cli import main as cli
from tests.conftest import Run
from tests.review.certification.folders import REVIEW, answer, book, save, world


@pytest.fixture(scope="session")
def review_of_pay_and_ops(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Start a review once for all tests that change a copy of it; OPS is answered."""
    place = tmp_path_factory.mktemp("started")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        assert cli.main(["review", "start", save(world()), "-o", str(REVIEW), "--only", "PAY", "OPS"]) == 0
        answer(book("OPS"), name="Dora")
    return place


@pytest.fixture
def started(run: Run, review_of_pay_and_ops: Path) -> Run:
    """Start a review of PAY and OPS; OPS is answered."""
    shutil.copytree(review_of_pay_and_ops, Path(), dirs_exist_ok=True)
    return run
