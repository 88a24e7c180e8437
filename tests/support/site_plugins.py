"""Small plugins of a site: a policy by a function, an audit, and who tells what has opened."""

from roguebridge.core.hooks.hookspecs import hookimpl
from roguebridge.core.hooks.rules import PolicyRule
from roguebridge.core.mapping.select import Select
from roguebridge.core.requests.policy import AccessPolicy


class Policy(AccessPolicy):
    """Decides by a function of the request."""

    def __init__(self, decide, quick=False):
        self._decide = decide
        self.quick = quick

    def decide(self, request):
        return self._decide(request)


class Guard:
    """Guards the nodes it selects with one policy."""

    def __init__(self, decide, quick=False, select=None):
        self.policy = Policy(decide, quick)
        self.select = select or Select(path="Top.V")

    @hookimpl
    def policy_rules(self):
        return [PolicyRule(lambda node: self.policy, self.select)]


class Opened:
    """Tells the test when a PV has opened."""

    def __init__(self, inbox):
        self.inbox = inbox

    @hookimpl
    def holder_opened(self, holder):
        self.inbox.put((holder.path, holder.spec.scalar, holder.is_open))


class Audit:
    """Hands every record to the test."""

    def __init__(self, inbox):
        self.inbox = inbox

    @hookimpl
    def request_done(self, record):
        self.inbox.put(record)


def fail(*arguments):
    raise RuntimeError("no such luck")
