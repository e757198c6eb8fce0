"""The [training] tables: defaults, and a sentence for what is wrong."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.errors import ConfigError
from training.config import TrainingSettings, settings_of, training_settings
from training.recipe import NARROW, Recipe


def test_the_shipped_configuration_holds_the_defaults(root: Path) -> None:
    assert training_settings(root / "config.toml") == TrainingSettings()


def test_the_shipped_configuration_names_every_setting(root: Path) -> None:
    text = (root / "config.toml").read_text()
    for kind in (TrainingSettings, Recipe):
        for field in fields(kind):
            assert f"{field.name} =" in text or f"[training.{field.name}]" in text


def test_the_networks_are_those_of_the_readme() -> None:
    settings = TrainingSettings()
    assert settings.network("ann").hidden_layer_shape == (300, 50, 20, 10)
    assert settings.network("mlp").hidden_layer_shape == (960,)


def test_what_a_table_does_not_say_of_a_network_is_as_by_default() -> None:
    default = TrainingSettings().mlp
    assert settings_of({"mlp": {"epochs": 5}}).mlp == replace(default, epochs=5)
    one = replace(default, hidden_layer_shape=(40,), members=1)
    assert settings_of({"mlp": {"hidden_layer_shape": [40]}}).mlp == one


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"sede": 1}, "did you mean seed"),
        ({"seed": "one"}, "must be a whole number"),
        ({"seed": -1}, "choose a value from 0"),
        ({"framework": "torch"}, "choose keras, sklearn or both"),
        ({"test_size": 1.5}, "choose a value from"),
        ({"ann": 3}, r"must be a table, written as \[training.ann\]"),
        ({"ann": {"epoch": 3}}, "did you mean epochs"),
        ({"ann": {"hidden_layer_shape": []}}, "at least one layer"),
        ({"ann": {"hidden_layer_shape": 300}}, "list of whole numbers"),
        ({"ann": {"hidden_layer_shape": [3.5]}}, "list of whole numbers"),
        ({"mlp": {"hidden_layer_shape": [0]}}, "choose a value from 1"),
        ({"mlp": {"hidden_layer_shape": [2800, 2800]}}, r"\[training.mlp\].* can be read again"),
        ({"ann": {"hidden_layer_shape": [1] * 51}}, "makes 51 layers of .* fewer units"),
        ({"mlp": {"learning_rate": 0}}, "choose a value from"),
        ({"mlp": {"mixed_noise_share": 1.5}}, "choose a value from 0"),
        ({"mlp": {"members": 7}}, "7 members cannot share .* a multiple of 7 units"),
        ({"mlp": {"members": 2, "hidden_layer_shape": [8, 8]}}, "give one layer"),
        ({"mlp": {"members": 0}}, "choose a value from 1"),
        ({"ann": {"members": 2, "hidden_layer_shape": [8]}}, "members is for"),
        ({"recipe": {"speed": [1.1]}}, "did you mean speeds"),
        ({"recipe": {"speeds": "fast"}}, "list of numbers"),
        ({"recipe": {"speeds": [9.0]}}, "choose a value from"),
        ({"recipe": {"speeds": [1.1] * 33}}, "at most 32"),
        ({"recipe": {"noise_share": 0.8, "narrow_share": 0.3}}, "are more than 1 together"),
        ({"recipe": {"noise_share": 0.8, "cold_narrow_share": 0.3}}, "more than 1 together"),
        (
            {"recipe": {"noise_share": 0.8, "narrow_share": 0.1, "room_share": 0.2}},
            "noise_share 0.8, narrow_share 0.1, room_share 0.2 are more than 1 together",
        ),
        ({"recipe": {"balance": "fair"}}, "choose none, weights, sampling"),
        ({"recipe": {"cold_share": 0.8, "whole_share": 0.3}}, "are more than 1 together"),
    ],
)
def test_what_is_wrong_is_said(table: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        settings_of(table)


def test_a_session_without_a_baseline_has_a_narrow_share_of_its_own() -> None:
    recipe = Recipe(narrow_share=0.2, cold_narrow_share=0.1)
    narrow = np.array([copy in NARROW for copy in recipe.copies()])
    shares = [np.array(recipe.copy_shares(cold=cold)) for cold in (False, True)]
    assert [one[narrow].sum() for one in shares] == pytest.approx([0.2, 0.1])


def test_copies_have_shares_that_make_a_whole() -> None:
    for recipe in (
        Recipe(),
        Recipe(noise_share=0.0),
        Recipe(room_share=0.0),
        Recipe(narrow_share=0.0, speeds=()),
        Recipe(cold_narrow_share=0.0),
        Recipe(noise_share=0.5, narrow_share=0.5, room_share=0.0),
        # In binary, more than one by a rounding.
        Recipe(noise_share=0.92, narrow_share=0.04, cold_narrow_share=0.04, room_share=0.04),
        Recipe(noise_share=0.9, narrow_share=0.1, cold_narrow_share=0.1, room_share=0.0),
        Recipe(cold_share=0.9, whole_share=0.1),
    ):
        for cold in (False, True):
            shares = recipe.copy_shares(cold=cold)
            assert len(shares) == len(recipe.copies())
            assert sum(shares) == pytest.approx(1)
            assert min(shares) >= 0
        assert recipe.copies()[: len(recipe.clean_copies())] == recipe.clean_copies()
        noisy = [i for i, copy in enumerate(recipe.copies()) if copy.noise_snr_db < np.inf]
        assert noisy == list(recipe.noisy_copies())


def test_recordings_of_noise_are_heard_in_half_of_the_noisy_copies() -> None:
    made, mixed = Recipe().copies(), Recipe().copies(Path("noise"))
    assert len(made) == len(mixed) == len(set(mixed))
    assert not any(copy.noise_dir for copy in made)
    noisy = [copy for copy in mixed if copy.noise_snr_db < 100]
    recorded = [copy for copy in noisy if copy.noise_dir]
    assert len(recorded) == len(noisy) / 2
    assert {copy.noise_part for copy in recorded} == {"training"}
    assert sum(copy.steady for copy in recorded) == len(recorded) / 2
