"""A device that receives data frames and shows the last one as a variable."""

from __future__ import annotations

from typing import Any

import numpy as np

from roguebridge.simtree.device import Device
from roguebridge.simtree.local import LocalVariable

SECOND = 1
ABSENT = (  # the methods of a stream slave
    "getAllocBytes getAllocCount getByteCount getFixedSize getFrameCount getPoolSize setDebug "
    "setFixedSize setPoolSize"
)


class DataReceiver(Device):
    """Frames come from `interfaces.stream.send`; a subclass may override `process`.

    :param typeStr: declared type of Data; that of an array is shown as it is.
    :param hideData: False shows Data in user interfaces.
    :param value: first value of Data.
    :param enableOnStart: False ignores frames until RxEnable is set.
    :param kwargs: the arguments of Device.
    """

    _absent = Device._absent | frozenset(ABSENT.split())  # noqa: SLF001

    def __init__(
        self,
        typeStr: str = "UInt8[np]",
        hideData: bool = True,
        value: Any = None,
        enableOnStart: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._enableOnStart = enableOnStart
        self.add(LocalVariable(name="RxEnable", value=True, description="Frames are received"))
        for name, what in (("Frame", "Frames"), ("Error", "Bad frames"), ("Byte", "Bytes")):
            self.add(
                LocalVariable(
                    name=f"{name}Count",
                    value=0,
                    mode="RO",
                    pollInterval=SECOND,
                    description=f"{what} received",
                )
            )
        self.add(
            LocalVariable(
                name="Updated", value=False, description="Set by a frame, reset by its user"
            )
        )
        self.add(
            LocalVariable(
                name="Data",
                typeStr=typeStr,
                typeCheck=False,
                disp="",
                groups=["NoState", "NoStream", "NoConfig"],
                value=np.zeros(1, np.uint8) if value is None else value,
                hidden=hideData,
                description="The last frame",
            )
        )

    def countReset(self) -> None:
        """Set the counters to 0, here and below."""
        for var in (self.FrameCount, self.ErrorCount, self.ByteCount):
            var.set(0)
        super().countReset()

    def _acceptFrame(self, frame: Any) -> None:
        if not self.running or not self.RxEnable.value():
            return
        with frame.lock():
            if frame.getError() != 0:
                self._count(self.ErrorCount, 1)
                return
            self._count(self.FrameCount, 1)
            self._count(self.ByteCount, frame.getPayload())
            self.process(frame)

    @staticmethod
    def _count(counter: Any, by: int) -> None:
        with counter.lock:
            counter.set(counter.value() + by, write=False)  # its poll sends the update

    def process(self, frame: Any) -> None:
        """Show the bytes of a frame as Data and set Updated; the frame is locked.

        :param frame: the frame.
        """
        self.Data.set(frame.getNumpy(0, frame.getPayload()))
        self.Updated.set(True)

    def _start(self) -> None:
        super()._start()
        self.RxEnable.set(self._enableOnStart)

    def _stop(self) -> None:
        self.RxEnable.set(False)
        super()._stop()
