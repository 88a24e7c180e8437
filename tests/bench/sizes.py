"""How much is measured: all, what fits into three minutes, or a miniature for the tests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """Numbers of PVs and elements, seconds of one measurement, rounds.

    :param growth: numbers of PVs that the plot shows; the last two are rows of their own
    :param heavy_rounds: rounds of what takes minutes each
    :param ca_growth: numbers of PVs that start over Channel Access
    :param rate: updates a second at which the CPU of one over Channel Access is taken
    :param browsers: connections over the web, each of which watches ``browsed`` PVs
    :param searched: names that are searched over the web
    """

    name: str
    rounds: int
    heavy_rounds: int
    seconds: float
    growth: tuple[int, ...]
    monitored: int
    watched: int
    arrays: tuple[int, int, int]
    image: int
    devices: int
    putters: int
    fresh: int
    ruled: int
    frozen: int
    ca_growth: tuple[int, int]
    rate: float
    browsers: int
    browsed: int
    searched: int


FULL = Sizes(
    name="full",
    rounds=5,
    heavy_rounds=3,
    seconds=2.0,
    growth=(100, 1_000, 10_000, 100_000),
    monitored=10_000,
    watched=1_000,
    arrays=(1_000, 100_000, 1_000_000),
    image=2048,
    devices=16,
    putters=8,
    fresh=2_000,
    ruled=10_000,
    frozen=1_000_000,
    ca_growth=(1_000, 10_000),
    rate=2_000.0,
    browsers=100,
    browsed=200,
    searched=100_000,
)
QUICK = Sizes(
    name="quick",
    rounds=1,
    heavy_rounds=1,
    seconds=0.7,
    growth=(100, 1_000, 10_000),
    monitored=3_000,
    watched=1_000,
    arrays=(1_000, 100_000, 200_000),
    image=512,
    devices=16,
    putters=8,
    fresh=2_000,
    ruled=5_000,
    frozen=1_000_000,
    ca_growth=(1_000, 10_000),
    rate=2_000.0,
    browsers=100,
    browsed=200,
    searched=10_000,
)
MINIATURE = Sizes(
    name="miniature",
    rounds=1,
    heavy_rounds=1,
    seconds=0.05,
    growth=(100, 200),
    monitored=20,
    watched=10,
    arrays=(10, 20, 30),
    image=8,
    devices=2,
    putters=2,
    fresh=10,
    ruled=100,
    frozen=1_000,
    ca_growth=(10, 20),
    rate=200.0,
    browsers=2,
    browsed=5,
    searched=20,
)
