"""Progress bars on standard error; plain lines where there is no terminal."""

from types import TracebackType
from typing import Self

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from commonweal.cli.output import ERR


class Bars:
    """Draws one bar for each piece of work that ``pipeline.progress`` tells of."""

    def __init__(self) -> None:
        self._bars = Progress(
            TextColumn("{task.description:<44}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[part]}", style="dim"),
            console=ERR,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        if ERR.is_terminal:
            self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def begin(self, title: str, total: int) -> None:
        self._task = self._bars.add_task(title, total=total, part="")
        if not ERR.is_terminal:
            ERR.print(title)

    def advance(self, part: str) -> None:
        if self._task is not None:
            self._bars.update(self._task, advance=1, part=part)

    def reach(self, done: int, _total: int) -> None:
        """So many parts are done, for work that counts them itself."""
        if self._task is not None:
            self._bars.update(self._task, completed=done)

    def end(self) -> None:
        if self._task is not None:
            task = self._bars.tasks[self._task]
            self._bars.update(self._task, completed=task.total, part="")
        self._task = None
