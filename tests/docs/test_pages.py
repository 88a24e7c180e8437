"""Every snippet of README.md and docs/ runs, on every tree; links lead somewhere."""

import re
from importlib.metadata import metadata

import pytest
from support.docs.pages import ROOT, blocks_of, name_of, pages

# Blocks that the suite cannot run, with the reason given on the page. A new one is a choice.
NOT_RUN = {
    "docs/migrate/from-epicsv4.md": ["needs SLAC's epicsV4 beside Roguebridge"],
    "docs/clients/get-put-monitor-call.md": ["needs the PVXS tools"],
    "docs/protect/use-an-acf.md": ["it takes the signals of the process"],
    "docs/operate/run-as-a-service.md": [
        "needs systemd and root",
        "needs your addresses",
        "needs your addresses",
        "needs a container runtime",
    ],
    "docs/operate/choose-backends.md": ["it installs", "listens on the usual ports"],
    "docs/operate/web.md": ["it installs"],
    "docs/extend/write-a-site-plugin.md": ["it installs"],
    "docs/reference/cli.md": ["belongs into the start-up files of a shell"],
    "docs/clients/behind-a-gateway.md": ["needs your addresses"],
    "docs/start/install.md": ["it installs", "it installs"],
    "README.md": ["it installs", "it makes an environment of its own"],
}

PAGES = {name_of(page): page for page in pages()}


def blocks(name):
    return blocks_of(PAGES[name].read_text(encoding="utf-8"), name)


def runs(name):
    try:
        return any(block.runs for block in blocks(name))
    except AssertionError:
        return True  # and fails


@pytest.mark.parametrize("name", [name for name in PAGES if runs(name)])
def test_every_snippet_of_the_page_runs(name, run_page):
    run_page(PAGES[name].read_text(encoding="utf-8"), name)


def test_the_list_of_blocks_that_are_not_run_is_complete():
    found = {
        name: [block.argument for block in blocks(name) if block.ask == "not run"] for name in PAGES
    }
    assert {name: reasons for name, reasons in found.items() if reasons} == NOT_RUN


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", *PAGES])
def test_links_within_the_repository_lead_somewhere(name):
    page = ROOT / name
    text = re.sub(r"`[^`\n]*`", "", page.read_text(encoding="utf-8"))  # code may look like a link
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_links_of_the_readme_work_elsewhere_too():
    """PyPI shows it; each link of this repository is absolute and names a file."""
    about = metadata("roguebridge")
    urls = dict(text.split(", ", 1) for text in about.get_all("Project-URL"))
    home = re.escape(urls["Homepage"].removeprefix("https://github.com/"))
    places = (
        rf"https://github\.com/{home}/blob/main/",
        rf"https://raw\.githubusercontent\.com/{home}/main/",
    )
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#]+)", text)
    assert [target for target in targets if "://" not in target] == []
    ours = [re.sub("|".join(places), "", target) for target in targets]
    named = [name for name in ours if "://" not in name]
    assert "docs/overview.svg" in named and "docs/index.md" in named
    assert [name for name in named if not (ROOT / name).is_file()] == []


CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.M | re.S)


@pytest.mark.parametrize("name", ["CHANGELOG.md", "CONTRIBUTING.md", *PAGES])
def test_no_code_has_curly_quotes_or_dashes(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    found = [code for code in CODE.findall(text) if re.search("[\u2010-\u201f]", code)]
    assert found == []


def test_the_site_leaves_quotes_and_dashes_as_they_are():
    settings = (ROOT / "docs/conf.py").read_text(encoding="utf-8")
    assert re.search("^smartquotes = False", settings, re.M)


PICTURES = sorted((ROOT / "docs").rglob("*.png"))


@pytest.mark.parametrize("picture", PICTURES, ids=name_of)
def test_each_picture_is_small_and_on_a_page(picture):
    assert picture.stat().st_size < 200_000
    texts = [page.read_text(encoding="utf-8") for page in picture.parent.glob("*.md")]
    assert any(f"]({picture.name})" in text for text in texts)


def test_every_decision_is_in_their_list():
    folder = ROOT / "docs/decisions"
    listed = re.findall(r"\]\((\d{4}-[^)]+)\)", (folder / "README.md").read_text(encoding="utf-8"))
    assert listed == sorted(file.name for file in folder.glob("[0-9]*.md"))


@pytest.mark.parametrize("name", ["CHANGELOG.md", "CONTRIBUTING.md", *PAGES])
def test_no_page_has_marks_of_a_merge(name):
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith(("<<<<<<< ", ">>>>>>> "))] == []
