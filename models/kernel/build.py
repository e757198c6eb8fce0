"""Compile the kernel: ``python -m models.kernel.build``, for this kind of machine.

One library for each level of processor that the compiler knows; `models.kernel.library` takes the
best that this one can run.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from models.kernel.recipe import COMPILED, FLAGS, FOLDER, LEVELS, SOURCES, library_paths


def build() -> list[str]:
    """Compile what is missing; return why a library could not be made, one entry for each.

    Only what was there before of other sources is removed.
    """
    compiler = os.environ.get("CC") or shutil.which("cc")
    if not compiler:
        return ["there is no C compiler"]
    wanted = dict(zip(library_paths(), LEVELS.values(), strict=True))
    problems = []
    try:
        COMPILED.mkdir(exist_ok=True)
        for path, options in wanted.items():
            if not path.exists():
                problems += _compile(compiler, options, path)
        for old in COMPILED.glob("*.so"):
            if old not in wanted:
                old.unlink()
    except OSError as error:
        problems.append(str(error))
    return problems


def _compile(compiler: str, options: tuple[str, ...], path: Path) -> list[str]:
    with tempfile.TemporaryDirectory(dir=COMPILED) as folder:
        made = Path(folder) / path.name
        sources = [str(FOLDER / name) for name in SOURCES]
        command = [compiler, *FLAGS, *options, *sources, "-o", str(made), "-lm"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            return [f"{' '.join(options)}: {done.stderr.strip()}"]
        made.replace(path)
    return []


if __name__ == "__main__":
    said = build()
    if not any(path.exists() for path in library_paths()):
        print("\n".join(said), file=sys.stderr)
        sys.exit(1)
