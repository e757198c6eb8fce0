"""RAVDESS file names: what a name says about its clip, and which names there are.

Livingstone & Russo 2018, "The Ryerson Audio-Visual Database of Emotional Speech and Song",
doi 10.1371/journal.pone.0196391. ``03-01-06-02-01-02-12`` reads: audio only, speech, fearful,
strong, first statement, second repetition, actor 12 (even: a woman).
"""

import enum
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from models.errors import DataError
from models.labels import EMOTIONS, Emotion

ACTORS = range(1, 25)
SUFFIXES = (".wav", ".flac")
EXAMPLE = "03-01-06-02-01-02-12"
_AUDIO_ONLY = 3
_ACTOR_WITHOUT_SONG = 18
_NEVER_SUNG = (Emotion.DISGUST, Emotion.SURPRISED)
_ACTOR_FOLDER = re.compile(r"Actor_(\d\d)", re.IGNORECASE)


class Channel(enum.StrEnum):
    """How the statement is voiced, in the order of the name's codes 01 and 02."""

    SPEECH = "speech"
    SONG = "song"


class Intensity(enum.StrEnum):
    """How strongly the emotion is acted, in the order of the name's codes 01 and 02."""

    NORMAL = "normal"
    STRONG = "strong"


class Sex(enum.StrEnum):
    """Sex of the actor: odd numbers are men, even numbers women."""

    MALE = "male"
    FEMALE = "female"


