"""Random numbers that depend only on (seed, stream, person, counter).

A draw for one person is the same whoever else is drawn, in whatever order and batch, so a
programme can grow or be made in pieces and everybody keeps their history. Numbers come from
the finaliser of splitmix64 (Steele, Lea & Flood 2014) over the mixed key; only integer
arithmetic and exact conversions are used, so every machine draws the same.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

GOLDEN_GAMMA = np.uint64(0x9E3779B97F4A7C15)
MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
MIX_2 = np.uint64(0x94D049BB133111EB)
NORMAL_CELLS = 4096
FARTHEST = 4.0
"""Standard deviations beyond which no normal number lies."""
UNIFORM_BITS, CELL_BITS = 53, 12


def _normal_quantiles() -> Floats:
    """The standard normal quantiles at the edges of equally likely cells.

    Nine decimals: mathematical libraries differ in the sixteenth.
    """
    inner = [NormalDist().inv_cdf(cell / NORMAL_CELLS) for cell in range(1, NORMAL_CELLS)]
    return np.round([-FARTHEST, *inner, FARTHEST], 9)


NORMAL_EDGES = _normal_quantiles()
NORMAL_WIDTHS = np.diff(NORMAL_EDGES)


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
        self,
        stream: str,
        keys: Ints,
        mean: float | Floats,
        sd: float | Floats,
        counter: int | Ints = 0,
    ) -> Floats:
        """Normal but for the tails, which end at four ``sd``.

        A cell of the distribution and a place in it, evenly: unlike the exact transforms it
        needs no logarithm, whose last bit differs between processors.
        """
        bits = self._bits(f"{stream}/normal", keys, counter) >> np.uint64(64 - UNIFORM_BITS)
        place_bits = UNIFORM_BITS - CELL_BITS
        cell = (bits >> np.uint64(place_bits)).astype(np.int64)
        place = (bits & np.uint64(2**place_bits - 1)).astype(np.float64) * 2.0**-place_bits
        return mean + sd * (NORMAL_EDGES[cell] + NORMAL_WIDTHS[cell] * place)

    def _bits(self, stream: str, keys: Ints, counter: int | Ints) -> NDArray[np.uint64]:
        name = hashlib.sha256(f"{self.seed}|{stream}".encode()).digest()
        start = np.uint64(int.from_bytes(name[:8], "little"))
        person = _mix(np.asarray(keys, dtype=np.int64).astype(np.uint64) * GOLDEN_GAMMA + start)
        step = np.atleast_1d(np.asarray(counter, dtype=np.int64)).astype(np.uint64) + np.uint64(1)
        return _mix(person + step * GOLDEN_GAMMA)


def _mix(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of splitmix64: every bit of the key moves every bit of the result."""
    mixed = bits ^ (bits >> np.uint64(30))
    mixed *= MIX_1
    mixed ^= mixed >> np.uint64(27)
    mixed *= MIX_2
    mixed ^= mixed >> np.uint64(31)
    return mixed
