"""docs/performance.md and the JSON beside it, from what was measured."""

import json
import os
import platform
from dataclasses import asdict, is_dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from scripts.benchmarks.measure import Timing

PACKAGES = ("numpy", "soxr", "soundfile", "rich", "librosa", "opensmile")


def machine() -> dict[str, str]:
    """What the figures were measured on."""
    facts = {"python": platform.python_version(), "system": platform.platform()}
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            facts["processor"] = line.partition(":")[2].strip()
    # Much more than 1 means that others were at work too, and that times are longer for it.
    facts["load average"] = f"{os.getloadavg()[2]:.1f} on {os.cpu_count()} cores"
    for package in PACKAGES:
        try:
            facts[package] = version(package)
        except Exception:  # noqa: BLE001 - not installed
            facts[package] = "not installed"
    return facts


def table(title: str, header: list[str], rows: list[list[str]]) -> str:
    """One Markdown section with a table."""
    lines = [f"## {title}", "", "| " + " | ".join(header) + " |", "|---" * len(header) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def timing_rows(timings: dict[str, Timing], base: str | None = None) -> list[list[str]]:
    """Name, median, spread and, against a base, the ratio of medians."""
    rows = []
    for name, timing in timings.items():
        row = [name, f"{timing.median:.3g}", f"{timing.low:.3g}–{timing.high:.3g}"]
        if base is not None:
            row.append(f"{timing.median / timings[base].median:,.0f}")
        rows.append(row)
    return rows


def plain(value: Any) -> Any:
    """Dataclasses as dictionaries, for JSON."""
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def write(folder: Path, sections: list[str], figures: dict[str, Any]) -> None:
    """Write performance.md and performance.json."""
    facts = machine()
    head = "\n".join(
        [
            "# Performance",
            "",
            "Made by `scripts/bench`; do not edit. Medians, with the 10th to 90th percentile.",
            "Absolute times are those of this machine; ratios were measured within one run.",
            "",
            ", ".join(f"{name} {fact}" for name, fact in facts.items()) + ".",
            "",
        ]
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "performance.md").write_text(head + "\n" + "\n".join(sections))
    content = {"machine": facts, **plain(figures)}
    (folder / "performance.json").write_text(json.dumps(content, indent=1) + "\n")
