"""The `[training]` tables of config.toml: typed, checked, with a suggestion for a misspelt key."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from itertools import pairwise
from pathlib import Path
from typing import Any

from models.bundle import Bundle
from models.errors import ConfigError
from models.feature_table import FEATURE_COUNT
from models.labels import EMOTIONS
from models.safe_files import LARGEST_FILE_BYTES
from realtime.config import config_path, in_range, read_tables, settings_from, unknown_key
from training.recipe import Recipe

FRAMEWORKS = {"keras": "ann", "sklearn": "mlp"}
BOTH = "both"
# What `models.safe_files` reads, with room for what a bundle holds beside its weights.
MOST_LAYERS = 50
MOST_WEIGHTS = (LARGEST_FILE_BYTES - 2**20) // 4


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkSettings:
    """`[training.ann]` or `[training.mlp]`: shape and optimisation of one network.

    Attributes
    ----------
    hidden_layer_shape : tuple of int
        Units of each hidden layer.
    members : int
        Networks with an even share of the units of one hidden layer that are trained apart, each
        on rows of its own, and then joined to one: see `training.mlp`. Not for the ANN.
    batch_size : int
        Rows in one step of the optimiser (Adam).
    epochs : int
    learning_rate : float
        At the start; it falls to zero along half a cosine.
    weight_decay : float
        L2 penalty on the weights.
    input_dropout, dropout : float
        Share of the inputs and of the first hidden layer's units left out at each step.
    mixed_noise_share : float
        Share of sessions in which each clip is heard in a noisy copy of its own; the recipe has
        the rest.
    """

    hidden_layer_shape: tuple[int, ...]
    members: int = 1
    batch_size: int = 64
    epochs: int = 120
    learning_rate: float = 2e-3
    weight_decay: float = 1e-5
    input_dropout: float = 0.0
    dropout: float = 0.0
    mixed_noise_share: float = 0.0

    def __post_init__(self) -> None:
        """Check ranges; raises `ConfigError`."""
        if not self.hidden_layer_shape:
            raise ConfigError("hidden_layer_shape is empty: give at least one layer, as in [300].")
        for units in self.hidden_layer_shape:
            in_range("hidden_layer_shape", units, 1, 4096)
        if len(self.hidden_layer_shape) > MOST_LAYERS or self._weights > MOST_WEIGHTS:
            raise ConfigError(
                f"hidden_layer_shape makes {len(self.hidden_layer_shape)} layers of "
                f"{self._weights} weights: at most {MOST_LAYERS} of {MOST_WEIGHTS} can be read "
                "again from a bundle; give fewer units."
            )
        in_range("members", self.members, 1, 100)
        if self.members > 1:
            self._check_that_members_can_be_joined()
        in_range("batch_size", self.batch_size, 1, 65536)
        in_range("epochs", self.epochs, 1, 10_000)
        in_range("learning_rate", self.learning_rate, 1e-7, 1.0)
        in_range("weight_decay", self.weight_decay, 0.0, 1.0)
        in_range("input_dropout", self.input_dropout, 0.0, 0.9)
        in_range("dropout", self.dropout, 0.0, 0.9)
        in_range("mixed_noise_share", self.mixed_noise_share, 0.0, 1.0)

    def _check_that_members_can_be_joined(self) -> None:
        if len(self.hidden_layer_shape) > 1 or self.hidden_layer_shape[0] % self.members:
            raise ConfigError(
                f"{self.members} members cannot share hidden_layer_shape = "
                f"{list(self.hidden_layer_shape)}: give one layer with a multiple of "
                f"{self.members} units, or members = 1."
            )

    @property
    def _weights(self) -> int:
        sizes = (FEATURE_COUNT, *self.hidden_layer_shape, len(EMOTIONS))
        return sum((inputs + 1) * outputs for inputs, outputs in pairwise(sizes))


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingSettings:
    """The `[training]` table; config.toml explains each."""

    framework: str = BOTH
    model_save_path: str = "models"
    test_size: float = 0.3
    seed: int = 0
    ann: NetworkSettings = field(
        default_factory=lambda: NetworkSettings(
            hidden_layer_shape=(300, 50, 20, 10), batch_size=128, epochs=800, learning_rate=3e-3
        )
    )
    mlp: NetworkSettings = field(
        default_factory=lambda: NetworkSettings(
            hidden_layer_shape=(960,),
            members=3,
            batch_size=256,
            epochs=600,
            learning_rate=4e-3,
            mixed_noise_share=0.2,
        )
    )
    recipe: Recipe = field(default_factory=Recipe)

    def __post_init__(self) -> None:
        """Check ranges; raises `ConfigError`."""
        if self.framework not in (*FRAMEWORKS, BOTH):
            raise ConfigError(f"framework is {self.framework!r}: choose keras, sklearn or {BOTH}.")
        if self.ann.members > 1:
            raise ConfigError("[training.ann]: members is for [training.mlp]: take it out.")
        in_range("test_size", self.test_size, 0.05, 0.95)
        in_range("seed", self.seed, 0, 2**31 - 1)

    def network(self, kind: str) -> NetworkSettings:
        """Settings of the network of that kind, `ann` or `mlp`."""
        return self.ann if kind == "ann" else self.mlp


def training_settings(named: Path | None) -> TrainingSettings:
    """The `[training]` tables of the configuration file.

    Parameters
    ----------
    named : Path or None
        From `--config`; None searches as described in `realtime.config`.

    Raises
    ------
    ConfigError
        If the file cannot be read, or a setting is unknown, ill-typed or out of range.
    """
    table = read_tables(named).get("training", {})
    try:
        return settings_of(table)
    except ConfigError as error:
        raise ConfigError(f"{config_path(named)}, {error}") from error


def settings_of(table: Mapping[str, Any]) -> TrainingSettings:
    """Settings from a parsed `[training]` table; raises `ConfigError`."""
    known = [one.name for one in fields(TrainingSettings)]
    for name in table:
        if name not in known:
            raise ConfigError(unknown_key("[training]: ", name, known))
    plain = {name: value for name, value in table.items() if name not in ("ann", "mlp", "recipe")}
    default = settings_from(TrainingSettings, plain, "[training]")
    return TrainingSettings(
        **plain,
        ann=_network(table, "ann", default.ann),
        mlp=_network(table, "mlp", default.mlp),
        recipe=_recipe(table),
    )


def settings_of_bundle(bundle: Bundle) -> TrainingSettings:
    """Settings that a bundle was trained with; raises `ConfigError` if they are of another version.

    The other network keeps its defaults.
    """
    stored = bundle.card.get("training")
    if not isinstance(stored, dict):
        raise ConfigError("The bundle does not say how it was trained: train it again.")
    table = {name: value for name, value in stored.items() if name != "network"}
    try:
        lacking = {field.name for field in fields(Recipe)} - set(_subtable(table, "recipe"))
        if lacking:  # today's default may be another than what it was trained with
            raise ConfigError(f"it lacks {', '.join(sorted(lacking))}")
        # Before it was a setting there was none, whatever today's default.
        network = {"mixed_noise_share": 0.0, **_subtable(stored, "network")}
        return settings_of({**table, bundle.kind: network})
    except ConfigError as error:
        raise ConfigError(
            f"The {bundle.kind} bundle was trained with other settings than this program has "
            f"({str(error).rstrip('.')}): train it again."
        ) from error


def _subtable(table: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = table.get(name, {})
    if not isinstance(found, dict):
        raise ConfigError(f"[training]: {name} must be a table, written as [training.{name}].")
    return dict(found)


def _network(table: Mapping[str, Any], name: str, default: NetworkSettings) -> NetworkSettings:
    """What is not given is as by default; a shape of one's own is one network unless said."""
    given = _subtable(table, name)
    if "hidden_layer_shape" in given:
        shape = _shape(name, given["hidden_layer_shape"])
        given = {"members": 1, **given, "hidden_layer_shape": shape}
    return settings_from(NetworkSettings, asdict(default) | given, f"[training.{name}]")


def _shape(name: str, value: object) -> tuple[int, ...]:
    if isinstance(value, list) and all(type(units) is int for units in value):
        return tuple(value)
    raise ConfigError(
        f"[training.{name}]: hidden_layer_shape is {value!r}; "
        "it must be a list of whole numbers, as in [300, 50]."
    )


def _recipe(table: Mapping[str, Any]) -> Recipe:
    given = _subtable(table, "recipe")
    for name in ("speeds",):
        if name in given:
            given[name] = _numbers(name, given[name])
    return settings_from(Recipe, given, "[training.recipe]")


def _numbers(name: str, value: object) -> tuple[float, ...]:
    if isinstance(value, list) and all(type(number) in (int, float) for number in value):
        return tuple(map(float, value))
    raise ConfigError(
        f"[training.recipe]: {name} is {value!r}; it must be a list of numbers, as in [0.9, 1.1]."
    )
