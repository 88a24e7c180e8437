"""One holder with everything around it in the test's hand, and no thread."""

import logging
from dataclasses import replace
from types import SimpleNamespace

from roguebridge.core.pv.holder import PvHolder
from roguebridge.core.pv.services import Services
from support.engine.fakes import (
    ENTRY,
    FakeClock,
    FakeCommand,
    FakeNode,
    FakeServed,
    InlinePool,
    PlainConverter,
    make_put,
    make_rpc,
)


class HolderBench:
    """A holder, its node and its served PV; jobs run at once on the thread that submits them.

    :param function: makes the node a command that calls it
    """

    def __init__(
        self,
        value=0,
        hardware=False,
        converter=None,
        time_source=None,
        mode="RW",
        function=None,
        **services,
    ):
        self.clock = services.pop("clock", None) or FakeClock()
        self.variables, self.commands, self.events = InlinePool(), InlinePool(), InlinePool()
        self.start_ns = self.clock.time_ns()
        self.records, self.opened = [], []
        self.services = Services(
            clock=self.clock,
            variables=self.variables,
            commands=self.commands,
            events=self.events,
            judges=self.variables,
            own=self.variables,
            log=logging.getLogger("test.holder"),
            put_reply_timeout=0.5,
            open_timeout=services.pop("open_timeout", 1.0),
            start_ns=self.start_ns,
            expect_reads=services.pop("expect_reads", True),
            audit=SimpleNamespace(add=self.records.append),
            on_opened=self.opened.append,
            **services,
        )
        self.entry = replace(ENTRY, mode=mode, is_command=function is not None)
        if function is None:
            self.node = FakeNode(value, hardware=hardware)
        else:
            self.node = FakeCommand(function)
        self.converter = converter or PlainConverter()
        self.made = 0
        self.holder = PvHolder(self.entry, self.node, self.make, (), time_source, self.services)
        self.served = FakeServed()
        self.holder.attach(self.served)
        self.holder.listen()

    def make(self, node):
        self.made += 1
        if isinstance(self.converter, Exception):
            raise self.converter
        return self.converter

    def arrive(self, served=None):
        self.holder.client_arrived(served or self.served)

    def leave(self, served=None):
        return self.holder.clients_gone(served or self.served)


def put(bench, value, **options):
    request, reply = make_put(value, block=True, **options)
    bench.holder.put(request)
    return reply.answers


def call(bench, **arguments):
    request, reply = make_rpc(arguments)
    bench.holder.rpc(request)
    return reply.answers


def strictly_increasing(times):
    return all(a < b for a, b in zip(times, times[1:], strict=False))
