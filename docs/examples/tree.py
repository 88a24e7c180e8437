"""A small detector with slow controls, a waveform, an image, alarms and commands.

Runs on real Rogue where it is installed, on the stand-in tree elsewhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np

try:
    import pyrogue as pr
    import pyrogue.interfaces.simulation as prs
except ImportError:
    import roguebridge.simtree as pr  # type: ignore[no-redef]
    import roguebridge.simtree.interfaces.simulation as prs  # type: ignore[no-redef]

import roguebridge.backends.epics as pep


class Adc(pr.Device):
    """One ADC: registers and what is derived from them."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
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
        self.add(pr.LocalVariable(name="Waveform", value=np.zeros(256), mode="RW"))
        self.add(pr.LocalVariable(name="Image", value=np.zeros((16, 32), np.uint16), mode="RW"))
        self.add(pr.LocalCommand(name="Scale", value=1, function=self._scale))
        self.add(pr.LocalCommand(name="Reset", function=self._reset))

    def _scale(self, arg: int) -> int:
        gain = int(self.Gain.value()) * arg
        self.Gain.set(gain)
        return gain

    def _reset(self) -> None:
        self.Gain.set(0)
        self.Mode.set(0)


class Detector(pr.Root):
    """The root: two ADCs on an emulated memory, served over PVAccess.

    :param serve: further arguments of :class:`~roguebridge.backends.epics.EpicsPvServer`
    """

    def __init__(self, **serve: Any) -> None:
        super().__init__(name="Detector", pollEn=False)
        memory = prs.MemEmulate()
        self.addInterface(memory)
        for index in range(2):
            self.add(Adc(name=f"Adc[{index}]", memBase=memory, offset=0x1000 * index))
        self.epics = pep.EpicsPvServer(base="Demo", root=self, **serve)
        self.addProtocol(self.epics)
