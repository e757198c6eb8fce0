"""A trained model as a folder: what it is (json), its numbers (npz), the framework's own file.

::

    bundle.json   schema, kind, labels, signal contract and fingerprint, preprocessing,
                  calibration, metrics, origin, sha256 of the other files
    network.npz   scaler, population, layer weights, filter banks
    model.keras   or model.pkl: the framework's own file, never read on the live path
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from models.baseline import Population
from models.calibration import Calibration
from models.contract import fingerprint, signal_contract
from models.errors import BundleError
from models.feature_table import FEATURE_COUNT
from models.filter_banks import BANK_SHAPES, FilterBanks
from models.labels import EMOTIONS
from models.level_free import FORM
from models.network import Layer, Network
from models.preprocess import Preprocessing
from models.safe_files import parse_arrays, parse_json, read_bytes

SCHEMA_VERSION = 1
JSON_NAME = "bundle.json"
NETWORK_NAME = "network.npz"
FRAMEWORK_FILES = {"ann": "model.keras", "mlp": "model.pkl"}
PREPROCESSING_NUMBERS = ("prior_weight", "variance_prior_weight")
PREPROCESSING_SHARES = ("leaning_share", "stranger_share")
PREPROCESSING_ARRAYS = (
    "population_mean",
    "population_between",
    "population_within",
    "relevance",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Bundle:
    """A model ready for use on the live path.

    Attributes
    ----------
    kind : str
        `ann` or `mlp`.
    fingerprint : str
        Of this very bundle: 16 hexadecimal digits of the hash of its json.
    preprocessing, calibration, network, banks
        What turns frames into probabilities.
    card : mapping
        The rest of bundle.json: metrics, origin, versions, date.
    """

    kind: str
    fingerprint: str
    preprocessing: Preprocessing
    calibration: Calibration
    network: Network
    banks: FilterBanks
    card: Mapping[str, Any]


class _Reader:
    """Reads one folder; every complaint names the folder and what to do next."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def refuse(self, found: str, remedy: str = "") -> BundleError:
        remedy = remedy or "restore the folder, or train again with `python -m training fit`"
        return BundleError(f"The model in {self._folder} cannot be used: {found}; {remedy}.")

    def load(self) -> Bundle:
        if not self._folder.is_dir():
            raise BundleError(
                f"There is no model folder {self._folder}: "
                "name `ann`, `mlp` or a folder made by `python -m training fit`."
            )
        content = read_bytes(self._folder / JSON_NAME, self.refuse, largest=2**20)
        card = parse_json(content, JSON_NAME, self.refuse)
        self._check_card(card)
        arrays = self._network_arrays(card)
        try:
            return Bundle(
                kind=card["kind"],
                fingerprint=hashlib.sha256(content).hexdigest()[:16],
                preprocessing=_preprocessing(card["preprocessing"], arrays),
                calibration=Calibration.from_json(card["calibration"]),
                network=_network(arrays),
                banks=_banks(arrays),
                card=card,
            )
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
            raise self.refuse(f"{JSON_NAME} or {NETWORK_NAME} is incomplete ({error})") from error

    def _check_card(self, card: dict[str, Any]) -> None:
        schema = card.get("schema_version")
        if schema != SCHEMA_VERSION:
            raise self.refuse(
                f"its schema version is {schema!r}, this program reads {SCHEMA_VERSION}"
            )
        if card.get("kind") not in tuple(FRAMEWORK_FILES):
            raise self.refuse(f"its kind is {card.get('kind')!r}, `ann` or `mlp` was expected")
        if card.get("labels") != list(EMOTIONS):
            raise self.refuse("its emotions or their order differ from this program's")
        self._check_contract(card)

    def _check_contract(self, card: dict[str, Any]) -> None:
        stored = card.get("signal_contract")
        if not isinstance(stored, dict) or fingerprint(stored) != card.get("signal_fingerprint"):
            raise self.refuse("its signal contract does not match its own fingerprint")
        expected = fingerprint(signal_contract())
        if card["signal_fingerprint"] != expected:
            raise self.refuse(
                f"it was trained on other features (fingerprint {card['signal_fingerprint']}, "
                f"this program computes {expected})",
                "train again with `python -m training fit`",
            )

    def _network_arrays(self, card: dict[str, Any]) -> dict[str, NDArray[np.floating]]:
        content = read_bytes(self._folder / NETWORK_NAME, self.refuse)
        self.check_sha256(card, NETWORK_NAME, content)
        return parse_arrays(content, NETWORK_NAME, self.refuse)

    def check_sha256(self, card: Mapping[str, Any], name: str, content: bytes) -> None:
        files = card.get("files")
        expected = files.get(name) if isinstance(files, dict) else None
        if hashlib.sha256(content).hexdigest() != expected:
            raise self.refuse(f"{name} is not the file that {JSON_NAME} was written with")


