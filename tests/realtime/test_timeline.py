"""Stream time in integers: at any rate, and at another one than the time base's."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from realtime.timeline import Timeline, rescaled

RATES = st.sampled_from([8000, 11025, 16000, 22050, 44100, 48000, 96000])


@given(samples=st.integers(0, 10**9), rate=RATES, new_rate=RATES)
def test_samples_at_another_rate_are_the_nearest_whole_number(
    samples: int, rate: int, new_rate: int
) -> None:
    exact = Fraction(samples * new_rate, rate)
    assert abs(rescaled(samples, rate, new_rate) - exact) <= Fraction(1, 2)


def test_a_segment_at_another_rate_takes_its_own_time() -> None:
    timeline = Timeline(48000)
    timeline.start_segment(16000)
    timeline.advance(24000)
    assert timeline.position == 72000
    assert timeline.canonical_samples == 24000
    timeline.end_segment()
    assert timeline.position == 72000
    timeline.start_segment(8000)
    timeline.advance(4000)
    assert timeline.position == 96000
    assert timeline.canonical_samples == 8000
    assert timeline.seconds(0) == 1.5
    assert timeline.seconds(8000) == 2.0


def test_what_came_after_a_window_is_counted_at_the_rate_of_its_segment() -> None:
    timeline = Timeline(48000)
    timeline.start_segment(8000)
    timeline.advance(8000)
    assert [timeline.source_samples_after(canonical) for canonical in (0, 12000, 16000)] == [
        8000, 2000, 0,
    ]  # fmt: skip
