"""Names that clients claim: they hide nothing, and a changed one is equal to no other."""

import json
import re
from fnmatch import fnmatch

import pytest

from roguebridge.core.requests.claims import decoded, shown_name
from roguebridge.core.requests.credentials import Credentials


@pytest.mark.parametrize("name", ["", "ann", "Jürgen", "中文", "DOM\\user", "DOM\\xavier", "a b"])
def test_what_can_be_printed_stays_as_it_is(name):
    assert shown_name(name) == (name, name)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"a\x01", "a\\x01"),
        (b"a\n", "a\\x0a"),
        (b"\xc2\x85", "\\x85"),
        (b"\xff\xfe", "\\xff\\xfe"),
        ("boss\u202e".encode(), "boss\\u202e"),
        ("\U000e0041".encode(), "\\U000e0041"),
    ],
)
def test_what_cannot_is_escaped_and_equal_to_no_name(raw, shown):
    who = Credentials(decoded(raw), "10.0.0.1", "x", "h\x07")
    assert (f"{who.user}", str(who.claimed_host), who.host) == (shown, "h\\x07", "10.0.0.1")
    assert repr(who.user) == repr(shown)
    assert not who.is_user({shown, decoded(raw)})


@pytest.mark.parametrize("name", ["a\x01", "a\\x01", "x" * 300, "a\ufdd0b"])
def test_no_rule_equals_a_changed_name_however_it_compares(name):
    who = Credentials(name, "10.0.0.1", "x", name)
    shown = str(who.user)
    for claimed in (who.user, who.claimed_host):
        assert claimed != shown
        assert shown != claimed
        assert claimed not in {shown}
        assert claimed not in [shown]
        assert {shown: "boss"}.get(claimed) is None
        assert not fnmatch(claimed, shown)
        assert not re.fullmatch(re.escape(shown), claimed)
        assert claimed.lower().strip() != shown
        assert not claimed.startswith(shown)
        assert not claimed.endswith(shown)
        assert shown not in claimed


def test_audit_records_have_the_names_as_plain_text():
    plain, changed = (Credentials(n, "h", "x", n) for n in ("ann", "a\x01"))
    assert plain.as_shown() is plain
    shown = changed.as_shown()
    assert json.dumps([shown.user, shown.claimed_host]) == json.dumps([r"a\x01"] * 2)
    assert shown.host == "h"
    assert not shown.is_user({r"a\x01"})


def test_a_backslash_that_reads_as_an_escape_is_shown_as_one_and_its_name_is_its_own():
    literal, control = (Credentials(name, "h", "x") for name in ("a\\x01", "a\x01"))
    assert literal.user != control.user
    assert literal.is_user({"a\\x01"})
    assert not control.is_user({"a\\x01"})


@pytest.mark.parametrize("name", ["x" * 300, "\x01" * 2**20, "\\x01" * 100])
def test_a_long_name_is_cut_at_a_whole_character_and_equal_to_no_name(name):
    who = Credentials(name, "h", "x", max_name=256)
    assert len(who.user) <= 256
    assert who.user.endswith("…")
    assert not who.user.endswith("\\…")
    assert not who.is_user({who.user, name})


def test_a_user_whose_name_cannot_be_shown_is_in_no_group():
    who = Credentials("a\x01", "h", "x", roles=lambda: pytest.fail("looked up"))
    assert who.roles == frozenset()
