"""Puts the compiled kernel into a wheel, where there is a compiler: the wheel is for one platform.

With SER_LIVE_KERNEL=0 in the environment it holds no kernel, and is for all.
"""

import os
import sys
import sysconfig
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class KernelHook(BuildHookInterface[Any]):
    """Called by hatchling before it gathers the files."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, name the libraries, which version control ignores, and name the platform."""
        sys.path.insert(0, self.root)
        from models.kernel.build import build
        from models.kernel.recipe import SWITCH, library_paths

        if version == "editable" or os.environ.get(SWITCH) == "0":
            return
        build()
        made = [path for path in library_paths() if path.exists()]
        if made:
            build_data["artifacts"] += [f"/models/kernel/compiled/{path.name}" for path in made]
            build_data["pure_python"] = False
            platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
            build_data["tag"] = f"py3-none-{platform}"
