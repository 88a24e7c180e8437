import threading

import pytest

from roguebridge.core.tree.patches.thread_deaths import ThreadDeaths


@pytest.fixture
def before(monkeypatch):
    """What the hook that was there before is told."""
    told = []
    monkeypatch.setattr(threading, "excepthook", told.append)
    return told


def end_a_thread():
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()
    return thread


@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(1)], ids=repr)
def test_a_listener_that_raises_keeps_nobody_from_hearing(before, error, caplog):
    def fail(args):
        raise error

    heard = []
    hooks = [ThreadDeaths(heard.append), ThreadDeaths(fail)]
    thread = end_a_thread()
    for hook in hooks:
        hook.remove()
    assert [args.thread for args in heard] == [args.thread for args in before] == [thread]
    assert "the end of a thread could not be noted" in caplog.text
    end_a_thread()
    assert (len(heard), len(before)) == (1, 2)
