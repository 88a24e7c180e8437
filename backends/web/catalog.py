"""All PVs by name: found, searched, and as the tree they come from."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from roguebridge.core.values import NtKind, PvSpec

from .frames import WebPv

_SCHEMES = ("pva://", "ca://")
_LITERALS = re.compile(r"[^*?\[\]]+")


class Catalog:
    """The PVs of one run, in the order of the tree; names are compared without regard to case.

    :param pvs: name -> PV, aliases too
    """

    def __init__(self, pvs: Mapping[str, WebPv]) -> None:
        self._pvs = pvs
        self._all = tuple(pvs.values())
        self._names = list(pvs)
        self._texts: list[str] | None = None
        self._by_lower: dict[str, str] | None = None
        self._devices: dict[str, tuple[list[str], list[WebPv]]] | None = None

    def __len__(self) -> int:
        return len(self._all)

    def find(self, name: str) -> WebPv | None:
        """Return the PV of a name, which may carry ``pva://`` or ``ca://``."""
        return self._pvs.get(_bare(name))

    def unknown(self, name: str) -> str:
        """Return the text for somebody who asks for a name that there is not."""
        if self._by_lower is None:
            self._by_lower = {known.lower(): known for known in self._pvs}
        near = self._by_lower.get(_bare(name).strip().lower())
        hint = "" if near is None else f"; there is {near}"
        return f"there is no PV {name[:200]}{hint}"

    def search(self, words: str = "", glob: str = "") -> list[WebPv]:
        """Return the PVs with all words in name, path or description, and a name like a glob."""
        found: Iterable[int] = range(len(self._all))
        wanted = words.lower().split()
        if wanted or glob:
            texts = self._searched()
            # A part of the glob that is literal leaves few for the pattern.
            for word in (*wanted, *map(str.lower, _LITERALS.findall(glob))):
                found = [index for index in found if word in texts[index]]
        if glob.strip("*"):
            match, names = re.compile(fnmatch.translate(glob)).match, self._names
            found = [index for index in found if match(names[index])]
        return [self._all[index] for index in found]

    def prepare(self) -> None:
        """Make what searches need, which takes a second for 100,000 PVs; on any thread."""
        self._texts = self._searched()
        self._devices = self._devices or self._sorted()

    @property
    def prepared(self) -> bool:
        """True once a search is quick."""
        return self._devices is not None

    def _searched(self) -> list[str]:
        if self._texts is None:
            self._texts = [
                f"{pv.entry.pv_name}\n{pv.entry.path}\n{_description(pv)}".lower()
                for pv in self._all
            ]
        return self._texts

    def children(self, device: str) -> tuple[list[str], list[WebPv]] | None:
        """Return the devices and PVs of a device; None if there is none of this path.

        :param device: its path; empty for the top
        """
        if self._devices is None:
            self._devices = self._sorted()
        return self._devices.get(device)

    def _sorted(self) -> dict[str, tuple[list[str], list[WebPv]]]:
        found: dict[str, tuple[list[str], list[WebPv]]] = {"": ([], [])}
        # Of a node with several names the first is its own.
        for pv in {pv.entry.path: pv for pv in reversed(self._all)}.values():
            device = pv.entry.device
            if device not in found:
                for parent, child in _line(device):
                    if child not in found:
                        found[child] = ([], [])
                        found[parent][0].append(child)
            found[device][1].append(pv)
        for devices, pvs in found.values():
            devices.reverse()
            pvs.reverse()
        return found


def listed(pv: WebPv) -> dict[str, Any]:
    """Return what a list says of a PV; its value is not read."""
    entry, about = pv.entry, pv.owner.declaration()
    return {
        "name": entry.pv_name,
        "path": entry.path,
        "type": about.type if pv.spec is None else type_of(pv.spec),
        "mode": "command" if entry.is_command else entry.mode,
        "units": about.units,
        "description": about.description,
        "groups": list(about.groups),
    }


def type_of(spec: PvSpec) -> str:
    """Return the type of a PV in words."""
    if spec.kind is NtKind.SCALAR:
        return spec.scalar.value
    return f"{spec.kind.value} {spec.scalar.value}" if spec.scalar.is_numeric else spec.kind.value


def _bare(name: str) -> str:
    for scheme in _SCHEMES:
        if name.startswith(scheme):
            return name[len(scheme) :]
    return name


def _description(pv: WebPv) -> str:
    try:
        return pv.owner.declaration().description
    except Exception:  # of a node of a site's own class: its name is found all the same
        return ""


def _line(device: str) -> Iterator[tuple[str, str]]:
    """Give each device on the way to one, with the one above it."""
    names = device.split(".") if device else []
    for number in range(len(names)):
        yield ".".join(names[:number]), ".".join(names[: number + 1])
