"""The arguments of a server: name, type, default and meaning of each, in one place.

The schema of configuration files, the options of the command line and the docstring of
:class:`.PvServer` are made of them, and a test holds its signature to them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ..requests.claims import MAX_NAME
from ..requests.queued_bytes import MOST

#: word of Python -> that of YAML
_IN_YAML = {"None": "null", "True": "true", "False": "false", "dict": "mapping"}


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
        text = re.sub(r":meth:`(\w+)`", r"`\1()`", self.in_yaml or self.text).replace("``", "`")
        for ours, theirs in _IN_YAML.items():
            text = re.sub(rf"\b{ours}\b", theirs, text)
        return text

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
    "root": Option(..., "the root of the tree; it must run when the server starts"),
    "incGroups": Option(
        None,
        "serve only nodes in one of these groups; None: all",
        kind="GroupNames|None",
        flag="--include",
        help="Serve only nodes in this group (repeatable).",
    ),
    "excGroups": Option(
        None,
        "serve no node in these groups; None: ``['NoServe']``, ``[]``: leave out nothing",
        kind="GroupNames|None",
        flag="--exclude",
        help="Serve no node in this group (repeatable; default NoServe, '' for none).",
    ),
    "pvMap": Option(
        None,
        "serve exactly these: a dict of path to PV name (or list of names), or a file that "
        ":meth:`dump` wrote; None: all nodes that the groups allow",
        kind="PathMap|None",
        flag="--pv-map",
        help="Serve exactly what this file lists, in lines 'pv -> path'.",
    ),
    "backends": Option(
        ("pva",),
        "serve over these backends: ``pva``, ``ca``, ``web``, ``soft``, or those of plugins",
        kind="list[Text]",
        flag="--backend",
        help="Serve over this backend: pva, ca, web, or one of a plugin (repeatable; default pva).",
    ),
    "plugins": Option(
        (),
        "objects, classes, modules, ``'module'`` or ``'module:Object'``; they are asked before "
        "all other plugins; ``'no:NAME'`` switches a plugin off",
        "names of modules or ``module:name``, or mappings of ``plugin`` and ``options``; they are "
        "asked before all other plugins; ``no:NAME`` switches a plugin off",
        kind="list[Plugin]",
        flag="--plugin",
        help="Use this plugin: a module or module:name; no:NAME switches one off (repeatable).",
    ),
    "names": Option(
        None,
        "template of PV names, e.g. ``'{base}:{device}:{name}'``, or a dict of the arguments of "
        "``TemplateNames``",
        "template of PV names, e.g. ``'{base}:{device}:{name}'``, or a mapping",
        kind="Names",
        flag="--names",
        help=(
            "Template of PV names, as in '{base}:{device}:{name}'; fields are base, root, path, "
            "device, parent and name."
        ),
    ),
    "policies": Option(
        None,
        "dict of ``read_only`` (True: refuse all puts and calls at first), ``no_write`` (groups "
        "whose nodes take no put or call; default ``'NoWrite'``) and ``operators`` (only these "
        "users may use PyRogue's dangerous built-ins)",
        "who may put and call",
        kind="PoliciesOptions",
    ),
    "acf": Option(
        None,
        "EPICS access security file, or a dict of the arguments of ``Acf``",
        "EPICS access security file, or a mapping",
        kind="AccessFile",
    ),
    "audit": Option(
        None,
        "file for a record of every put and call, or a dict of the arguments of ``Audit``",
        "file for a record of every put and call, or a mapping",
        kind="AuditTrail",
    ),
    "web": Option(
        None,
        "the web backend: a dict of ``host``, ``port``, ``tokens`` and more",
        "the web backend",
        kind="WebOptions",
    ),
    "strict": Option(
        False,
        "raise an error for every problem of the mapping and every broken plugin",
        kind="bool",
        flag="--strict",
        help="Treat every problem of the mapping as an error.",
    ),
    "isolate": Option(
        False,
        "listen on loopback only, on free ports; ignore the environment",
        kind="bool",
        flag="--isolate",
        help="Listen on loopback only, on free ports.",
    ),
    "conf": Option(
        None,
        "protocol settings, e.g. ``EPICS_PVAS_SERVER_PORT``; they replace those of the environment",
        kind="dict[str,str]|None",
    ),
    "put_reply_timeout": Option(
        0.5,
        "seconds after which a put is answered although it still runs, unless the client asks to "
        "block; None: always wait for its end",
        kind="Seconds|None",
    ),
    "completion_timeout": Option(
        1.0,
        "seconds that the answer to a put or call waits until all PVs that it changed are shown; "
        "0: no wait, None: no limit",
        kind="Seconds|None",
        flag="--completion-timeout",
    ),
    "open_timeout": Option(
        1.0, "seconds that a PV waits for its first value; then it opens INVALID", kind="Seconds"
    ),
    "read_on_connect": Option(
        False,
        "True: read a variable, also from hardware, when its first client connects",
        kind="bool",
    ),
    "poll_watched": Option(
        None,
        "seconds between polls of variables that clients are connected to, unless they are polled "
        "more often already; None: no such polls",
        kind="Seconds|None",
    ),
    "missed_polls": Option(
        3.0,
        "a polled variable that is silent for so many poll intervals, and at least one second, "
        "becomes INVALID with TIMEOUT; None: never",
        kind="Count|None",
    ),
    "stuck_after": Option(
        10.0,
        "seconds that the tree may take to deliver one update; then all PVs become INVALID",
        kind="Interval",
    ),
    "update_rate": Option(
        None,
        "most updates of a PV per second; the newest is always sent; a number for all PVs, or a "
        "dict of path glob to number, where the first match counts; None: no limit",
        kind="Rate|None",
        flag="--update-rate",
        help=(
            "Most updates of a PV per second, as in 10 or 'Top.Camera.*=1' (repeatable; the first "
            "glob that matches counts)."
        ),
    ),
    "deadband": Option(
        None,
        "largest change of a number that is not sent: a number in units of the PV, or a share of "
        "the value shown (``'1%'``); for all PVs, or a dict of path glob to deadband, where the "
        "first match counts; None: no deadband",
        kind="DeadbandValue|None",
        flag="--deadband",
        help=(
            "Largest change of a number that is not sent, as in 0.1, 1% or 'Top.Temp*=0.5' "
            "(repeatable; the first glob that matches counts)."
        ),
    ),
    "clamp": Option(
        False,
        "a put outside the limits of a variable: True: set the limit, False: refuse it; or a list "
        "of path globs for which the limit is set",
        kind="Switch",
        flag="--clamp",
        help=(
            "If a put is outside the limits of a variable with this path, set the limit "
            "(repeatable; '*' for all)."
        ),
    ),
    "allow_nan": Option(
        False,
        "a put of NaN to a variable with limits: True: accept it, False: refuse it; or a list of "
        "path globs for which it is accepted",
        kind="Switch",
        flag="--allow-nan",
        help=(
            "Accept NaN for variables with this path although they have limits (repeatable; '*' "
            "for all)."
        ),
    ),
    "queue_commands": Option(
        False,
        "calls of a command that is running: True: they wait, False: they are refused",
        kind="bool",
    ),
    "max_queued_bytes": Option(
        MOST,
        "bytes of waiting and running puts and calls of one client; all clients together have "
        "four times as many; more is refused as busy",
        kind="PositiveInt",
        flag="--max-queued-bytes",
    ),
    "group_cache": Option(
        60.0,
        "seconds until the groups of a user are looked up again",
        kind="Seconds",
        flag="--group-cache",
    ),
    "max_name": Option(
        MAX_NAME,
        "most characters of a name that a client gives, such as its user; a longer one is cut and "
        "ends in ``…``",
        kind="NameLength",
        flag="--max-name",
    ),
    "status": Option(
        True,
        "serve the state of server and tree as PVs ``<base>:RB:...``",
        kind="bool",
        flag="--no-status",
        help="Serve no PVs about the server itself and its tree.",
    ),
    "command_status": Option(
        False,
        "serve beside each command when it last started, how long that took, its result and error",
        kind="bool",
        flag="--command-status",
        help="Serve beside each command when it last started, and how it has ended.",
    ),
    "stop_timeout": Option(
        5.0, "seconds that :meth:`stop` waits for pending puts and calls", kind="Seconds"
    ),
    "clock": Option(None, "the source of time, for tests"),
}
#: the arguments of the root, in a configuration file and on the command line
ROOT_ARGUMENTS = Option(
    {},
    "arguments of the root's constructor, by name; for the command line",
    kind="dict[Text,Any]",
    flag="--arg",
    help="Argument of ROOT, as in ip=10.0.0.2; the value is read as its annotation says, else as "
    "YAML (repeatable).",
)
