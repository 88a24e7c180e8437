"""Where a page runs: on its tree, alone, and gone after it."""

import os
import subprocess
import sys

import pytest
from support.docs.made_pages import background, fails, interrupt, page
from support.docs.page_world import epics_settings, page_world, write_scripts

WHICH = [
    "import pyrogue as pr",
    "import pyrogue.interfaces.simulation as prs",
    "import pyrogue.interfaces.stream",
    "prs.MemEmulate()",
]


def test_pyrogue_is_the_tree_here_and_in_commands(run_page, tree):
    name = tree.pr.__name__
    run_page(
        page(
            "'''python",
            *WHICH,
            "print(pr.__name__)",
            "'''",
            "<!-- snippet: output -->",
            "'''text",
            name,
            "'''",
            "<!-- snippet: file=which.py -->",
            "'''python",
            *WHICH,
            "print(pr.__name__, pr.Root.__module__.split('.')[0])",
            "'''",
            "'''console",
            "$ python which.py",
            f"{name} {name.split('.')[0]}",
            "'''",
        )
    )


def test_the_real_rogue_is_out_of_reach_of_a_page_on_the_stand_in(run_page, tree):
    if tree.name == "simtree":
        block = ["'''python", "import pyrogue", "import rogue", "'''"]
        fails(lambda: run_page(page(*block)), "page.md:3: raised ModuleNotFoundError")


def test_a_command_cannot_reach_the_real_rogue_from_the_stand_in(run_page, tree):
    if tree.name == "simtree":
        call = "$ python -c 'import pyrogue, rogue'  # exit status 1"
        run_page(
            page("'''console", call, "...", "ModuleNotFoundError: No module named 'rogue'", "'''")
        )


def test_a_page_that_leaves_a_root_running_fails(run_page):
    block = ["import pyrogue", "root = pyrogue.Root(name='Left', pollEn=False)", "root.start()"]
    started = []
    try:
        with pytest.raises(AssertionError, match="threads that keep the process alive"):
            sys.modules["_started"] = started  # hands the root out of the page
            hand_over = ["import sys", "sys.modules['_started'].append(root)"]
            run_page(page("'''python", *block, *hand_over, "'''"))
    finally:
        del sys.modules["_started"]
        for root in started:
            root.stop()


def test_a_server_and_a_client_of_a_page_meet(run_page):
    run_page(
        page(
            "<!-- snippet: file=serve.py -->",
            "'''python",
            "import signal",
            "import pyrogue as pr",
            "import roguebridge.backends.epics as pep",
            "class Top(pr.Root):",
            "    def __init__(self):",
            "        super().__init__(name='Top', pollEn=False)",
            "        self.add(pr.LocalVariable(name='A', value=3.5))",
            "        self.addProtocol(pep.EpicsPvServer(base='B', root=self))",
            "with Top():",
            "    try:",
            "        print('serving')",
            "        signal.pause()",
            "    except KeyboardInterrupt:",
            "        pass",
            "print('stopped')",
            "'''",
            *background("$ python serve.py", "serving"),
            "'''python",
            "from p4p.client.thread import Context",
            "with Context('pva') as client:",
            "    client.put('B:Top:A', 4.5)",
            "    print(client.get('B:Top:A') + 1)",
            "'''",
            "<!-- snippet: output -->",
            "'''text",
            "5.5",
            "'''",
            "'''console",
            "$ python -m p4p.client.cli get B:Top:A",
            "B:Top:A ... 4.5",
            "'''",
            *interrupt("^C", "stopped"),
        )
    )


def test_the_world_of_a_page_is_gone_after_it(tree, tmp_path):
    environment, modules, path = dict(os.environ), dict(sys.modules), list(sys.path)
    with page_world(tree, tmp_path, True):
        assert os.environ["EPICS_PVAS_SERVER_PORT"] == "0"
        os.environ["ONE_MORE"] = "x"
        import pyrogue

        assert pyrogue is tree.pr
    assert dict(os.environ) == environment
    assert sys.path == path
    assert {n: m for n, m in sys.modules.items() if n in modules} == modules


def test_a_server_and_a_client_share_a_free_port():
    first = epics_settings()
    assert first["EPICS_PVAS_BROADCAST_PORT"] == first["EPICS_PVA_BROADCAST_PORT"] != "0"


def test_commands_that_are_not_installed_are_written(tmp_path):
    folder = write_scripts(tmp_path / "scripts", {"where": "os:getcwd"})
    done = subprocess.run([folder / "where", "x"], capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, f"{tmp_path}\n")
