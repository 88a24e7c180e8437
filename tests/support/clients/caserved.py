"""A served tree and Channel Access clients of it."""

import queue

import caproto as ca

from support.clients.caclient import LIMIT, CaClient, content_of, reading_of


class CaUpdates:
    """What a monitor delivers, one by one: (channel, response)."""

    def __init__(self, client, name, **options):
        self._queue = queue.SimpleQueue()
        self.close = client.monitor(
            name, lambda channel, update: self._queue.put((channel, update)), **options
        )

    def next(self, limit=LIMIT):
        return reading_of(*self._queue.get(timeout=limit))

    def until(self, wanted):
        while True:
            reading = self.next()
            if wanted(reading):
                return reading

    def empty(self):
        return self._queue.empty()


class CaServed:
    """A running root and its server; clients are made when they are asked for."""

    def __init__(self, root, server, base="T"):
        self.root = root
        self.server = server
        self.base = base
        self._clients = []
        self._client = None

    @property
    def client(self):
        if self._client is None:
            self._client = self.another()
        return self._client

    def another(self, user="ops"):
        self._clients.append(CaClient(self.server.client_conf("ca"), user))
        return self._clients[-1]

    def pv(self, path):
        return f"{self.base}:Top:" + path.replace(".", ":")

    def node(self, path):
        return self.root.getNode("Top." + path)

    def get(self, path, field="", **options):
        """The reading of a PV, or of a field of it."""
        return self.client.read(self.pv(path) + field, **options).result(LIMIT)

    def value(self, path, field="", **options):
        return self.get(path, field, **options).value

    def text(self, path, field="$"):
        """The whole text that a CHAR array is."""
        return bytes(self.raw(path, field, "time").data).decode()

    def raw(self, path, field="", kind="control", count=0):
        """The response to a read in a type of DBR."""
        name = self.pv(path) + field
        return self.client.read(name, lambda _, found: found, kind, count).result(LIMIT)

    def type(self, path, field=""):
        """Name of the plain type of a PV, how many elements it may have, and the rights to it."""
        channel = self.client.channel(self.pv(path) + field)
        rights = "rw" if ca.AccessRights.WRITE in channel.access_rights else "r"
        return channel.native_data_type.name, channel.native_data_count, rights

    def put(self, path, value, field="", **options):
        self.client.write(self.pv(path) + field, value, **options).result(LIMIT)

    def monitor(self, path, field="", **options):
        return CaUpdates(self.client, self.pv(path) + field, **options)

    def close(self):
        for client in self._clients:
            client.close()


__all__ = ["LIMIT", "CaServed", "CaUpdates", "content_of"]
