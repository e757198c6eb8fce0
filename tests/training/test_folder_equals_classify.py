"""A folder of recordings is judged by `classify` as evaluation judges a speaker's clips."""

import csv
from pathlib import Path

import numpy as np
import pytest
import soundfile

from models.bundle import load_bundle
from models.labels import EMOTIONS
from models.shipped import bundle_folder
from realtime.cli import main
from realtime.prototypes import ENOUGH_RECORDINGS, LEAST_INFORMATION, information
from training.judge import Judge
from training.judged import CLIP, LIVE_WINDOW_S, MODES, judged_part
from training.other_voices import read_labels, voices_table


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory, demonstration: Path) -> Path:
    """Thirty pieces of the demonstration clip that overlap; their labels do not matter."""
    folder = tmp_path_factory.mktemp("voice")
    samples, rate = soundfile.read(demonstration, dtype="float32")
    starts = np.linspace(0, samples.size - 3 * rate, ENOUGH_RECORDINGS + 10).astype(int)
    with (folder / "labels.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "speaker", "emotion"])
        for number, start in enumerate(starts.tolist()):
            name = f"{number:02}.wav"
            soundfile.write(folder / name, samples[start : start + 3 * rate], rate, "FLOAT")
            writer.writerow([name, "one", EMOTIONS[number % len(EMOTIONS)]])
    return folder


@pytest.mark.parametrize("baseline", ["off", "folder"])
def test_the_same_probabilities(
    recordings: Path, baseline: str, capfd: pytest.CaptureFixture[str]
) -> None:
    main(["classify", "--model", "mlp", "--baseline", baseline, "--jobs", "1", str(recordings)])
    rows = list(csv.DictReader(capfd.readouterr().out.splitlines()))
    said = np.array([[float(row[emotion]) for emotion in EMOTIONS] for row in rows])
    bundle = load_bundle(bundle_folder("mlp"))
    table, _ = voices_table(read_labels(recordings), cache_dir=None, jobs=1)
    judged = judged_part(
        Judge(preprocessing=bundle.preprocessing, network=bundle.network),
        bundle.calibration,
        table,
        np.arange(len(rows)),
        window_s=LIVE_WINDOW_S,
        mode=MODES["folder" if baseline == "folder" else "cold"],
        rng=np.random.default_rng(0),
    )[CLIP]
    assert said == pytest.approx(judged.probabilities, abs=1e-4)
    # The refinement has its say: without it this test would prove little.
    assert information(judged.probabilities) > LEAST_INFORMATION
