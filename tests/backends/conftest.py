"""A backend with scripted owners, and a real server on a tree."""

import contextlib

import pytest
from support.bench import KINDS, Bench, Gate, Site

CALLS = "Channel Access has no calls: a command is run by a put"
SHAPE = "an image over Channel Access is flat; its shape is a PV beside it"
MARKS = "a put over Channel Access is always one of the value"
#: what a protocol cannot carry: test, or test[parameter] -> why
LACKS = {
    "ca": {
        "test_a_call_reaches_its_owner_while_the_pv_is_closed": CALLS,
        "test_the_result_of_a_call_reaches_the_client": CALLS,
        "test_a_call_without_result_is_answered": CALLS,
        "test_values_travel[image]": SHAPE,
        "test_post_alarm_keeps_the_value[image]": SHAPE,
        "test_a_posted_array_is_copied[image]": SHAPE,
        "test_a_put_is_decoded[image]": SHAPE,
        "test_a_post_that_does_not_fit_raises_and_changes_nothing[NDARRAY--]": SHAPE,
        "test_a_put_of_other_fields_is_not_marked": MARKS,
        "test_alarm_and_time_travel_with_each_value": (
            "Channel Access has numbers for alarms, no texts of the server's own"
        ),
    }
}


@pytest.fixture(params=sorted(KINDS))
def kind(request):
    """The name of each backend that can do what the test is about."""
    lacks = LACKS.get(request.param, {})
    name = request.node.originalname
    parameters = request.node.callspec.id.removesuffix(f"-{request.param}")
    for known in (name, f"{name}[{parameters.removeprefix(f'{request.param}-')}]"):
        if known in lacks:
            pytest.skip(lacks[known])
    return request.param


@pytest.fixture
def bench(kind):
    """Each backend, not started."""
    made = Bench(kind)
    yield made
    made.close()


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