_CHANNELS = tuple(Channel)
_INTENSITIES = tuple(Intensity)
_HIGHEST = {
    "channel": len(_CHANNELS),
    "emotion": len(EMOTIONS),
    "intensity": len(_INTENSITIES),
    "statement": 2,
    "repetition": 2,
    "actor": ACTORS[-1],
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Clip:
    """One recording, as its name describes it.

    Attributes
    ----------
    channel : Channel
        Speech or song.
    emotion : Emotion
        The emotion the actor was asked for.
    intensity : Intensity
        Normal or strong; neutral is always normal.
    statement : int
        1, "Kids are talking by the door", or 2, "Dogs are sitting by the door".
    repetition : int
        1 or 2.
    actor : int
        1 to 24.
    path : Path
        The file.
    """

    channel: Channel
    emotion: Emotion
    intensity: Intensity
    statement: int
    repetition: int
    actor: int
    path: Path

    @property
    def sex(self) -> Sex:
        """Sex of the actor."""
        return Sex.MALE if self.actor % 2 else Sex.FEMALE

    @property
    def name(self) -> str:
        """The seven fields, without folder and suffix."""
        codes = (
            _CHANNELS.index(self.channel) + 1,
            EMOTIONS.index(self.emotion) + 1,
            _INTENSITIES.index(self.intensity) + 1,
            self.statement,
            self.repetition,
            self.actor,
        )
        return _name(codes)


def parse(path: Path) -> Clip:
    """Read the seven fields of a file's name.

    Parameters
    ----------
    path : Path
        The file, with or without folder and suffix; it is not opened.

    Returns
    -------
    Clip

    Raises
    ------
    DataError
        If the name lacks the seven two-digit fields, or a field has a value RAVDESS does not use.
    """
    stem = path.stem
    if re.fullmatch(r"\d\d(-\d\d){6}", stem, re.ASCII) is None:
        raise DataError(
            f"{path.name!r} is not a RAVDESS name: seven fields of two digits such as {EXAMPLE} "
            "were needed; rename the file or take it out of the folder."
        )
    modality, *codes = map(int, stem.split("-"))
    if modality != _AUDIO_ONLY:
        raise DataError(
            f"{path.name!r} has modality {modality:02d}: only 03 (audio only) can be used; "
            "take the file out of the folder."
        )
    for (field, highest), code in zip(_HIGHEST.items(), codes, strict=True):
        if not 1 <= code <= highest:
            raise DataError(
                f"{path.name!r} has {field} {code:02d}: RAVDESS uses 01 to {highest:02d}; "
                "rename the file or take it out of the folder."
            )
    channel, emotion, intensity, statement, repetition, actor = codes
    return Clip(
        channel=_CHANNELS[channel - 1],
        emotion=EMOTIONS[emotion - 1],
        intensity=_INTENSITIES[intensity - 1],
        statement=statement,
        repetition=repetition,
        actor=actor,
        path=path,
    )


def official_names() -> tuple[str, ...]:
    """Names of all 2452 audio-only clips, sorted: 1440 of speech, 1012 of song.

    Neutral is never strong, song has neither disgust nor surprised, and actor 18 does not sing.
    """
    every = itertools.product(*(range(1, highest + 1) for highest in _HIGHEST.values()))
    clips = (parse(Path(_name(codes))) for codes in every)
    return tuple(clip.name for clip in clips if _was_recorded(clip))


def audio_files(data_dir: Path) -> list[Path]:
    """Sound files in the ``Actor_XX`` folders of a corpus, sorted, whatever their names.

    Parameters
    ----------
    data_dir : Path
        Holds ``Audio_Speech_Actors_01-24/Actor_XX`` and the like, or ``Actor_XX`` itself.

    Raises
    ------
    DataError
        If the folder cannot be read.
    """
    try:
        return sorted(_walk(data_dir))
    except OSError as error:
        raise DataError(
            f"The data folder {data_dir} cannot be read ({error.strerror}): name the folder that "
            "holds RAVDESS, or get it by 'python -m training download DIR'."
        ) from error


def find_clips(data_dir: Path) -> list[Clip]:
    """List the clips of a corpus, whole or partial, sorted by actor and name.

    A clip that lies there more than once (a well-known copy of the corpus holds each file twice)
    is listed once: the first in the order of the paths.

    Parameters
    ----------
    data_dir : Path
        Holds ``Audio_Speech_Actors_01-24/Actor_XX`` and the like, or ``Actor_XX`` itself, with
        ``.wav`` or ``.flac`` files.

    Returns
    -------
    list of Clip

    Raises
    ------
    DataError
        If the folder cannot be read, holds no clip, or holds a sound file whose name is not
        one of RAVDESS or names another actor than its folder.
    """
    clips: dict[str, Clip] = {}
    for path in audio_files(data_dir):
        clip = parse(path)
        folder = path.parent.name
        if int(folder[-2:]) != clip.actor:
            raise DataError(
                f"{path.name!r} lies in {folder} but names actor {clip.actor:02d}: "
                "move it to its actor's folder or take it away."
            )
        clips.setdefault(clip.name, clip)
    if not clips:
        raise DataError(
            f"No clip was found in {data_dir}: folders Actor_XX with .wav or .flac files were "
            "needed; get them by 'python -m training download DIR'."
        )
    return sorted(clips.values(), key=lambda clip: (clip.actor, clip.name))


def _walk(data_dir: Path) -> Iterator[Path]:
    for folder in data_dir.iterdir():
        if _ACTOR_FOLDER.fullmatch(folder.name):
            yield from _sounds(folder)
        elif folder.is_dir() and not folder.name.startswith("."):
            for inner in folder.iterdir():
                if _ACTOR_FOLDER.fullmatch(inner.name):
                    yield from _sounds(inner)


def _sounds(folder: Path) -> Iterator[Path]:
    # macOS leaves "._NAME.wav" beside each file it copies: no sound, and hidden.
    for path in folder.iterdir():
        if path.suffix.lower() in SUFFIXES and not path.name.startswith("."):
            yield path


def _was_recorded(clip: Clip) -> bool:
    if clip.emotion is Emotion.NEUTRAL and clip.intensity is Intensity.STRONG:
        return False
    sung = clip.channel is Channel.SONG
    return not (sung and (clip.emotion in _NEVER_SUNG or clip.actor == _ACTOR_WITHOUT_SONG))


def _name(codes: Iterable[int]) -> str:
    return "-".join(f"{code:02d}" for code in (_AUDIO_ONLY, *codes))
