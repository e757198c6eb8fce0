"""Fetch one large file of known size and MD5 over a connection that may drop.

pooch, the usual library for this, starts again from the first byte after each drop, which 430 MB
over a slow line may never survive; so this asks the server for the rest only (HTTP ``Range``).
"""

import hashlib
import http
import http.client
import io
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from models.errors import DataError, OutputError

Progress = Callable[[int, int], object]
_CHUNK_BYTES = 1 << 18
_NO_SUCH_RANGE = 416
_WORTH_ANOTHER_TRY = {408, _NO_SUCH_RANGE, 425, 429, 500, 502, 503, 504}
_RANGE = re.compile(r"bytes (?P<first>\d+)-\d+/(?P<total>\d+|\*)", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """How long to go on with a server that fails.

    Attributes
    ----------
    tries : int
        Failures in a row, without a byte gained, before giving up.
    first_wait_s, longest_wait_s : float
        The wait doubles from the first to the longest; a server's ``Retry-After`` counts instead,
        up to the longest.
    timeout_s : float
        Silence on the line that counts as a drop.
    sleep : callable
        Waits that many seconds.
    """

    tries: int = 6
    first_wait_s: float = 1.0
    longest_wait_s: float = 60.0
    timeout_s: float = 30.0
    sleep: Callable[[float], object] = time.sleep


@dataclass(frozen=True, kw_only=True, slots=True)
class Remote:
    """A file on a server.

    Attributes
    ----------
    url : str
        Beginning with http or https.
    size_bytes : int
        What it must have.
    md5 : str
        Hexadecimal digest it must have.
    """

    url: str
    size_bytes: int
    md5: str


def fetch(
    remote: Remote,
    target: Path,
    *,
    progress: Progress = lambda _done, _total: None,
    patience: Patience | None = None,
) -> bool:
    """Fetch a file unless it is there already; what an earlier call left is continued.

    The bytes gather in ``TARGET.part``, which gets its final name once size and MD5 are right.

    Parameters
    ----------
    remote : Remote
    target : Path
        In a folder that exists.
    progress : callable
        Told the numbers of bytes that are there, which falls when the server makes us start
        again, and of all of them.
    patience : Patience, optional

    Returns
    -------
    bool
        Whether anything was fetched.

    Raises
    ------
    DataError
        If the server refuses, keeps failing, or offers another file than the expected one.
    OutputError
        If the disk does not take it.
    """
    if not remote.url.startswith(("https://", "http://")):
        raise DataError(f"{remote.url} cannot be fetched: an address with http or https is needed.")
    part = target.with_name(f"{target.name}.part")
    with _naming(target):
        if _matches(target, remote):
            progress(remote.size_bytes, remote.size_bytes)
            return False
        for _whole in range(2):
            _fill(remote, part, progress, patience or Patience())
            if _matches(part, remote):
                part.replace(target)
                return True
            # An older part may have been of another file: one fresh start, then it is the server.
            part.unlink()
    raise DataError(
        f"{remote.url} came with a wrong MD5 twice ({remote.md5} was needed): the file is damaged "
        "on its way or on the server; try again later or from another network."
    )


def _fill(remote: Remote, part: Path, progress: Progress, patience: Patience) -> None:
    failures, most = 0, _bytes_of(part)
    while (before := _bytes_of(part)) < remote.size_bytes:
        progress(before, remote.size_bytes)
        try:
            _request_rest(remote, part, before, progress, patience.timeout_s)
        except (OSError, http.client.HTTPException) as error:
            _refuse_final(remote, error)
            if isinstance(error, urllib.error.HTTPError) and error.code == _NO_SUCH_RANGE:
                part.unlink(missing_ok=True)
            # Against the most there ever was: a server without ranges gains from 0 each time.
            failures = 1 if _bytes_of(part) > most else failures + 1
            most = max(most, _bytes_of(part))
            if failures >= patience.tries:
                raise DataError(
                    f"{remote.url} could not be fetched after {failures} tries ({error}): "
                    "check the network and run the command again; it goes on where it stopped."
                ) from error
            patience.sleep(_wait_s(error, failures, patience))
    progress(remote.size_bytes, remote.size_bytes)


def _request_rest(
    remote: Remote, part: Path, have: int, progress: Progress, timeout_s: float
) -> None:
    headers = {"User-Agent": "ser-live"} | ({"Range": f"bytes={have}-"} if have else {})
    request = urllib.request.Request(remote.url, headers=headers)  # noqa: S310 - fetch() has looked
    with urllib.request.urlopen(request, timeout=timeout_s) as response:  # noqa: S310
        done = _first_byte_of(response, have, remote)
        with _opened_at(part, done) as file:
            while done < remote.size_bytes:
                # What has come, not a whole chunk: a drop would take what waits for the rest of it.
                chunk = response.read1(min(_CHUNK_BYTES, remote.size_bytes - done))
                if not chunk:
                    raise ConnectionError(f"the connection ended at byte {done}")
                _write(file, chunk, part)
                done += len(chunk)
                progress(done, remote.size_bytes)


def _first_byte_of(response: http.client.HTTPResponse, have: int, remote: Remote) -> int:
    """Where the answer begins; a server that ignores ``Range`` begins at 0."""
    length = response.headers.get("Content-Length", "")
    first, total = 0, int(length) if length.isdecimal() else remote.size_bytes
    if response.status == http.HTTPStatus.PARTIAL_CONTENT:
        answered = _RANGE.match(response.headers.get("Content-Range", ""))
        if answered is None or int(answered["first"]) > have:
            raise ConnectionError(f"the server answered with other bytes than those from {have} on")
        first = int(answered["first"])
        total = int(answered["total"]) if answered["total"].isdecimal() else remote.size_bytes
    if total != remote.size_bytes:
        raise DataError(
            f"{remote.url} offers {total} bytes where {remote.size_bytes} were needed: another "
            "file has taken its place, or a proxy answers instead; open the address in a browser."
        )
    return first


def _refuse_final(remote: Remote, error: Exception) -> None:
    """Raise if trying again cannot help."""
    if isinstance(error, urllib.error.HTTPError) and error.code not in _WORTH_ANOTHER_TRY:
        raise DataError(
            f"{remote.url} was refused by the server ({error.code} {error.reason}): "
            "open the address in a browser to see whether the corpus has moved."
        ) from error


def _wait_s(error: Exception, failures: int, patience: Patience) -> float:
    wait_s = patience.first_wait_s * 2.0 ** (failures - 1)
    if isinstance(error, urllib.error.HTTPError):
        asked = error.headers.get("Retry-After", "")
        wait_s = float(asked) if asked.isdecimal() else wait_s
    return min(wait_s, patience.longest_wait_s)


def _matches(path: Path, remote: Remote) -> bool:
    if not path.is_file() or path.stat().st_size != remote.size_bytes:
        return False
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False))
    return digest.hexdigest() == remote.md5


@contextmanager
def _opened_at(part: Path, position: int) -> Iterator[io.FileIO]:
    # Unbuffered: a full disk then shows at the write it stops, and closing cannot fail.
    with _naming(part):
        file = io.FileIO(part, "r+" if part.exists() else "w")
    with file:
        with _naming(part):
            file.truncate(position)
            file.seek(position)
        yield file


def _write(file: io.FileIO, chunk: bytes, part: Path) -> None:
    rest = memoryview(chunk)
    with _naming(part):
        while rest:
            rest = rest[file.write(rest) :]


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written ({error.strerror}): make room there or name another "
            "folder; what has been fetched is kept."
        ) from error


def _bytes_of(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0
