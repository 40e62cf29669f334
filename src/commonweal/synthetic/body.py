"""Height and weight as the older made-up histories draw them."""

import numpy as np

from commonweal.synthetic.draws import Draws, Floats, Ints
from commonweal.synthetic.frames import tenths
from commonweal.synthetic.people.body import FEMALE


def draw_height(draws: Draws, ids: Ints, sex: Ints) -> Floats:
    """Height in cm."""
    mean = np.where(sex == FEMALE, 162.0, 176.0)
    return tenths(draws.normal("height", ids, mean, 7.0), 130, 210)


def draw_weight(draws: Draws, ids: Ints, height: Floats) -> Floats:
    """Weight in kg, from a drawn body mass index."""
    index = np.clip(draws.normal("body mass index", ids, 28.5, 5.5), 17, 55)
    return tenths(index * (height / 100) ** 2, 35, 230)
