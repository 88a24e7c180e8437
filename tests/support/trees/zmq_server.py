"""A tree with a ZmqServer in a process of its own: ``python zmq_server.py PORT``, 0 for any.

Prints ``port NUMBER`` when it serves, and ends when its input does.
"""

import contextlib
import os
import sys

import pyrogue
import pyrogue.interfaces


class Top(pyrogue.Root):
    def __init__(self, port):
        super().__init__(name="Top", pollEn=False)
        self.add(pyrogue.LocalVariable(name="A", value=1.5))
        self.add(pyrogue.LocalVariable(name="B", value=7))
        self.server = pyrogue.interfaces.ZmqServer(root=self, addr="127.0.0.1", port=port)
        self.addInterface(self.server)


root = Top(int(sys.argv[1]))
with contextlib.redirect_stdout(sys.stderr):
    root.start()
print("port", root.server.port(), flush=True)
sys.stdin.read()
os._exit(0)
