"""Persons as the sites know them."""

from commonweal.curation.programme import PROGRAMME
from commonweal.curation.rule import Filter, Rule

RULE = Rule(
    id="conf.person_from_programme",
    title="Of a person's rows only the programme's own is kept",
    why=(
        "Birth, sex and residence come from what participants told the programme. A site's "
        "person row tells whom the site's records are about; once the records carry the "
        "programme's person id it has done its work, and two sites may disagree."
    ),
    tables=lambda table: table.name in ("person", "person_ext"),
    bind=lambda _: (Filter(f"_src_site = '{PROGRAMME}'"),),
)
