"""What is polled for those who look: the sources of a node, shared and linked."""

from support.engine.polls import Link, PolledPv, Register

from roguebridge.core.tree.watched_polls import poll_sources


def test_a_shared_source_is_polled_until_the_last_pv_is_left(bench):
    register = Register()
    nodes = register, Link(register), Link(Link(register), register)
    looked_at = [PolledPv(node) for node in nodes]
    for one in looked_at:
        bench.polls.watch(one)
    assert register.given == [1]
    for one in looked_at[:2]:
        bench.polls.unwatch(one)
    assert register.given == [1]
    bench.polls.unwatch(looked_at[2])
    assert register.given == [1, 0]


def test_telling_twice_counts_once(bench):
    register = Register()
    looked_at, other = PolledPv(register), PolledPv(register)
    for _ in range(2):
        bench.polls.watch(looked_at)
    bench.polls.unwatch(other)
    bench.polls.unwatch(looked_at)
    bench.polls.unwatch(looked_at)
    assert register.given == [1, 0]


def test_a_link_itself_is_left_alone(bench):
    a, b = Register("A"), Register("B", 0.5)
    link = Link(a, Link(b))
    looked_at = PolledPv(link)
    bench.polls.watch(looked_at)
    assert (a.pollInterval, b.pollInterval, link.given) == (1, 0.5, [])
    bench.polls.unwatch(looked_at)
    assert (a.pollInterval, b.pollInterval, link.given) == (0, 0.5, [])


def test_links_that_depend_on_each_other_have_no_sources():
    one = Link()
    one.dependencies.append(Link(one))
    assert poll_sources(one) == []


def test_a_source_that_is_reached_twice_is_found_once():
    a, b = Register("A"), Register("B")
    assert poll_sources(Link(a, Link(a, b), b)) == [a, b]
