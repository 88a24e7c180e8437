"""A pvapy client in a process of its own, told what to do in lines of JSON.

pvapy reads its EPICS environment once for each process.
"""

import json
import queue
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pvaccess

LIMIT = 30.0
TYPES = {
    "?": pvaccess.BOOLEAN, "b": pvaccess.BYTE, "h": pvaccess.SHORT, "i": pvaccess.INT,
    "l": pvaccess.LONG, "B": pvaccess.UBYTE, "H": pvaccess.USHORT, "I": pvaccess.UINT,
    "L": pvaccess.ULONG, "f": pvaccess.FLOAT, "d": pvaccess.DOUBLE, "s": pvaccess.STRING,
}  # fmt: skip
MEMBERS = {"uint16": "ushortValue", "float32": "floatValue", "float64": "doubleValue"}
channels = {}
monitors = {}


def plain(value):
    """Give a value as JSON has it; of a union, its member's name and content."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value if not is_type(item)]
    return value


def is_type(item):
    return isinstance(item, dict) and any(
        isinstance(content, list) and content and isinstance(content[0], pvaccess.ScalarType)
        for content in item.values()
    )


def channel(name):
    if name not in channels:
        channels[name] = pvaccess.Channel(name)
        channels[name].setTimeout(LIMIT)
    return channels[name]


def connect(names):
    """Search for all of them at once: pvapy takes a quarter of a second for one."""
    with ThreadPoolExecutor(len(names)) as threads:
        list(threads.map(lambda name: channel(name).get(""), names))


def get(name):
    return plain(channel(name).get("").get())


def put(name, code, value):
    request = "field(value)"
    if code == "enum":
        content = pvaccess.PvObject({"value": {"index": pvaccess.INT}}, {"value": {"index": value}})
        request = "field(value.index)"
    elif code == "image":  # pvapy's own NtNdArray ends the process, with other servers too
        request = "field(value,dimension)"
        content = channel(name).get(request)
        pixels = np.array(value["pixels"], value["dtype"])
        member = MEMBERS[pixels.dtype.name]
        types = {member: [TYPES[pixels.dtype.char]]}
        content.setUnion(pvaccess.PvObject(types, {member: pixels.reshape(-1)}))
        content["dimension"] = [{"size": size} for size in reversed(pixels.shape)]
    elif code.startswith("a"):
        content = pvaccess.PvObject({"value": [TYPES[code[1]]]}, {"value": value})
    else:
        value = chr(value) if code == "b" else value  # pvapy's form of a byte
        content = pvaccess.PvObject({"value": TYPES[code]}, {"value": value})
    channel(name).put(content, request)


def monitor(name):
    monitors[name] = queue.Queue()
    channel(name).monitor(lambda update: monitors[name].put(plain(update.get())), "")


def update(name):
    return monitors[name].get(timeout=LIMIT)


def rpc(name, codes, arguments):
    types = {"scheme": pvaccess.STRING, "authority": pvaccess.STRING, "path": pvaccess.STRING}
    content = {"scheme": "pva", "authority": "", "path": name}
    if codes:
        types["query"] = {key: TYPES[code] for key, code in codes.items()}
        content["query"] = arguments
    request = pvaccess.PvObject(types, content, "epics:nt/NTURI:1.0")
    return plain(pvaccess.RpcClient(name).invoke(request, LIMIT).get())


def main():
    functions = {
        "connect": connect,
        "get": get,
        "put": put,
        "monitor": monitor,
        "update": update,
        "rpc": rpc,
    }
    for line in sys.stdin:
        function, *arguments = json.loads(line)
        try:
            reply = {"result": functions[function](*arguments)}
        except Exception as e:
            reply = {"error": str(e)}
        print(json.dumps(reply), flush=True)
    for name in monitors:
        channel(name).stopMonitor()


main()
