"""How start-up and memory grow with the number of PVs, as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

_KINDS = ("none", "raw", "v4", "ours")
_NAMES = {
    "none": "the tree without a server",
    "raw": "raw p4p, no tree",
    "v4": "epicsV4",
    "ours": "Roguebridge",
}
_COLORS = {"none": "#888888", "raw": "#4c72b0", "v4": "#dd8452", "ours": "#2a9d4a"}


def plot(found: Mapping[str, Any], target: Path) -> bool:
    """Draw it; return False where there is no matplotlib, or nothing to draw.

    :param target: the PNG
    """
    try:
        import matplotlib
    except ImportError:
        return False
    growth = found["growth"]
    if not any(growth["start"].values()):
        return False
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(1, 2, figsize=(10, 4), layout="constrained")
    titles = ("root.start(), seconds", "memory per PV, kB, nobody connected")
    for panel, what, title in zip(panels, ("start", "memory"), titles, strict=True):
        for kind in _KINDS:
            points = [
                (int(size), figures[kind])
                for size, figures in growth[what].items()
                if figures.get(kind, 0) > 0
            ]
            if points and not (what == "memory" and kind == "none"):
                panel.plot(
                    *zip(*points, strict=True), "o-", color=_COLORS[kind], label=_NAMES[kind]
                )
        panel.set_xscale("log")
        if what == "start":
            panel.set_yscale("log")
        else:
            panel.set_ylim(bottom=0)
        panel.set_xlabel("PVs")
        panel.set_title(title, fontsize=11)
        panel.grid(alpha=0.3)
    panels[0].legend(frameon=False)
    tree = found["machine"]["tree"]
    figure.suptitle(
        f"{tree}, {found['machine']['cpu']}, {found['machine']['date'][:10]}", fontsize=9
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target, dpi=100)
    pyplot.close(figure)
    return True
