"""Asks the servers that may serve a PV: for the names of a glob, and what this client may do."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from p4p import Value
from p4p.client.raw import Context
from p4p.nt import NTURI

from .globs import bases_of
from .reading import ClientError

_MORE = 0.3  # seconds for further servers, once one has answered: they are searched for at once
_ACCESS = 1.0  # seconds for the answer about access, which is an extra
_AT_ONCE = 1000  # names in one question


class Listings:
    """The listing PVs ``<base>:RB:LIST`` of all servers that can be reached.

    :param context: raw, without unwrapping
    :param timeout: seconds that an answer may take
    """

    def __init__(self, context: Context, timeout: float) -> None:
        self._context = context
        self._timeout = timeout

    def names(self, glob: str) -> list[str]:
        """Return the names of PVs that match a glob, in the order of the servers.

        :raises ClientError: if no server answers, or none has such a PV
        """
        bases = bases_of(glob)
        if not bases:
            raise ClientError("write the base of the server before the first wildcard, as in X:*")
        answers = self._ask(bases, {"glob": glob}, self._timeout)
        found = dict.fromkeys(n for one in answers.values() if isinstance(one, list) for n in one)
        if found:
            return list(found)
        for base in bases:
            if isinstance(refusal := answers.get(base), ClientError):
                raise refusal
        asked = " or ".join(f"{base}:RB:LIST" for base in bases)
        raise ClientError(
            f"no server answered as {asked} over PVAccess in {self._timeout:g} s; wildcards need a "
            "Roguebridge server with status PVs, else write whole names"
        )

    def access(self, names: Iterable[str]) -> dict[str, str]:
        """Return what this client may do with PVs, as the servers say; without those unknown."""
        found: dict[str, str] = {}
        bases: dict[str, None] = {}
        silent: set[str] = set()
        waiting: dict[str, list[str]] = {}
        for name in dict.fromkeys(names):
            base = next((base for base in bases if name.startswith(f"{base}:")), None)
            if base is not None:
                waiting.setdefault(base, []).append(name)
                continue
            asked = [base for base in bases_of(name) if base not in silent]
            answers = self._ask(asked, {"access": [name]}, min(_ACCESS, self._timeout))
            silent.update(base for base in asked if base not in answers)
            for base in asked:
                told = answers.get(base)
                if isinstance(told, list) and told != ["not served"]:
                    bases[base], found[name] = None, told[0]
        for base, many in waiting.items():
            for start in range(0, len(many), _AT_ONCE):
                part = many[start : start + _AT_ONCE]
                answer = self._ask([base], {"access": part}, self._timeout).get(base)
                if isinstance(answer, list):
                    found.update(zip(part, answer, strict=False))
        return found

    def _ask(
        self, bases: Sequence[str], query: Mapping[str, Any], timeout: float
    ) -> dict[str, list[str] | ClientError]:
        """Ask all at once; return the lists, or the errors, of those that answer in time."""
        came: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        uri = NTURI([(key, "s" if isinstance(one, str) else "as") for key, one in query.items()])
        operations = []
        for base in bases:
            name = f"{base}:RB:LIST"
            answered = partial(_put, came, base)
            operations.append(self._context.rpc(name, answered, uri.wrap(name, kws=dict(query))))
        answers: dict[str, list[str] | ClientError] = {}
        due = time.monotonic() + timeout
        try:
            while len(answers) < len(bases):
                base, answer = came.get(timeout=max(0.0, due - time.monotonic()))
                answers[base] = _list_of(answer)
                due = min(due, time.monotonic() + _MORE)
        except queue.Empty:
            pass
        finally:
            for operation in operations:
                operation.close()
        return answers


def _put(came: queue.SimpleQueue[tuple[str, Any]], base: str, answer: Any) -> None:
    came.put((base, answer))


def _list_of(answer: Any) -> list[str] | ClientError:
    if isinstance(answer, Value) and isinstance(answer.get("value"), list):
        return list(answer["value"])
    return ClientError(str(answer) if isinstance(answer, Exception) else "it answers no list")
