"""Files that a stranger may have made: what they may hold, and how much of it."""

import io
from typing import Any

import numpy as np
import pytest

from models.errors import BundleError
from models.safe_files import parse_arrays


def npz_of(count: int) -> bytes:
    content = io.BytesIO()
    arrays: dict[str, Any] = {f"array_{n}": np.zeros(1, np.float32) for n in range(count)}
    np.savez(content, **arrays)
    return content.getvalue()


def test_an_archive_may_hold_a_hundred_and_some_arrays() -> None:
    assert len(parse_arrays(npz_of(128), "network.npz", BundleError)) == 128


def test_an_archive_of_ever_so_many_arrays_is_refused() -> None:
    with pytest.raises(BundleError, match=r"network\.npz holds 129 arrays"):
        parse_arrays(npz_of(129), "network.npz", BundleError)
