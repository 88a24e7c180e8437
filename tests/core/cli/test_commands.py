"""What every command line of its kind has: help, version, completion, and commands of plugins."""

import json
import re
import signal
import urllib.request
from importlib.metadata import entry_points

import pytest
from p4p.client.thread import Context


@pytest.fixture
def hidden(shell, tree):
    """The shell, on simtree without Rogue as the user who has none."""
    if tree.name == "simtree":
        (shell.folder / "without" / "pyrogue").mkdir(parents=True)
        shell.write("without/pyrogue/__init__.py", "raise ImportError('not installed')")
        path = [str(shell.folder / "without"), shell.environ.get("PYTHONPATH", "")]
        shell.environ["PYTHONPATH"] = ":".join(filter(None, path))
    return shell


def test_the_demonstration_works(hidden):
    done = hidden.run("demo")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "all of it worked"
    assert f"tree by {hidden.module}" in done.stdout
    assert "Traceback" not in done.stderr


def test_the_demonstration_serves_browsers(hidden):
    with hidden.start("demo", "--web", "--isolate") as process:
        address = process.until("Open http")
        url = address.split()[1].partition("/#")[0]
        with urllib.request.urlopen(f"{url}/pv/Demo:Detector:Camera:Frames") as answer:  # noqa: S310
            assert json.load(answer)["name"] == "Demo:Detector:Camera:Frames"
        process.signal(signal.SIGTERM)
        assert process.end() == 0


def test_the_demonstration_serves(hidden):
    with hidden.start("demo", "--serve", "--isolate") as process:
        assert " PVs of Detector as Demo:... over pva" in process.until("Serving")
        with Context("pva", conf=process.clients(), useenv=False) as client:
            values = client.get("Demo:Detector:Adc[1]:Waveform")
            assert values.shape == (256,)
            assert client.get("Demo:Detector:Power:Watts") == 18.0
        process.signal(signal.SIGTERM)
        assert process.end() == 0


def test_the_example_trees_have_no_problems(hidden):
    done = hidden.run("check", "roguebridge.examples.detector:Detector", "--strict")
    assert done.returncode == 0
    assert done.stdout.endswith(" PVs, 2 warnings\n")


def test_the_version_is_said(shell):
    done = shell.run("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("roguebridge")


def test_help_that_cannot_be_written_is_one_line(shell):
    with open("/dev/full", "w") as full:
        done = shell.run("--help", stdout=full)
    assert done.returncode == 1
    assert done.stderr == "Error: OSError: [Errno 28] No space left on device\n"


def test_a_file_named_like_a_module_takes_nobodys_place(shell):
    shell.write("aside/json.py", "from my_tree import MyRoot\n")
    done = shell.run("map", "aside/json.py:MyRoot", "--base", "X", "--format", "json")
    assert json.loads(done.stdout)


def test_plugins_are_found_where_the_command_is_given(shell):
    shell.write("aside/far_tree.py", "from my_tree import make\n")
    shell.write("site_rules.py", """
from roguebridge.core import NamingRule, hookimpl

@hookimpl
def naming_rules(base):
    return [NamingRule(lambda node: f'{base}-{node.name}')]
""")  # fmt: skip
    shell.environ["PYTHONSAFEPATH"] = "1"  # as the installed script has it
    done = shell.run(
        "map", "aside/far_tree.py:make", "--base", "X", "--plugin", "site_rules",
        "--format", "text", "--filter", "*Gain",
    )  # fmt: skip
    assert done.stdout == "X-Gain -> MyRoot.Gain\n", done.stderr


def test_help_lists_every_command(shell):
    done = shell.run("--help")
    assert done.returncode == 0
    listed = [
        line.split()[0] for line in done.stdout.partition("Commands:")[2].splitlines() if line
    ]
    assert [name for name in listed if name in ("serve", "map", "check", "demo")] == [
        "serve", "map", "check", "demo",
    ]  # fmt: skip


@pytest.mark.parametrize("command", ["serve", "map", "check", "demo"])
def test_every_command_has_help(shell, command):
    done = shell.run(command, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith(f"Usage: roguebridge {command} [OPTIONS]")


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_shells_complete_it(shell, name):
    shell.environ["_ROGUEBRIDGE_COMPLETE"] = f"{name}_source"
    done = shell.run()
    assert done.returncode == 0
    assert "roguebridge" in done.stdout
    shell.environ["_ROGUEBRIDGE_COMPLETE"] = f"{name}_complete"
    shell.environ.update(COMP_WORDS="roguebridge se", COMP_CWORD="1" if name != "fish" else "se")
    assert "serve" in shell.run().stdout


COMMAND = """
import click
from roguebridge.core import hookimpl

@click.command()
def wave():
    '''Say hello.'''
    click.echo('hello')

@click.command()
def fail():
    raise ValueError('no\\nwave')

@click.command()
def serve():
    click.echo('mine')

@hookimpl
def cli_commands(group):
    group.add_command(wave)
    group.add_command(fail)
    group.add_command(serve)
"""


def test_an_installed_plugin_brings_a_command(shell):
    info = shell.folder / "site" / "site_wave-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: site-wave\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[roguebridge]\nwave = site_wave\n")
    shell.write("site/site_wave.py", COMMAND)
    path = [str(shell.folder / "site"), shell.environ.get("PYTHONPATH", "")]
    shell.environ["PYTHONPATH"] = ":".join(filter(None, path))
    assert shell.run("wave").stdout == "hello\n"
    assert re.search(r"wave +Say hello\.", shell.run("--help").stdout)
    assert shell.fails(1, "fail") == "ValueError: no wave"
    assert "Traceback" in shell.run("--debug", "fail").stderr
    assert shell.run("serve", "--help").stdout.startswith("Usage: roguebridge serve [OPTIONS]")


def test_the_command_is_installed():
    scripts = [s for s in entry_points(group="console_scripts") if s.name == "roguebridge"]
    if not scripts:
        pytest.skip("run from the source, not installed")
    from roguebridge.core.cli import main

    assert scripts[0].load() is main
