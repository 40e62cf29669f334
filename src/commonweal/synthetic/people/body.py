"""How people are built and whether they smoke: what surveys, clinics and diseases share."""

from dataclasses import dataclass

import numpy as np

from commonweal.synthetic.draws import Draws, Flags, Floats, Ints
from commonweal.synthetic.frames import tenths

MALE, FEMALE = 8507, 8532
HEIGHT_CM = {FEMALE: (162.0, 7.0), MALE: (176.0, 7.4)}
BODY_MASS_INDEX = (28.5, 5.5)
SMOKER_SHARE = {MALE: 0.44, FEMALE: 0.35}
"""Share of those who have smoked a hundred cigarettes in their lives."""


@dataclass(frozen=True)
class Body:
    """One entry of each array for each person."""

    height: Floats
    """Centimetres, one decimal."""
    body_mass: Floats
    """Usual body mass index, kg/m²."""
    pressure: Floats
    """Standard deviations by which blood pressure differs from that of others."""
    smoker: Flags
    """Has smoked a hundred cigarettes or more."""

    @property
    def weight(self) -> Floats:
        """Usual weight in kilograms, one decimal."""
        return tenths(self.body_mass * (self.height / 100) ** 2, 35, 230)


def draw_body(draws: Draws, ids: Ints, sex: Ints) -> Body:
    """Height, usual weight, blood pressure and smoking; of nobody else's sex than their own."""
    male = sex == MALE
    (female_mean, female_sd), (male_mean, male_sd) = HEIGHT_CM[FEMALE], HEIGHT_CM[MALE]
    standard = draws.normal("height", ids, 0.0, 1.0)
    height = np.where(male, male_mean + male_sd * standard, female_mean + female_sd * standard)
    return Body(
        height=tenths(height, 130, 210),
        body_mass=np.clip(draws.normal("body mass index", ids, *BODY_MASS_INDEX), 17, 55),
        pressure=draws.normal("pressure", ids, 0.0, 1.0),
        smoker=draws.chance(
            "smoker", ids, np.where(male, SMOKER_SHARE[MALE], SMOKER_SHARE[FEMALE])
        ),
    )
