"""The last samples of a recording: fewer than a step, and off centre like those before them."""

import numpy as np
import pytest

from models.audio import OFFSET_STEP, OffsetRemover


@pytest.mark.parametrize("rest", [1, 77, OFFSET_STEP - 1])
@pytest.mark.parametrize("offset", [0.2, -0.05])
def test_an_offset_goes_from_the_last_samples_too(rest: int, offset: float) -> None:
    samples = np.full(200 * OFFSET_STEP + rest, offset, np.float32)
    out = OffsetRemover().push(samples, last=True)
    assert out.size == samples.size
    np.testing.assert_allclose(out[-rest:], out[-rest - 1], atol=1e-6)
    assert np.abs(out[-rest:]).max() < 0.2 * abs(offset)
