"""The demonstration: the example detector on loopback, used by a p4p client.

Prints what happens, a line each.
"""

from __future__ import annotations

import queue
from typing import Any

from p4p.client.thread import Context, RemoteError
from p4p.nt import NTURI

from .detector import Detector, pr

PREFIX = "Demo:Detector:"


def show(what: str, result: Any) -> None:
    """Print one line of the demonstration."""
    print(f"  {what:<34} {result}")


def expect(condition: bool, what: str) -> None:
    """End the demonstration if something is not as it should be."""
    if not condition:
        raise SystemExit(f"demo failed: {what}")


def play(client: Context, root: Detector) -> None:
    """Get, put, monitor, call, raise an alarm, and be refused."""
    adc = PREFIX + "Adc[0]:"

    gain = client.get(adc + "Gain")
    show("get Gain", f"{int(gain)}  ({gain.raw.display.description})")

    client.put(adc + "Gain", 7)
    after = int(client.get(adc + "Gain"))
    show(
        "put Gain 7, get", f"{after}  (register holds {root.getNode('Detector.Adc[0].Gain').get()})"
    )
    expect(after == 7, "Gain did not become 7")

    client.put(adc + "Mode", "Run")
    show("put Mode 'Run', get", client.get(adc + "Mode"))
    expect(str(client.get(adc + "Mode")) == "Run", "Mode did not become Run")

    updates: queue.Queue[Any] = queue.Queue()
    subscription = client.monitor(adc + "Temperature", updates.put)
    first = updates.get(timeout=10)
    root.getNode("Detector.Adc[0].Temperature").set(85.0)
    second = updates.get(timeout=10)
    show("monitor Temperature", f"{float(first)} then {float(second)} {second.raw.display.units}")
    alarm = second.raw.alarm
    show("its alarm", f"severity {alarm.severity}, {alarm.message}")
    subscription.close()
    expect((alarm.severity, alarm.message) == (2, "HIHI"), "no HIHI alarm at 85 degC")

    arguments = NTURI([("arg", "i")]).wrap(adc + "Scale", kws={"arg": 3})
    scaled = int(client.rpc(adc + "Scale", arguments))
    show("call Scale(3)", scaled)
    expect(scaled == 21, "Scale(3) did not return 21")

    client.put(adc + "Reset", 1)
    root.waitOnUpdate()  # the command has changed other nodes, whose updates are on their way
    show("put Reset 1, get Gain", int(client.get(adc + "Gain")))
    expect(int(client.get(adc + "Gain")) == 0, "Reset did not run")

    for name, value in (("Serial", "mine"), ("Gain", 101)):
        try:
            client.put(adc + name, value)
        except RemoteError as refusal:
            show(f"put {name} {value!r} is refused", refusal)
        else:
            raise SystemExit(f"demo failed: put {name} {value!r} was not refused")

    try:
        client.put(PREFIX + "Interlock:Limit", 1)
    except RemoteError as failure:
        show("put Interlock:Limit 1 fails", failure)
    else:
        raise SystemExit("demo failed: the broken register took a value")

    total = int(client.rpc(PREFIX + "Camera:Acquire", None))
    root.waitOnUpdate()
    image = client.get(PREFIX + "Camera:Image")
    show("call Acquire, get Image", f"{total}, {image.shape} {image.dtype}")
    expect(int(image.sum()) == total, "the image is not the one that was taken")
    show("get Waveform", client.get(adc + "Waveform").shape)


def main() -> None:
    """Run the demonstration.

    :raises SystemExit: if anything is not as it should be
    """
    with Detector(isolate=True) as root:
        print(f"serving {len(root.epics.list())} PVs of {root.name}, tree by {pr.__name__}")
        with Context("pva", conf=root.epics.client_conf(), useenv=False) as client:
            play(client, root)
    print("all of it worked")
