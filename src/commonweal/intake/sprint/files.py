"""Scoring the files of a folder: at the site before they are sent, or after they were."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from commonweal.engine.protocol import Engine
from commonweal.intake.reading import write_text_parquet
from commonweal.intake.report import FileReport
from commonweal.intake.sprint.advice import Unmapped, find_unmapped
from commonweal.intake.sprint.score import ColumnScore, score_table
from commonweal.schema.model import get_model
from commonweal.vocabulary.views import VocabularyViews


@dataclass(frozen=True)
class FileScore:
    """The scores of one file and what is not mapped in it; both empty when it was not read."""

    file: str
    table: str
    was_read: bool
    scores: tuple[ColumnScore, ...] = ()
    unmapped: tuple[Unmapped, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "file": self.file,
            "table": self.table,
            "read": self.was_read,
            "scores": [score.to_json() for score in self.scores],
            "unmapped": [unmapped.to_json() for unmapped in self.unmapped],
        }


def score_files(
    engine: Engine,
    folder: Path,
    files: Sequence[FileReport],
    vocabulary: VocabularyViews,
    *,
    dialect: str,
    show_values: bool = False,
) -> Iterator[FileScore]:
    """Score each checked file of a folder in turn; one with errors is named and not read.

    ``vocabulary`` names views that are in the engine. Codes are listed only where values may
    be shown.
    """
    model = get_model(dialect)
    for file in files:
        if file.verdict != "accepted":
            yield FileScore(file.file, file.table, was_read=False)
            continue
        with TemporaryDirectory(prefix="commonweal-sprint-") as scratch:
            text = Path(scratch) / f"{file.table}.parquet"
            write_text_parquet(folder / file.file, model.table(file.table), text)
            view = f"sprint_{file.table}"
            engine.register_parquet(view, [text])
            scores = score_table(engine, file.table, view, vocabulary)
            found = [
                find_unmapped(engine, score.column, view, vocabulary, show_values=show_values)
                for score in scores
                if score.column.is_goal
            ]
        unmapped = tuple(one for one in found if one is not None)
        yield FileScore(file.file, file.table, was_read=True, scores=scores, unmapped=unmapped)
