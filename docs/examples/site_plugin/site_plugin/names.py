"""Our names: what is in a channel in upper case, its number in two digits."""

from roguebridge.core import NamingRule, Select, hookimpl

CHANNELS = Select(path="*.Channel[*].*")


@hookimpl
def naming_rules(base):
    """Name what is in a channel ``BASE:CHnn:NAME``; all else has its standard name."""

    def name(node):
        channel = node.path.partition("Channel[")[2]
        number, _, rest = channel.partition("].")
        return f"{base}:CH{int(number):02d}:{rest.replace('.', ':').upper()}"

    return [NamingRule(name, CHANNELS)]
