"""Rows of the sites' own tables, whose keys are not yet those of a site."""

from dataclasses import dataclass

from commonweal.synthetic.draws import Ints
from commonweal.synthetic.ehr.patients import Patients
from commonweal.synthetic.ehr.records import Rows
from commonweal.synthetic.frames import Columns


@dataclass(frozen=True)
class SiteRows:
    """Rows of one table, of all sites, in the order of their keys."""

    site: Ints
    """Position of the row's site in the plan."""
    columns: Columns
    """Columns by their OMOP 5.4 name: an entry for each row, or one value for all."""

    def __len__(self) -> int:
        return len(self.site)


def rows_of_patients(patients: Patients, rows: Rows) -> SiteRows:
    """The rows of patients, each at its patient's site."""
    return SiteRows(patients.site[rows.patient], rows.columns)
