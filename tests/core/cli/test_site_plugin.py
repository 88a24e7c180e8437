"""The example of a site's package: built, installed beside the wheel, in force, and gone again."""

import os
import shutil
import site as python_site
import subprocess
import sys
import sysconfig
import venv

import pytest
from p4p.client.thread import Context, RemoteError
from support.docs.pages import ROOT
from support.trees import LIMIT

TREE = """
import {module} as pr


class Crate(pr.Root):
    def __init__(self):
        super().__init__(name='Crate', pollEn=False)
        self._doHeartbeat = False
        channel = pr.Device(name='Channel[3]')
        channel.add(pr.LocalVariable(name='Temperature', value=2981, sensor='pt100'))
        channel.add(pr.LocalVariable(name='Gain', value=1))
        channel.add(pr.LocalVariable(name='Bias', value=0.0, groups=['Voltage']))
        self.add(channel)
        interlock = pr.Device(name='Interlock')
        interlock.add(pr.LocalVariable(name='Limit', value=5))
        self.add(interlock)
"""
SERVE = ("serve", "my_tree.py:Crate", "--base", "Lab", "--isolate")


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=20 * LIMIT)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def pip(python, *arguments):
    """Run pip for another interpreter."""
    return run(sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python,
               *arguments)  # fmt: skip


def wheel_of_roguebridge(folder):
    """The wheel that the tests run on, or one made for them."""
    made = sorted((ROOT / "build/wheel").glob("roguebridge-*.whl"))
    if made:
        return made[-1]
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", folder, ROOT)
    return next(folder.glob("roguebridge-*.whl"))


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """A fresh virtual environment with the wheel of Roguebridge, and the wheel of the example."""
    folder = tmp_path_factory.mktemp("site")
    source = shutil.copytree(ROOT / "docs/examples/site_plugin", folder / "source")
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", folder, source)
    venv.create(folder / "venv", symlinks=True)
    python = folder / "venv/bin/python"
    pip(python, "install", "--no-deps", "--no-index", wheel_of_roguebridge(folder))
    packages = sysconfig.get_path("purelib", "venv", vars={"base": str(folder / "venv")})
    # The libraries that Roguebridge stands on are those of these tests.
    libraries = [sysconfig.get_path("purelib"), *python_site.getsitepackages()]
    lines = dict.fromkeys(path for path in libraries if os.path.isdir(path))
    with open(os.path.join(packages, "libraries.pth"), "w", encoding="utf-8") as file:
        file.write("".join(f"{line}\n" for line in lines))
    return python, next(folder.glob("site_plugin-*.whl"))


@pytest.fixture
def serve(shell, environment):
    """Serve the tree with the environment's interpreter; gives the process and a client."""
    python, _ = environment
    shell.write("my_tree.py", TREE)
    shell.python = python
    shell.environ["SITE_LOGBOOK"] = str(shell.folder / "logbook.txt")
    return lambda: shell.start(*SERVE)


def refusal(client, name, value):
    with pytest.raises(RemoteError) as caught:
        client.put(name, value, timeout=LIMIT)
    return str(caught.value)


@pytest.mark.timeout(300)
def test_all_four_are_in_force_and_their_removal_restores_the_defaults(shell, environment, serve):
    python, wheel = environment
    pip(python, "install", "--no-deps", "--no-index", "--force-reinstall", wheel)
    where = run(python, "-c", "import roguebridge.core, site_plugin as s; "
                "print(roguebridge.core.__file__, s.__file__)")  # fmt: skip
    assert all(str(python.parent.parent) in path for path in where.split())

    with serve() as process, Context("pva", conf=process.clients(), useenv=False) as client:
        temperature = client.get("Lab:CH03:TEMPERATURE", timeout=LIMIT)
        assert float(temperature) == pytest.approx(298.1 - 273.15)
        assert (temperature.raw.display.units, temperature.raw.display.precision) == ("degC", 2)
        client.put("Lab:CH03:TEMPERATURE", 26.85, timeout=LIMIT)
        assert float(client.get("Lab:CH03:TEMPERATURE", timeout=LIMIT)) == pytest.approx(26.85)
        client.put("Lab:CH03:GAIN", 3, timeout=LIMIT)
        assert "INTERLOCK" in refusal(client, "Lab:Crate:Interlock:Limit", 6)
        assert "SHIFT" in refusal(client, "Lab:CH03:BIAS", 40.0)
        process.signal(15)
        assert process.end() == 0, process.errors
    lines = (shell.folder / "logbook.txt").read_text(encoding="utf-8").splitlines()
    user = lines[0].split()[0]
    assert lines[1] == f"{user} put Lab:CH03:GAIN 3 done"
    assert lines[2].startswith(f"{user} put Lab:Crate:Interlock:Limit 6 denied Put not permitted")
    assert len(lines) == 4

    listed = {line.split()[0]: line for line in shell.run("plugins").stdout.splitlines()}
    for name in ("site-converters", "site-names", "site-access", "site-audit"):
        assert "1.0" in listed[name]
        assert "installed: site-plugin" in listed[name]

    pip(python, "uninstall", "--yes", "site-plugin")
    with serve() as process, Context("pva", conf=process.clients(), useenv=False) as client:
        assert int(client.get("Lab:Crate:Channel[3]:Temperature", timeout=LIMIT)) == 2981
        client.put("Lab:Crate:Interlock:Limit", 6, timeout=LIMIT)
        client.put("Lab:Crate:Channel[3]:Bias", 40.0, timeout=LIMIT)
        with pytest.raises(TimeoutError):
            client.get("Lab:CH03:GAIN", timeout=0.2)
        process.signal(15)
        assert process.end() == 0, process.errors
    assert len((shell.folder / "logbook.txt").read_text(encoding="utf-8").splitlines()) == 4


@pytest.mark.timeout(300)
def test_each_can_be_switched_off_by_its_name(shell, environment, serve):
    python, wheel = environment
    pip(python, "install", "--no-deps", "--no-index", "--force-reinstall", wheel)
    shell.environ["ROGUEBRIDGE_PLUGINS"] = "no:site-names,no:site-access"
    with serve() as process, Context("pva", conf=process.clients(), useenv=False) as client:
        temperature = client.get("Lab:Crate:Channel[3]:Temperature", timeout=LIMIT)
        assert temperature.raw.display.units == "degC"
        client.put("Lab:Crate:Interlock:Limit", 6, timeout=LIMIT)
        process.signal(15)
        assert process.end() == 0, process.errors
    pip(python, "uninstall", "--yes", "site-plugin")
