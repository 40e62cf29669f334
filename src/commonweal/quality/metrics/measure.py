"""Measures every metric of one data set, with the vocabulary in force."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from commonweal.engine.protocol import Engine
from commonweal.quality.completeness import TableCompleteness, measure_completeness
from commonweal.quality.metrics.concepts import measure_concepts
from commonweal.quality.metrics.consent import measure_consent
from commonweal.quality.metrics.dates import measure_dates
from commonweal.quality.metrics.definition import all_metrics
from commonweal.quality.metrics.drugs import measure_drugs
from commonweal.quality.metrics.duplicates import measure_duplicates
from commonweal.quality.metrics.filled import build_filled
from commonweal.quality.metrics.keys import measure_keys
from commonweal.quality.metrics.labs import measure_labs
from commonweal.quality.metrics.results import measure_results
from commonweal.quality.metrics.sources import Sources, open_sources
from commonweal.quality.metrics.usage import measure_usage
from commonweal.quality.metrics.value import MetricValue
from commonweal.vocabulary.views import DEFAULT_VIEWS, VocabularyViews


def measure_metrics(
    engine: Engine,
    relations: Mapping[str, str],
    *,
    vocabulary: VocabularyViews = DEFAULT_VIEWS,
    feeds: Mapping[str, str] | None = None,
    uploaded_on: date | None = None,
    completeness: Sequence[TableCompleteness] | None = None,
) -> tuple[MetricValue, ...]:
    """Every metric, in the order of their declaration.

    Args:
        engine: where the relations and the vocabulary are registered.
        relations: OMOP table: name of the relation with its rows, of OMOP 5.3 or 5.4, typed or
            as text. A table that is not named was not submitted.
        vocabulary: the views of the vocabulary in force.
        feeds: relations of the feeds ``consent_event`` and ``participant``; without them
            there is no consent light.
        uploaded_on: the day the records were sent, which withdrawals are compared with.
        completeness: of the same relations, where it was measured already.
    """
    sources = open_sources(engine, relations, vocabulary)
    found = list(_measure(sources))
    found += measure_consent(sources, feeds, uploaded_on=uploaded_on)
    measured = measure_completeness(engine, relations) if completeness is None else completeness
    found += build_filled(measured)
    order = {name: place for place, name in enumerate(all_metrics())}
    return tuple(sorted(found, key=lambda value: order[value.metric]))


def _measure(sources: Sources) -> Iterator[MetricValue]:
    usage = measure_usage(sources)
    yield from measure_concepts(sources, usage)
    yield from measure_keys(sources, usage)
    yield from measure_dates(sources)
    yield from measure_duplicates(sources)
    yield from measure_results(sources)
    yield from measure_labs(sources)
    yield from measure_drugs(sources)
