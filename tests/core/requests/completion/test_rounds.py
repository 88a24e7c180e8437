"""When requests that wait for a marker are answered, and in which order."""

import threading

from support.engine.fakes import WAIT, bridge_threads

LATE = "that took longer than completion_timeout (1 s)"
TEXT = "puts and calls answered before all that they changed was shown: {}; {}"


def test_an_answer_comes_with_the_marker(answers):
    site = answers()
    site.end(1)
    assert site.settle() == []
    site.root.deliver()
    assert site.settle() == [1]
    assert site.completion.problems() == []


def test_what_ends_while_a_marker_is_under_way_shares_the_next(answers):
    site = answers()
    for number in range(5):
        site.end(number, f"V{number % 2}")
    assert site.root.markers == 1
    site.root.deliver()
    assert site.settle() == [0]
    assert site.root.markers == 1
    site.root.deliver()
    assert site.settle() == [0, 1, 2, 3, 4]
    assert site.root.markers == 0


def test_the_update_thread_gives_no_answer_and_hears_of_no_error(answers):
    site = answers()
    threads = []
    site.completion.answer("V", lambda: threads.append(threading.current_thread()), True, 0.0)
    site.root.deliver()
    site.settle()
    assert [thread.name for thread in threads] == ["roguebridge-completion"]


def test_an_answer_that_raises_harms_no_other(answers, caplog):
    site = answers()
    site.completion.answer("V", lambda: 1 / 0, True, 0.0)
    site.root.deliver()
    site.settle()
    site.end(1)
    site.root.deliver()
    assert site.settle() == [1]
    assert "V: a put or call could not be answered" in caplog.text


def test_nothing_is_raised_into_the_tree(answers, caplog, monkeypatch):
    site = answers()
    site.end(1)
    marker = site.root._updateQueue.get_nowait()
    monkeypatch.setattr(marker, "_arrived", lambda: 1 / 0)
    marker.set()
    assert "answered late" in caplog.text
    assert marker.is_set()
    site.clock.advance(1.0)
    assert site.settle() == [1]


def test_a_fault_on_the_thread_does_not_end_it(answers, caplog):
    site = answers()
    site.completion._calls.put(lambda: 1 / 0)
    site.end(1)
    site.root.deliver()
    assert site.settle() == [1]
    assert "ZeroDivisionError" in caplog.text


def test_what_changed_nothing_is_answered_at_once_but_after_those_before_it(answers):
    site = answers()
    site.end(1, "V", changed=False)
    assert list(site.given) == [1]
    site.end(2, "V")
    site.end(3, "V", changed=False)
    site.end(4, "W", changed=False)
    assert site.settle() == [1, 4]
    site.root.deliver()
    assert site.settle() == [1, 4, 2]
    site.root.deliver()
    assert site.settle() == [1, 4, 2, 3]
    site.end(5, "V", changed=False)
    assert site.settle() == [1, 4, 2, 3, 5]
    assert site.completion.problems() == []


def test_after_the_limit_all_are_answered_counted_and_told_once_a_minute(answers):
    site = answers()
    for number in range(100):
        site.end(number)
    site.clock.advance(0.9)
    site.end(100)
    assert site.settle() == []
    site.clock.advance(0.2)
    assert site.settle() == list(range(100))
    assert site.completion.problems() == [TEXT.format(100, LATE)]
    assert site.logged == [TEXT.format(1, LATE)]
    site.clock.advance(60.0)
    assert site.settle() == list(range(101))
    assert site.logged == [TEXT.format(1, LATE), TEXT.format(101, LATE)]
    assert site.root.markers == 1


def test_a_marker_that_arrives_late_lets_the_next_go(answers):
    site = answers()
    site.end(1)
    site.clock.advance(1.0)
    assert site.settle() == [1]
    site.end(2)
    assert site.root.markers == 1
    site.root.deliver()
    assert site.settle() == [1]
    site.root.deliver()
    assert site.settle() == [1, 2]
    site.clock.advance(10.0)
    assert site.settle() == [1, 2]
    assert len(site.completion.problems()) == 1


def test_what_was_answered_before_is_not_counted(answers):
    site = answers()
    site.end(1, before=True)
    site.clock.advance(1.0)
    site.settle()
    assert site.completion.problems() == []


def test_without_a_limit_the_marker_is_waited_for(answers):
    site = answers(timeout=None)
    site.end(1)
    site.clock.advance(1e6)
    assert site.settle() == []
    site.root.deliver()
    assert site.settle() == [1]


def test_while_the_tree_is_silent_nothing_is_waited_for(answers):
    site = answers()
    site.end(1)
    site.end(2)
    site.completion.tree_silent()
    assert site.settle() == [1, 2]
    site.end(3)
    assert list(site.given) == [1, 2, 3]
    why = "the tree's update thread is dead or held up"
    assert site.completion.problems() == [TEXT.format(3, why)]
    site.completion.tree_heard()
    site.end(4)
    assert site.settle() == [1, 2, 3]
    site.root.deliver()  # which was under way before
    site.settle()
    site.root.deliver()
    assert site.settle() == [1, 2, 3, 4]


def test_what_ends_while_all_are_being_answered_comes_after_them(answers):
    site = answers()
    entered, opened = threading.Event(), threading.Event()

    def slow():
        entered.set()
        assert opened.wait(WAIT)
        site.given.append(1)
        return True

    site.completion.answer("V", slow, True, 0.0)
    site.completion.tree_silent()
    assert entered.wait(WAIT)
    site.end(2)
    assert list(site.given) == []
    opened.set()
    assert site.settle() == [1, 2]


def test_a_stop_answers_all_and_ends_the_thread(answers):
    site = answers()
    site.end(1)
    site.end(2)
    site.completion.stop()
    assert list(site.given) == [1, 2]
    assert "roguebridge-completion" not in bridge_threads()
    assert site.completion.problems() == [TEXT.format(2, "the server was stopped")]
    site.end(3)
    site.root.deliver()
    site.completion.tree_silent()
    site.completion.tree_heard()
    site.completion.stop()
    assert list(site.given) == [1, 2, 3]


def test_a_stop_by_an_answer_does_not_wait_for_itself(answers):
    site = answers()
    site.completion.answer("V", lambda: site.completion.stop() or True, True, 0.0)
    thread = site.completion._thread
    site.root.deliver()
    thread.join(WAIT)
    assert not thread.is_alive()
