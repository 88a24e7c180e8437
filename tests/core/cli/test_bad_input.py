"""What is wrong with a command line or a tree is said in one line, with a documented status."""

import pytest

USAGE, TREE, SERVER = 2, 3, 4

FILES = {
    "broken.py": "import {module} as pr\n\nclass Broken(pr.Root)\n    pass\n",
    "raising.py": "x = 1\ny = x / 0\n",
    "lacking.py": "import no_such_library\n",
    "exiting.py": "raise SystemExit('bye')\n",
    "things.py": """
import {module} as pr
from my_tree import MyRoot
number = 7
nothing = None

class Part(pr.Device):
    pass

def make_number():
    return 7

class Failing(MyRoot):
    def __init__(self):
        super().__init__()
        raise RuntimeError('no board\\nat 10.0.0.1')

class Needing(MyRoot):
    def __init__(self, address):
        super().__init__()

class Unstartable(MyRoot):
    def start(self):
        raise OSError('no link')

class Exiting(MyRoot):
    def start(self):
        super().start()
        raise SystemExit(0)

class Interrupted(MyRoot):
    def __init__(self):
        raise KeyboardInterrupt

class Mute(Exception):
    def __str__(self):
        raise RuntimeError

def make_mute():
    raise Mute

class Half(MyRoot):
    def __init__(self):
        super().__init__()
        self.addProtocol(Refusing())

class Refusing:
    def _start(self):
        raise ValueError('not today')

    def _stop(self):
        pass
""",
    "part/__init__.py": "",
    "part/inner.py": "from .other import x\n",
    "malformed.map": "A -> MyRoot.Gain\nB MyRoot.Reset\nC ->\n",
    "good.map": "A -> MyRoot.Gain\n",
    "twice.map": "A -> MyRoot.Gain\nA -> MyRoot.Reset\n",
    "latin.map": b"A -> MyRoot.Gain\n\nB -> MyRoot.R\xe9set\n",
    "binary.map": bytes(100_000),
    "empty_plugin.py": "",
    "exiting_plugin.py": "raise SystemExit('bye')\n",
    "exiting_hook.py": """
from roguebridge.core import hookimpl

@hookimpl
def policy_rules():
    raise SystemExit('bye')
""",
    "site_backend.py": """
from roguebridge.core import hookimpl
from roguebridge.backends.soft.backend import SoftBackend

class Broken(SoftBackend):
    name = 'broken'

    def start(self):
        raise OSError('no socket')

@hookimpl
def register_backends():
    return {'broken': Broken}
""",
}

