"""The listing PV ``<base>:RB:LIST``: names by globs, and what a client may do with a PV."""

from __future__ import annotations

import queue
import time
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..errors import PutError
from ..mapping.nearest import nearest_of
from ..mapping.path_globs import path_matcher
from ..mapping.pv_map import PvEntry
from ..pv.holder import PvHolder
from ..requests.credentials import Credentials
from ..requests.request import RpcRequest
from ..tree.server_nodes import Answers
from .status_nodes import StatusPv, StatusVariable

MOST_NAMES = 10_000  # in one answer, some hundred kilobytes
MOST_ASKED = 1000  # PVs of one question about access
LONGEST_GLOB = 1000  # characters: the time to read one may grow with its square
_WAIT = 1.0  # seconds for the policies that may block, all PVs of one question together


class Listing(StatusVariable, Answers):
    """Its value is the number of PVs. Calls with ``glob`` or ``access`` are answered while it runs.

    Names can be read by everybody: no policy of PVAccess or Channel Access guards reads.
    """

    def __init__(self) -> None:
        super().__init__("RB.LIST", StatusPv("LIST", "Int32", "number of PVs; call it for names"))
        self._holders: Mapping[str, PvHolder] = {}
        self._found: dict[str, tuple[PvHolder, PvEntry]] | None = None

    def attach(self, holders: Mapping[str, PvHolder]) -> None:
        """List the PVs of the holders of one run, in order; they may not be there yet."""
        self._holders, self._found = holders, None

    @property
    def _pvs(self) -> dict[str, tuple[PvHolder, PvEntry]]:
        if not self._found:
            self._found = {
                entry.pv_name: (holder, entry)
                for holder in self._holders.values()
                for entry in holder.entry.by_name()
            }
        return self._found

    def value(self) -> int:
        """Return the number of PVs."""
        return len(self._pvs)

    get = value

    def answer(self, request: RpcRequest) -> NDArray[np.str_]:
        """Return names for a glob, or for some names what the client may do; on a worker.

        An array, since clients get a list as text.

        :raises PutError: for other arguments, and if no name matches or too many do
        """
        match dict(request.arguments):
            case {"glob": str() as glob, **rest} if not rest:
                return np.array(self._matching(glob))
            case {"access": list() | np.ndarray() as names, **rest} if not rest:
                asked = [str(name) for name in names[: MOST_ASKED + 1]]
                return np.array(self._access(request, asked), str)
            case other:
                raise PutError(
                    f"{request.entry.pv_name}: ask with a text 'glob' or a list of texts 'access', "
                    f"not with {sorted(other)}"
                )

    def _matching(self, glob: str) -> list[str]:
        if len(glob) > LONGEST_GLOB:
            raise PutError(f"a glob has at most {LONGEST_GLOB} characters, not {len(glob)}")
        matches = path_matcher([glob])
        found = [name for name in self._pvs if matches(name)]
        if not found:
            names = [one for one in self._pvs if ":RB:" in glob or ":RB:" not in one]
            near = nearest_of(glob.replace("*", "")[:100], names, 0.3)
            hint = f"; the nearest name is {near}" if near else ""
            raise PutError(f"no PV matches {glob!r}{hint}")
        if len(found) > MOST_NAMES:
            text = f"{len(found)} PVs match {glob!r}, and {MOST_NAMES} are listed at most"
            raise PutError(f"{text}: write more of the name")
        return found

    def _access(self, request: RpcRequest, names: Sequence[str]) -> list[str]:
        if len(names) > MOST_ASKED:
            raise PutError(f"'access' takes at most {MOST_ASKED} names")
        due = time.monotonic() + _WAIT
        return [self._may(name, request.credentials, due) for name in names]

    def _may(self, name: str, credentials: Credentials, due: float) -> str:
        """Return ``write``, ``read``, ``call``, ``none``, ``unknown`` or ``not served``."""
        if name not in self._pvs:
            return "not served"
        holder, entry = self._pvs[name]
        told: queue.SimpleQueue[bool] = queue.SimpleQueue()
        holder.may(entry, credentials, "rpc" if entry.is_command else "put", told.put)
        try:
            may = told.get(timeout=max(0.0, due - time.monotonic()))
        except queue.Empty:
            return "unknown"
        if entry.is_command:
            return "call" if may else "none"
        return "write" if may else "read"
