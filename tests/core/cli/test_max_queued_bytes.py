"""``--max-queued-bytes``: the room of puts and calls that wait."""

import pytest


@pytest.mark.parametrize("text", ["0", "-1", "nan", "1.5", "many", ""])
def test_what_is_no_number_of_bytes_is_refused(shell, text):
    done = shell.run("check", "my_tree.py:MyRoot", "--base", "B", "--max-queued-bytes", text)
    assert done.returncode == 2
    assert "Invalid value for '--max-queued-bytes'" in done.stderr


def test_a_number_of_bytes_is_taken(shell):
    done = shell.run("check", "my_tree.py:MyRoot", "--base", "B", "--max-queued-bytes", "1000000")
    assert done.returncode == 0, done.stderr
