"""Small plugins of a site: policies, converters, an audit, and who tells what has opened."""

from roguebridge.core.hooks.hookspecs import hookimpl
from roguebridge.core.hooks.rules import ConverterRule, PolicyRule
from roguebridge.core.mapping.select import Select
from roguebridge.core.requests.policy import AccessPolicy
from roguebridge.core.values.converter import TypeConverter
from roguebridge.core.values.spec import NtKind, PvSpec, ScalarType


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


def lookup(*arguments):
    return {}["gain"]


class Scaled(TypeConverter):
    """A converter, a part of which may fail."""

    spec = PvSpec(NtKind.SCALAR, ScalarType.Float64)

    def __init__(self, parts):
        vars(self).update(parts)

    def to_pv(self, value):
        return float(value)

    def to_tree(self, value):
        return int(value)


class Gains:
    """A site's converter for Top.V."""

    def __init__(self, make):
        self.make = make

    @hookimpl
    def converter_rules(self):
        return [ConverterRule(self.make, Select(path="Top.V"))]
