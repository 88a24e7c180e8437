"""A small detector: registers, slow controls, waveforms, an image, alarms, commands, a fault.

Runs on real Rogue where it is installed, on the stand-in tree elsewhere.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

try:
    import pyrogue as pr
    import pyrogue.interfaces.simulation as prs
except ImportError:
    import roguebridge.simtree as pr
    import roguebridge.simtree.interfaces.simulation as prs

import roguebridge.backends.epics as pep

__all__ = ["Detector", "pr"]

BROKEN = 0x10000
"""Address of the register that always fails."""


class Memory(prs.MemEmulate):
    """Emulated registers, one of them broken."""

    def _doTransaction(self, transaction: Any) -> None:
        if transaction.address() == BROKEN:
            transaction.error("the board does not answer")
        else:
            super()._doTransaction(transaction)


class Adc(pr.Device):
    """One ADC: registers, a temperature with alarm limits, a waveform, commands."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._phase = itertools.count()
        self.add(
            pr.RemoteVariable(
                name="Gain",
                description="Gain in counts",
                offset=0x0,
                bitSize=8,
                base=pr.UInt,
                mode="RW",
                maximum=100,
            )
        )
        self.add(
            pr.RemoteVariable(
                name="Mode",
                description="What the ADC does",
                offset=0x4,
                bitSize=2,
                base=pr.UInt,
                mode="RW",
                enum={0: "Off", 1: "Test", 2: "Run"},
            )
        )
        self.add(
            pr.LocalVariable(
                name="Temperature",
                description="Temperature of the board",
                value=25.0,
                units="degC",
                disp="{:.1f}",
                mode="RW",
                highWarning=60.0,
                highAlarm=80.0,
            )
        )
        self.add(pr.LocalVariable(name="Serial", value="ADC-0042", mode="RO"))
        self.add(
            pr.LocalVariable(
                name="Waveform",
                description="The last samples, a new set every second",
                value=np.zeros(256),
                localGet=self._sample,
                units="V",
                mode="RO",
                pollInterval=1.0,
            )
        )
        self.add(pr.LocalCommand(name="Scale", value=1, function=self._scale))
        self.add(pr.LocalCommand(name="Reset", function=self._reset))

    def _sample(self) -> Any:
        angle = np.linspace(0.0, 4.0 * np.pi, 256) + 0.1 * next(self._phase)
        return np.sin(angle)

    def _scale(self, arg: int) -> int:
        gain = int(self.Gain.value()) * arg
        self.Gain.set(gain)
        return gain

    def _reset(self) -> None:
        self.Gain.set(0)
        self.Mode.set(0)


class Power(pr.Device):
    """Slow controls: a supply whose power follows from its set-points."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.add(
            pr.LocalVariable(
                name="Voltage",
                value=12.0,
                minimum=0.0,
                maximum=48.0,
                lowWarning=11.0,
                highWarning=30.0,
                units="V",
                disp="{:.2f}",
                mode="RW",
            )
        )
        self.add(pr.LocalVariable(name="Current", value=1.5, units="A", mode="RW"))
        self.add(
            pr.LinkVariable(
                name="Watts",
                description="Voltage times current",
                dependencies=[self.Voltage, self.Current],
                linkedGet=lambda: self.Voltage.value() * self.Current.value(),
                units="W",
                disp="{:.2f}",
                mode="RO",
            )
        )
        self.add(pr.LocalVariable(name="Output", value=False, mode="RW"))


class Camera(pr.Device):
    """An image and the command that takes it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.add(
            pr.LocalVariable(
                name="Exposure",
                value=10,
                minimum=1,
                maximum=1000,
                units="ms",
                mode="RW",
            )
        )
        self.add(pr.LocalVariable(name="Frames", value=0, mode="RO"))
        self.add(pr.LocalVariable(name="Image", value=np.zeros((16, 32), np.uint16), mode="RO"))
        self.add(
            pr.LocalCommand(
                name="Acquire", description="Take an image, return its sum", function=self._acquire
            )
        )

    def _acquire(self) -> int:
        rows, columns = np.indices((16, 32))
        image = ((rows + columns) * self.Exposure.value()).astype(np.uint16)
        with self.root.updateGroup():  # clients see both change together
            self.Image.set(image)
            self.Frames.set(self.Frames.value() + 1)
        return int(image.sum())


class Interlock(pr.Device):
    """A board that does not answer: its register cannot be read or written."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.add(pr.RemoteVariable(name="Limit", offset=0x0, bitSize=32, base=pr.UInt, mode="RW"))


class Detector(pr.Root):
    """The root: two ADCs, a supply, a camera and a broken board, served over PVAccess.

    :param serve: further arguments of :class:`~roguebridge.backends.epics.EpicsPvServer`
    """

    def __init__(self, **serve: Any) -> None:
        super().__init__(name="Detector")
        memory = Memory()
        self.addInterface(memory)
        for index in range(2):
            self.add(Adc(name=f"Adc[{index}]", memBase=memory, offset=0x1000 * index))
        self.add(Power(name="Power"))
        self.add(Camera(name="Camera"))
        self.add(Interlock(name="Interlock", memBase=memory, offset=BROKEN))
        self.epics = pep.EpicsPvServer(base="Demo", root=self, **serve)
        self.addProtocol(self.epics)
