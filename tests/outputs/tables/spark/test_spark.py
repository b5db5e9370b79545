"""The same files on Apache Spark, set up by the code that docs/tables.md shows: `make test-spark`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.outputs.tables.conftest import Nights
from tests.outputs.tables.expected import CHECKS, Ask, Worlds
from tests.outputs.tables.test_documentation import snippet

# Spark starts and plans slowly where others need the processors, too.
pytestmark = [pytest.mark.spark, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def ask(nights: Nights) -> Iterator[Ask]:
    os.environ["PYSPARK_SUBMIT_ARGS"] = (
        "--master local[2] --conf spark.ui.enabled=false --conf spark.sql.shuffle.partitions=2"
        " --conf spark.driver.bindAddress=127.0.0.1 --conf spark.driver.host=127.0.0.1 --driver-memory 2g pyspark-shell"
    )
    code, _, example = snippet().replace("/data/bitbucket", str(nights.folder)).rpartition("\n\n\n")
    assert example.startswith("ask(")
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - what the documentation shows is what is tested
    names["spark"].sparkContext.setLogLevel("ERROR")

    def answer(query: str, **parameters: str) -> list[dict[str, Any]]:
        return [row.asDict() for row in names["ask"](query, **parameters).collect()]

    yield answer
    names["spark"].stop()


@pytest.mark.parametrize("check", CHECKS)
def test_a_query_answers_what_brute_force_finds(check: Callable[[Ask, Worlds], None], ask: Ask, nights: Nights) -> None:
    check(ask, nights.worlds)
