"""One run of a server: from a mapping to listening backends, and back to nothing."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from .backend import Backend
from .errors import BackendError, PluginError, RoguebridgeError
from .gate import Gate
from .holder import PvHolder
from .jobs import abandon_all
from .mapping import PvMap
from .plugin_manager import Plugins
from .rogue import enable_of
from .rules import converter_of, policies_of, time_source_of
from .services import Services

_log = logging.getLogger("roguebridge.server")


class Serving:
    """The holders of a mapping and the backends that serve them.

    :param base: the server's, for the log
    :param backends: not started
    :param plugins: give the rules
    :param services: what the holders share; not used before, ended with this
    :param holder_class: the class of the holders
    :param stop_timeout: seconds that :meth:`end` waits for pending puts and calls
    """

    def __init__(
        self,
        base: str,
        backends: Sequence[Backend],
        plugins: Plugins,
        services: Services,
        holder_class: type[PvHolder],
        stop_timeout: float,
    ) -> None:
        self.services = services
        self.holders: dict[str, PvHolder] = {}
        self._gates: dict[int, Gate] = {}
        self._base = base
        self._backends = backends
        self._plugins = plugins
        self._holder_class = holder_class
        self._stop_timeout = stop_timeout

    def begin(self, pv_map: PvMap) -> None:
        """Make the holders and listen; what raises leaves nothing behind.

        :raises PluginError: for rules that cannot be had
        :raises BackendError: if a backend cannot listen
        """
        try:
            self._make_holders(pv_map)
            for backend in self._backends:
                with _blaming(backend):
                    for holder in self.holders.values():
                        holder.attach(backend.serve(holder.entry, holder))
            for gate in self._gates.values():
                gate.listen()
            for holder in self.holders.values():
                holder.listen()
            for backend in self._backends:
                with _blaming(backend):
                    backend.start()
        except BaseException:
            self.end()
            raise

    def _make_holders(self, pv_map: PvMap) -> None:
        make_converter = partial(converter_of, self._plugins.converter_rules())
        policy_rules = self._plugins.policy_rules()
        time_rules = self._plugins.time_source_rules()
        self.services.clock.start()
        for entry, node in pv_map:
            policies = policies_of(policy_rules, node)
            try:
                time_source = time_source_of(time_rules, node)
            except PluginError as exc:
                self.services.log.error("%s", exc)
                time_source = None
            holder = self.holders[entry.path] = self._holder_class(
                entry, node, make_converter, policies, time_source, self.services
            )
            enable = enable_of(node)
            if enable is not None:
                gate = self._gates.get(id(enable))
                if gate is None:
                    gate = self._gates[id(enable)] = Gate(enable)
                gate.add(holder)

    def end(self) -> None:
        """Undo :meth:`begin`, as far as it got; each step whatever became of the others."""
        services = self.services
        for holder in self.holders.values():
            self.attempt(holder.path, holder.unlisten)
        for gate in self._gates.values():
            self.attempt("an enable variable", gate.unlisten)
        pools = (services.variables, services.commands)
        for pool in pools:
            pool.refuse()
        deadline = services.clock.monotonic() + self._stop_timeout
        for pool in pools:
            left = pool.drain(max(0.0, deadline - services.clock.monotonic()))
            self.attempt("pending requests", partial(abandon_all, left))
        for backend in self._backends:
            self.attempt(backend.name, backend.flush)
        for backend in self._backends:
            self.attempt(backend.name, backend.stop)
        services.events.drain(self._stop_timeout)
        for pool in (*pools, services.events):
            for name in pool.stop():
                _log.error("%s is still held by a call into the tree", name)
        services.clock.stop()

    def attempt(self, what: str, step: Callable[[], object]) -> None:
        """Take a step of stopping; what it raises is logged and stops no other step.

        :param what: what the step is about
        """
        try:
            step()
        except Exception:
            _log.exception("stopping %s failed at %s", self._base, what)


@contextlib.contextmanager
def _blaming(backend: Backend) -> Iterator[None]:
    """Name the backend that raises what it should not."""
    try:
        yield
    except RoguebridgeError:
        raise
    except Exception as exc:
        raise BackendError(f"backend {backend.name} failed: {exc!r}") from exc
