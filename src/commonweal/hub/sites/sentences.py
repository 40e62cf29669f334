"""Sentences of the intake that pages show: templates in English, and what pages advise instead.

The intake speaks to the command line, so its advice names commands. ``REFUSALS`` holds what was
found, as a template, and what somebody at a page can do about it.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

REFUSALS: Mapping[str, Any] = {
    "The site {site} was closed on {day}.": _("Ask the data centre if this is not so."),
    "The site {site} is closed.": _("Take the closing back first."),
    "The site {site} is not closed.": _("There is nothing to do."),
    "The site {site} hands in through its bucket, {address}.": _(
        "Put the folder there, with the tools of the bucket."
    ),
    "The site {site} is not authorised to send {purpose} data.": _(
        "The data centre authorises it; the steps of the onboarding say what comes before."
    ),
    "The site {site} has no executed information security agreement.": _(
        "Until it is executed and recorded, send made-up records for the purpose test."
    ),
    "The test load of the site {site} has not passed yet.": _(
        "Send made-up records for the purpose test first, and wait until they are accepted."
    ),
    "Records of real people in the dialect {dialect} are not de-identified, and so cannot be sent "
    "for {purpose}.": _(
        "De-identify the files at your site with `commonweal deidentify FOLDER --out D`, and let "
        "the files follow what goes with the purpose."
    ),
    "'{name}' cannot be the name of a site.": _(
        "Choose a short name such as general_hospital: a lower-case letter, then lower-case "
        "letters, digits and underscores."
    ),
    "The site {site} is registered already, with other details.": _("Choose another name."),
    "There is no site called '{name}'.": _("Choose one of the registered sites."),
    "There is no step called '{name}'.": _("Choose one of the steps of the onboarding."),
    "This cannot have been done on {day}.": _(
        "Check the year: the day lies between 2000 and today."
    ),
    "{what} is blank.": _("Say it in a few words."),
    "{what} has {number} characters.": _("Say it more shortly."),
    "{what} holds a line break or another character that cannot be read.": _(
        "Type it again, without pasting."
    ),
    "The state is not given by two capital letters.": _("Use its postal abbreviation."),
    "This programme is synthetic as a whole and takes no records of real people.": _(
        "Declare the records as made up if they are; those of real people belong to a programme "
        "of their own."
    ),
    "The step {name} is not recorded by hand alone.": _("It needs more than a day."),
    "A test load passes by itself when a submission that proves the drop area is accepted.": _(
        "Made-up records for the purpose test have to come through the drop area."
    ),
    "{step}: that has to wait, as something is not done yet.": _(
        "Record the steps before it first."
    ),
    "{name} is not the name of a table's file.": _(
        "Rename the file after its table, such as person.csv, or leave it out."
    ),
    "This is not the name of a table's file.": _(
        "Rename the file after its table, such as person.csv, or leave it out."
    ),
    "Every number of {day} is taken.": _("Hand the folder in tomorrow."),
    "The drop area of the site may hold {most}, and {used} of it are taken.": _(
        "Discard uploads that are not needed, or ask the data centre for more room."
    ),
    "The data centre has no room for {size} now.": _(
        "Try again later, or tell the data centre. What was handed in is safe."
    ),
    "There is no file in this submission yet.": _("Choose the files and upload them."),
    "Not whole yet: {files}.": _(
        "Go on with these files by choosing them again, or take them out."
    ),
    "Not as they are on your machine: {files}.": _(
        "Choose these files again; what arrived of them has been thrown away."
    ),
}
"""What was found, and what to do about it at a page."""

SENTENCES = (
    *REFUSALS,
    (
        "It does not count as the test load: {lacks}. Mend this, and send made-up records for the "
        "purpose test through the drop area again."
    ),
    "It is not made current: it is synthetic, and the site has data of real people, which stay.",
)

DETAILS = (
    "the abridged vocabulary",
    "the vocabulary in force",
    "the vocabulary {version}",
    "the table {table} is not in the folder or could not be read",
    "binary data",
    "a PNG image",
    "a JPEG image",
    "a GIF image",
    "a ZIP archive or an Excel workbook",
    "an old Excel or Word document",
    "a gzip archive",
    "a bzip2 archive",
    "an xz archive",
    "a zstandard archive",
    "a PDF document",
    "a Parquet file",
    "an SQLite database",
    "semicolons",
    "tabs",
    "vertical bars",
    "column {number}, which has no name",
    "{name} (did you mean {near}?)",
    "{number} more columns",
    "one person",
    "{number} persons",
    "1 person whose records were",
    "{number} persons whose records were",
    "it is not declared as made up",
    "The reason",
    "The full name",
    "The awardee",
    "The organisation",
    "it has no row",
    "it was handed in at the data centre, and not put into the site's drop area",
    "the data centre has not recorded {steps} yet",
    "no file has been handed in",
    "cannot be read: {codes}",
    "rows do not fit: {codes}",
    "the file has no rows",
    "{column}: mapped {share}, goal {goal}",
    "{column}: standard {share}, goal {goal}",
    "{column}: domain {share}, goal {goal}",
    "{column}: agreement {share}, goal {goal}",
    "{column}: listed {share}, goal {goal}",
    "start",
    "end",
    "without a valid consent",
    "withdrawn before",
    "withdrawn since",
    "Lipids",
    "Vital signs",
)
"""What fills the gaps of sentences, and names parts of a table."""
