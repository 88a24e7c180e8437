"""Every backend: a put or call is answered when the PVs show all that it has changed."""

import threading

import pytest
from support.clients import LIMIT, in_thread, wait_until
from support.engine.fakes import FakeClock

EARLY = "puts and calls answered before all that they changed was shown"


class Slow:
    """A listener of the whole tree that takes its time, so that updates are late."""

    def __init__(self):
        self._never = threading.Event()

    def __call__(self, path, value):
        self._never.wait(0.002)


def links(pr, root):
    """A source, links of links, a localSet and commands that set others."""
    root.add(pr.LocalVariable(name="A", value=0))
    root.add(pr.LinkVariable(name="S", mode="RO", dependencies=[root.A],
                             linkedGet=lambda: root.A.value()))  # fmt: skip
    root.add(pr.LinkVariable(name="SS", mode="RO", dependencies=[root.S],
                             linkedGet=lambda: root.S.value()))  # fmt: skip
    root.add(pr.LinkVariable(name="Mirror", variable=root.A))
    root.add(pr.LocalVariable(name="Other", value=0, mode="RO"))
    root.add(pr.LinkVariable(name="OfOther", mode="RO", dependencies=[root.Other],
                             linkedGet=lambda: root.Other.value()))  # fmt: skip

    def both(value):
        root.Other.set(value)

    def grouped(arg):
        with root.updateGroup():
            root.A.set(arg)
            root.Other.set(arg)

    def left_in_a_group(arg):
        group = root.updateGroup()
        group.__enter__()
        groups.append(group)
        root.A.set(arg)
        root.Other.set(arg)

    groups = []
    root.add(pr.LocalVariable(name="Sets", value=0, localSet=both))
    root.add(pr.LocalCommand(name="Set", value=0, function=lambda arg: both(arg)))
    root.add(pr.LocalCommand(name="Count", function=lambda: both(root.Other.value() + 1)))
    root.add(pr.LocalCommand(name="Group", value=0, function=grouped))
    root.add(pr.LocalCommand(name="Leak", value=0, function=left_in_a_group))
    root.addVarListener(Slow())


def put(name):
    return lambda served, client, n: client.put(served.pv(name), n)


def call(name):
    return lambda served, client, n: client.rpc(served.pv(name), arg=n)


def plain_put(name):
    # A client that does not ask to wait, and has its answer when the work has ended.
    return lambda served, client, n: client.put(served.pv(name), n, block=False)


