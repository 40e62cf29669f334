"""Runs contenders as child processes and reports the median of what each one cost.

Every contender of a benchmark runs in the same session on the same data, one after the other in
turn, so that a slow minute of the machine hurts all of them; what is reported first is a ratio.
"""

import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import median

REPOSITORY = Path(__file__).resolve().parents[1]
HEADINGS = "| | time, s | CPU, s | rows per CPU s | memory, MB |"
COMMONWEAL = str(Path(sys.executable).with_name("commonweal"))
WATCHED = ("commonweal", "duckdb", "polars", "pyarrow", "sqlglot")


@dataclass(frozen=True)
class Contender:
    """One way to do the job: a command that does it once."""

    name: str
    command: Sequence[str]
    ours: bool = False
    rows: int | None = None
    """The rows it does, where these are not those of the benchmark: then only rates compare."""
    accepts: Sequence[int] = (0,)
    """Exit codes that mean the job was done."""


@dataclass(frozen=True)
class Cost:
    """What one run took: seconds on the clock, seconds of CPU, bytes at the peak."""

    wall: float
    cpu: float
    memory: int


@dataclass(frozen=True)
class Benchmark:
    """A job, who competes, and what we promised."""

    name: str
    title: str
    rows: int
    contenders: Sequence[Contender]
    target: str
    notes: str
    recorded: Mapping[str, float] = field(default_factory=dict)
    """Rows per CPU second of those who could not be run here, as measured elsewhere."""


def run_once(contender: Contender) -> Cost:
    """Run a contender to its end and read its bill from the kernel.

    The peak includes this process's own size at the fork, which is why nothing heavy is
    imported here.
    """
    began = time.monotonic()
    with tempfile.TemporaryFile() as said:
        command, quiet = contender.command, subprocess.DEVNULL
        with subprocess.Popen(command, cwd=REPOSITORY, stdout=quiet, stderr=said) as child:
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode not in contender.accepts:
            said.seek(0)
            print(said.read().decode(errors="replace"), file=sys.stderr)
            sys.exit(f"{contender.name} ended with {child.returncode}; nothing can be said.")
    # The kernel counts in KiB, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    cpu = usage.ru_utime + usage.ru_stime
    return Cost(wall=time.monotonic() - began, cpu=cpu, memory=usage.ru_maxrss * unit)


def run_benchmark(benchmark: Benchmark, runs: int) -> dict[str, Cost]:
    """The median cost of every contender over ``runs`` rounds, after one round to warm up."""
    costs: dict[str, list[Cost]] = {contender.name: [] for contender in benchmark.contenders}
    for round_number in range(runs + 1):
        for contender in benchmark.contenders:
            cost = run_once(contender)
            print(f"  {contender.name}: {cost.wall:.2f} s, CPU {cost.cpu:.2f} s", flush=True)
            if round_number:
                costs[contender.name].append(cost)
    return {name: find_median(measured) for name, measured in costs.items()}


def find_median(costs: Sequence[Cost]) -> Cost:
    """The median of each figure on its own."""
    return Cost(
        wall=median(cost.wall for cost in costs),
        cpu=median(cost.cpu for cost in costs),
        memory=int(median(cost.memory for cost in costs)),
    )


def _compare_costs(costs: Mapping[str, Cost], ours: Contender, peer: Contender) -> str:
    return (
        f"- **{costs[ours.name].cpu / costs[peer.name].cpu:.2f} × the CPU** and "
        f"{costs[ours.name].wall / costs[peer.name].wall:.2f} × the time of {peer.name}"
    )


def run_script(module: str, *arguments: str) -> list[str]:
    """The command that runs one of our contenders in a process of its own."""
    return [sys.executable, "-m", f"benchmarks.{module}", *arguments]


def run_to_end(command: Sequence[str], *, accepts: Sequence[int] = (0,)) -> str:
    """Run a command that is not measured; what it prints."""
    done = subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode not in accepts:
        sys.exit(f"{command} ended with {done.returncode}.")
    return done.stdout


def render_report(benchmark: Benchmark, costs: Mapping[str, Cost], runs: int) -> str:
    """The page for ``docs/benchmarks``: ratios to the peer first, then the figures."""
    ours = next(c for c in benchmark.contenders if c.ours)
    rates = {c.name: (c.rows or benchmark.rows) / costs[c.name].cpu for c in benchmark.contenders}
    ratios = [
        _compare_costs(costs, ours, c)
        for c in benchmark.contenders
        if not c.ours and c.rows is None
    ]
    others = {c.name: rates[c.name] for c in benchmark.contenders if not c.ours and c.rows}
    for name, rate in (others | dict(benchmark.recorded)).items():
        ratios.append(
            f"- **{rates[ours.name] / rate:,.0f} × the rows per CPU second** of {name}, which does "
            f"{rate:,.0f}"
        )
    rows = [
        f"| {name} | {cost.wall:.2f} | {cost.cpu:.2f} | {rates[name]:,.0f} "
        f"| {cost.memory / 1e6:.0f} |"
        for name, cost in costs.items()
    ]
    parts = [
        f"# {benchmark.title}",
        f"{benchmark.rows:,} rows; median of {runs} runs after one to warm up, in one session.",
        "\n".join([f"{ours.name} takes", "", *ratios]),
        "\n".join([HEADINGS, "|---|---|---|---|---|", *rows]),
        f"Target: {benchmark.target}.",
        benchmark.notes,
        describe_machine(),
    ]
    return "\n\n".join(parts) + "\n"


def describe_machine() -> str:
    """What the figures were taken on, without its name."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    versions = ", ".join(f"{package} {version(package)}" for package in WATCHED)
    return (
        f"Machine: {os.cpu_count()} cores ({platform.machine()}), {memory / 2**30:.0f} GiB, "
        f"{platform.system()}, Python {platform.python_version()}; {versions}."
    )
