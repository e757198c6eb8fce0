"""RAVDESS from Zenodo: two archives fetched, checked and unpacked, each step once."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from models.errors import OutputError
from training.fetch import Patience, Progress, Remote, fetch
from training.ravdess_index import Report, validate
from training.unpack import refuse_full_disk, unpack

if TYPE_CHECKING:
    from rich.console import Console

BASE_URL = "https://zenodo.org/records/1188976/files"
_Step = Callable[[str], Progress]


@dataclass(frozen=True, kw_only=True, slots=True)
class Archive:
    """One archive of the corpus, as its publisher describes it.

    Attributes
    ----------
    name : str
        File name.
    size_bytes : int
    md5 : str
        Hexadecimal.
    unpacked_bytes : int
        About; for the check of disk space.
    """

    name: str
    size_bytes: int
    md5: str
    unpacked_bytes: int


ARCHIVES = (
    Archive(
        name="Audio_Speech_Actors_01-24.zip",
        size_bytes=208_468_073,
        md5="bc696df654c87fed845eb13823edef8a",
        unpacked_bytes=520_000_000,
    ),
    Archive(
        name="Audio_Song_Actors_01-24.zip",
        size_bytes=225_505_317,
        md5="5411230427d67a21e18aa4d466e6d1b9",
        unpacked_bytes=460_000_000,
    ),
)


def download(
    folder: Path,
    *,
    base_url: str = BASE_URL,
    archives: Sequence[Archive] = ARCHIVES,
    patience: Patience | None = None,
    console: "Console | None" = None,
) -> Report:
    """Fetch and unpack the corpus into ``FOLDER/Audio_Speech_Actors_01-24/Actor_XX`` and the like.

    May be called again at any time: it goes on where it stopped, puts right what was changed, and
    does nothing if all is there. The archives stay in the folder for that; they may be deleted,
    and are then fetched again by the next call.

    Parameters
    ----------
    folder : Path
        Made if need be.
    base_url : str
        Folder of the archives on the server.
    archives : sequence of Archive
    patience : Patience, optional
        How long to go on with a server that fails.
    console : rich.console.Console, optional
        Where the progress bar is drawn; stderr by default.

    Returns
    -------
    Report
        What the folder then holds, compared with the index.

    Raises
    ------
    DataError
        If the server or an archive is not what it should be.
    OutputError
        If the folder cannot be written or the disk is too small.
    """
    _make(folder)
    refuse_full_disk(folder, sum(_missing_bytes(folder, archive) for archive in archives))
    with _bars(console) as step:
        for archive in archives:
            remote = Remote(
                url=f"{base_url}/{archive.name}?download=1",
                size_bytes=archive.size_bytes,
                md5=archive.md5,
            )
            packed = folder / archive.name
            fetch(
                remote,
                packed,
                progress=step(f"Fetching {archive.name}"),
                patience=patience,
            )
            unpack(
                packed,
                folder / packed.stem,
                leave_out=packed.stem,
                progress=step(f"Unpacking {archive.name}"),
            )
    return validate(folder)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"The folder {folder} cannot be made ({error.strerror}): name another one."
        ) from error


def _missing_bytes(folder: Path, archive: Archive) -> int:
    packed = folder / archive.name
    part = packed.with_name(f"{archive.name}.part")
    fetched = max((path.stat().st_size for path in (packed, part) if path.exists()), default=0)
    unpacked = sum(path.stat().st_size for path in (folder / packed.stem).glob("Actor_*/*"))
    return max(0, archive.size_bytes - fetched) + max(0, archive.unpacked_bytes - unpacked)


@contextmanager
def _bars(console: "Console | None") -> Iterator[_Step]:
    from rich import console as rich_console
    from rich import progress

    bars = progress.Progress(
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.DownloadColumn(),
        progress.TransferSpeedColumn(),
        progress.TimeRemainingColumn(),
        console=console or rich_console.Console(stderr=True),
    )

    def step(description: str) -> Progress:
        task = bars.add_task(description, total=None)
        return lambda done, total: bars.update(task, completed=done, total=total)

    with bars:
        yield step
