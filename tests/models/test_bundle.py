"""A bundle is loaded whole and right, or refused with a sentence."""

import hashlib
import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.bundle import JSON_NAME, NETWORK_NAME, framework_file, load_bundle
from models.errors import BundleError, UsageError
from models.filter_banks import make_filter_banks
from tests.synthetic_bundle import card, network_arrays, write_bundle

BANKS = make_filter_banks()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_bundle(tmp_path / "bundle")


def _rewrite(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    content = json.loads((folder / JSON_NAME).read_text())
    change(content)
    (folder / JSON_NAME).write_text(json.dumps(content))


def _replace_arrays(folder: Path, content: bytes) -> None:
    (folder / NETWORK_NAME).write_bytes(content)
    (folder / JSON_NAME).write_text(json.dumps(card(content)))


def _npz(**changes: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {**network_arrays(BANKS), **changes}
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def test_a_good_bundle_loads(folder: Path) -> None:
    bundle = load_bundle(folder)
    assert bundle.kind == "ann"
    assert [window.window_s for window in bundle.calibration.windows] == [1.0, 2.0, 3.0]
    assert bundle.network.logits(np.zeros(193)).shape == (8,)
    np.testing.assert_allclose(bundle.banks.mel, BANKS.mel, rtol=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.update(schema_version=99), "schema version is 99"),
        (lambda c: c.update(kind="svm"), "kind is 'svm'"),
        (lambda c: c["labels"].reverse(), "emotions or their order"),
        (lambda c: c["signal_contract"]["frames"].update(hop_samples=512), "own fingerprint"),
        (lambda c: c.pop("signal_contract"), "own fingerprint"),
        (lambda c: c["files"].update({NETWORK_NAME: "0" * 64}), "not the file"),
        (lambda c: c.update(files=[]), "not the file"),
        (lambda c: c.pop("preprocessing"), "incomplete"),
        (lambda c: c["preprocessing"].update(prior_weight=0), "incomplete"),
        (lambda c: c["preprocessing"].update(prior_weight="nan"), "incomplete"),
        (lambda c: c["calibration"][0].update(temperature_known="inf"), "temperature is inf"),
        (lambda c: c["preprocessing"].update(leaning_share=1.5), "leaning_share is 1.5"),
        (lambda c: c["preprocessing"].update(stranger_share=-0.1), "stranger_share is -0.1"),
        (lambda c: c["calibration"][0].update(temperature_cold=-1), "incomplete"),
        (lambda c: c["calibration"][0].update(unknown=1), "incomplete"),
        (lambda c: c["calibration"][0].update(unsure_below=1.5), "threshold .* out of range"),
        (lambda c: c["calibration"][0].update(unsure_below=-0.1), "threshold .* out of range"),
        (lambda c: c["preprocessing"].update(form="older"), "have the form 'older', not "),
        (lambda c: c.update(calibration=[]), "incomplete"),
        (lambda c: c.update(calibration=[1]), "incomplete"),
        (lambda c: c.update(kind=["ann"]), "kind is "),
        (lambda c: c["preprocessing"].update(prior_weight=10**400), "incomplete"),
    ],
)
def test_a_wrong_card_is_refused(
    folder: Path, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    _rewrite(folder, change)
    with pytest.raises(BundleError, match=message) as caught:
        load_bundle(folder)
    assert "train again" in str(caught.value)


def test_other_features_are_told_apart(folder: Path) -> None:
    from models.contract import fingerprint

    def retrained(content: dict[str, Any]) -> None:
        content["signal_contract"]["frames"]["hop_samples"] = 512
        content["signal_fingerprint"] = fingerprint(content["signal_contract"])

    _rewrite(folder, retrained)
    with pytest.raises(BundleError, match="other features"):
        load_bundle(folder)


def test_no_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no model folder"):
        load_bundle(tmp_path / "nowhere")


@pytest.mark.parametrize("name", [JSON_NAME, NETWORK_NAME])
def test_a_missing_file_or_a_link_is_refused(folder: Path, name: str) -> None:
    moved = folder / "elsewhere"
    (folder / name).rename(moved)
    with pytest.raises(BundleError, match="cannot be read"):
        load_bundle(folder)
    (folder / name).symlink_to(moved)
    with pytest.raises(BundleError, match="not a plain file"):
        load_bundle(folder)


class _Bomb:
    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return Path.touch, (Path("executed"),)  # type: ignore[return-value]


def _zip_bomb() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("weight_0.npy", bytes(100 * 2**20))
    return buffer.getvalue()


def _pickled() -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, weight_0=np.array([_Bomb()], dtype=object))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "damaged"),
        (b"PK\x03\x04 nonsense", "damaged"),
        (pickle.dumps({"weight_0": 1}), "damaged"),
        (_pickled(), "damaged"),
        (_zip_bomb(), "unpacks to more"),
        (_npz(weight_0=np.zeros((3, 3), np.float32)), "incomplete"),
        (_npz(bias_1=np.full(8, np.nan, np.float32)), "not finite"),
        (_npz(bias_1=np.zeros(8, np.int64)), "not an array of floats"),
        (_npz(population_within=np.full(193, -1, np.float32)), "incomplete"),
        (_npz(population_mean=np.zeros(192, np.float32)), "incomplete"),
        (_npz(bank_mel=np.zeros((128, 512), np.float32)), "incomplete"),
        (_npz(bank_mel=np.zeros((128, 513), np.float32)), "bank_mel has an empty filter"),
        (_npz(bias_0=np.full(300, 1e60)), "bias_0 is beyond all measure"),
        (_npz(**{f"weight_{i}": np.zeros(1, np.float32) for i in range(2, 200)}), "arrays"),
    ],
)
def test_wrong_arrays_are_refused_and_nothing_is_executed(
    folder: Path, content: bytes, message: str
) -> None:
    _replace_arrays(folder, content)
    with pytest.raises(BundleError, match=message):
        load_bundle(folder)
    assert not Path("executed").exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{",
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b"[" * 100_000,
        b'{"a":' * 50 + b"1" + b"}" * 50,
        b"\xff",
    ],
)
def test_json_that_is_none_or_too_deep_is_refused(folder: Path, content: bytes) -> None:
    (folder / JSON_NAME).write_bytes(content)
    with pytest.raises(BundleError, match=r"not valid JSON|a JSON object|deep"):
        load_bundle(folder)


