"""Give an environment made without pip the one that the lock names: fetch_pip.py LOCK.

Debian keeps the means to do so in a package of its own, which only root can install. The wheel
comes from the index that pip would use (PIP_INDEX_URL), and must have the lock's hash.
"""

import hashlib
import io
import os
import re
import sys
import sysconfig
import urllib.request
import zipfile
from pathlib import Path
from urllib.parse import urljoin

HASH = re.compile(r"sha256:([0-9a-f]{64})")
LINK = re.compile(r'href="([^"]+)"')


def fetch(address: str) -> bytes:
    """Read one page or file over https."""
    if not address.startswith("https://"):
        raise SystemExit(f"{address} is not an https address")
    try:
        with urllib.request.urlopen(address, timeout=60) as answer:  # noqa: S310  https: see above
            content: bytes = answer.read()
    except OSError as error:
        raise SystemExit(f"{address}: {error}") from error
    return content


def main(lock: Path) -> None:
    """Unpack the wheel, which is pure Python, into this environment."""
    text = lock.read_text()
    version = text.partition("==")[2].split()[0]
    page = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/") + "/pip/"
    links = [link for link in LINK.findall(fetch(page).decode()) if f"-{version}-py3-" in link]
    if not links:
        raise SystemExit(f"{page} has no pip {version}")
    wheel = fetch(urljoin(page, links[0]))
    if hashlib.sha256(wheel).hexdigest() not in HASH.findall(text):
        raise SystemExit(f"pip {version} from {page} has another hash than {lock.name} names")
    zipfile.ZipFile(io.BytesIO(wheel)).extractall(sysconfig.get_path("purelib"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
