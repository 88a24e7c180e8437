"""Every Python snippet of the README runs, on every tree."""

import contextlib
import io
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SNIPPETS = re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(), re.S | re.M)


def test_the_readme_example_runs_and_so_does_what_follows_it(tree, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("INTF_ADDR_LIST", "BEACON_ADDR_LIST"):
        monkeypatch.setenv(f"EPICS_PVAS_{name}", "127.0.0.1")
    monkeypatch.setenv("EPICS_PVAS_AUTO_BEACON_ADDR_LIST", "NO")
    for name in ("SERVER_PORT", "BROADCAST_PORT"):
        monkeypatch.setenv(f"EPICS_PVAS_{name}", "0")
    monkeypatch.setitem(sys.modules, "pyrogue", tree.pr)
    assert len(SNIPPETS) == 2
    example, isolated = SNIPPETS
    body = "".join(f"    {line}\n" for line in isolated.splitlines())
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(example + body, "README.md", "exec"), {})  # noqa: S102
    lines = printed.getvalue().splitlines()
    written = (tmp_path / "epics_map.txt").read_text().splitlines()
    assert "MyIoc:MyRoot:PollEn -> MyRoot.PollEn" in written
    assert lines[:-1] == written
    assert lines[-1] == "True"


@pytest.mark.parametrize(
    "file",
    [
        "README.md",
        "CONTRIBUTING.md",
        *(str(path.relative_to(ROOT)) for path in sorted((ROOT / "docs").rglob("*.md"))),
    ],
)
def test_links_within_the_repository_lead_somewhere(file):
    text = (ROOT / file).read_text()
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        if "://" not in target:
            assert ((ROOT / file).parent / target).exists(), target