WAYS = {
    "a put to what links follow": (put("A"), ["A", "S", "SS", "Mirror"]),
    "a put through a mirror": (put("Mirror"), ["Mirror", "A", "S", "SS"]),
    "a put with a localSet": (put("Sets"), ["Sets", "Other", "OfOther"]),
    "a put to a command": (put("Set"), ["Other", "OfOther"]),
    "a trigger": (put("Count"), ["Other", "OfOther"]),
    "a call": (call("Set"), ["Other", "OfOther"]),
    "a call with a group": (call("Group"), ["A", "S", "SS", "Other", "OfOther"]),
    "a call that leaves a group open": (call("Leak"), ["A", "S", "Other", "OfOther"]),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_read_after_the_answer_shows_what_was_changed(site, way):
    served = site(links)
    client = served.client()
    do, names = WAYS[way]
    watches = [client.monitor(served.pv(name)) for name in names]
    for watch in watches:
        watch.next()
    wait_until(lambda: all(served.holder(name).is_open for name in names))
    for n in range(1, 31):
        do(served, client, n)
        assert [client.get(served.pv(name)).value for name in names] == [n] * len(names)
    assert not any(EARLY in line for line in served.server.report())
    for watch in watches:
        watch.close()


def test_a_put_that_does_not_ask_to_wait_shows_what_it_changed_too(site):
    served = site(links, put_reply_timeout=None)
    client = served.client()
    client.put(served.pv("A"), 0)
    if client.protocol == "ca":
        pytest.skip("nothing answers it")
    watch = client.monitor(served.pv("S"))
    for n in range(1, 31):
        plain_put("A")(served, client, n)
        assert client.get(served.pv("S")).value == n
    watch.close()


def test_monitors_have_what_was_changed_before_the_answer(site):
    served = site(links)
    client = served.client()
    watch = client.monitor(served.pv("SS"))
    watch.next()
    for n in range(1, 31):
        client.put(served.pv("A"), n)
        watch.until(lambda value, n=n: value == n)
    watch.close()


def test_what_is_held_back_is_shown_before_the_answer(site):
    served = site(links, clock=FakeClock(), update_rate=0.1, deadband=1000)
    client = served.client()
    names = ["S", "SS", "Other", "OfOther"]
    watches = [client.monitor(served.pv(name)) for name in names]
    for watch in watches:
        watch.next()
    wait_until(lambda: all(served.holder(name).is_open for name in names))
    for n in range(1, 11):
        client.put(served.pv("A"), n)
        assert [client.get(served.pv(name)).value for name in names[:2]] == [n, n]
        client.rpc(served.pv("Set"), arg=n)
        assert [client.get(served.pv(name)).value for name in names[2:]] == [n, n]
    for watch in watches:
        watch.close()


def test_a_pv_that_opens_at_the_same_time_shows_what_was_changed(site):
    served = site(links)
    for n in range(1, 21):
        client = served.client()
        first = client.start_get(served.pv("S"))  # which has the PV opened
        client.put(served.pv("A"), n)
        assert client.get(served.pv("S")).value == n
        assert first.result(LIMIT).value in (n - 1, n)
        client.close()


@pytest.fixture
def held(site):
    """A server whose update thread is held up by a listener; its clock stands still."""
    gate = site.gate()

    def build(pr, root):
        links(pr, root)
        for n in range(4):
            root.add(pr.LocalVariable(name=f"V{n}", value=0))
            node = root.node(f"V{n}")
            root.add(pr.LinkVariable(name=f"L{n}", mode="RO", dependencies=[node],
                                     linkedGet=lambda node=node: node.value()))  # fmt: skip
        root.add(pr.LocalVariable(name="Alone", value=0))
        root.V0.addListener(lambda path, value: gate())

    def make(**options):
        served = site(build, clock=FakeClock(), **options)
        served.gate = gate
        served.clock = served.server._clock
        served.waits = lambda: _waiting(served)
        return served

    return make


def _waiting(served):
    completion = served.holder("A").services.completion
    present = completion._round
    return len(completion._next) + (0 if present is None else len(present.waiting))


def opened(served, client, *names):
    """Have PVs opened before anything is held up."""
    watches = [client.monitor(served.pv(name)) for name in names]
    for watch in watches:
        watch.next()
    wait_until(lambda: all(served.holder(name).is_open for name in names))
    return watches


def test_a_hundred_puts_wait_for_a_hung_listener_no_longer_than_the_limit(held):
    served = held()
    client = served.client()
    names = ["V0", "V1", "V2", "V3"]
    watches = opened(served, client, *names)
    served.root.V0.set(1)
    served.gate.wait_entered()
    pending = [client.start_put(served.pv(names[n % 4]), n) for n in range(100)]
    wait_until(lambda: served.waits() == 100)
    assert not any(one.done() for one in pending)
    assert [served.node(name).value() for name in names] == [96, 97, 98, 99]  # no lane is held
    assert served.root._updateQueue.qsize() <= 101  # a batch for each put, and one marker
    served.clock.advance(1.0)
    for one in pending:
        assert one.result(LIMIT) is None
    (line,) = [line for line in served.server.report() if EARLY in line]
    assert line == f"{EARLY}: 100; that took longer than completion_timeout (1 s)"
    served.gate.open()
    client.put(served.pv("V1"), 5)
    client.get(served.pv("V1"))
    (line,) = [line for line in served.server.report() if EARLY in line]
    assert line.startswith(f"{EARLY}: 100;")
    for watch in watches:
        watch.close()


def test_the_limit_can_be_set_and_switched_off(held):
    served = held(completion_timeout=0)
    client = served.client()
    watches = opened(served, client, "V0")
    served.root.V0.set(1)
    served.gate.wait_entered()
    client.put(served.pv("V0"), 2)
    assert served.holder("A").services.completion is None
    served.gate.open()
    for watch in watches:
        watch.close()


def test_a_stop_answers_what_waits_as_done(held, caplog):
    served = held()
    client = served.client()
    watches = opened(served, client, "V0", "V1")
    served.root.V0.set(1)
    served.gate.wait_entered()
    pending = [client.start_put(served.pv("V1"), n) for n in range(3)]
    wait_until(lambda: served.waits() == 3)
    served.server.stop()
    for one in pending:
        assert one.result(LIMIT) is None
    assert served.node("V1").value() == 2
    assert f"{EARLY}: 1; the server was stopped" in caplog.text
    served.gate.open()
    del watches


def test_a_put_to_what_nobody_depends_on_does_not_wait(held):
    served = held()
    client = served.client()
    watches = opened(served, client, "V0", "Alone")
    served.root.V0.set(1)
    served.gate.wait_entered()
    client.put(served.pv("Alone"), 5)
    assert client.get(served.pv("Alone")).value == 5
    assert served.waits() == 0
    served.gate.open()
    for watch in watches:
        watch.close()


def test_a_put_made_inside_a_listener_is_answered(site):
    answered = []
    asked = threading.Event()

    def build(pr, root):
        links(pr, root)
        root.add(pr.LocalVariable(name="Start", value=0))

    served = site(build, completion_timeout=0.05)
    client = served.client()
    watches = opened(served, client, "A", "S")

    def listener(path, value):
        if value.value == 7 and not asked.is_set():
            asked.set()
            answered.append(client.start_put(served.pv("A"), 3).result(LIMIT))

    served.root.Start.addListener(listener)
    served.root.Start.set(7)
    served.root.waitOnUpdate()
    assert answered == [None]
    assert any(EARLY in line for line in served.server.report())
    client.put(served.pv("A"), 4)
    assert client.get(served.pv("S")).value == 4
    for watch in watches:
        watch.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_put_that_ends_the_update_thread_is_answered(site):
    raises = []

    def build(pr, root):
        links(pr, root)
        root.add(pr.LinkVariable(name="Bad", mode="RO", dependencies=[root.A],
                                 linkedGet=lambda: raises[0]() if raises else 0))  # fmt: skip

    def fail():
        raise OSError("no sensor")

    served = site(build, clock=FakeClock(), completion_timeout=None)
    client = served.client()
    watches = opened(served, client, "A", "S")
    raises.append(fail)
    client.put(served.pv("A"), 3)
    (line,) = [line for line in served.server.report() if EARLY in line]
    assert line.startswith(f"{EARLY}: 1;")
    client.put(served.pv("A"), 4)
    wait_until(lambda: client.get(served.pv("S")).value == 4)
    for watch in watches:
        watch.close()


def test_a_failed_command_has_shown_what_it_set_before_the_error(site):
    def build(pr, root):
        links(pr, root)

        def fail(arg):
            root.Other.set(arg)
            raise OSError("half-way")

        root.add(pr.LocalCommand(name="Fail", value=0, function=fail))

    served = site(build)
    client = served.client()
    watches = opened(served, client, "Other", "OfOther")
    for n in range(1, 21):
        failed = client.start_rpc(served.pv("Fail"), arg=n).exception(LIMIT)
        assert "half-way" in str(failed)
        assert client.get(served.pv("OfOther")).value == n
    for watch in watches:
        watch.close()


def test_a_command_can_be_run_again_before_its_caller_is_answered(held):
    served = held(queue_commands=False)
    client = served.client()
    watches = opened(served, client, "V0", "Count")
    served.root.V0.set(1)
    served.gate.wait_entered()
    pending = []
    for n in range(1, 4):
        pending.append(client.start_put(served.pv("Count"), 1))
        wait_until(lambda n=n: served.waits() == n)
    assert served.root.Other.value() == 3
    served.gate.open()
    for one in pending:
        assert one.result(LIMIT) is None
    for watch in watches:
        watch.close()


def test_a_client_that_leaves_meanwhile_harms_nobody(held):
    served = held()
    client, other = served.client(), served.client()
    watches = opened(served, other, "V0", "V1", "L1")
    gone = opened(served, client, "V1")
    served.root.V0.set(1)
    served.gate.wait_entered()
    client.start_put(served.pv("V1"), 5)
    wait_until(lambda: served.waits() == 1)
    for watch in gone:
        watch.close()
    in_thread(client.close).result(LIMIT)
    pending = other.start_put(served.pv("V1"), 6)
    wait_until(lambda: served.waits() == 2)
    served.gate.open()
    assert pending.result(LIMIT) is None
    assert other.get(served.pv("L1")).value == 6
    for watch in watches:
        watch.close()


def test_answers_of_one_pv_come_in_order(held):
    served = held()
    client = served.client()
    watches = opened(served, client, "V0", "V1")
    served.root.V0.set(1)
    served.gate.wait_entered()
    order = []
    pending = []
    for n in range(20):
        # Every third is refused: it has changed nothing, and comes in its turn all the same.
        value = "no number" if n % 3 == 2 and client.protocol == "soft" else n
        pending.append(client.start_put(served.pv("V1"), value))
        pending[-1].add_done_callback(lambda _, n=n: order.append(n))
    wait_until(lambda: served.waits() == 20)
    assert order == []
    served.gate.open()
    for one in pending:
        one.exception(LIMIT)
    wait_until(lambda: len(order) == 20)
    assert order == list(range(20))
    for watch in watches:
        watch.close()
