"""Sphinx settings of the documentation; ``make docs`` builds it, offline, warnings are errors."""

from importlib.metadata import metadata

from sphinx.application import Sphinx

project = "Roguebridge"
author = "the Roguebridge developers"
project_copyright = f"%Y, {author}"
about = metadata("roguebridge")
release = about["Version"].partition("+")[0]  # without the commit
version = release
urls = dict(text.split(", ", 1) for text in about.get_all("Project-URL") or ())

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_click", "sphinx_copybutton"]
source_suffix = {".md": "markdown"}
smartquotes = False  # options and quoted values stay as one types them
# A package of its own, with a page for those who open its folder; the API without Sphinx.
exclude_patterns = ["examples", "reference/api"]

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4

autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True

# Nothing is looked up on the network, so names of others have no target; nor have two of ours
# that only stand for others.
OTHERS = ("abc", "collections", "concurrent", "enum", "logging", "numpy", "np", "os", "pathlib")
nitpick_ignore_regex = [
    ("py:.*", rf"({'|'.join(OTHERS)}|asyncio|pluggy|threading|typing)\..*"),
    ("py:.*", r"Decision|roguebridge\.core\.(hooks\.rules\.Made|concurrency\.event_loop\._T)"),
    # Parts of the engine that plugins see but in signatures.
    ("py:.*", r"(roguebridge\.core\.pv\..*|Publisher\..*|reader|listener)"),
    ("py:.*", r"roguebridge\.core\.(backend\.subscription|health\.health)\..*"),
    ("py:.*", r"roguebridge\.core\.tree\.(declared_types|source_health)\..*"),
    ("py:.*", r"(roguebridge\.core\.requests\..*\.)?(KnownGroups|QueuedBytes|UserGroups)"),
    ("py:.*", r"ChangedName|MisfitError|(roguebridge\.testing\.client\.)?Result"),
]

# Of a transcript the commands alone are copied.
copybutton_prompt_text = "$ "
copybutton_line_continuation_character = "\\"

html_theme = "furo"
html_theme_options = {
    "source_repository": urls["Homepage"],
    "source_branch": "main",
    "source_directory": "docs/",
    "footer_icons": [{"name": "Repository", "url": urls["Homepage"], "html": "Repository"}],
}
html_title = f"Roguebridge {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_extra_path = ["reference/config.schema.json"]  # at an address that editors can be given
html_copy_source = False
html_show_sphinx = False

# GitHub shows decisions/README.md when one opens the folder; there a toctree would be noise.
DECISIONS = """
```{toctree}
:hidden:
:glob:
[0-9]*
```
"""


def _complete(app: Sphinx, docname: str, source: list[str]) -> None:
    if docname == "decisions/README":
        source[0] += DECISIONS


def setup(app: Sphinx) -> None:
    """Have the list of decisions completed."""
    app.connect("source-read", _complete)
