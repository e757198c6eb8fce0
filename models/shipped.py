"""The trained bundles that come with the program, and folders that a person names instead."""

from importlib import resources
from pathlib import Path

from models.bundle import JSON_NAME
from models.errors import UsageError
from models.safe_files import may_be

SHIPPED = ("ann", "mlp")


def models_folder() -> Path:
    """Folder of this package, which holds the shipped bundles."""
    return Path(str(resources.files("models")))


def bundle_folder(model: str) -> Path:
    """Folder of a shipped bundle by name, or the folder named, or the one bundle in that folder.

    Raises
    ------
    UsageError
        If it is none of these, or holds several bundles.
    """
    if model in SHIPPED:
        return models_folder() / model
    folder = Path(model)
    if not model or not may_be(folder, Path.is_dir):
        raise UsageError(
            f"The model {model!r} is neither `ann`, `mlp` nor a folder: "
            "name one of these, or see `python -m realtime models`."
        )
    if may_be(folder / JSON_NAME, Path.exists):
        return folder
    within = sorted(path.parent for path in folder.glob(f"*/{JSON_NAME}"))
    if len(within) > 1:
        names = " or ".join(f"--model {path}" for path in within)
        raise UsageError(f"The folder {model} holds several models: say {names}.")
    return within[0] if within else folder
