"""What the compiled libraries are made from, and where they lie.

A library's name holds the hash of what it was made from, so that one of other sources is never
loaded.
"""

import hashlib
import platform
from collections.abc import Iterator
from pathlib import Path

# 0 in this environment variable: no kernel is built into a wheel, and none is loaded.
SWITCH = "SER_LIVE_KERNEL"
FOLDER = Path(__file__).parent
COMPILED = FOLDER / "compiled"
SOURCES = ("gate.c", "frames.c", "window.c", "level_free.c", "listener.c", "usable.c")
HEADERS = ("layout.h", "vectors.h")
# No number here is infinite or none: see `realtime.sources.intake` and `models.bundle`.
FLAGS = (
    *("-std=gnu11", "-O3", "-shared", "-fPIC", "-fvisibility=hidden", "-Wno-psabi"),
    *("-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math"),
    *("-ffinite-math-only", "-fno-signed-zeros"),
)
# Levels of processors, best first, and how many floats their vectors hold.
LEVELS = {
    "x86-64-v4": ("-march=x86-64-v4", "-DLANES=16"),
    "x86-64-v3": ("-march=x86-64-v3", "-DLANES=8"),
    "any": ("-DLANES=4",),
}


def library_paths() -> Iterator[Path]:
    """Where the libraries of these sources lie, if they were made: best first."""
    parts = [(FOLDER / name).read_bytes() for name in (*SOURCES, *HEADERS)]
    parts.append(repr((FLAGS, LEVELS)).encode())
    digest = hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]
    for level in LEVELS:
        yield COMPILED / f"{level}-{platform.machine()}-{digest}.so"
