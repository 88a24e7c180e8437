"""Loading a tree file that imports pyrogue, with any tree in PyRogue's place."""

import importlib
import importlib.util
import sys
from pathlib import Path
from unittest import mock

NAMES = ("", ".interfaces", ".interfaces.simulation")


def load(tree, name="beamline"):
    """Give the module of a file beside this one; `import pyrogue` in it means the tree."""
    package = tree.pr.__name__
    stand_in = {f"pyrogue{n}": importlib.import_module(f"{package}{n}") for n in NAMES}
    path = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"{name}_on_{tree.name}", path)
    module = importlib.util.module_from_spec(spec)
    with mock.patch.dict(sys.modules, stand_in):
        spec.loader.exec_module(module)
    return module
