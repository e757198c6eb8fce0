"""Bundles as `fit` writes them: complete, loadable live, with a card that tells the truth."""

import errno
import hashlib
import json
import os
import pickle
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.bundle import framework_file, load_bundle
from models.contract import fingerprint, signal_contract
from models.errors import ConfigError, OutputError
from models.filter_banks import make_filter_banks
from models.labels import EMOTIONS
from training.config import TrainingSettings, settings_of_bundle
from training.corpus import Corpus
from training.export import Origin, write_bundle
from training.fit import train
from training.judge import Judge, cold
from training.model_card import model_card
from training.ravdess_index import fingerprint as index_fingerprint

KINDS = ("ann", "mlp")


@pytest.fixture(params=KINDS)
def folder(request: pytest.FixtureRequest, tiny_bundles: Path) -> Path:
    return tiny_bundles / str(request.param)


@pytest.fixture
def card(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "bundle.json").read_text())
    return found


def test_the_live_path_loads_it(folder: Path) -> None:
    bundle = load_bundle(folder)
    assert bundle.kind == folder.name
    assert [window.window_s for window in bundle.calibration.windows] == [1.0, 2.0, 3.0]
    assert framework_file(folder).exists()


def test_every_file_has_its_sha256(folder: Path, card: dict[str, Any]) -> None:
    assert len(card["files"]) == 2
    for name, expected in card["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == expected


def test_the_card_tells_contract_origin_recipe_and_versions(
    card: dict[str, Any], tiny_corpus: Corpus
) -> None:
    assert card["labels"] == list(EMOTIONS)
    assert card["signal_fingerprint"] == fingerprint(signal_contract())
    assert card["origin"]["clips"] == 64
    assert card["origin"]["index_sha256"] == index_fingerprint(tiny_corpus.clips)
    assert {"python", "numpy", "librosa", "scikit-learn"} <= set(card["versions"])
    assert card["training"]["recipe"]["speeds"] == [0.9]


def test_the_recipe_can_be_read_back(folder: Path, tiny_settings: TrainingSettings) -> None:
    bundle = load_bundle(folder)
    settings = settings_of_bundle(bundle)
    assert settings.network(bundle.kind) == tiny_settings.network(bundle.kind)
    assert settings.recipe == tiny_settings.recipe
    assert settings.seed == tiny_settings.seed


def test_a_recipe_of_another_version_is_told_to_be_the_bundles(folder: Path) -> None:
    bundle = load_bundle(folder)
    training = bundle.card["training"]
    recipe = {**training["recipe"], "bygone_share": 0.1}
    older = replace(bundle, card={**bundle.card, "training": {**training, "recipe": recipe}})
    sentence = rf"^The {bundle.kind} bundle was trained with .*'bygone_share'.*train it again\.$"
    with pytest.raises(ConfigError, match=sentence):
        settings_of_bundle(older)


def test_a_setting_that_an_older_bundle_lacks_is_not_taken_from_the_defaults(folder: Path) -> None:
    bundle = load_bundle(folder)
    training = bundle.card["training"]
    recipe = {name: value for name, value in training["recipe"].items() if name != "noise_share"}
    older = replace(bundle, card={**bundle.card, "training": {**training, "recipe": recipe}})
    sentence = rf"^The {bundle.kind} bundle .*it lacks noise_share.*train it again\.$"
    with pytest.raises(ConfigError, match=sentence):
        settings_of_bundle(older)


def test_a_bundle_from_before_mixed_noise_had_none(folder: Path) -> None:
    bundle = load_bundle(folder)
    training = bundle.card["training"]
    network = {k: v for k, v in training["network"].items() if k != "mixed_noise_share"}
    older = replace(bundle, card={**bundle.card, "training": {**training, "network": network}})
    assert settings_of_bundle(older).network(bundle.kind).mixed_noise_share == 0


def test_the_stored_banks_are_those_of_librosa(folder: Path) -> None:
    stored = load_bundle(folder).banks.arrays()
    for name, bank in make_filter_banks().arrays().items():
        np.testing.assert_allclose(stored[name], bank, rtol=1e-6, atol=1e-9)


def test_the_model_card_holds_figures_licence_and_warnings(folder: Path) -> None:
    text = (folder / "README.md").read_text()
    for words in (
        "10.1371/journal.pone.0196391",
        "CC BY-NC-SA 4.0",
        "Livingstone",
        "at work, at school",
        "actor-disjoint",
        "random 70/30",
        "| sampling |",
        "curves.png",
    ):
        assert words in text
    assert (folder / "curves.png").stat().st_size > 1000


def test_the_pickle_holds_the_classifier_alone_without_optimiser_state(
    tiny_bundles: Path,
) -> None:
    content = (tiny_bundles / "mlp" / "model.pkl").read_bytes()
    model = pickle.loads(content)  # noqa: S301 - made by this very test run
    assert type(model).__name__ == "MLPClassifier"
    assert not [name for name in vars(model) if name.startswith(("_optimizer", "_best_coefs"))]


def test_a_bundle_judges_as_the_model_it_was_written_from(
    tmp_path: Path, tiny_corpus: Corpus, tiny_settings: TrainingSettings, tiny_bundles: Path
) -> None:
    trained = train("mlp", tiny_corpus.table, tiny_settings)
    calibration = load_bundle(tiny_bundles / "mlp").calibration
    write_bundle(
        tmp_path,
        trained,
        calibration,
        tiny_settings,
        origin=tiny_corpus.origin,
        metrics={"protocols": [], "balance": []},
    )
    bundle = load_bundle(tmp_path)
    stored = Judge(preprocessing=bundle.preprocessing, network=bundle.network)
    windows = tiny_corpus.table.rows(tiny_corpus.table.window_s == 3)
    np.testing.assert_allclose(
        cold(stored, windows).logits, cold(trained.judge, windows).logits, atol=1e-4
    )


def test_an_older_bundle_stays_until_the_new_one_is_written(
    tmp_path: Path,
    tiny_corpus: Corpus,
    tiny_settings: TrainingSettings,
    tiny_bundles: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "mlp"
    shutil.copytree(tiny_bundles / "mlp", folder)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    write = Path.write_text

    def full(path: Path, *arguments: Any, **options: Any) -> int:
        if path.name == "bundle.json":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(path, *arguments, **options)

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OutputError, match="No space left"):
        write_bundle(
            folder,
            train("mlp", tiny_corpus.table, replace(tiny_settings, seed=9)),
            load_bundle(folder).calibration,
            tiny_settings,
            origin=tiny_corpus.origin,
            metrics={"protocols": [], "balance": []},
        )
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_the_card_says_what_a_model_never_learnt(card: dict[str, Any]) -> None:
    assert "clips of speech by 4 actors" in model_card(card)
    assert "it never learnt" not in model_card(card)
    origin = {**card["origin"], "emotions": [str(one) for one in EMOTIONS[:6]]}
    changed = model_card({**card, "origin": origin})
    assert "No clip of disgust or surprised was among them" in changed


def test_a_folder_that_cannot_be_written_is_named(
    tmp_path: Path, tiny_corpus: Corpus, tiny_settings: TrainingSettings, tiny_bundles: Path
) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("no folder")
    with pytest.raises(OutputError, match="--out"):
        write_bundle(
            blocker / "mlp",
            train("mlp", tiny_corpus.table, tiny_settings),
            load_bundle(tiny_bundles / "mlp").calibration,
            tiny_settings,
            origin=Origin(
                clips=1, actors=(1,), index_sha256="", channels=("speech",), emotions=("sad",)
            ),
            metrics={"protocols": [], "balance": []},
        )
