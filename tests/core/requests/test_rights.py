"""Access rights as protocols publish them: all policies must allow, and failing is denying."""

import pytest
from support.engine.fakes import ENTRY

from roguebridge.core.requests.credentials import Credentials
from roguebridge.core.requests.plugin_faults import PluginFaults
from roguebridge.core.requests.policy import ALLOW, AccessPolicy, Deny
from roguebridge.core.requests.rights import may_change, tell_rights

WHO = Credentials("ops", "127.0.0.1", "ca")


class Policy(AccessPolicy):
    def __init__(self, answer, quick=True, asked_again=False):
        self.answer = answer
        self.quick = quick
        self.asked_again = asked_again

    def decide(self, request):
        raise AssertionError("nothing is requested yet")

    def may(self, entry, credentials, operation):
        assert (entry, credentials, operation) == (ENTRY, WHO, "put")
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


class Pool:
    """Keeps the jobs that it is given, if it takes any."""

    def __init__(self, refusal=None):
        self.refusal = refusal
        self.jobs = []

    def submit(self, job):
        if self.refusal is None:
            self.jobs.append(job)
        return self.refusal


def told(policies, pool=None):
    found = []
    tell_rights(tuple(policies), ENTRY, WHO, "put", pool or Pool(), found.append, PluginFaults())
    return found


def test_without_policies_all_is_allowed():
    assert told([]) == [True]


@pytest.mark.parametrize(
    ("answers", "allowed"),
    [
        ([ALLOW, ALLOW], True),
        ([ALLOW, Deny("no")], False),
        ([RuntimeError("broken")], False),
        ([SystemExit(3)], False),
        ([True], False),
        ([None], False),
    ],
)
def test_all_policies_must_allow(answers, allowed):
    assert told(Policy(answer) for answer in answers) == [allowed]


def test_a_policy_that_may_block_is_asked_by_a_worker():
    pool = Pool()
    found = told([Policy(ALLOW), Policy(ALLOW, quick=False)], pool)
    assert found == []
    (job,) = pool.jobs
    job.run()
    assert found == [True]
    assert ENTRY.path in job.lane


def test_what_no_worker_takes_or_ends_is_denied():
    assert told([Policy(ALLOW, quick=False)], Pool("busy")) == [False]
    pool = Pool()
    found = told([Policy(ALLOW, quick=False)], pool)
    pool.jobs[0].abandon("server stopping")
    assert found == [False]


def test_a_policy_that_does_not_tell_may_change():
    class Mute(Policy):
        @property
        def asked_again(self):
            raise RuntimeError("mute")

        @asked_again.setter
        def asked_again(self, value):
            pass

    assert may_change(Mute(ALLOW))
    assert may_change(Policy(ALLOW, asked_again=True))
    assert not may_change(Policy(ALLOW))
