"""Plugins of a site for tests, and what their manager makes of them."""

from roguebridge.core.hooks.hookspecs import hookimpl
from roguebridge.core.hooks.rule_set import ask_for_rules
from roguebridge.core.hooks.rules import ConverterRule, NamingRule
from support.engine.fakes import FakeNode


class Named:
    """Names every node after itself."""

    def __init__(self, name):
        self.name = name

    @hookimpl
    def naming_rules(self, base):
        return [NamingRule(lambda node: f"{base}-{self.name}")]


class First(Named):
    @hookimpl(tryfirst=True)
    def naming_rules(self, base):
        return super().naming_rules(base)


class Last(Named):
    @hookimpl(trylast=True)
    def naming_rules(self, base):
        return super().naming_rules(base)


class GoodThenWrong:
    @hookimpl
    def converter_rules(self):
        return [ConverterRule(lambda node: "mine")]

    @hookimpl
    def naming_rules(self, basis):
        return []


class Point:
    """An installed plugin."""

    def __init__(self, name, plugin, dist=None):
        self.name = name
        self.value = f"{name}_module:plugin"
        self.dist = dist
        self._plugin = plugin

    def load(self):
        if isinstance(self._plugin, Exception):
            raise self._plugin
        return self._plugin


def rules(manager):
    return ask_for_rules(manager, "B", None)


def names(manager):
    return [rule.make(FakeNode(path="Top.V")) for rule in rules(manager).naming]


def by_name(manager):
    return {info.name: info for info in manager.infos()}


def module_file(folder, name, text):
    file = folder / f"{name}.py"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
