"""Why a tier cannot be made."""

from commonweal.schema.errors import CommonwealError


class DeidentifyError(CommonwealError):
    """The combined dataset is not fit to be de-identified."""


class LeakError(CommonwealError):
    """A finished tier holds something it must not; it is thrown away."""