def load_bundle(folder: Path) -> Bundle:
    """Read and check a bundle; executes nothing that it holds.

    Raises
    ------
    BundleError
        If anything is missing, damaged, foreign or of another version.
    """
    return _Reader(folder).load()


def framework_file(folder: Path) -> Path:
    """Path of the framework's own file, after its sha256 was found right.

    Reading it executes code (pickle) or needs TensorFlow: only for the bundles one trusts.

    Raises
    ------
    BundleError
        As `load_bundle`, or if the file is not the one the bundle was written with.
    """
    bundle = load_bundle(folder)
    name = FRAMEWORK_FILES[bundle.kind]
    reader = _Reader(folder)
    reader.check_sha256(bundle.card, name, read_bytes(folder / name, reader.refuse))
    return folder / name


def _preprocessing(
    numbers: Mapping[str, Any], arrays: Mapping[str, NDArray[np.floating]]
) -> Preprocessing:
    stored = {name: arrays[name].astype(np.float64) for name in PREPROCESSING_ARRAYS}
    for name, array in stored.items():
        if array.shape != (FEATURE_COUNT,):
            _wrong(f"{name} has shape {array.shape}")
        if name != "population_mean" and (array < 0).any():
            _wrong(f"{name} is negative")
    if numbers["form"] != FORM:
        _wrong(f"its vectors have the form {numbers['form']!r}, not {FORM!r}")
    priors = {name: float(numbers[name]) for name in PREPROCESSING_NUMBERS}
    if not all(0 < prior < np.inf for prior in priors.values()):
        _wrong("a prior weight is not positive")
    shares = {name: float(numbers[name]) for name in PREPROCESSING_SHARES}
    for name, share in shares.items():
        if not 0 <= share <= 1:
            _wrong(f"its {name} is {share}")
    population = Population(
        mean=stored["population_mean"],
        between=stored["population_between"],
        within=stored["population_within"],
        **priors,
    )
    return Preprocessing(population=population, relevance=stored["relevance"], **shares)


def _network(arrays: Mapping[str, NDArray[np.floating]]) -> Network:
    depth = sum(name.startswith("weight_") for name in arrays)
    return Network(
        [
            Layer(weight=_single(arrays, f"weight_{i}"), bias=_single(arrays, f"bias_{i}"))
            for i in range(depth)
        ]
    )


def _single(arrays: Mapping[str, NDArray[np.floating]], name: str) -> NDArray[np.float32]:
    if np.abs(arrays[name]).max(initial=0) > np.finfo(np.float32).max:
        _wrong(f"{name} is beyond all measure")
    return arrays[name].astype(np.float32)


def _banks(arrays: Mapping[str, NDArray[np.floating]]) -> FilterBanks:
    banks = {name: arrays[f"bank_{name}"].astype(np.float64) for name in BANK_SHAPES}
    for name, shape in BANK_SHAPES.items():
        if banks[name].shape != shape:
            _wrong(f"bank_{name} has shape {banks[name].shape}, {shape} was expected")
        if not banks[name].any(axis=1).all():
            _wrong(f"bank_{name} has an empty filter")
    return FilterBanks(**banks)


def _wrong(found: str) -> NoReturn:
    raise ValueError(found)
