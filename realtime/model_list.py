"""The `models` command: what is shipped, how right it is, and its licence."""

from models.bundle import Bundle, load_bundle
from models.errors import BundleError
from models.shipped import SHIPPED, bundle_folder

LICENCE = (
    "Licence of both models: CC BY-NC-SA 4.0 (trained on RAVDESS, Livingstone & Russo 2018): "
    "not for commercial use."
)


def models_text() -> str:
    """One paragraph per shipped model."""
    return "\n".join([*(_line(name) for name in SHIPPED), "", LICENCE])


def _line(name: str) -> str:
    folder = bundle_folder(name)
    try:
        bundle = load_bundle(folder)
    except BundleError as error:
        return f"{name:5} {error}"
    return f"{name:5} {_description(bundle)}\n      {folder}"


def _description(bundle: Bundle) -> str:
    shape = "-".join(str(len(layer.bias)) for layer in bundle.network.layers)
    windows = ", ".join(f"{row.window_s:g}" for row in bundle.calibration.windows)
    created = bundle.card.get("date", "")
    return f"193-{shape}, windows of {windows} s, {created}, {bundle.fingerprint}"
