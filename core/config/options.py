"""The arguments of a server: name, type, default and meaning of each, in one place.

The schema of configuration files and the options of the command line are made of them, and a test
holds signature and docstring of :class:`.PvServer` to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..requests.claims import MAX_NAME
from ..requests.queued_bytes import MOST


@dataclass(frozen=True, slots=True)
class Option:
    """An argument of a server.

    :param default: ``...`` if the argument must be given
    :param text: its meaning, in the words of Python
    :param in_yaml: its meaning in a configuration file, where a file takes other kinds of values
    :param kind: its type in a configuration file, by the names of :mod:`.sections`; empty for what
        comes from Python only
    :param flag: its option on the command line; empty if there is none
    :param help: the meaning of that option, where it takes other kinds of values
    """

    default: Any
    text: str
    in_yaml: str = ""
    kind: str = ""
    flag: str = ""
    help: str = ""

    @property
    def description(self) -> str:
        """Its meaning in the words of YAML."""
        if self.in_yaml:
            return self.in_yaml
        text = self.text.replace(":meth:`stop`", "`stop()`").replace("``", "`")
        return text.replace("None", "null").replace("True", "true")

    @property
    def cli_help(self) -> str:
        """Its meaning in the words of the command line, with the default."""
        if self.help:
            return self.help
        text = self.text.replace("``", "").replace("None", "none")
        default = ",".join(self.default) if isinstance(self.default, tuple) else self.default
        shown = "" if default is ... else f" (default {default})"
        return f"{text[0].upper()}{text[1:]}{shown}."


#: name -> argument, in the order of the constructor
OPTIONS: dict[str, Option] = {
    "base": Option(
        ..., "first part of every PV name in automatic mode", kind="Text", flag="--base"
    ),
    "root": Option(..., "the root of the tree; it must be running when the server starts"),
    "incGroups": Option(
        None,
        "serve only nodes in one of these groups (str, sequence or set of str)",
        "serve only nodes in one of these groups; null for all",
        kind="GroupNames|None",
        flag="--include",
        help="Serve only nodes in this group (repeatable).",
    ),
    "excGroups": Option(
        None,
        "never serve nodes in one of these groups; ``['NoServe']`` if not given, ``[]`` "
        "excludes nothing",
        kind="GroupNames|None",
        flag="--exclude",
        help="Serve no node in this group (repeatable; default NoServe, '' for none).",
    ),
    "pvMap": Option(
        None,
        "None to serve every node that passes the groups; or a dict path -> PV name or list of "
        "PV names, or a file that :meth:`dump` wrote, to serve exactly those",
        "null to serve every node that passes the groups; or a mapping of path to PV name (or "
        "to a list of names), or the name of a file that `dump()` wrote, to serve exactly those",
        kind="PathMap|None",
        flag="--pv-map",
        help="Serve what this file lists, in lines 'pv -> path'.",
    ),
    "backends": Option(
        ("pva",),
        "names of the backends that serve",
        kind="list[Text]",
        flag="--backend",
        help="Serve over this protocol (repeatable; default pva).",
    ),
    "plugins": Option(
        (),
        "objects, classes, modules, ``'dotted.module'`` or ``'dotted.module:Object'``, asked "
        "before all other plugins; ``'no:NAME'`` switches a plugin off, built-in or not",
        "dotted names of modules, or of what is in a module as `module:name`; a class that "
        "takes arguments as a mapping of `plugin` and `options`; asked before all others",
        kind="list[Plugin]",
        flag="--plugin",
        help="Use this module as a plugin (repeatable).",
    ),
    "names": Option(
        None,
        "template of PV names, e.g. ``'{base}:{device}:{name}'``, or a mapping of the arguments"
        " of ``TemplateNames``",
        "a template of PV names, e.g. `{base}:{device}:{name}`, or its mapping",
        kind="Names",
        flag="--names",
        help=(
            "Name PVs by this template, as in '{base}:{device}:{name}'; fields are base, root, "
            "path, device, parent and name."
        ),
    ),
    "policies": Option(
        None,
        "mapping of ``read_only`` (True to start with all puts and calls refused), ``no_write``"
        " (groups whose nodes take no put or call; ``'NoWrite'`` if not given) and "
        "``operators`` (users that alone may use PyRogue's dangerous built-ins)",
        "who may put and call",
        kind="PoliciesOptions",
    ),
    "acf": Option(
        None,
        "EPICS access security file, or a mapping of the arguments of ``Acf``",
        "EPICS access security file, or its mapping",
        kind="AccessFile",
    ),
    "audit": Option(
        None,
        "file that every put and call is written to, or a mapping of the arguments of ``Audit``",
        "file that every put and call is written to, or its mapping",
        kind="AuditTrail",
    ),
    "strict": Option(
        False,
        "raise for every problem of the mapping and every broken plugin",
        kind="bool",
        flag="--strict",
        help="Let every problem of the mapping end the command.",
    ),
    "isolate": Option(
        False,
        "bind loopback on ephemeral ports, whatever the environment says",
        kind="bool",
        flag="--isolate",
        help="Listen on loopback only, on free ports.",
    ),
    "conf": Option(
        None,
        "protocol settings over those of the environment (``EPICS_PVAS_...``)",
        kind="dict[str,str]|None",
    ),
    "put_reply_timeout": Option(
        0.5,
        "seconds after which a put that does not ask to block is answered; None for never "
        "before it has ended",
        kind="Seconds|None",
    ),
    "completion_timeout": Option(
        1.0,
        "seconds that the answer to a put or call waits, after its work, until all that it "
        "changed is shown: links, and what a command or ``localSet`` has set; 0 for not at all,"
        " None for no limit",
        kind="Seconds|None",
        flag="--completion-timeout",
    ),
    "open_timeout": Option(
        1.0, "seconds a PV waits for its first value before it opens INVALID", kind="Seconds"
    ),
    "read_on_connect": Option(
        False,
        "True to read a variable, hardware included, when its first client connects",
        kind="bool",
    ),
    "poll_watched": Option(
        None,
        "seconds between polls of what clients are connected to, where it is not polled more "
        "often by itself; None for its own polls only",
        kind="Positive|None",
    ),
    "missed_polls": Option(
        3.0,
        "how many poll intervals a polled variable may be silent before its PV is INVALID with "
        "TIMEOUT, at least one second; None for ever",
        kind="Positive|None",
    ),
    "stuck_after": Option(
        10.0,
        "seconds that the tree may take to deliver one update before all PVs go INVALID",
        kind="Positive",
    ),
    "update_rate": Option(
        None,
        "how many updates a PV shows in a second at most, the newest in any case; a number for "
        "all PVs, or a dict glob of a path -> number, first match first; None for all",
        "how many updates a PV shows in a second at most, the newest in any case; a number for "
        "all PVs, or a mapping of the glob of a path to a number, first match first; null for "
        "all",
        kind="Rate|None",
        flag="--update-rate",
        help=(
            "Post at most so many updates per second and PV, as in 10 or 'Top.Camera.*=1' "
            "(repeatable; the first glob that matches counts)."
        ),
    ),
    "deadband": Option(
        None,
        "the largest change of a number that a PV need not show: in its own units, or as a "
        "share of what it shows (``'1%'``); for all PVs, or a dict glob of a path -> deadband, "
        "first match first; None for none",
        "the largest change of a number that a PV need not show: in its own units, or as a "
        "share of what it shows (`1%`); for all PVs, or a mapping of the glob of a path to a "
        "deadband, first match first; null for none",
        kind="DeadbandValue|None",
        flag="--deadband",
        help=(
            "Post no smaller change of a number, as in 0.1, 1% or 'Top.Temp*=0.5' (repeatable "
            "likewise)."
        ),
    ),
    "clamp": Option(
        False,
        "True to set a number that is put outside the limits of its variable to the limit, "
        "False to refuse it; or the globs of the paths for which it is set",
        "true to set a number that is put outside the limits of its variable to the limit, "
        "false to refuse it; or a list of the globs of the paths for which it is set",
        kind="Switch",
        flag="--clamp",
        help=(
            "Set a number that is put outside the limits of a variable with this path to the "
            "limit, in place of refusing it (repeatable; '*' for all)."
        ),
    ),
    "allow_nan": Option(
        False,
        "True to take NaN for variables that have limits, False to refuse it; or the globs of "
        "the paths for which it is taken",
        "true to take NaN for variables that have limits, false to refuse it; or a list of the "
        "globs of the paths for which it is taken",
        kind="Switch",
        flag="--allow-nan",
        help="Take NaN for variables with this path, though they have limits (repeatable).",
    ),
    "queue_commands": Option(
        False,
        "True to let calls of a command wait while it runs; else they are refused",
        kind="bool",
    ),
    "max_queued_bytes": Option(
        MOST,
        "bytes that the puts and calls of one client may have that wait or run, those of all "
        "clients four times as many; what is beyond is refused as busy",
        kind="PositiveInt",
        flag="--max-queued-bytes",
    ),
    "group_cache": Option(
        60.0,
        "seconds that the groups of a user count before they are looked up again",
        kind="Seconds",
        flag="--group-cache",
    ),
    "max_name": Option(
        MAX_NAME,
        "most characters of the names that clients give themselves; a longer one is cut and "
        "ends in ``…``",
        kind="NameLength",
        flag="--max-name",
    ),
    "stop_timeout": Option(
        5.0, "seconds that :meth:`stop` waits for pending puts and calls", kind="Seconds"
    ),
    "clock": Option(None, "the source of time, for tests"),
}


_POLICIES = ("read_only", "no_write", "operators")


def plugin_options(
    names: Any, policies: Mapping[str, Any] | None, acf: Any, audit: Any
) -> dict[str, Any]:
    """Return name of a built-in plugin -> what it is to be made of.

    :raises TypeError: for policies that are no mapping of str
    :raises ValueError: for an unknown policy, or one without a value
    """
    if policies is not None and not isinstance(policies, Mapping):
        raise TypeError(f"policies must be a dict with keys of {list(_POLICIES)}, not {policies!r}")
    for name, option in (policies or {}).items():
        if option is None:  # an empty place in a script: nothing would be guarded
            raise ValueError(f"policies: {name} has no value")
    given = {"names": names, "acf": acf, "audit": audit, **(policies or {})}
    unknown = [key for key in policies or () if key not in _POLICIES]
    if unknown:
        raise ValueError(f"policies has no {unknown[0]!r}; there are {list(_POLICIES)}")
    return {name: option for name, option in given.items() if option is not None}
