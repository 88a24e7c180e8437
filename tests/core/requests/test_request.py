import threading

import pytest
from support.engine.fakes import join, make_put, make_rpc

from roguebridge.core.requests.credentials import Credentials


@pytest.mark.parametrize("make", [make_put, make_rpc])
def test_the_first_answer_counts_and_later_ones_do_nothing(make):
    request, reply = make()
    assert not request.answered
    assert request.done(5) is True
    assert request.error("late") is False
    assert request.done() is False
    assert reply.answers == [("done", 5)]
    assert (request.answered, request.outcome) == (True, "")


def test_an_error_is_an_answer_and_its_text_the_outcome():
    request, reply = make_put()
    assert request.error("no") is True
    assert request.done() is False
    assert reply.answers == [("error", "no")]
    assert request.outcome == "no"


def test_an_error_without_text_still_says_something():
    request, reply = make_put()
    request.error("")
    assert reply.answers == [("error", "unknown error")]


def test_from_many_threads_exactly_one_answer_gets_through():
    for _ in range(50):
        request, reply = make_put()
        start = threading.Barrier(8)
        won = []

        def answer(number, request=request, start=start, won=won):
            start.wait(30)
            if request.done(number) if number % 2 else request.error(str(number)):
                won.append(number)

        threads = [threading.Thread(target=answer, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        join(*threads)
        assert len(reply.answers) == len(won) == 1
        assert int(reply.answers[0][1]) == won[0]


def test_an_answer_may_be_tried_from_within_the_answer():
    request, reply = make_put()
    reply.done = lambda result=None: reply.answers.append(request.error("again"))
    request.done()
    assert reply.answers == [False]


def test_roles_are_looked_up_once_and_only_when_asked():
    asked = []
    who = Credentials("ann", "10.0.0.1", "x", roles=lambda: asked.append(1) or frozenset({"ops"}))
    assert asked == []
    assert who.roles == who.roles == frozenset({"ops"})
    assert asked == [1]


def test_roles_first_asked_for_after_the_answer_are_empty():
    request, _ = make_put(roles=lambda: pytest.fail("looked up after the answer"))
    request.done()
    assert request.credentials.roles == frozenset()


def test_roles_asked_for_in_time_stay_after_the_answer():
    request, _ = make_put(roles=lambda: frozenset({"ops"}))
    assert request.credentials.roles == {"ops"}
    request.done()
    assert request.credentials.roles == {"ops"}


def test_the_text_of_credentials_does_not_look_roles_up():
    who = Credentials("ann", "10.0.0.1", "x", roles=lambda: pytest.fail("looked up"))
    assert repr(who) == "Credentials('ann', '10.0.0.1', 'x')"
