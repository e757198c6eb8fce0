"""What the corpus holds: class counts, one clip of each emotion, features by emotion.

::

    clips -> counts (all, train, test) -> tables, bars
          -> one clip per emotion      -> waveform, mel, MFCC, chroma
          -> vectors                   -> distributions of the five groups
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from models.feature_table import FEATURE_COUNT, GROUPS
from models.labels import EMOTIONS
from training import example_pictures
from training.augment import AS_IT_IS
from training.corpus import vectors_with_progress
from training.explore_pictures import (
    Vectors,
    draw_counts,
    draw_profiles,
    draw_summaries,
    summary_of,
)
from training.features import WHOLE_CLIP_S
from training.output_folder import REPORT, writing_to
from training.ravdess import Channel, Clip, Intensity, Sex, find_clips
from training.ravdess_index import Report, validate
from training.splits import Split, actor_folds, random_split

Extract = Callable[[Sequence[Clip]], Vectors]
Frame = Any  # pandas.DataFrame; pandas publishes no types
BREAKDOWNS = ("channel", "sex", "intensity")
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


def explore(
    data_dir: Path,
    report_dir: Path,
    *,
    extract: Extract,
    test_size: float = 0.3,
    seed: int = 0,
) -> Path:
    """Write tables and pictures that describe a corpus.

    Parameters
    ----------
    data_dir : Path
        RAVDESS, whole or in part.
    report_dir : Path
        Made if need be; files of an earlier report are replaced.
    extract : callable
        From clips to one vector each, shape (n, 193), as `whole_clip_vectors` does; NaN where
        there is too little speech.
    test_size : float
        Share of the random split whose counts are shown.
    seed : int
        Of that split.

    Returns
    -------
    Path
        The report, ``explore.md``; tables (CSV) and pictures (PNG) lie beside it.

    Raises
    ------
    DataError
        If the folder holds no clips, or too few to split.
    AudioError
        If a clip cannot be read.
    OutputError
        If the report cannot be written.
    """
    clips = find_clips(data_dir)
    split = random_split(clips, test_size=test_size, seed=seed)
    vectors = extract(clips)
    with writing_to(report_dir, *REPORT):
        sections = [
            _overview(clips, vectors, validate(data_dir)),
            _counts_section(clips, split, report_dir),
            _examples_section(clips, report_dir),
            _features_section(clips, vectors, report_dir),
        ]
        report = report_dir / "explore.md"
        report.write_text("\n\n".join(sections) + "\n", encoding="utf-8")
    return report


def whole_clip_vectors(
    clips: Sequence[Clip], *, cache_dir: Path | None = None, jobs: int = -1
) -> Vectors:
    """The mean features of each clip over its active frames; NaN where there is too little speech.

    Parameters
    ----------
    clips : sequence of Clip
    cache_dir : Path, optional
        Of the feature cache; the user's by default.
    jobs : int
        Processes; -1 takes every core.

    Raises
    ------
    AudioError, OutputError
        If a clip cannot be read or the cache not written.
    """
    paths = [clip.path for clip in clips]
    windows = vectors_with_progress(paths, (AS_IT_IS,), cache_dir=cache_dir, jobs=jobs, form=None)
    is_whole = windows.window_s == WHOLE_CLIP_S
    vectors = np.full((len(clips), FEATURE_COUNT), np.nan, np.float32)
    vectors[windows.clip[is_whole]] = windows.vectors[is_whole][:, :FEATURE_COUNT]
    return vectors


def clip_table(clips: Sequence[Clip]) -> Frame:
    """One row per clip: name, emotion, channel, sex, intensity, statement, actor."""
    import pandas as pd

    fields = ("name", "emotion", "channel", "sex", "intensity", "statement", "actor")
    table = pd.DataFrame({field: [getattr(clip, field) for clip in clips] for field in fields})
    orders: dict[str, Iterable[str]] = {
        "emotion": EMOTIONS,
        "channel": Channel,
        "sex": Sex,
        "intensity": Intensity,
    }
    return table.astype({name: pd.CategoricalDtype(list(of)) for name, of in orders.items()})


def class_counts(clips: Sequence[Clip], split: Split) -> Frame:
    """Count clips by emotion, before the split and on both sides of it.

    Returns
    -------
    pandas.DataFrame
        Columns ``part`` (all, train, test), ``by`` (channel, sex, intensity), ``value``,
        ``emotion`` and ``clips``; an emotion without clips is there, with 0.
    """
    import pandas as pd

    table = clip_table(clips)
    parts = {"all": table, "train": table.iloc[split.train], "test": table.iloc[split.test]}
    counted = []
    for part, rows in parts.items():
        for by in BREAKDOWNS:
            cells = pd.crosstab(rows["emotion"], rows[by], dropna=False)
            counts = cells.melt(var_name="value", value_name="clips", ignore_index=False)
            counted.append(counts.reset_index().assign(part=part, by=by))
    return pd.concat(counted, ignore_index=True)[["part", "by", "value", "emotion", "clips"]]


def fold_counts(clips: Sequence[Clip]) -> Frame:
    """Count the test clips of each actor-disjoint fold by emotion, a column per fold."""
    import pandas as pd

    emotions = clip_table(clips)["emotion"]
    counts = {
        split.name: emotions.iloc[split.test].value_counts(sort=False)
        for split in actor_folds(clips)
    }
    return pd.DataFrame(counts).rename_axis("emotion").reset_index()


def feature_quantiles(clips: Sequence[Clip], vectors: Vectors) -> Frame:
    """Quantiles of each group's summary by channel and emotion; clips without speech left out."""
    import pandas as pd

    parts = []
    for group in GROUPS:
        table = clip_table(clips).assign(value=summary_of(group, vectors)).dropna()
        by_class = table.groupby(["channel", "emotion"], observed=True)["value"]
        quantiles = by_class.quantile(list(QUANTILES)).unstack()
        quantiles.columns = [f"p{100 * share:.0f}" for share in QUANTILES]
        quantiles.insert(0, "clips", by_class.count())
        parts.append(quantiles.reset_index().assign(group=group.name))
    order = ["group", "channel", "emotion", "clips", *parts[0].columns[3:-1]]
    return pd.concat(parts)[order]


