"""Each backend of ours, with a real server on a tree."""

import contextlib

import pytest
from support.clients.bench import KINDS, Gate, Site


@pytest.fixture(params=sorted(KINDS))
def kind(request):
    """The name of each backend that comes with Roguebridge."""
    return request.param


@pytest.fixture
def site(tree, kind, running):
    """Makes sites: ``site(build, **server options)``, where ``build(pr, root)`` adds nodes.

    Gates made with ``site.gate()`` are opened before anything is stopped.
    """
    gates = []
    with contextlib.ExitStack() as stack:

        def make(build, start=True, **options):
            root = tree.pr.Root(name="Top", pollEn=False)
            build(tree.pr, root)
            stack.enter_context(running(root))
            for gate in gates:
                gate.armed = True
            made = Site(kind, root, **options)
            stack.callback(made.close)
            stack.callback(lambda: [gate.open() for gate in gates])
            if start:
                made.server.start()
            return made

        def gate(is_open=False):
            gates.append(Gate(is_open))
            return gates[-1]

        make.gate = gate
        yield make
