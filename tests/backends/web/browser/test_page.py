"""The page in a real browser: what people do with it."""

import http.server
import re
import threading
from urllib.parse import quote, unquote

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from support.clients.web_adapter import TOKEN


def shown(page, text):
    expect(page.locator("#link")).to_have_text("connected")
    expect(page.locator(".card .value")).to_have_text(text)


def many(pr, root):
    for number in range(100):
        device = pr.Device(name=f"Board[{number}]")
        for channel in range(100):
            device.add(pr.LocalVariable(name=f"Chan[{channel}]", value=number * 100 + channel))
        root.add(device)


def test_one_of_ten_thousand_is_found_opened_and_pinned_by_keyboard(served, page):
    site = served(many)
    tab = page(site.url)
    expect(tab.locator("#link")).to_have_text("connected")
    tab.keyboard.press("/")
    tab.keyboard.type("board[42] chan[7]")
    expect(tab.locator("#found")).to_have_text("1 found")
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Enter")
    shown(tab, "4207")
    tab.keyboard.press("Escape")
    tab.go_back()
    shown(tab, "4207")
    tab.locator(".card h2").focus()
    tab.keyboard.press("p")
    pinned = tab.get_by_role("table", name="Pinned")
    expect(pinned.locator(".value")).to_have_text("4207")
    site.node("Board[42].Chan[7]").set(5)
    expect(pinned.locator(".value")).to_have_text("5")
    again = page(tab.url)  # the address brings back the view
    expect(again.get_by_role("table", name="Pinned").locator(".value")).to_have_text("5")


def test_a_user_puts_and_is_refused_in_the_words_of_the_server(served, page):
    site = served()
    tab = page(f"{site.url}/#pv={site.pv('Float')}", TOKEN)
    shown(tab, "1.500")
    field = tab.get_by_label("New value")
    field.fill("2.5")
    field.press("Enter")
    expect(tab.locator(".told")).to_have_text("done")
    shown(tab, "2.500")
    assert site.node("Float").value() == 2.5
    field.fill("11")
    tab.get_by_role("button", name="Put", exact=True).click()
    expect(tab.locator(".told")).to_have_text("Top.Float: 11.0 is outside 0.0 .. 10.0")
    site.node("Float").set(9.5)
    expect(tab.locator(".card .chip")).to_have_text("MAJOR · HIHI")
    expect(tab.locator(".card")).to_have_class(re.compile("major"))


def test_choices_are_buttons_and_commands_have_arguments(served, page):
    site = served()
    tab = page(f"{site.url}/#pv={site.pv('Enum')}", TOKEN)
    shown(tab, "On")
    tab.get_by_role("button", name="Auto").click()
    shown(tab, "Auto")
    tab.goto(f"{site.url}/#pv={site.pv('Double')}")
    expect(tab.locator(".card .value")).to_have_text("ready")
    tab.get_by_label("Argument").fill("21")
    tab.get_by_role("button", name="Call").click()
    expect(tab.locator(".told")).to_have_text("42")
    tab.goto(f"{site.url}/#pv={site.pv('Fail')}")
    tab.get_by_role("button", name="Call").click()
    expect(tab.locator(".told")).to_have_text("the pump is off")


def test_who_is_no_user_may_look_only_until_signed_in(served, page):
    site = served()
    tab = page(f"{site.url}/#pv={site.pv('Int')}")
    shown(tab, "7")
    expect(tab.get_by_text("You may not write this PV.")).to_be_visible()
    tab.get_by_role("button", name="Sign in").click()
    tab.get_by_label("Token").fill("wrong")
    tab.get_by_role("dialog").get_by_role("button", name="Sign in").click()
    expect(tab.get_by_text("the token is not known")).to_be_visible()
    tab.get_by_label("Token").fill(TOKEN)
    tab.get_by_role("dialog").get_by_role("button", name="Sign in").click()
    expect(tab.locator("#user")).to_have_text("ops")
    expect(tab.get_by_label("New value")).to_be_visible()


def test_numbers_are_plotted_paused_and_looked_at_closer(served, page):
    site = served()
    tab = page(f"{site.url}/#plot={site.pv('Float')},{site.pv('Int')}")
    lines = tab.locator(".plot .scatterlayer .trace")
    expect(lines).to_have_count(2)
    for value in (2.0, 3.0, 4.0):
        site.node("Float").set(value)
    tab.get_by_role("button", name="Pause").click()
    expect(tab.get_by_role("button", name="Go on")).to_be_visible()
    tab.get_by_role("button", name="Go on").click()
    box = tab.locator(".plot").bounding_box()
    tab.mouse.move(box["x"] + 200, box["y"] + 60)
    tab.mouse.down()
    tab.mouse.move(box["x"] + 400, box["y"] + 200, steps=5)
    tab.mouse.up()
    expect(tab.get_by_role("button", name="Go on")).to_be_visible()


def drawn(tab):
    """How many colors a canvas has."""
    return tab.evaluate(
        """() => {
        const canvas = document.querySelector('.picture');
        const all = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
        return new Set(new Uint32Array(all.buffer)).size;
    }"""
    )


