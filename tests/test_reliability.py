"""docs/reliability.md: each fault has its test, and each of these tests exists."""

import re
from pathlib import Path

import pytest

NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


@pytest.fixture(scope="module")
def table(root: Path) -> str:
    return (root / "docs/reliability.md").read_text(encoding="utf-8")


def test_every_test_named_in_the_table_exists(table: str, root: Path) -> None:
    named = NAMED.findall(table)
    assert len(named) > 50
    for file, test in named:
        text = (root / file).read_text(encoding="utf-8")
        assert re.search(rf"^def {test}\(", text, re.MULTILINE), f"{file}::{test}"


def test_every_fault_has_a_test(table: str) -> None:
    rows = [line for line in table.splitlines() if line.startswith("| ")]
    faults = [row for row in rows if not row.startswith("| fault ")]
    assert faults
    for row in faults:
        *_, test, end = row.split(" | ")[-1].rpartition("|")
        assert not end
        assert NAMED.search(row) or "the same, case" in row, test
