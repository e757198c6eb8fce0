"""The `calibrate` command: learn a speaker's voice, room and microphone into a profile."""

import argparse
import contextlib
import shlex
import sys
import threading
from pathlib import Path

import numpy as np

from models.audio import SAMPLE_RATE
from models.baseline import SpeakerBaseline
from models.errors import AudioError
from models.frames import FrameExtractor
from models.profile import profile_path, require_writable, save_profile
from models.segment import SegmentStream
from models.windows import FRAMES_PER_SECOND, Window
from realtime.ending_signals import EndingSignals
from realtime.judge import Judge
from realtime.log import private_file
from realtime.messages import clean, tell
from realtime.options import log_file, merged_settings, open_model, profiles_folder
from realtime.own_words import only_own_words
from realtime.progress import draw
from realtime.sources.base import Block, Gap, SourceItem
from realtime.sources.file import FileSource
from realtime.sources.notices import Notices

ENOUGH_SPEECH_S = 45.0
LEAST_SPEECH_S = 6.0
READING = """\
Please read aloud, in your everyday voice, as often as it takes:

    When the sunlight strikes raindrops in the air, they act as a prism and
    form a rainbow. The rainbow is a division of white light into many
    beautiful colours. These take the shape of a long round arch, with its
    path high above, and its two ends apparently beyond the horizon. There
    is, according to legend, a boiling pot of gold at one end. People look,
    but no one ever finds it. When a man looks for something beyond his
    reach, his friends say he is looking for the pot of gold at the end of
    the rainbow.

"""


class Learner:
    """Feeds what a source yields into a baseline.

    Parameters
    ----------
    judge : Judge
        Of the model that the profile is for.
    extractor : FrameExtractor
    window_s, hop_s : float
        Seconds.

    Attributes
    ----------
    baseline : SpeakerBaseline
        Knows nothing while no window has held enough speech.
    """

    def __init__(
        self, judge: Judge, extractor: FrameExtractor, window_s: float, hop_s: float
    ) -> None:
        self._judge = judge
        self._extractor = extractor
        self._window_samples = round(window_s * SAMPLE_RATE)
        self._hop_samples = round(hop_s * SAMPLE_RATE)
        self._segment: SegmentStream | None = None
        self._frames_of_earlier_segments = 0
        self.baseline = SpeakerBaseline()

    @property
    def speech_s(self) -> float:
        """Seconds of speech heard so far."""
        frames = self._frames_of_earlier_segments
        if self._segment is not None:
            frames += self._segment.speech_frames
        return frames / FRAMES_PER_SECOND

    def push(self, item: Block | Gap) -> None:
        """Learn from the windows that a block completes; a gap or loss begins a new segment."""
        if isinstance(item, Gap):
            self.finish()
            return
        if item.lost_samples or item.starts_segment:
            self.finish()
        if self._segment is None:
            self._segment = SegmentStream(
                item.rate,
                self._extractor,
                window_samples=self._window_samples,
                hop_samples=self._hop_samples,
            )
        self._learn(self._segment.push(item.samples))

    def finish(self) -> None:
        """End the segment."""
        if self._segment is not None:
            self._learn(self._segment.push(np.zeros(0, np.float32), last=True))
            self._frames_of_earlier_segments += self._segment.speech_frames
            self._segment = None

    def _learn(self, windows: list[Window]) -> None:
        preprocessing = self._judge.preprocessing
        for window in windows:
            if window.vector is not None:
                levelled = preprocessing.levelled(window.vector)
                evidence = self._judge.evidence(window.active_frames)
                logits = self._judge.logits(levelled, self.baseline)
                preprocessing.learn(self.baseline, levelled, logits, evidence)


def calibrate(arguments: argparse.Namespace) -> int:
    """Run the command."""
    settings = merged_settings(arguments)
    model = open_model(settings)
    path = profile_path(arguments.profile, profiles_folder())
    if arguments.from_file is not None:
        private_file.spare([arguments.from_file], path)
    require_writable(path, overwrite=arguments.overwrite)
    judge = Judge(model.bundle, settings.window_s, settings.hop_s)
    extractor = FrameExtractor(model.bundle.banks)
    learner = Learner(judge, extractor, settings.window_s, settings.hop_s)
    if arguments.from_file is not None:
        _from_file(learner, arguments.from_file)
    else:
        with only_own_words(log_file()):
            _from_microphone(learner, settings.device, settings.channel)
    if learner.speech_s < LEAST_SPEECH_S or not learner.baseline.weight:
        remedy = "give a longer recording" if arguments.from_file else "speak longer or closer"
        raise AudioError(
            f"Only {learner.speech_s:.1f} s of speech were heard, at least {LEAST_SPEECH_S:g} s "
            f"without long pauses are needed: nothing was saved; {remedy}."
        )
    save_profile(path, learner.baseline, model.bundle, window_s=settings.window_s)
    print(
        f"Learnt from {learner.speech_s:.0f} s of speech: {clean(str(path))}\n"
        f"Use it with `monitor --baseline {clean(shlex.quote(arguments.profile))}`.",
        file=sys.stderr,
    )
    return 0


def _from_file(learner: Learner, path: Path) -> None:
    source = FileSource(path, speed=None, loop=False)
    try:
        for item in source.items(threading.Event()):
            if isinstance(item, Block | Gap):
                learner.push(item)
        learner.finish()
    except AudioError as error:
        whole = "give a recording that can be read to its end"
        raise AudioError(f"{error} Nothing was saved: {whole}.") from error
    finally:
        source.close()


def _from_microphone(learner: Learner, device: str, channel: int) -> None:
    from realtime.sources.microphone import MicrophoneSource

    trouble = _Trouble()
    with (
        EndingSignals() as signals,
        contextlib.closing(MicrophoneSource(device or None, channel=channel or None)) as source,
    ):
        signals.opened()
        sys.stderr.write(READING)
        for item in source.items(threading.Event()):
            trouble.push(item)
            if isinstance(item, Block | Gap):
                learner.push(item)
            _show(learner.speech_s)
            if learner.speech_s >= ENOUGH_SPEECH_S:
                sys.stderr.write("\nThat is enough, thank you.\n")
                break
            if signals.code:
                # Whoever ends the reading early may still have been heard for long enough.
                sys.stderr.write("\n")
                break
        learner.finish()


class _Trouble:
    """Says what keeps the reading from being heard, once for as long as it lasts."""

    def __init__(self) -> None:
        self._notices = Notices()
        self._told: dict[str, str] = {}

    def push(self, item: SourceItem) -> None:
        for notice in self._notices.of(item):
            if notice.text is None:
                self._told.pop(notice.key, None)
            elif self._told.get(notice.key) != notice.text:
                self._told[notice.key] = notice.text
                sys.stderr.write("\n")
                tell(notice.text)


def _show(speech_s: float) -> None:
    if sys.stderr.isatty():
        text = f"{speech_s:4.1f} of {ENOUGH_SPEECH_S:g} s of speech"
        draw(speech_s / ENOUGH_SPEECH_S, text, sys.stderr)
