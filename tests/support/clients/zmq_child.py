"""A remote client in a process of its own, that cannot import the bridge.

Reads the port from its argument; prints one line of JSON for each update it hears.
"""

import json
import os
import sys

sys.modules["roguebridge"] = None  # what needs it fails

import pyrogue.interfaces  # noqa: E402


def show(path, told):
    fields = {name: repr(value) for name, value in vars(told).items()}
    name = f"{type(told).__module__}.{type(told).__qualname__}"
    print(json.dumps([path, name, fields]), flush=True)


client = pyrogue.interfaces.SimpleClient("127.0.0.1", int(sys.argv[1]), cb=show)
sys.stdin.read()
os._exit(0)  # its own end closes a socket under the thread that reads it: libzmq may abort