def test_a_huge_file_is_refused_unread(folder: Path) -> None:
    with (folder / NETWORK_NAME).open("wb") as file:
        file.truncate(10**9)
    with pytest.raises(BundleError, match="bytes"):
        load_bundle(folder)


@given(data=st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_damage_is_refused_with_our_own_error(data: st.DataObject, folder: Path) -> None:
    content = bytearray(_npz())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place : place + data.draw(st.integers(1, 50))] = data.draw(st.binary(max_size=60))
    digest = hashlib.sha256(_npz()).hexdigest()
    _replace_arrays(folder, bytes(content))
    if hashlib.sha256(bytes(content)).hexdigest() != digest:
        try:
            load_bundle(folder)
        except BundleError:
            return


def test_the_framework_file_is_checked_before_it_is_named(folder: Path) -> None:
    (folder / "model.keras").write_bytes(b"keras")
    with pytest.raises(BundleError, match="not the file"):
        framework_file(folder)
    digest = hashlib.sha256(b"keras").hexdigest()
    _rewrite(folder, lambda c: c["files"].update({"model.keras": digest}))
    assert framework_file(folder) == folder / "model.keras"


def test_another_window_is_a_usage_error_that_names_the_lengths(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"1\.5 s: use one of 1, 2, 3"):
        load_bundle(folder).calibration.for_window(1.5)


@pytest.mark.parametrize("window_s", [2.95, 2.99, 3.01, 3.05])
def test_a_window_of_nearly_a_calibrated_length_is_another(folder: Path, window_s: float) -> None:
    calibration = load_bundle(folder).calibration
    with pytest.raises(UsageError, match="not calibrated"):
        calibration.for_window(window_s)
    assert calibration.for_window(0.1 + 0.2 + 2.7).window_s == 3.0  # as a sum of floats is