def markdown(table: Frame) -> str:
    """A table as Markdown; numbers with at most three decimals."""
    rows = [
        [f"{value:.3g}" if isinstance(value, float) else str(value) for value in row]
        for row in table.itertuples(index=False)
    ]
    header = [str(column) for column in table.columns]
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _overview(clips: Sequence[Clip], vectors: Vectors, found: Report) -> str:
    actors = {clip.actor for clip in clips}
    channels = ", ".join(
        f"{sum(clip.channel is channel for clip in clips)} of {channel}" for channel in Channel
    )
    silent = int(np.count_nonzero(~np.isfinite(vectors).all(axis=1)))
    return (
        f"# The corpus\n\n{len(clips)} clips ({channels}) of {len(actors)} actors. "
        f"Clips with too little speech for features: {silent}.\n\n"
        f"Compared with the index: {found.summary}"
    )


def _counts_section(clips: Sequence[Clip], split: Split, folder: Path) -> str:
    counts = class_counts(clips, split)
    counts.to_csv(folder / "class_counts.csv", index=False)
    draw_counts(counts, folder / "class_counts.png")
    parts = [f"## Class counts\n\nBefore and after the split '{split.name}', by emotion."]
    for by in BREAKDOWNS:
        chosen = counts[counts["by"] == by]
        wide = chosen.pivot_table(
            index="emotion", columns=["part", "value"], values="clips", observed=False, sort=False
        ).astype(int)
        wide.columns = [f"{part}, {value}" for part, value in wide.columns]
        parts.append(f"By {by}:\n\n{markdown(wide.reset_index())}")
    parts.append("![Class counts](class_counts.png)")
    if len({clip.actor for clip in clips}) > 1:
        folds = fold_counts(clips)
        folds.to_csv(folder / "fold_counts.csv", index=False)
        parts.append(f"Test clips of the actor-disjoint folds:\n\n{markdown(folds)}")
    return "\n\n".join(parts)


def _examples_section(clips: Sequence[Clip], folder: Path) -> str:
    chosen = example_pictures.example_clips(clips)
    examples = [example_pictures.read_example(clip) for clip in chosen]
    drawings = {
        "waveform": example_pictures.draw_waveforms,
        "mel": example_pictures.draw_mel,
        "mfcc": example_pictures.draw_mfcc,
        "chroma": example_pictures.draw_chroma,
    }
    links = []
    for name, draw in drawings.items():
        draw(examples, folder / f"clips_{name}.png")
        links.append(f"![{name}](clips_{name}.png)")
    names = ", ".join(clip.name for clip in chosen)
    return "\n\n".join([f"## One clip of each emotion\n\n{names}.", *links])


def _features_section(clips: Sequence[Clip], vectors: Vectors, folder: Path) -> str:
    quantiles = feature_quantiles(clips, vectors)
    quantiles.to_csv(folder / "feature_quantiles.csv", index=False, float_format="%.4g")
    draw_summaries(clips, vectors, folder / "features.png")
    links = ["![Five groups](features.png)"]
    for group in GROUPS:
        draw_profiles(group, clips, vectors, folder / f"features_{group.name}.png")
        links.append(f"![{group.name}](features_{group.name}.png)")
    return "\n\n".join(["## Features by emotion", *links, markdown(quantiles)])
