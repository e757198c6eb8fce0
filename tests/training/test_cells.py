"""What counts in a cell of the table of figures, on tables made by hand."""

import numpy as np
import pytest
from numpy.typing import NDArray

from models.network import softmax
from tests.training.hand_made import CALIBRATION, PLAIN_JUDGE, table_of
from training.cells import cell
from training.judge import cold
from training.judged import (
    ADAPTIVE,
    CLIP,
    FOLDER,
    LIVE_WINDOW_S,
    MODES,
    WINDOW,
    Judged,
    judged_part,
    judged_units,
    windows_of,
)

NOBODY = np.zeros(0, np.int64)


def test_a_cell_judges_clean_windows_of_its_length() -> None:
    table = table_of([0, 1, 2, 3], emotion=[0] * 4, copy=[0, 1, 0, 0], window_s=[3, 3, 1, 0])
    assert windows_of(table, 3.0).clip.tolist() == [0]
    assert windows_of(table, 1.0).clip.tolist() == [2]


@pytest.mark.parametrize(("mode", "times"), [(FOLDER, 1), (ADAPTIVE, 8)])
def test_clips_without_a_window_weigh_as_much_as_clips_that_are_judged_in_several_draws(
    mode: str, times: int
) -> None:
    """Of forty clips eight make the baseline in each of ten draws: a clip is judged eight times."""
    silent, judged = 7, 40
    table = table_of(range(judged), emotion=[i % 7 for i in range(judged)] + [silent])
    found = judged_part(
        PLAIN_JUDGE,
        CALIBRATION,
        table,
        np.arange(judged + 1),
        window_s=LIVE_WINDOW_S,
        mode=MODES[mode],
        rng=np.random.default_rng(0),
    )[CLIP]
    assert found.labels.size == times * (judged + 1)
    assert np.count_nonzero(found.labels == silent) == times


def test_windows_are_live_ones_and_clips_are_judged_by_all_they_have() -> None:
    table = table_of([0, 0, 1], emotion=[4, 6], active_s=[2.0, 0.4, 0.4])
    units = judged_units(cold(PLAIN_JUDGE, table), CALIBRATION.for_window(3.0), 1.5, NOBODY)
    assert units[WINDOW].labels.tolist() == [4]
    for name in ("probabilities", "uncalibrated", "shown"):
        assert getattr(units[WINDOW], name).shape == (1, 8)
        assert getattr(units[CLIP], name).shape == (2, 8)
    assert units[CLIP].labels.tolist() == [4, 6]


def test_what_is_not_calibrated_has_no_temperature() -> None:
    verdicts = cold(PLAIN_JUDGE, table_of([0, 1], emotion=[4, 6]))
    units = judged_units(verdicts, CALIBRATION.for_window(3.0), 1.5, NOBODY)
    for unit in (WINDOW, CLIP):
        np.testing.assert_allclose(units[unit].uncalibrated, softmax(verdicts.logits), atol=1e-4)
        np.testing.assert_allclose(units[unit].probabilities, softmax(verdicts.logits, 2.0), 1e-3)


def sure_of(emotions: list[int], probability: float) -> NDArray[np.float64]:
    rows = np.full((len(emotions), 8), (1 - probability) / 7)
    rows[np.arange(len(emotions)), emotions] = probability
    return rows


def test_a_cell_tells_accuracy_and_recall_of_each_fold_and_both_losses() -> None:
    labels = np.array([0, 0, 0, 1])
    folds = [
        Judged(
            probabilities=sure_of(said, 0.5),
            uncalibrated=sure_of(said, 0.9),
            shown=sure_of(said, 0.5),
            labels=labels,
        )
        for said in ([0, 0, 0, 2], [0, 0, 0, 1])
    ]
    found = cell(folds, protocol="p", channel="c", baseline="b", unit=CLIP, window_s=3.0)
    assert found.uar_by_fold == (0.5, 1.0)
    assert found.accuracy_by_fold == (0.75, 1.0)
    assert found.as_json()["accuracy"] == 0.875
    wrong = -np.log(np.array([0.5, 0.1]) / 7) / 8
    right = -np.log([0.5, 0.9]) * 7 / 8
    assert [found.scores.log_loss, found.log_loss_before] == pytest.approx(wrong + right)
    assert [found.scores.ece, found.ece_before] == pytest.approx([0.375, 0.025])
