"""The description beside each CSV: `NAME.csv.meta.json`."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.errors import OutputError
from models.safe_files import parse_json, private_draft, read_bytes

LARGEST_META_BYTES = 2**26  # some hundred thousand runs


@dataclass(frozen=True, kw_only=True, slots=True)
class RunMeta:
    """What a log says about the run that wrote it.

    Attributes
    ----------
    version : str
        Of this program.
    bundle : str
        Fingerprint of the model.
    settings : mapping
        All that shapes the rows, as JSON knows it; a run that is to be appended must agree.
    source : str
        The device or file, for people.
    started_utc : str
        ISO 8601.
    """

    version: str
    bundle: str
    settings: Mapping[str, Any]
    source: str
    started_utc: str


def meta_path(csv: Path) -> Path:
    """Where the description of a CSV lies."""
    return csv.with_name(csv.name + ".meta.json")


def describe(run: RunMeta, *, part: int, first_window: int) -> dict[str, Any]:
    """Describe a file that this run begins.

    `runs` lists every run that wrote into the file, with its first window: `start_s` and
    `end_s` count from the start of that run.
    """
    return {
        "version": run.version,
        "bundle": run.bundle,
        "settings": dict(run.settings),
        "source": run.source,
        "started_utc": run.started_utc,
        "part": part,
        "runs": [_run(run, first_window)],
    }


def joined(content: dict[str, Any], run: RunMeta, *, first_window: int) -> dict[str, Any]:
    """Describe a file that this run goes on with."""
    return {**content, "runs": [*content["runs"], _run(run, first_window)]}


def _run(run: RunMeta, first_window: int) -> dict[str, Any]:
    return {
        "first_window": first_window,
        "source": run.source,
        "started_utc": run.started_utc,
        "version": run.version,
    }


def write_meta(csv: Path, content: dict[str, Any]) -> None:
    """Write or replace the description, whole or not at all; raises `OSError`."""
    path = meta_path(csv)
    # A name that is not UTF-8 becomes what JSON, too, writes for such a character: \udcff.
    text = json.dumps(content, indent=2, ensure_ascii=False).encode(errors="backslashreplace")
    with private_draft(path) as draft:
        draft.write_bytes(text + b"\n")
        draft.replace(path)


def read_meta(csv: Path) -> dict[str, Any]:
    """Read the description of a log that is to be appended to.

    Raises
    ------
    OutputError
        If it is missing or damaged.
    """

    def refuse(found: str) -> OutputError:
        return OutputError(
            f"Nothing can be appended to {csv}: its description {found}; "
            "choose another name, or --overwrite to replace it."
        )

    name = meta_path(csv).name
    if not meta_path(csv).exists():
        raise refuse(f"{name} is missing")
    content = parse_json(
        read_bytes(meta_path(csv), refuse, largest=LARGEST_META_BYTES), name, refuse
    )
    runs = content.get("runs")
    is_sound = (
        isinstance(content.get("settings"), dict)
        and isinstance(runs, list)
        and bool(runs)
        and all(isinstance(run, dict) and isinstance(run.get("first_window"), int) for run in runs)
        and isinstance(content["settings"].get("hop_s", 0.0), int | float)
    )
    if not is_sound:
        raise refuse(f"{name} lacks its settings or runs")
    return content


def require_agreement(csv: Path, content: dict[str, Any], run: RunMeta) -> None:
    """Refuse to append rows that would not mean the same as those before them.

    Raises
    ------
    OutputError
        Naming the first setting that differs.
    """
    before = {"bundle": content.get("bundle"), **dict(_flat(content["settings"]))}
    now = {"bundle": run.bundle, **dict(_flat(json.loads(json.dumps(dict(run.settings)))))}
    # The name of another model says more than its fingerprint.
    first = {"model": 0, "bundle": 1}
    for name in sorted(before.keys() | now.keys(), key=lambda name: (first.get(name, 2), name)):
        if before.get(name) != now.get(name):
            raise OutputError(
                f"Nothing can be appended to {csv}: {name} was {before.get(name)!r} there and "
                f"is {now.get(name)!r} now; use the same settings, or choose another name."
            )


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value
