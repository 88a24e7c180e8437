"""A script that runs a tree until it is told to end, and finds its own libraries."""

import signal
import subprocess
import sys

import pytest

SCRIPT = """
import logging
import sys

logging.getLogger().addHandler(logging.NullHandler())
import {module} as pr

pr.addLibraryPath(["lib", {other!r}])
import beside_the_script
import elsewhere

with pr.Root(name=beside_the_script.NAME, pollEn=False) as root:
    print("root", root.name, elsewhere.VALUE, flush=True)
    pr.waitCntrlC()
    print("ending", root.running, flush=True)
print("ended", root.running, flush=True)
"""


@pytest.fixture
def script(tree, tmp_path):
    for folder, name, text in (
        ("here/lib", "beside_the_script", "NAME = 'Top'"),
        ("there", "elsewhere", "VALUE = 7"),
    ):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / f"{name}.py").write_text(text)
    path = tmp_path / "here" / "run.py"
    path.write_text(SCRIPT.format(module=tree.pr.__name__, other=str(tmp_path / "there")))
    return path


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["sigterm", "sigint"])
def test_a_script_ends_in_order(tree, script, number):
    if number is signal.SIGINT and tree.name == "pyrogue":
        pytest.skip("PyRogue says that it runs just before it is ready for Ctrl-C")
    with subprocess.Popen(
        [sys.executable, "-u", script], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            lines = iter(process.stdout)
            line = next(line for line in lines if line.startswith(("root", "Running")))
            while not line.startswith("Running. Hit cntrl-c"):
                assert line == "root Top 7\n"
                line = next(lines)
            process.send_signal(number)
            rest = [line for line in lines if line.startswith("end")]
            assert rest == ["ending True\n", "ended False\n"]
            assert process.wait(20) == 0
        finally:
            process.kill()


def test_a_library_that_is_not_there(tree, tmp_path):
    before = list(sys.path)
    with pytest.raises(Exception, match="does not exist or is not readable"):
        tree.pr.addLibraryPath(str(tmp_path / "none"))
    assert sys.path == before
