"""Screenshots of clients at work: ``make pictures`` draws those of the documentation again.

The example detector is served over loopback. PyDM shows it, without a screen.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from roguebridge.examples.detector import Detector

DOCS = Path(__file__).resolve().parent
PYDM = DOCS / "clients" / "pydm.png"
PREFIX = "pva://Demo:Detector:"
LIMIT = 30_000  # milliseconds until every widget has its value
VALUES = {
    "Adc[0].Gain": 7,
    "Adc[0].Mode": 2,
    "Adc[0].Temperature": 65.0,
    "Power.Output": True,
    "Camera.Exposure": 40,
}


@contextmanager
def detector() -> Iterator[None]:
    """Serve the detector on loopback, for clients of this process; some values have an alarm."""
    with Detector(isolate=True) as root:
        os.environ.update(root.epics.client_conf())
        for path, value in VALUES.items():
            root.getNode(f"Detector.{path}").set(value)
        root.Camera.Acquire()
        yield


def display() -> tuple[Any, Callable[[], bool]]:
    """Return a display of the detector, and a function that tells whether all values have come."""
    from pydm import widgets
    from qtpy.QtCore import Qt
    from qtpy.QtWidgets import QGridLayout, QGroupBox, QLabel, QWidget

    def box(title: str, **rows: QWidget) -> QGroupBox:
        group = QGroupBox(title)
        grid = QGridLayout(group)
        for number, (name, widget) in enumerate(rows.items()):
            grid.addWidget(QLabel(name), number, 0)
            grid.addWidget(widget, number, 1)
        grid.setColumnStretch(1, 1)
        grid.setRowStretch(len(rows), 1)
        return group

    def text(kind: type, name: str) -> QWidget:
        widget = kind(init_channel=PREFIX + name)
        widget.showUnits = True
        widget.setAlignment(Qt.AlignCenter)
        return widget

    def choice(name: str) -> QWidget:
        return widgets.PyDMEnumComboBox(init_channel=PREFIX + name)

    def button(name: str, label: str) -> QWidget:
        return widgets.PyDMPushButton(label=label, pressValue=1, init_channel=PREFIX + name)

    wave = widgets.PyDMWaveformPlot(background="white")
    wave.addChannel(
        y_channel=PREFIX + "Adc[0]:Waveform", name="Waveform", color="#1f6feb", lineWidth=2
    )
    image = widgets.PyDMImageView(image_channel=PREFIX + "Camera:Image")
    image.dimensionOrder = image.WidthFirst
    image.normalizeData = True
    label, line = widgets.PyDMLabel, widgets.PyDMLineEdit

    whole = QWidget()
    whole.setFixedSize(900, 480)
    grid = QGridLayout(whole)
    adc = box(
        "Adc[0]",
        Gain=text(line, "Adc[0]:Gain"),
        Mode=choice("Adc[0]:Mode"),
        Temperature=text(label, "Adc[0]:Temperature"),
        Reset=button("Adc[0]:Reset", "Reset"),
    )
    power = box(
        "Power and interlock",
        Voltage=text(line, "Power:Voltage"),
        Output=choice("Power:Output"),
        Watts=text(label, "Power:Watts"),
        Limit=text(label, "Interlock:Limit"),
    )
    camera = box(
        "Camera",
        Exposure=text(line, "Camera:Exposure"),
        Frames=text(label, "Camera:Frames"),
        Acquire=button("Camera:Acquire", "Acquire"),
    )
    for column, group in enumerate((adc, power, camera)):
        grid.addWidget(group, 0, 2 * column, 1, 2)
        grid.setColumnStretch(2 * column, 1)
        grid.setColumnStretch(2 * column + 1, 1)
    grid.addWidget(wave, 1, 0, 1, 3)
    grid.addWidget(image, 1, 3, 1, 3)
    grid.setRowStretch(1, 1)

    def connected(widget: QWidget) -> bool:
        return widget._connected  # noqa: SLF001 - PyDM has no other way

    def complete() -> bool:
        fields = [one for one in whole.findChildren(QWidget) if getattr(one, "channel", None)]
        drawn = wave.curveAtIndex(0).yData, image.getImageItem().image
        return all(map(connected, fields)) and not any(one is None for one in drawn)

    return whole, complete


def draw(file: Path) -> None:
    """Show the display until all values have come, and keep it as a picture."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from pydm import PyDMApplication
    from pydm.utilities.stylesheet import apply_stylesheet
    from qtpy.QtCore import QTimer

    app = PyDMApplication(use_main_window=False)
    whole, complete = display()
    apply_stylesheet(widget=whole)
    whole.show()
    whole.setFocus()  # no cursor in a field
    QTimer.singleShot(LIMIT, lambda: app.exit(1))
    look = QTimer()
    look.timeout.connect(lambda: complete() and app.exit(0))
    look.start(100)
    if app.exec_():
        raise SystemExit("PyDM does not show all values")
    whole.grab().save(str(file))
    print(file.relative_to(DOCS.parent))


def main() -> None:
    """Draw all pictures."""
    with detector():
        draw(PYDM)


if __name__ == "__main__":
    main()