CASES = {
    "no colon": (USAGE, ["serve", "my_tree.py"], "'my_tree.py' is not MODULE:ROOT, as in my_tree.py:MyRoot"),
    "no root": (USAGE, ["serve", "my_tree.py:"], "'my_tree.py:' is not MODULE:ROOT"),
    "no file": (USAGE, ["serve", "gone.py:MyRoot"], "there is no file gone.py"),
    "a folder": (USAGE, ["serve", "./:MyRoot"], "there is no file ."),
    "a name that is too long": (USAGE, ["serve", f"{'x' * 5000}.py:MyRoot"], "there is no file xxx"),
    "a relative name": (USAGE, ["serve", ".things:MyRoot"], "there is no module .things"),
    "a file of a package": (TREE, ["serve", "part/inner.py:MyRoot"], "part/inner.py cannot be imported: ImportError: attempted relative import", "line 1); a file of a package is named as a module, as in package.module:MyRoot"),
    "no module": (USAGE, ["serve", "gone:MyRoot"], "there is no module gone"),
    "no submodule": (USAGE, ["serve", "gone.too:MyRoot"], "there is no module gone.too"),
    "no name": (USAGE, ["serve", "my_tree:MyRot"], "my_tree has no 'MyRot'; there is MyRoot"),
    "a number": (USAGE, ["serve", "things:number"], "things:number is an object of type int, not a PyRogue Root"),
    "None": (USAGE, ["serve", "things:nothing"], "things:nothing is None, not a PyRogue Root"),
    "a device": (USAGE, ["serve", "things:Part"], "things:Part is the class Part, not a PyRogue Root; there is"),
    "a factory of numbers": (USAGE, ["serve", "things:make_number"], "things:make_number() gives an object of type int"),
    "a module": (USAGE, ["serve", "things:pr"], "things:pr is a module, not a PyRogue Root"),
    "a syntax error": (TREE, ["serve", "broken.py:Broken"], "broken.py cannot be imported: SyntaxError: expected ':' (broken.py, line 3)"),
    "a raising module": (TREE, ["serve", "raising:X"], "raising cannot be imported: ZeroDivisionError: division by zero (", "raising.py, line 2)"),
    "a raising file": (TREE, ["serve", "raising.py:X"], "raising.py cannot be imported: ZeroDivisionError: division by zero (", "raising.py, line 2)"),
    "a missing library": (TREE, ["serve", "lacking:X"], "lacking cannot be imported: ModuleNotFoundError: No module named 'no_such_library' (", "lacking.py, line 1)"),
    "a module that exits": (TREE, ["serve", "exiting:X"], "exiting cannot be imported: it ended itself with status 'bye'"),
    "a raising constructor": (TREE, ["serve", "things:Failing"], "things:Failing cannot be built: RuntimeError: no board at 10.0.0.1"),
    "a missing argument": (USAGE, ["serve", "things:Needing"], "things:Needing needs the argument address: add --arg address=VALUE, or"),
    "a start that fails": (TREE, ["serve", "things:Unstartable", "--base", "X"], "MyRoot cannot start: OSError: no link"),
    "a start that exits": (TREE, ["serve", "things:Exiting", "--base", "X"], "MyRoot cannot start: it ended itself with status 0"),
    "an interrupt of its own": (TREE, ["serve", "things:Interrupted", "--base", "X"], "things:Interrupted cannot be built: KeyboardInterrupt"),
    "an error without a text": (TREE, ["check", "things:make_mute"], "things:make_mute cannot be built: Mute: its text cannot be made, RuntimeError"),
    "a protocol that fails": (TREE, ["serve", "things:Half", "--base", "X"], "MyRoot cannot start: ValueError: not today"),
    "no base": (USAGE, ["serve", "my_tree:MyRoot"], "give --base: the root MyRoot brings no server of its own"),
    "an empty base": (USAGE, ["check", "my_tree:MyRoot", "--base", ""], "--base is empty"),
    "options without base": (USAGE, ["serve", "my_tree:MyRoot", "--pv-map", "a.map"], "--pv-map needs --base: it describes a new server"),
    "no map file": (USAGE, ["serve", "my_tree:MyRoot", "--base", "X", "--pv-map", "gone.map"], "cannot read the map file gone.map: "),
    "a folder as map file": (USAGE, ["check", "my_tree:MyRoot", "--base", "X", "--pv-map", "."], "cannot read the map file .: "),
    "a malformed map": (USAGE, ["check", "my_tree:MyRoot", "--base", "X", "--pv-map", "malformed.map"], "the map file malformed.map is not usable:", "line 2: expected 'pv -> path', found 'B MyRoot.Reset'", "line 3: expected 'pv -> path', found 'C ->'"),
    "an unknown field": (USAGE, ["serve", "my_tree:MyRoot", "--base", "X", "--names", "{base}:{nam}"], "names: template '{base}:{nam}' has the unknown field 'nam'; there are base, root, path, device, parent, name"),
    "an unknown case": (USAGE, ["serve", "my_tree:MyRoot", "--base", "X", "--name-case", "title"], "'title' is not one of 'upper', 'lower'"),
    "a separator that is none": (USAGE, ["map", "my_tree:MyRoot", "--base", "X", "--name-separator", " "], "names: separator ' ' contains ' ', which no PV name may"),
    "an index without a number": (USAGE, ["map", "my_tree:MyRoot", "--base", "X", "--name-index", "x"], "names: index 'x' has no place for the number"),
    "a prefix without a path": (USAGE, ["check", "my_tree:MyRoot", "--base", "X", "--name-prefix", "RF01"], "'RF01' is not PATH=PREFIX, as in Top.Rf=RF01"),
    "an alias without a name": (USAGE, ["check", "my_tree:MyRoot", "--base", "X", "--name-alias", "{base}"], "names: template '{base}' has neither 'name' nor 'path'"),
    "names beside a map": (USAGE, ["check", "my_tree:MyRoot", "--base", "X", "--pv-map", "good.map", "--name-case", "upper"], "--pv-map has names of its own: no other option names PVs"),
    "names without base": (USAGE, ["check", "my_tree:MyRoot", "--name-prefix", "A=B"], "--name-prefix needs --base: it describes a new server"),
    "a map in another encoding": (USAGE, ["check", "my_tree:MyRoot", "--base", "X", "--pv-map", "latin.map"], "cannot read the map file latin.map: line 3: 'utf-8' codec can't decode"),
    "a binary map": (USAGE, ["check", "my_tree:MyRoot", "--base", "X", "--pv-map", "binary.map"], "the map file binary.map is not usable:", r"line 1: expected 'pv -> path', found '\x00"),
    "two of one name": (SERVER, ["serve", "my_tree:MyRoot", "--base", "X", "--pv-map", "twice.map"], "the mapping cannot be served:", "MyRoot.Gain and MyRoot.Reset both map to PV A"),
    "a strict mapping": (SERVER, ["serve", "my_tree:MyRoot", "--base", "bad base", "--strict"], "the mapping cannot be served:", " nodes, e.g. MyRoot.enable: PV name 'bad base:MyRoot:enable' contains ' '"),
    "no backend": (USAGE, ["serve", "my_tree:MyRoot", "--base", "X", "--backend", "cA"], "unknown backend 'cA'; there are ['ca', 'pva', 'soft', 'web']"),
    "a strict plugin": (USAGE, ["serve", "my_tree:MyRoot", "--base", "X", "--strict", "--plugin", "gone"], "plugin gone cannot be used: ModuleNotFoundError: No module named 'gone'"),
    "a plugin without hooks": (USAGE, ["serve", "my_tree:MyRoot", "--base", "X", "--plugin", "empty_plugin"], "plugin empty_plugin cannot be used: it has no hooks"),
    "a plugin that exits": (USAGE, ["check", "my_tree:MyRoot", "--base", "X", "--plugin", "exiting_plugin"], "plugin exiting_plugin cannot be used: it ended itself with status 'bye'"),
    "a hook that exits": (SERVER, ["serve", "my_tree:MyRoot", "--base", "X", "--plugin", "exiting_hook"], "plugin exiting_hook: policy_rules failed: SystemExit: bye"),
    "a backend that fails": (SERVER, ["serve", "my_tree:MyRoot", "--base", "X", "--plugin", "site_backend", "--backend", "broken"], "backend broken failed: OSError('no socket')"),
    "no such option": (USAGE, ["serve", "--bass", "X", "my_tree:MyRoot"], "No such option"),
    "no such command": (USAGE, ["surf"], "No such command 'surf'"),
    "no such format": (USAGE, ["map", "my_tree:MyRoot", "--base", "X", "--format", "xml"], "'xml' is not one of"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_it_is_said_in_one_line_and_the_status_tells(shell, case):
    status, arguments, *texts = CASES[case]
    for name, text in FILES.items():
        shell.write(name, text)
    done = shell.run(*arguments)
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    assert len(max(done.stderr.splitlines(), key=len)) < 6000
    (start,) = [n for n, line in enumerate(done.stderr.splitlines()) if line.startswith("Error: ")]
    said = done.stderr.splitlines()[start:]
    assert said[0].startswith("Error: " + texts[0]) or texts[0] in said[0]
    for text in texts[1:]:
        assert [line for line in said if text in line], done.stderr
    if "the m" not in texts[0]:  # a mapping lists each of its problems
        assert len(said) == 1


def test_debug_shows_the_traceback(shell):
    for name, text in FILES.items():
        shell.write(name, text)
    for arguments in (
        ["--debug", "serve", "things:Failing"],
        ["serve", "things:Failing", "--debug"],
    ):
        done = shell.run(*arguments)
        assert done.returncode == TREE
        assert "Traceback (most recent call last):" in done.stderr
        assert "raise RuntimeError('no board\\nat 10.0.0.1')" in done.stderr
        assert done.stderr.splitlines()[-1].startswith("Error: things:Failing cannot be built")
