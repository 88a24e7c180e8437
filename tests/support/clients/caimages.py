"""Images over Channel Access: the flat elements of a PV, in the shape that the PV beside it has.

Both show one reading, and so one time: by that they are joined.
"""

from concurrent.futures import Future
from functools import partial

import numpy as np

from support.clients.caclient import Failed, reading_of

SHAPE = ":SHAPE"


def read(client, name):
    """Begin to read a PV; the future ends with its reading, an image in its shape."""
    future = Future()

    def again():
        client.read(name).add_done_callback(have_value)

    def have_value(ended):
        if (exc := ended.exception()) is not None:
            future.set_exception(exc)
        elif isinstance(ended.result().value, np.ndarray):
            client.read(name + SHAPE).add_done_callback(partial(have_shape, ended.result()))
        else:
            future.set_result(ended.result())

    def have_shape(reading, ended):
        exc = ended.exception()
        if isinstance(exc, Failed):  # there is none: it is no image
            future.set_result(reading)
        elif exc is not None:
            future.set_exception(exc)
        elif ended.result().time_ns == reading.time_ns:
            future.set_result(_shaped(reading, ended.result()))
        else:  # an update has come between
            again()

    again()
    return future


class Monitor:
    """Hands on what a PV shows, an image when its shape of the same time is there.

    :param push: called with each reading, on the client's thread
    """

    def __init__(self, client, name, push):
        self._client = client
        self._name = name
        self._push = push
        self._values = []  # that wait for their shape
        self._shape = None
        self._asked = False
        self._has_shape = True  # as far as is known
        self._ends = [client.monitor(name, self._on_value)]

    def close(self):
        for end in self._ends:
            end()

    def _on_value(self, channel, update):
        reading = reading_of(channel, update)
        if not self._has_shape or not isinstance(reading.value, np.ndarray):
            self._push(reading)
            return
        self._values.append(reading)
        if not self._asked:
            self._asked = True
            found = Future()
            found.add_done_callback(self._on_answer)
            self._client.begin(self._name + SHAPE, found.set_result, found)
        self._join()

    def _on_answer(self, found):
        if found.exception() is None:
            self._ends.append(self._client.monitor(self._name + SHAPE, self._on_shape))
            return
        self._has_shape = False
        values, self._values = self._values, []
        for reading in values:
            self._push(reading)

    def _on_shape(self, channel, update):
        self._shape = reading_of(channel, update)
        self._join()

    def _join(self):
        shape = self._shape
        if shape is not None and self._values[-1:] and self._values[-1].time_ns == shape.time_ns:
            reading = self._values[-1]
            self._values.clear()
            self._push(_shaped(reading, shape))


def _shaped(reading, shape):
    return reading._replace(value=reading.value.reshape(shape.value))
