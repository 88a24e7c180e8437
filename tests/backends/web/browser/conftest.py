"""A real browser: Debian's chromium, driven by playwright; never one that playwright would fetch."""

import os
import shutil

import pytest

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
ARGS = (
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
MUST = "ROGUEBRIDGE_BROWSER"


@pytest.fixture(scope="module")
def browser():
    """The browser; without one the test is left out, unless it must run."""
    if CHROMIUM is None:
        text = "there is no chromium on PATH, and $CHROMIUM names none: make browser"
        if os.environ.get(MUST):
            pytest.fail(text)
        pytest.skip(text)
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=20_000)
    with sync_playwright() as driver:
        made = driver.chromium.launch(executable_path=CHROMIUM, args=list(ARGS))
        yield made
        made.close()


class Errors(list):
    """What went wrong in the page; plotly has a style for maps, which the page does not let in."""

    def add(self, text):
        known = ("Applying inline style", "Failed to load resource", "net::ERR", "WebSocket")
        if not any(words in text for words in known):
            self.append(text)


@pytest.fixture
def page(browser):
    """Opens pages: ``page(url, token)``; what a page logs as an error fails the test."""
    contexts, errors = [], Errors()

    def make(url, token="", **options):
        context = browser.new_context(**options)
        contexts.append(context)
        made = context.new_page()
        made.set_default_timeout(20_000)
        made.on("pageerror", lambda error: errors.add(str(error)))
        made.on("console", lambda told: told.type == "error" and errors.add(told.text))
        if token:
            script = f"if (location.host) sessionStorage.setItem('token', {token!r})"
            made.add_init_script(script)
        made.goto(url)
        return made

    make.errors = errors
    yield make
    for context in contexts:
        context.close()
    assert not errors
