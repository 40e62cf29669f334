"""What a person at a page is told when the intake refuses something."""

from commonweal.hub.sites.phrases import find_template, say_filled
from commonweal.hub.sites.sentences import REFUSALS
from commonweal.schema.errors import CommonwealError


def explain_refusal(error: CommonwealError) -> str:
    """What was found and what to do here, in the reader's language.

    An error that no page knows is told as the command line tells it.
    """
    template = find_template(error.found, REFUSALS)
    if template is None:
        return " ".join(filter(None, (error.found, error.fix)))
    return f"{say_filled(template, error.found)} {REFUSALS[template]}"
