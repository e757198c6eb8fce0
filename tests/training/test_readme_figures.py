"""What the README says of the models is what their reports say."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

KINDS = ("ann", "mlp")  # in the order of the README's columns
NEW_VOICE = {"protocol": "actor-disjoint", "channel": "speech"}
RANDOM = {"protocol": "random 70/30", "channel": "speech + song"}
# Beginning of a row: the cell of the report, and which figure of it.
ROWS = {
    "per clip, cold": (NEW_VOICE | {"baseline": "cold", "unit": "clip"}, "uar"),
    "per clip, after 8 clips": (NEW_VOICE | {"baseline": "after 8 clips", "unit": "clip"}, "uar"),
    "per clip, as one folder": (NEW_VOICE | {"baseline": "folder", "unit": "clip"}, "uar"),
    "per live window of 3 s": (NEW_VOICE | {"baseline": "cold", "unit": "window"}, "uar"),
    "*flattering*: random": (RANDOM | {"baseline": "cold", "unit": "clip"}, "accuracy"),
    "*flattering*: the same": (RANDOM | {"baseline": "folder", "unit": "clip"}, "accuracy"),
}
LOSSES = {
    "a telephone's band costs": "telephone band",
    "steady noise at 10 dB": "steady noise, 10 dB SNR",
    "sampled at 8 kHz": "source at 8 kHz",
    "a room of 0.4 s": "room, 0.4 s",
    "MP3 at 17 kbit/s": "MP3, 17 kbit/s",
    "Opus at 14 kbit/s": "Opus, 14 kbit/s",
}


@pytest.fixture(scope="module")
def reports(root: Path) -> list[dict[str, Any]]:
    return [
        json.loads((root / f"docs/evaluation/{kind}/evaluation.json").read_text()) for kind in KINDS
    ]


def one(lines: list[dict[str, Any]], **wanted: object) -> dict[str, Any]:
    (found,) = [line for line in lines if wanted.items() <= line.items()]
    return found


@pytest.mark.parametrize("beginning", ROWS)
def test_a_row_of_the_table(beginning: str, root: Path, reports: list[dict[str, Any]]) -> None:
    wanted, figure = ROWS[beginning]
    (row,) = [
        line
        for line in (root / "README.md").read_text().splitlines()
        if line.startswith(f"| {beginning}")
    ]
    cells = [one(report["cells"], window_s=3.0, **wanted) for report in reports]
    shown = [f"{cell[figure]:.3f} ± {cell[f'{figure}_sd']:.3f}" for cell in cells]
    assert row.endswith(f"| {shown[0]} | {shown[1]} |")


def test_the_calibration_error(root: Path, reports: list[dict[str, Any]]) -> None:
    shown = " | ".join(
        " / ".join(
            f"{cell['pooled']['ece']:.3f}"
            for cell in (
                one(report["cells"], window_s=3.0, **NEW_VOICE, baseline=baseline, unit="window")
                for baseline in ("cold", "after 8 clips")
            )
        )
        for report in reports
    )
    assert f"(ECE), cold / after 8 clips | {shown} |" in (root / "README.md").read_text()


def test_what_is_said_of_polish_voices(root: Path, reports: list[dict[str, Any]]) -> None:
    text = " ".join((root / "README.md").read_text().split())
    found = re.search(
        r"they reach (\S+) to (\S+) on a folder, and between (\S+) and (\S+) by speaker; "
        r"by one of the three, whose folder has (\S+) to (\S+),",
        text,
    )
    assert found is not None
    by_speaker: dict[str, list[float]] = {}
    for report in reports:
        for line in report["other_voices"]:
            if line["baseline"] == "folder" and line["unit"] == "clip":
                by_speaker.setdefault(line["speaker"], []).append(line["scores"]["uar"])
    (every, first, *others) = by_speaker.values()
    apart = [*first, *others[0], *others[1]]
    expected = [min(every), max(every), min(apart), max(apart), min(first), max(first)]
    assert list(found.groups()) == [f"{figure:.2f}" for figure in expected]


def test_what_each_clip_in_its_own_noise_costs_and_the_gate(
    root: Path, reports: list[dict[str, Any]]
) -> None:
    text = " ".join((root / "README.md").read_text().split())
    lost = sorted(
        100
        * one(report["robustness"], condition="noise, 10 dB SNR", baseline="after 8 clips")["lost"]
        for report in reports
    )
    points = " to ".join(dict.fromkeys(f"{one_of_both:.0f}" for one_of_both in lost))
    assert f"({points} if each clip has another noise)" in text
    gate = reports[0]["gate"]
    share = 100 * gate["gated"] / gate["windows"]
    assert f"takes {share:.1f} % of the windows of speech for silence" in text
    assert not any(line["named"] for report in reports for line in report["non_speech"])


@pytest.mark.parametrize("words", LOSSES)
def test_what_a_condition_costs(words: str, root: Path, reports: list[dict[str, Any]]) -> None:
    text = " ".join((root / "README.md").read_text().split())
    found = re.search(re.escape(words) + r" (\d+)(?: to (\d+))?", text)
    assert found is not None
    lost = [
        one(report["robustness"], condition=LOSSES[words], baseline="after 8 clips")["lost"]
        for report in reports
    ]
    points = sorted((f"{100 * one_of_both:.0f}" for one_of_both in lost), key=int)
    assert [found[1], found[2] or found[1]] == points
