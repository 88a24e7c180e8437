"""A user's tree file: written for PyRogue alone, it knows of nothing else.

Two boards with arrays of converters, cooling, a camera, calibration and run control.
"""

import threading

import numpy as np
import pyrogue as pr
import pyrogue.interfaces.simulation


class Adc(pr.Device):
    """A converter: registers, and volts computed from them."""

    def __init__(self, lsb=0.5, **kwargs):
        super().__init__(**kwargs)
        self.add(
            pr.RemoteVariable(
                name="Gain",
                description="Gain in steps",
                offset=0x00,
                bitSize=4,
                bitOffset=0,
                base=pr.UInt,
                mode="RW",
                minimum=1,
                maximum=10,
                value=1,
            )
        )
        self.add(
            pr.RemoteVariable(
                name="Mode",
                offset=0x00,
                bitSize=2,
                bitOffset=4,
                base=pr.UInt,
                mode="RW",
                enum={0: "Off", 1: "Test", 2: "Run"},
            )
        )
        self.add(
            pr.RemoteVariable(name="Count", offset=0x04, base=pr.Int, mode="RO", pollInterval=0.05)
        )
        self.add(
            pr.RemoteVariable(
                name="Samples",
                offset=0x20,
                base=pr.UInt,
                mode="RW",
                numValues=4,
                valueBits=16,
                valueStride=16,
            )
        )
        self.add(pr.LocalVariable(name="Lsb", value=lsb, units="V", disp="{:1.3f}"))
        self.add(
            pr.LinkVariable(
                name="Volts",
                units="V",
                disp="{:1.2f}",
                dependencies=[self.Count, self.Lsb, self.Gain],
                linkedGet=lambda: self.Count.value() * self.Lsb.value() / self.Gain.value(),
            )
        )
        self.add(pr.LinkVariable(name="Amplification", variable=self.Gain, disp="{:d}"))
        self.add(
            pr.RemoteCommand(name="Reset", offset=0x10, bitSize=1, function=pr.BaseCommand.toggle)
        )

    def countReset(self):
        self.Reset()
        super().countReset()


class Board(pr.Device):
    """Several converters, channel masks, and a clock two levels down."""

    def __init__(self, number=2, **kwargs):
        super().__init__(**kwargs)
        self.add(
            pr.ArrayDevice(
                name="Adcs",
                arrayClass=Adc,
                number=number,
                stride=0x100,
                arrayArgs=[{"name": f"Adc[{i}]", "lsb": 0.25 * (i + 1)} for i in range(number)],
            )
        )
        self.addRemoteVariables(
            name="Mask", offset=0x1000, number=3, stride=4, bitSize=8, base=pr.UInt, pack=True
        )
        clock = pr.Device(name="Clock", offset=0x2000, groups=["Timing"])
        clock.add(
            pr.RemoteVariable(
                name="Frequency", offset=0, base=pr.Float, mode="RW", units="Hz", value=1.5
            )
        )
        clock.add(pr.RemoteVariable(name="Locked", offset=4, bitSize=1, base=pr.Bool, mode="RO"))
        self.add(clock)

        @self.command(value=1, retValue=[0], description="Multiply all gains")
        def Scale(arg):
            for adc in self.Adcs.Adc.values():
                adc.Gain.set(adc.Gain.value() * arg)
            return [adc.Gain.value() for adc in self.Adcs.Adc.values()]


class Cooling(pr.Device):
    """A device without hardware: everything is in callbacks."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.level = 20.0
        self.history = []
        self.add(
            pr.LocalVariable(
                name="Setpoint",
                value=20.0,
                units="degC",
                minimum=-40.0,
                maximum=60.0,
                disp="{:1.1f}",
                localSet=self._follow,
            )
        )
        self.add(
            pr.LocalVariable(
                name="Temperature",
                mode="RO",
                units="degC",
                localGet=lambda: self.level,
                pollInterval=0.05,
                lowAlarm=-30.0,
                lowWarning=-20.0,
                highWarning=40.0,
                highAlarm=50.0,
            )
        )
        self.add(
            pr.LocalVariable(
                name="Pump",
                value=0,
                enum={0: "Off", 1: "Slow", 5: "Fast"},
                localSet=lambda value, changed: self.history.append((value, changed)),
            )
        )
        self.add(pr.LocalVariable(name="Interlock", value=True))
        self.add(pr.LocalVariable(name="Owner", value="nobody", groups=["Notes", "NoStream"]))
        self.add(pr.LocalVariable(name="Curve", value=np.linspace(0.0, 1.0, 5)))
        self.add(
            pr.LocalCommand(
                name="Note", value="", hidden=True, function=lambda arg: self.Owner.set(arg)
            )
        )

    def _follow(self, value):
        self.level = value


class Camera(pr.DataReceiver):
    """Shows frames as images of four columns."""

    def process(self, frame):
        raw = frame.getNumpy(0, frame.getPayload())
        self.Data.set(raw.view(np.uint16).reshape(-1, 4))
        self.Updated.set(True)


class Calibrate(pr.Process):
    """Steps every setpoint; stops between two steps."""

    def __init__(self, **kwargs):
        super().__init__(
            function=self._calibrate,
            argVariable=pr.LocalVariable(name="Steps", value=4),
            returnVariable=pr.LocalVariable(name="Result", value=0.0),
            **kwargs,
        )
        self.stepped = threading.Semaphore(0)
        self.go = threading.Semaphore(0)

    def _calibrate(self, root, arg):
        self.setTotalSteps(arg)
        total = 0.0
        for step in range(arg):
            self.stepped.release()
            self.go.acquire(timeout=10)
            if not self._runEn:
                break
            root.Cooling.Setpoint.set(10.0 * step)
            total += root.Cooling.Temperature.get()
            self.setStep(step + 1)
            self.Message.setDisp(f"step {step + 1}")
        return total


class Beamline(pr.Root):
    """Everything on one emulated memory."""

    def __init__(self, **kwargs):
        super().__init__(name="Beamline", description="A user's tree", **kwargs)
        memory = pyrogue.interfaces.simulation.MemEmulate()
        self.addInterface(memory)
        self.add(Cooling(name="Cooling"))
        for i in range(2):
            self.add(
                Board(
                    name=f"Board[{i}]",
                    memBase=memory,
                    offset=0x10000 * i,
                    enableDeps=[self.Cooling.Interlock],
                    defaults={"Mask[*]": i + 1},
                )
            )
        gains = [adc.Gain for board in self.Board.values() for adc in board.Adcs.Adc.values()]
        self.add(
            pr.LinkVariable(
                name="TotalGain",
                mode="RW",
                dependencies=gains,
                linkedGet=lambda read: sum(g.get(read=read) for g in gains),
                linkedSet=lambda value, write: [g.set(value // 4, write=write) for g in gains],
            )
        )
        self.add(
            pr.LinkVariable(
                name="Healthy",
                dependencies=[self.TotalGain, self.Cooling.Interlock, self.Cooling.Pump],
                linkedGet=lambda: (
                    self.Cooling.Interlock.value()
                    and self.Cooling.Pump.value() > 0
                    and self.TotalGain.value() < 30
                ),
            )
        )
        self.add(Camera(name="Camera", hideData=False, value=np.zeros((1, 4), np.uint16)))
        self.add(Calibrate(name="Calibrate"))
        self.add(pr.RunControl(name="Run", rates={200: "200 Hz", 1000: "1 kHz"}, cmd=self._shot))
        self.shots = threading.Semaphore(0)

    def _shot(self):
        self.shots.release()
