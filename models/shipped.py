"""The trained bundles that come with the program, and folders that a person names instead."""

from importlib import resources
from pathlib import Path

from models.errors import UsageError

SHIPPED = ("ann", "mlp")


def models_folder() -> Path:
    """Folder of this package, which holds the shipped bundles."""
    return Path(str(resources.files("models")))


def bundle_folder(model: str) -> Path:
    """Folder of a shipped bundle by name, or the folder named.

    Raises
    ------
    UsageError
        If it is neither.
    """
    if model in SHIPPED:
        return models_folder() / model
    folder = Path(model)
    if not folder.is_dir():
        raise UsageError(
            f"--model {model} is neither `ann`, `mlp` nor a folder: "
            "name one of these, or see `python -m realtime models`."
        )
    return folder