@pytest.mark.parametrize("name", ["Shorts", "Image", "Long"])
def test_arrays_are_drawn(served, page, name):
    def build(pr, root):
        nodes = {
            "Shorts": np.array([1, -2, 3], np.int16),
            "Long": np.sin(np.arange(100_000) / 50.0),
        }
        nodes["Image"] = np.arange(6, dtype=np.uint16).reshape(2, 3)
        for node, value in nodes.items():
            root.add(pr.LocalVariable(name=node, value=value))

    site = served(build)
    tab = page(f"{site.url}/#pv={site.pv(name)}")
    words = {
        "Shorts": "3 points, -2 to 3",
        "Image": "3 × 2 pixels, 0 to 5",
        "Long": "100,000 points, -1 to 1",
    }
    expect(tab.locator("figcaption")).to_contain_text(words[name])
    assert drawn(tab) >= (6 if name == "Image" else 3)


def test_a_value_is_text_and_never_runs(served, page):
    def build(pr, root):
        bad = "<img src=x onerror=alert(1)><script>alert(1)</script>"
        root.add(pr.LocalVariable(name="Bad", value=bad, description=bad, units=bad))

    site = served(build)
    tab = page(f"{site.url}/#pv={site.pv('Bad')}&pin={site.pv('Bad')}")
    expect(tab.locator(".card .value")).to_contain_text("<img src=x")
    assert tab.locator("main img, #detail img").count() == 0


def test_the_page_comes_back_after_a_restart_of_the_server(served, page):
    site = served()
    tab = page(f"{site.url}/#pv={site.pv('Int')}")
    shown(tab, "7")
    site.server.stop()
    expect(tab.locator("#link")).to_have_text("no connection")
    expect(tab.locator(".card .chip")).to_have_text("no connection")
    site.node("Int").set(8)
    site.server.start()
    assert site.server.client_conf("web")["ROGUEBRIDGE_WEB_URL"] == site.url
    shown(tab, "8")


def test_the_page_lives_while_the_tree_hangs(served, page, request):
    gate = threading.Event()
    request.addfinalizer(gate.set)

    def build(pr, root):
        root.add(pr.LocalVariable(name="Free", value=1))
        root.add(
            pr.LocalVariable(name="Hung", value=0, localSet=lambda value: armed and gate.wait(60))
        )

    armed = []
    site = served(build, put_reply_timeout=None)
    armed.append(True)
    tab = page(f"{site.url}/#pv={site.pv('Hung')}", TOKEN)
    shown(tab, "0")
    tab.get_by_label("New value").fill("1")
    tab.get_by_role("button", name="Put", exact=True).click()
    expect(tab.locator(".told")).to_have_text("…")
    tab.goto(f"{site.url}/#pv={site.pv('Free')}")
    shown(tab, "1")
    tab.get_by_role("button", name="Health").click()
    expect(tab.get_by_role("heading", name="Problems")).to_be_visible()
    gate.set()


VIEWS = ["", "#view=health", "#pv={float}&pin={int},{enum}", "#pv={wave}", "#pv={double}"]


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_the_page_is_accessible(served, page, scheme):
    site = served()
    names = {name.lower(): site.pv(name) for name in ("Float", "Int", "Enum", "Wave", "Double")}
    for view in VIEWS:
        tab = page(f"{site.url}/{view.format(**names)}", TOKEN, color_scheme=scheme)
        expect(tab.locator("#link")).to_have_text("connected")
        expect(tab.locator("main .value, .card .value").first).not_to_be_empty()
        found = Axe().run(tab)
        assert found.violations_count == 0, (view, found.generate_report())


def test_it_fits_the_screen_of_a_phone(served, page):
    site = served()
    tab = page(f"{site.url}/#pin={site.pv('Float')}", viewport={"width": 390, "height": 844})
    expect(tab.locator(".big .value")).to_have_text("1.500")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    tab.get_by_role("button", name=site.pv("Float"), exact=True).click()
    expect(tab.locator(".card .value")).to_be_in_viewport()


@pytest.fixture
def screen():
    """Serves a page of another tool, which shows a frame: ``screen(url)`` gives its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):  # noqa: N802
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            frame = unquote(self.path.partition("?")[2])
            self.wfile.write(f'<iframe src="{frame}" width="500" height="400">'.encode())

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_one_pv_is_shown_in_the_frame_of_a_page_that_may(served, page, screen):
    site = served(web={"frames": [screen]})
    wanted = f"{site.url}/#pv={site.pv('Int')}&embed=1"
    frame = page(f"{screen}/?{quote(wanted)}").frame_locator("iframe")
    expect(frame.locator(".card .value")).to_have_text("7")
    expect(frame.locator("header")).to_be_hidden()


def test_no_other_page_may_show_it_in_a_frame(served, page, screen):
    site = served()
    tab = page(f"{screen}/?{quote(site.url)}")
    tab.wait_for_load_state("networkidle")
    assert tab.frame_locator("iframe").locator("header").count() == 0
    assert any("frame-ancestors" in text for text in page.errors)
    page.errors.clear()
