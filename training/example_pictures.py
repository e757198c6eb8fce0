"""One clip of each emotion, as waveform, mel spectrogram, MFCC and chroma."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.audio import SAMPLE_RATE, Canonical
from models.feature_table import FEATURE_COUNT, SPANS
from models.filter_banks import FRAME_SAMPLES, HOP_SAMPLES, make_filter_banks
from models.frame_stream import FrameStream
from models.frames import BIN_HZ
from models.labels import EMOTIONS, Emotion
from training.explore_pictures import PITCH_CLASSES, in_decibels
from training.features import frame_extractor
from training.plots import DARK, HEAT, LIGHT, emotion_grid, label_outer
from training.ravdess import Channel, Clip, Intensity
from training.sound import read_sound

_TICKS_HZ = (125, 500, 1000, 2000, 4000, 7000)
_MEL_RANGE_DB = 70.0


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Example:
    """A clip as the features see it.

    Attributes
    ----------
    clip : Clip
    samples : ndarray, shape (n,), float32, 16 kHz
    features : ndarray, shape (k, 193), float64
        Of every frame, speech or not; mel in decibels.
    speech : ndarray, shape (k,), bool
        What the speech gate lets through.
    """

    clip: Clip
    samples: NDArray[np.float32]
    features: NDArray[np.float64]
    speech: NDArray[np.bool_]

    @property
    def duration_s(self) -> float:
        """Length of the clip."""
        return len(self.samples) / SAMPLE_RATE

    @property
    def frame_s(self) -> NDArray[np.float64]:
        """Centre of each frame."""
        return (np.arange(len(self.speech)) * HOP_SAMPLES + FRAME_SAMPLES / 2) / SAMPLE_RATE


@dataclass(frozen=True, kw_only=True, slots=True)
class _YAxis:
    label: str
    first: int
    ticks: dict[int, str]


def example_clips(clips: Sequence[Clip]) -> list[Clip]:
    """Choose a clip per emotion: of the actor who has most emotions, spoken and strong if possible.

    Parameters
    ----------
    clips : sequence of Clip
    """
    emotions_of: dict[int, set[Emotion]] = {}
    for clip in clips:
        emotions_of.setdefault(clip.actor, set()).add(clip.emotion)

    def place(clip: Clip) -> tuple[int, int, bool, bool, str]:
        is_sung, is_weak = clip.channel is Channel.SONG, clip.intensity is Intensity.NORMAL
        return -len(emotions_of[clip.actor]), clip.actor, is_sung, is_weak, clip.name

    best: dict[Emotion, Clip] = {}
    for clip in sorted(clips, key=place):
        best.setdefault(clip.emotion, clip)
    return [best[emotion] for emotion in EMOTIONS if emotion in best]


def read_example(clip: Clip) -> Example:
    """Read a clip and compute its frames.

    Raises
    ------
    AudioError
        If the file is no sound.
    """
    mono, rate = read_sound(clip.path)
    samples = Canonical(rate).push(mono, last=True)
    extractor = frame_extractor()
    frames = extractor.features(extractor.windowed(samples))
    return Example(
        clip=clip,
        samples=samples,
        features=in_decibels(frames[:, :FEATURE_COUNT]),
        speech=FrameStream(rate, extractor).push(mono, last=True).speech,
    )


def draw_waveforms(examples: Sequence[Example], path: Path) -> None:
    """Draw the samples over time, each on its own scale, shaded where the gate hears speech."""
    title = "Waveforms, each on its own scale; shaded where the gate hears speech"
    with emotion_grid(path, title=title, sharex=True) as (grid, panels):
        for example in examples:
            axes = panels[example.clip.emotion]
            times_s = np.arange(len(example.samples)) / SAMPLE_RATE
            axes.plot(times_s, example.samples, color=DARK, lw=0.4)
            axes.fill_between(
                example.frame_s,
                0,
                1,
                where=example.speech.tolist(),
                transform=axes.get_xaxis_transform(),
                color=LIGHT,
                alpha=0.25,
                lw=0,
            )
            axes.set_title(_title(example))
            axes.margins(x=0)
        label_outer(grid, "time (s)", "amplitude (full scale 1)")


def draw_mel(examples: Sequence[Example], path: Path) -> None:
    """Draw the mel spectrogram over time, each clip below its own maximum."""
    peaks_hz = make_filter_banks().mel.argmax(axis=1) * BIN_HZ
    nearest = {int(np.abs(peaks_hz - tick).argmin()): str(tick) for tick in _TICKS_HZ}
    blocks = [example.features[:, SPANS["mel"]] for example in examples]
    blocks = [block - block.max() for block in blocks]
    look = {"cmap": HEAT, "vmin": -_MEL_RANGE_DB, "vmax": 0.0}
    _heat(
        list(zip(examples, blocks, strict=True)),
        path,
        title="Mel spectrogram",
        unit="relative to the clip's maximum (dB)",
        y_axis=_YAxis(label="frequency (Hz)", first=0, ticks=nearest),
        look=look,
    )


def draw_mfcc(examples: Sequence[Example], path: Path) -> None:
    """Draw MFCC 1 to 39 over time where there is speech; MFCC 0, the level, would hide them."""
    blocks = [_speech_only(example, "mfcc")[:, 1:] for example in examples]
    every = np.concatenate([example.features[:, SPANS["mfcc"]][:, 1:] for example in examples])
    reach = max(1.0, float(np.quantile(np.abs(every), 0.98)))
    _heat(
        list(zip(examples, blocks, strict=True)),
        path,
        title="MFCC, where the gate hears speech; 0, the level, left out",
        unit="value (dB)",
        y_axis=_YAxis(label="coefficient", first=1, ticks={i: str(i) for i in (1, 10, 20, 30, 39)}),
        look={"cmap": "PuOr", "vmin": -reach, "vmax": reach},
    )


def draw_chroma(examples: Sequence[Example], path: Path) -> None:
    """Draw the chroma over time where there is speech: in silence it is noise."""
    blocks = [_speech_only(example, "chroma") for example in examples]
    _heat(
        list(zip(examples, blocks, strict=True)),
        path,
        title="Chroma, where the gate hears speech",
        unit="share of the largest",
        y_axis=_YAxis(label="pitch class", first=0, ticks=dict(enumerate(PITCH_CLASSES))),
        look={"cmap": HEAT, "vmin": 0.0, "vmax": 1.0},
    )


def _speech_only(example: Example, group: str) -> NDArray[np.float64]:
    return np.where(example.speech[:, None], example.features[:, SPANS[group]], np.nan)


def _heat(
    drawn: Sequence[tuple[Example, NDArray[np.float64]]],
    path: Path,
    *,
    title: str,
    unit: str,
    y_axis: _YAxis,
    look: dict[str, Any],
) -> None:
    longest_s = max(example.duration_s for example, _ in drawn)
    with emotion_grid(path, title=title, sharex=True, sharey=True) as (grid, panels):
        for example, block in drawn:
            bottom = y_axis.first - 0.5
            axes = panels[example.clip.emotion]
            image = axes.imshow(
                block.T,
                aspect="auto",
                origin="lower",
                extent=(0.0, example.duration_s, bottom, bottom + block.shape[1]),
                interpolation="nearest",
                **look,
            )
            axes.set_title(_title(example))
            axes.set_yticks(list(y_axis.ticks), list(y_axis.ticks.values()))
        for axes in grid.flat:
            axes.grid(visible=False)
        grid[0, 0].set_xlim(0, longest_s)
        grid[0, 0].figure.colorbar(image, ax=grid, label=unit, pad=0.01, fraction=0.03)
        label_outer(grid, "time (s)", y_axis.label)


def _title(example: Example) -> str:
    clip = example.clip
    return f"{clip.emotion}, {clip.intensity} ({clip.channel}, actor {clip.actor:02d})"
