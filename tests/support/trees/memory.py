"""A memory whose faults a test can switch on, the same for both trees."""

import threading
import time
from collections import Counter

READS, WRITES = (1, 4), (2, 3)  # read and verify; write and post
LIMIT = 20.0  # seconds after which a forgotten gate opens by itself


class MemoryGate:
    """Holds the transactions of one address until it is opened."""

    def __init__(self):
        self.entered = threading.Event()
        self.opened = threading.Event()

    def open(self):
        self.opened.set()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.open()


def memory_class(slave, *args):
    """Build the class on a tree's slave class; args go to its constructor."""

    class FaultyMemory(slave):
        """Zero until written. A fault at an address concerns each access that includes it."""

        def __init__(self):
            slave.__init__(self, *args)
            self._bytes = {}
            self._guard = threading.Lock()
            self._faults = {}
            self._reads, self._writes = Counter(), Counter()

        def fail_read(self, address):
            """Answer reads (and verifies) with the error NAK."""
            self._faults["read", address] = True

        def fail_write(self, address):
            """Answer writes with the error NAK."""
            self._faults["write", address] = True

        def stuck(self, address):
            """Accept writes and ignore them."""
            self._faults["stuck", address] = True

        def hang(self, address):
            """Never answer: the tree times out."""
            self._faults["hang", address] = True

        def delay(self, address, seconds):
            """Answer late."""
            self._faults["delay", address] = seconds

        def hold(self, address):
            """Do not answer until the returned gate is opened; waits at most LIMIT seconds."""
            gate = self._faults["hold", address] = MemoryGate()
            return gate

        def clear(self):
            """Switch all faults off and open all gates."""
            with self._guard:
                faults, self._faults = self._faults, {}
            for (kind, _), fault in faults.items():
                if kind == "hold":
                    fault.open()

        def reads(self, address):
            """How many reads and verifies included the address."""
            return self._reads[address]

        def writes(self, address):
            """How many writes included the address."""
            return self._writes[address]

        def all_writes(self):
            """How many bytes were written."""
            return self._writes.total()

        def poke(self, address, data):
            """Change memory behind the tree's back."""
            with self._guard:
                self._bytes.update(enumerate(data, address))

        def peek(self, address, size):
            """Look at memory behind the tree's back."""
            with self._guard:
                return bytes(self._bytes.get(a, 0) for a in range(address, address + size))

        def _fault(self, kind, where):
            with self._guard:
                found = [f for (k, a), f in self._faults.items() if k == kind and a in where]
            return found[0] if found else None

        def _doTransaction(self, transaction):
            address, size = transaction.address(), transaction.size()
            where = range(address, address + size)
            writing = transaction.type() in WRITES
            with self._guard:
                (self._writes if writing else self._reads).update(where)
            if (gate := self._fault("hold", where)) is not None:
                gate.entered.set()
                gate.opened.wait(LIMIT)
            if (seconds := self._fault("delay", where)) is not None:
                time.sleep(seconds)
            if self._fault("hang", where):
                return
            if self._fault("write" if writing else "read", where):
                transaction.error("NAK")
                return
            if writing and not self._fault("stuck", where):
                data = bytearray(size)
                transaction.getData(data, 0)
                self.poke(address, data)
            elif not writing:
                transaction.setData(bytearray(self.peek(address, size)), 0)
            transaction.done()

    return FaultyMemory
