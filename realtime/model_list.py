"""The `models` command: what is shipped or configured, how right it is, and its licence."""

from collections.abc import Iterator

from models.bundle import Bundle, load_bundle
from models.errors import BundleError, UsageError
from models.shipped import SHIPPED, bundle_folder

LICENCE = (
    "Licence of ann and mlp: CC BY-NC-SA 4.0 (trained on RAVDESS, Livingstone & Russo 2018): "
    "not for commercial use."
)
# As `training evaluate` names what the figures that are shown were measured by.
STRANGERS = {"protocol": "actor-disjoint", "channel": "speech", "scored": "clip"}


def models_text(taken: str) -> str:
    """One paragraph per model.

    Parameters
    ----------
    taken : str
        The model that is taken unless another is asked for.
    """
    names = SHIPPED if taken in SHIPPED else (*SHIPPED, taken)
    lines = [line for name in names for line in _lines(name, mark="*" if name == taken else "")]
    note = "* taken by default; choose with --model ann, mlp or a folder. Chance is 12.5%."
    return "\n".join([*lines, "", note, LICENCE])


def _lines(name: str, mark: str) -> Iterator[str]:
    begin = f"{mark:1} {name:4}"
    try:
        folder = bundle_folder(name)
        bundle = load_bundle(folder)
    except (BundleError, UsageError) as error:
        yield f"{begin} {error}"
        return
    yield f"{begin} {_description(bundle)}"
    for line in (_figures(bundle), str(folder)):
        if line:
            yield f"       {line}"


def _description(bundle: Bundle) -> str:
    shape = "-".join(str(len(layer.bias)) for layer in bundle.network.layers)
    windows = ", ".join(f"{row.window_s:g}" for row in bundle.calibration.windows)
    created = bundle.card.get("date", "")
    return f"193-{shape}, windows of {windows} s, {created}, {bundle.fingerprint}"


def _figures(bundle: Bundle) -> str:
    """How right it was when it was trained; nothing where that is not told."""
    try:
        rows = bundle.card["metrics"]["protocols"]
        of_strangers = [row for row in rows if STRANGERS.items() <= row.items()]
        shares = [f"{row['uar']:.0%} {row['baseline']}" for row in of_strangers]
    except (AttributeError, KeyError, TypeError, ValueError):
        return ""
    return f"mean recall, clips of voices not heard: {', '.join(shares)}" if shares else ""
