"""The check of a submission: byte preflight, columnar pass, exact pass, keys."""

from commonweal.intake.check.folder import check_folder

__all__ = ["check_folder"]
