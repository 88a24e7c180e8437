"""The rules of one run of a server, each with the plugin that brings it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import PluginError, in_words
from ..mapping.extra_nodes import ExtraNode
from ..mapping.selectors import Selector, selects
from ..requests.policy import AccessPolicy
from ..tree.protocols import TreeNode
from .manager import Plugins
from .rules import ConverterRule, NamingRule, PolicyRule, Rule, TimeSourceRule

_KINDS: dict[str, tuple[str, type]] = {
    "naming_rules": ("naming", NamingRule),
    "converter_rules": ("converters", ConverterRule),
    "policy_rules": ("policies", PolicyRule),
    "time_source_rules": ("time_sources", TimeSourceRule),
    "extra_nodes": ("extra", ExtraNode),
}


@dataclass(slots=True)
class RuleSet:
    """All rules, first match first; not changed once it was made.

    :param naming: name PVs in automatic mode
    :param converters: choose converters
    :param policies: all that match must allow
    :param time_sources: take the time of a value from the value
    :param extra: nodes that are served though they are not in the tree
    """

    naming: list[NamingRule] = field(default_factory=list)
    converters: list[ConverterRule] = field(default_factory=list)
    policies: list[PolicyRule] = field(default_factory=list)
    time_sources: list[TimeSourceRule] = field(default_factory=list)
    extra: list[ExtraNode] = field(default_factory=list)
    _plugins: dict[int, str] = field(default_factory=dict)

    def extra_by_plugin(self) -> list[tuple[str, ExtraNode]]:
        """Return the name of the plugin that brings it, and the extra node."""
        return [(self.plugin_of(one), one) for one in self.extra]

    def selectors(self, of: Callable[[str], bool]) -> Iterator[Selector]:
        """Yield a selector for each rule of some plugins.

        :param of: returns True for the name of such a plugin
        """
        for hook, (attribute, _) in _KINDS.items():
            for rule in getattr(self, attribute) if hook != "extra_nodes" else ():
                plugin = self.plugin_of(rule)
                if of(plugin):
                    text = f"plugin {plugin}: no node is selected by {selects(rule.select)}, "
                    yield Selector(f"{text}a rule of {hook}", rule.select, rule.optional)

    def first_plugin(self, of_kind: Sequence[Rule[Any]], node: TreeNode) -> str:
        """Return the plugin of the first rule that selects a node, or whose selector raises."""
        for rule in of_kind:
            try:
                if not rule.select(node):
                    continue
            except Exception:  # noqa: S110 - the caller reports it, with the plugin returned here
                pass
            return self.plugin_of(rule)
        return "?"

    def plugin_of(self, rule: Any) -> str:
        """Return the name of the plugin that has brought a rule, an extra node or a policy."""
        return self._plugins.get(id(rule), "?")

    def policies_of(self, nodes: Sequence[TreeNode]) -> tuple[AccessPolicy, ...]:
        """Return the policies of a node and of all nodes that it mirrors.

        :param nodes: the node, then its sources
        :raises PluginError: for anything wrong, naming the plugin, because serving without a policy
            would open what it guards
        """
        found: dict[int, AccessPolicy] = {}
        for rule in self.policies:
            select, make = rule.select, rule.make
            for node in nodes:
                try:
                    if not select(node):
                        continue
                    policy: Any = make(node)
                except (Exception, SystemExit) as exc:
                    plugin = self.plugin_of(rule)
                    text = f"{node.path}: a rule of policy_rules failed: {in_words(exc)}"
                    raise PluginError(f"plugin {plugin}: {text}") from exc
                if not isinstance(policy, AccessPolicy):
                    raise PluginError(
                        f"plugin {self.plugin_of(rule)}: {node.path}: a rule of policy_rules made "
                        f"{policy!r}, no AccessPolicy"
                    )
                if id(policy) not in found:
                    found[id(policy)] = policy
                    self._plugins.setdefault(id(policy), self.plugin_of(rule))
        return tuple(found.values())


def ask_for_rules(plugins: Plugins, base: str, root: Any, tolerant: bool = False) -> RuleSet:
    """Ask every plugin for its rules; of one that fails in any, none is taken.

    :param base: the server's
    :param root: the root of the served tree, running
    :param tolerant: nothing is served: go on without any plugin, to find all that is wrong
    :raises PluginError: if a plugin that brings access rules is broken; with strict for any
    """
    plugins.begin(tolerant)
    arguments = {"naming_rules": {"base": base}, "extra_nodes": {"base": base, "root": root}}
    brought: list[tuple[str, str, Any]] = []  # hook, plugin, rule
    asked = [(hook, *listener) for hook in _KINDS for listener in plugins.listeners(hook)]
    for hook, plugin, call in asked:
        found = plugins.ask(plugin, hook, _KINDS[hook][1], call, **arguments.get(hook, {}))
        brought += [(hook, plugin, rule) for rule in found]
    rules = RuleSet()
    used = {plugin for hook in _KINDS for plugin, _ in plugins.listeners(hook)}
    for hook, plugin, rule in brought:
        if plugin in used or (tolerant and plugins.guards(plugin)):
            getattr(rules, _KINDS[hook][0]).append(rule)
            rules._plugins[id(rule)] = plugin  # noqa: SLF001 - its maker
    return rules


def selectors_of(plugins: Plugins, of: Callable[[str], bool]) -> list[Selector]:
    """Return the selectors of plugins besides their rules.

    :param of: returns True for the name of a plugin that is to be asked
    """
    return [
        selector
        for plugin, call in plugins.listeners("selectors")
        if of(plugin)
        for selector in plugins.ask(plugin, "selectors", Selector, call)
    ]
