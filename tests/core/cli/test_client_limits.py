"""``--max-name`` and ``--group-cache``: what the names and the groups of clients may cost."""

import pytest

from roguebridge.core.cli.server_options import ServerOptions
from roguebridge.simtree import Root

CHECK = ("check", "my_tree.py:MyRoot", "--base", "B")


@pytest.mark.parametrize(
    ("option", "text"),
    [("--max-name", text) for text in ("15", "65537", "many", "64.5", "")]
    + [("--group-cache", text) for text in ("-1", "soon", "")],
)
def test_what_is_no_limit_is_refused(shell, option, text):
    done = shell.run(*CHECK, option, text)
    assert done.returncode == 2
    assert f"Invalid value for '{option}'" in done.stderr


@pytest.mark.parametrize(("option", "text"), [("--max-name", "16"), ("--group-cache", "0.5")])
def test_a_limit_is_taken(shell, option, text):
    done = shell.run(*CHECK, option, text)
    assert done.returncode == 0, done.stdout + done.stderr


def limits_of(server):
    """Return what the server's parts were given."""
    (backend,) = server._backends
    return backend._max_name, server._make_services(expect_reads=False).groups._lives


def test_they_reach_the_server():
    (server,) = ServerOptions(base="B", max_name=20, group_cache=2.5).servers(Root(name="Top"))
    assert limits_of(server) == (20, 2.5)


def test_a_configuration_file_says_them_too_and_the_command_line_counts(tmp_path):
    file = tmp_path / "site.yaml"
    file.write_text("base: B\nmax_name: 30\ngroup_cache: 5\n")
    (server,) = ServerOptions(config=str(file), max_name=20).servers(Root(name="Top"))
    assert limits_of(server) == (20, 5)
