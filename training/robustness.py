"""The same unheard clips through worse microphones, rooms and lines."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from training.augment import AS_IT_IS, Copy
from training.corpus import Corpus, vectors_with_progress
from training.judged import (
    CLIP,
    LIVE_WINDOW_S,
    MODES,
    channel_clips,
    draws_of,
    fold_uar,
    judged_part,
)
from training.noise_recordings import JUDGING
from training.protocols import Protocol
from training.ravdess import Channel
from training.table import ravdess_table


def conditions(noise_dir: Path | None) -> dict[str, Copy]:
    """Name and form of each condition; the noise is made where no folder is given.

    In `noise` each clip has another recording, in `steady noise` all of a speaker's clips have
    the same, as in a room where somebody sits for a while. The level is measured against the loud
    part of a clip, and where it says so against its mean power, which its pauses lower.
    """
    folder = "" if noise_dir is None else str(noise_dir)
    noise = Copy(noise_snr_db=10, noise_dir=folder, noise_part=JUDGING)
    kinds = {"noise": noise, "steady noise": replace(noise, steady=True)}
    return {
        "clean": AS_IT_IS,
        "gain -20 dB": Copy(gain_db=-20),
        "gain +12 dB": Copy(gain_db=12),
        "gain +20 dB": Copy(gain_db=20),
        "telephone band": Copy(lowest_hz=300, highest_hz=3400),
        "GSM telephone": Copy(codec="gsm"),
        "MP3, 17 kbit/s": Copy(codec="mp3"),
        "Opus, 14 kbit/s": Copy(codec="opus"),
        **{
            f"{name}, {snr_db} dB SNR": replace(kind, noise_snr_db=snr_db)
            for name, kind in kinds.items()
            for snr_db in (20, 10, 5)
        },
        **{
            f"{name}, 10 dB SNR by mean power": replace(kind, by_mean_power=True)
            for name, kind in kinds.items()
        },
        "room, 0.4 s": Copy(room_s=0.4),
        "source at 8 kHz": Copy(rate=8000),
        "source at 44.1 kHz": Copy(rate=44_100),
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Robustness:
    """UAR of clips of speech under one condition with one kind of baseline.

    Attributes
    ----------
    condition, baseline : str
    uar : float
        Mean over the folds; clips that the gate takes for silence count as wrong.
    lost : float
        Against clean.
    unanswered : float
        Share of clips without any window.
    """

    condition: str
    baseline: str
    uar: float
    lost: float
    unanswered: float

    def as_json(self) -> dict[str, float | str]:
        """Plain data."""
        return asdict(self)


def robustness(
    protocol: Protocol,
    corpus: Corpus,
    *,
    noise_dir: Path | None,
    cache_dir: Path | None,
    jobs: int,
    seed: int,
) -> Iterator[Robustness]:
    """Judge every condition; a speaker's baseline is learnt under the same one."""
    speech = channel_clips(corpus, Channel.SPEECH)
    clips = tuple(corpus.clips[i] for i in speech)
    clean: dict[str, float] = {}
    for name, copy in conditions(noise_dir).items():
        vectors = vectors_with_progress(
            [clip.path for clip in clips],
            (copy,),
            cache_dir=cache_dir,
            places=[clip.actor for clip in clips],
            jobs=jobs,
        )
        table = ravdess_table(vectors, clips)
        answered = np.unique(table.clip[table.window_s == np.float32(LIVE_WINDOW_S)]).size
        for baseline, mode in MODES.items():
            judged = [
                judged_part(
                    part.judge,
                    part.calibration,
                    table,
                    np.flatnonzero(np.isin(speech, part.unheard)),
                    window_s=LIVE_WINDOW_S,
                    mode=mode,
                    rng=draws_of(seed, number),
                )[CLIP]
                for number, part in enumerate(protocol.parts)
                if np.isin(speech, part.unheard).any()
            ]
            value = fold_uar(judged)
            yield Robustness(
                condition=name,
                baseline=baseline,
                uar=value,
                lost=clean.setdefault(baseline, value) - value,
                unanswered=1 - answered / len(clips),
            )
