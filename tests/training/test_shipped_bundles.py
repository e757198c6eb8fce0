"""The bundles that newcomers get: whole, current, small, and the same in every framework."""

import json
from pathlib import Path

import numpy as np
import pytest

from models.bundle import JSON_NAME, NETWORK_NAME, framework_file, load_bundle
from models.contract import fingerprint, signal_contract
from models.filter_banks import make_filter_banks
from models.network import softmax
from models.shipped import SHIPPED, bundle_folder
from training.model_card import CARD_NAME, model_card
from training.predict import load_framework_model, predict

FRAMEWORKS = {"ann": "keras", "mlp": "sklearn"}
SHAPES = {"ann": [300, 50, 20, 10, 8], "mlp": [960, 8]}
LARGEST_KB = 2500
DEMONSTRATION_ACTOR = 22


@pytest.mark.parametrize("name", SHIPPED)
def test_it_loads_and_has_the_asked_for_shape(name: str) -> None:
    bundle = load_bundle(bundle_folder(name))
    assert [len(layer.bias) for layer in bundle.network.layers] == SHAPES[name]
    assert [window.window_s for window in bundle.calibration.windows] == [1.0, 2.0, 3.0]
    assert bundle.card["signal_fingerprint"] == fingerprint(signal_contract())


@pytest.mark.parametrize("name", SHIPPED)
def test_the_framework_agrees_with_the_live_path(name: str, demonstration: Path) -> None:
    folder = bundle_folder(name)
    bundle = load_bundle(folder)
    model = load_framework_model(folder, FRAMEWORKS[name])
    inputs = np.random.default_rng(0).normal(0, 2, (50, 193)).astype(np.float32)
    ours = softmax(bundle.network.logits(inputs))
    np.testing.assert_allclose(model.probabilities(inputs), ours, atol=1e-5)
    assert predict(demonstration, bundle, model).emotion is not None


@pytest.mark.parametrize("name", SHIPPED)
def test_its_files_are_those_it_was_written_with_and_small(name: str) -> None:
    folder = bundle_folder(name)
    files = [folder / JSON_NAME, folder / NETWORK_NAME, framework_file(folder)]
    assert sum(file.stat().st_size for file in files) < LARGEST_KB * 1024


@pytest.mark.parametrize("name", SHIPPED)
def test_its_filter_banks_are_those_of_this_librosa(name: str) -> None:
    stored = load_bundle(bundle_folder(name)).banks.arrays()
    for bank, array in make_filter_banks().arrays().items():
        np.testing.assert_allclose(stored[bank], array, rtol=1e-5, atol=1e-9, err_msg=bank)


@pytest.mark.parametrize("name", SHIPPED)
def test_its_card_says_what_the_bundle_says(name: str) -> None:
    card = (bundle_folder(name) / CARD_NAME).read_text(encoding="utf-8")
    assert card == model_card(load_bundle(bundle_folder(name)).card)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_demonstration_was_never_trained_on(name: str) -> None:
    card = load_bundle(bundle_folder(name)).card
    assert DEMONSTRATION_ACTOR not in card["origin"]["actors"]


@pytest.mark.parametrize("name", SHIPPED)
def test_its_card_says_how_right_it_is_and_what_it_is_not_for(name: str) -> None:
    folder = bundle_folder(name)
    text = (folder / "README.md").read_text()
    for needed in ("actor-disjoint", "random 70/30", "CC BY-NC-SA 4.0", "Livingstone", "Not for"):
        assert needed in text
    metrics = json.loads((folder / JSON_NAME).read_text())["metrics"]
    assert metrics
