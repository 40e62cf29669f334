"""Numbers that go together: a trait and chance, mixed, and cut into the answers of a scale.

A person's trait and the chance of one answer are both uniform on [0, 1). Their weighted mean
has a density that is a trapezium, whose distribution and quantiles need no more than the four
operations and a square root: every processor finds the same ones.
"""

import numpy as np

from commonweal.synthetic.draws import Floats

LEAST = 1e-6
"""A weight below which trait or chance does not count at all."""


def mix(loading: float, trait: Floats, noise: Floats) -> Floats:
    """The weighted mean of a trait and chance; ``loading`` is the trait's weight."""
    return np.asarray(loading * trait + (1 - loading) * noise)


def share_below(loading: float, mixed: Floats) -> Floats:
    """The share of such means that lie below each of these: uniform for means from ``mix``."""
    wide, narrow = _sides(loading)
    if narrow == 0:
        return mixed
    flat = (mixed - narrow / 2) / wide
    rising = mixed * mixed / (2 * wide * narrow)
    falling = 1 - (1 - mixed) * (1 - mixed) / (2 * wide * narrow)
    return np.asarray(np.select([mixed < narrow, mixed <= wide], [rising, flat], falling))


def quantiles(loading: float, shares: Floats) -> Floats:
    """The means below which these shares lie: the inverse of ``share_below``."""
    wide, narrow = _sides(loading)
    if narrow == 0:
        return shares
    corner = narrow / (2 * wide)
    flat = wide * shares + narrow / 2
    rising = np.sqrt(2 * wide * narrow * shares)
    falling = 1 - np.sqrt(2 * wide * narrow * (1 - shares))
    return np.asarray(np.select([shares < corner, shares <= 1 - corner], [rising, flat], falling))


def edges_between(loading: float, shares: Floats) -> Floats:
    """Where a mean goes from one answer to the next, for answers with these shares."""
    return quantiles(loading, np.cumsum(shares)[:-1] / np.sum(shares))


def _sides(loading: float) -> tuple[float, float]:
    narrow = min(loading, 1 - loading)
    narrow = narrow if narrow > LEAST else 0.0
    return 1 - narrow, narrow
