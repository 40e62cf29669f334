"""Random numbers that depend only on (seed, stream, person, counter).

A draw for one person is the same whoever else is drawn, in whatever order and batch, so a
programme can grow or be made in pieces and everybody keeps their history. Numbers come from
the finaliser of splitmix64 (Steele, Lea & Flood 2014) over the mixed key; only integer
arithmetic and exact conversions are used, so every machine draws the same.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

GOLDEN_GAMMA = np.uint64(0x9E3779B97F4A7C15)
MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
MIX_2 = np.uint64(0x94D049BB133111EB)
UNIFORMS_IN_A_NORMAL = 12


@dataclass(frozen=True)
class Draws:
    """All the randomness of one made-up programme.

    ``stream`` names what is drawn; ``keys`` are persons (any shape), and ``counter`` tells
    apart several draws of one person (a number, or an array of the shape of ``keys``).
    """

    seed: int

    def uniform(self, stream: str, keys: Ints, counter: int | Ints = 0) -> Floats:
        """Numbers in [0, 1), 53 bits each."""
        bits = self._bits(stream, keys, counter) >> np.uint64(11)
        return bits.astype(np.float64) * 2.0**-53

    def chance(self, stream: str, keys: Ints, share: float | Floats) -> Flags:
        """True for about ``share`` of the persons."""
        return self.uniform(stream, keys) < share

    def integers(
        self, stream: str, keys: Ints, low: int | Ints, high: int | Ints, counter: int | Ints = 0
    ) -> Ints:
        """Whole numbers from ``low`` to ``high``, both included."""
        first = np.asarray(low, dtype=np.int64)
        span = np.asarray(high, dtype=np.int64) - first + 1
        steps = np.floor(self.uniform(stream, keys, counter) * span)
        return np.asarray(steps.astype(np.int64) + first)

    def choice(
        self, stream: str, keys: Ints, weights: Sequence[float] | Floats, counter: int | Ints = 0
    ) -> Ints:
        """Positions in ``weights``, each as likely as its weight."""
        edges = np.cumsum(np.asarray(weights, dtype=np.float64))
        drawn = self.uniform(stream, keys, counter) * edges[-1]
        positions = np.searchsorted(edges, drawn, side="right")
        return np.asarray(np.minimum(positions, len(edges) - 1), dtype=np.int64)

    def normal(
        self, stream: str, keys: Ints, mean: float | Floats, sd: float, counter: int | Ints = 0
    ) -> Floats:
        """About normal: the sum of twelve uniform numbers, never beyond six ``sd``.

        Unlike the exact transforms it needs no logarithm, whose last bit differs between
        processors.
        """
        first = np.asarray(counter, dtype=np.int64) * UNIFORMS_IN_A_NORMAL
        total = np.zeros(np.broadcast_shapes(np.shape(keys), np.shape(first)))
        for step in range(UNIFORMS_IN_A_NORMAL):
            total += self.uniform(f"{stream}/normal", keys, first + step)
        return mean + sd * (total - UNIFORMS_IN_A_NORMAL / 2)

    def _bits(self, stream: str, keys: Ints, counter: int | Ints) -> NDArray[np.uint64]:
        name = hashlib.sha256(f"{self.seed}|{stream}".encode()).digest()
        start = np.uint64(int.from_bytes(name[:8], "little"))
        person = _mix(np.asarray(keys, dtype=np.int64).astype(np.uint64) * GOLDEN_GAMMA + start)
        step = np.atleast_1d(np.asarray(counter, dtype=np.int64)).astype(np.uint64) + np.uint64(1)
        return _mix(person + step * GOLDEN_GAMMA)


def _mix(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of splitmix64: every bit of the key moves every bit of the result."""
    bits = (bits ^ (bits >> np.uint64(30))) * MIX_1
    bits = (bits ^ (bits >> np.uint64(27))) * MIX_2
    return bits ^ (bits >> np.uint64(31))
