"""Screenshots of the page of the web backend: ``make pictures`` draws them again.

The example detector is at work, and Debian's chromium looks at it.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from roguebridge.examples.at_work import AtWork, view
from roguebridge.examples.detector import Detector

FOLDER = Path(__file__).resolve().parent / "operate"
ARGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
SECONDS = 20  # of values over time
VOLTAGE = "/#device=Detector.Power&pv=Demo:Detector:Power:Voltage"
#: width, height, colors, and what stands behind the address; None for the detector at work
SHOTS = (
    (1920, 1080, "dark", None),
    (1280, 800, "light", VOLTAGE),
    (390, 844, "dark", VOLTAGE),
)


def main() -> None:
    """Draw all."""
    found: list[str] = []
    root: Any = Detector(isolate=True, backends=["pva", "web"])
    root.addProtocol(AtWork(root, found.append))
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with root, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=list(ARGS))
        for width, height, colors, where in SHOTS:
            size: Any = {"width": width, "height": height}
            page = browser.new_page(viewport=size, color_scheme=colors)  # type: ignore[arg-type]
            page.goto(found[0] + (view(root) if where is None else where))
            page.locator(".card .value").filter(has_text="1").first.wait_for()
            page.wait_for_timeout(1000 * SECONDS if where is None else 3000)
            page.screenshot(path=FOLDER / f"web-{width}.png")
        browser.close()


if __name__ == "__main__":
    main()
