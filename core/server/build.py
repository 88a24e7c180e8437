"""What a server is put together from: its backends and its services."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import partial
from typing import Any

from ..backend.contract import Backend, BackendOptions
from ..concurrency.clock import Clock
from ..concurrency.workers import WorkerPool
from ..errors import BackendError
from ..hooks.manager import Plugins
from ..pv.services import Services
from ..requests.audit import AuditTrail
from ..requests.completion import Completion
from ..requests.user_groups import UserGroups
from ..tree.update_queue import takes_markers

_log = logging.getLogger("roguebridge.plugins")


def make_backends(
    plugins: Plugins, names: Iterable[str], options: BackendOptions
) -> tuple[Backend, ...]:
    """Return one backend for each name, not started.

    :param plugins: give the backends there are
    :raises BackendError: for a name that no plugin claims, or two do, or no name
    """
    factories = plugins.backends()
    made = []
    for name in dict.fromkeys(names):
        if name not in factories:
            broken = "".join(f"\n  {text}" for text in plugins.problems)
            raise BackendError(f"unknown backend {name!r}; there are {sorted(factories)}{broken}")
        made.append(plugins.make_backend(name, factories[name], options))
    if not made:
        raise BackendError("no backend given")
    return tuple(made)


def client_conf_of(backends: Iterable[Backend], name: str | None) -> dict[str, str]:
    """Return the settings with which a client reaches one backend.

    :param name: its name; None for the first one
    :raises BackendError: if that backend is not in use, not running, or has none
    """
    for backend in backends:
        if name in (None, backend.name):
            return backend.client_conf()
    raise BackendError(f"backend {name!r} is not in use")


def make_services(
    root: Any,
    clock: Clock,
    plugins: Plugins,
    completion_timeout: float | None,
    group_cache: float,
    **options: Any,
) -> Services:
    """Return what the holders of one run share; nothing is started.

    :param completion_timeout: seconds; 0 to answer requests as soon as their work has ended
    :param options: further fields of :class:`.Services`
    """
    sinks = plugins.listeners("request_done")
    opened = partial(plugins.event, "holder_opened")
    services = Services(
        clock=clock,
        variables=WorkerPool("roguebridge-variables", clock),
        commands=WorkerPool("roguebridge-commands", clock, per_device=16),
        events=WorkerPool("roguebridge-events", clock, threads=1),
        logs=WorkerPool("roguebridge-logs", clock, threads=1),
        judges=WorkerPool("roguebridge-access", clock),
        own=WorkerPool("roguebridge-own", clock, threads=4),
        rights=WorkerPool("roguebridge-rights", clock, threads=4),
        groups=UserGroups(clock, group_cache),
        start_ns=clock.time_ns(),
        faults=plugins.faults,
        audit=AuditTrail(sinks, clock) if sinks else None,
        on_opened=(lambda holder: opened(holder=holder))
        if plugins.listens("holder_opened")
        else None,
        **options,
    )
    if completion_timeout != 0 and takes_markers(root):
        services.completion = Completion(
            root, clock, completion_timeout, services.unshown, services.log_soon
        )
    return services
