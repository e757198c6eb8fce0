"""From blocks and gaps to rows: segments, baseline, network, smoothing.

One object serves the microphone, replay at any speed and whole files, so that they agree.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from models.audio import SAMPLE_RATE
from models.bundle import Bundle
from models.frames import FrameExtractor
from models.labels import EMOTIONS
from models.segment import SegmentStream
from models.windows import LEAST_ACTIVE_FRAMES, Window
from realtime.estimate import Estimate, State
from realtime.judge import Judge
from realtime.smoothing import Smoother
from realtime.sources.base import Block, Gap
from realtime.speaker import Speaker
from realtime.timeline import Timeline, rescaled
from realtime.voice_fit import VoiceFit

# Of a long absence, at once.
MANY_ROWS = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class EstimatorSettings:
    """Lengths in seconds, and how little speech is enough.

    Attributes
    ----------
    window_s, hop_s : float
        Multiples of 0.01.
    smoothing_s, reset_after_silence_s : float
        See `Smoother`.
    least_active_frames : int
        Active frames (10 ms each) that a window needs to be judged.
    """

    window_s: float
    hop_s: float
    smoothing_s: float
    reset_after_silence_s: float
    least_active_frames: int = LEAST_ACTIVE_FRAMES


def utc_now() -> str:
    """The time of day, ISO 8601 with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Estimator:
    """Turns what a source yields into estimates.

    Parameters
    ----------
    bundle : Bundle
    settings : EstimatorSettings
    speaker : Speaker
        Its baseline is read before each window is judged and may learn from it afterwards.
    rate : int
        Samples per second of the stream's time base.
    monotonic : callable
        Clock in seconds, the one that stamps `Block.arrived_s`.
    utc : callable
        Makes the `time_utc` column.

    Raises
    ------
    UsageError
        If the bundle was not calibrated for this length of window.
    AudioError
        If the rate cannot be used.
    """

    def __init__(
        self,
        bundle: Bundle,
        settings: EstimatorSettings,
        speaker: Speaker,
        rate: int,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        utc: Callable[[], str] = utc_now,
    ) -> None:
        self._judge = Judge(bundle, settings.window_s, settings.hop_s)
        self._settings = settings
        self._speaker = speaker
        self._extractor = FrameExtractor(bundle.banks)
        self._voice = VoiceFit(bundle.preprocessing.population)
        self._smoother = Smoother(
            settings.smoothing_s, settings.hop_s, settings.reset_after_silence_s
        )
        self._monotonic = monotonic
        self._utc = utc
        self._window_samples = round(settings.window_s * SAMPLE_RATE)
        self._hop_samples = round(settings.hop_s * SAMPLE_RATE)
        self._timeline = Timeline(rate)
        self._rate = rate
        self._segment: SegmentStream | None = None
        self._rows = 0
        self._dropped_samples = 0
        self._gap_rows = 0
        self._voice_begins = 0
        self._arrived_s: float | None = None

    def push(self, item: Block | Gap) -> list[Estimate]:
        """Return the rows completed by a block, or due in a gap."""
        return [row for rows in self.pushed(item) for row in rows]

    def pushed(self, item: Block | Gap) -> Iterator[list[Estimate]]:
        """Yield the same rows, at most `MANY_ROWS` at a time: after days asleep there are millions.

        The next item may come when all of them were taken.
        """
        return self._gap(item) if isinstance(item, Gap) else self._block(item)

    def finish(self) -> list[Estimate]:
        """End the stream: flush what the resampler holds back."""
        return self._end_segment()

    @property
    def stranger(self) -> str | None:
        """One sentence if the voice no longer fits the baseline."""
        return None if self._voice.fits else self._speaker.stranger

    def reset_speaker(self) -> None:
        """Forget the adaptive baseline, as for another speaker.

        Windows that begin before now still hold the voice that is forgotten: none is learnt from.
        """
        self._voice_begins = self._timeline.canonical_samples
        self._speaker.reset()
        self._voice.reset()
        self._smoother.reset()

    def _block(self, block: Block) -> Iterator[list[Estimate]]:
        if block.lost_samples or block.starts_segment or block.rate != self._rate:
            yield self._end_segment()
            yield from self._lost(block)
        if self._segment is None:
            self._rate = block.rate
            self._timeline.start_segment(block.rate)
            self._voice_begins = 0
            self._segment = self._new_segment(block.rate)
        self._timeline.advance(block.samples.size)
        self._arrived_s = block.arrived_s
        yield [self._row(window) for window in self._segment.push(block.samples)]

    def _new_segment(self, rate: int) -> SegmentStream:
        return SegmentStream(
            rate,
            self._extractor,
            window_samples=self._window_samples,
            hop_samples=self._hop_samples,
            least_active_frames=self._settings.least_active_frames,
        )

    def _end_segment(self) -> list[Estimate]:
        """Flush the segment, if there is one."""
        rows = []
        if self._segment is not None:
            windows = self._segment.push(np.zeros(0, np.float32), last=True)
            rows = [self._row(window) for window in windows]
            self._segment = None
        self._smoother.reset()
        self._timeline.end_segment()
        return rows

    def _lost(self, block: Block) -> Iterator[list[Estimate]]:
        """Count what was lost before a block; each whole hop of it gets a gap row."""
        self._dropped_samples += block.lost_samples
        start = self._timeline.position
        self._timeline.lose(block.lost_samples, block.rate)
        lost = self._timeline.position - start
        whole_hops = lost * SAMPLE_RATE // (self._hop_samples * self._timeline.rate)
        return self._gap_rows_of(start, range(whole_hops))

    def _gap(self, gap: Gap) -> Iterator[list[Estimate]]:
        """Rows of a silent device: one per hop that was not told before."""
        yield self._end_segment()
        done = self._gap_rows
        due = max(gap.hops(self._settings.hop_s), done)
        start = self._timeline.position - self._after_hops(done)
        self._timeline.skip(self._after_hops(due) - self._after_hops(done))
        self._gap_rows = 0 if gap.over else due
        yield from self._gap_rows_of(start, range(done, due))

    def _gap_rows_of(self, start: int, hops: range) -> Iterator[list[Estimate]]:
        """Those hops, by number, of a gap that begins at a sample of the time base."""
        for first in range(0, len(hops), MANY_ROWS):
            yield [self._gap_row(start, hop) for hop in hops[first : first + MANY_ROWS]]

    def _after_hops(self, count: int) -> int:
        """Samples of the time base; a hop need not be a whole number of them."""
        return rescaled(count * self._hop_samples, SAMPLE_RATE, self._timeline.rate)

    def _gap_row(self, start: int, hop: int) -> Estimate:
        """One hop, by its number, of a gap that begins at a sample of the time base."""
        rate = self._timeline.rate
        return self._numbered(
            start_s=(start + self._after_hops(hop)) / rate,
            end_s=(start + self._after_hops(hop + 1)) / rate,
            state=State.GAP,
        )

    def _row(self, window: Window) -> Estimate:
        if window.vector is None:
            self._smoother.silence()
            return self._window_row(window, State.NO_SPEECH)
        learns = window.start >= self._voice_begins
        raw = self._probabilities(window.vector, window.active_frames, learns=learns)
        smoothed = self._smoother.push(raw)
        best = int(smoothed.argmax())
        confidence = float(smoothed[best])
        sure = confidence >= self._judge.unsure_below
        return self._window_row(
            window,
            State.SPEECH if sure else State.UNSURE,
            emotion=EMOTIONS[best] if sure else None,
            confidence=confidence,
            probabilities=tuple(smoothed.tolist()),
            raw_emotion=EMOTIONS[int(raw.argmax())],
        )

    def _probabilities(
        self, vector: NDArray[np.float32], active_frames: int, *, learns: bool
    ) -> NDArray[np.float64]:
        """Judge one window, shape (338,), and maybe let the speaker learn from it afterwards."""
        levelled = self._judge.preprocessing.levelled(vector)
        logits = self._judge.logits(levelled, self._speaker.baseline)
        found = self._judge.probabilities(logits, self._speaker.baseline)
        if learns:
            evidence = self._judge.evidence(active_frames)
            self._voice.push(levelled, evidence, self._speaker.baseline)
            self._speaker.learn(self._judge.preprocessing, levelled, logits, evidence)
        return found

    def _window_row(self, window: Window, state: State, **found: object) -> Estimate:
        return self._numbered(
            start_s=self._timeline.seconds(window.start),
            end_s=self._timeline.seconds(window.end),
            state=state,
            speech_ratio=window.active_frames / max(1, window.frames),
            level_dbfs=window.level_dbfs,
            clipped_ratio=window.clipped_ratio,
            latency_ms=self._latency_ms(window),
            **found,
        )

    def _latency_ms(self, window: Window) -> float | None:
        if self._arrived_s is None:
            return None
        later_s = self._timeline.source_samples_after(window.end) / self._rate
        return (self._monotonic() - self._arrived_s + later_s) * 1000

    def _numbered(self, **columns: object) -> Estimate:
        estimate = Estimate(
            window=self._rows,
            baseline_windows=self._speaker.baseline.weight,
            dropped_samples=self._dropped_samples,
            time_utc=self._utc(),
            **columns,  # type: ignore[arg-type]
        )
        self._rows += 1
        return estimate
