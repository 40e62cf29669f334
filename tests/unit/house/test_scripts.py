"""The scripts behind the Makefile: checks are all run, costs are measured as they are."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from benchmarks.harness import (
    Benchmark,
    Contender,
    Cost,
    find_median,
    render_report,
    run_once,
)

REPOSITORY = Path(__file__).resolve().parents[3]
BUSY = "import time\nwhile time.process_time() < 0.3: pass\nblock = b'x' * 80_000_000"


def load_script(name: str) -> ModuleType:
    """A script as a module, without running it."""
    specification = importlib.util.spec_from_file_location(name, REPOSITORY / f"scripts/{name}.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    specification.loader.exec_module(module)
    return module


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    script = load_script("check")
    steps = {
        "first": "print('seen')",
        "second": "import sys; print('why'); sys.exit(3)",
        "third": "",
    }
    monkeypatch.setattr(
        script,
        "STEPS",
        tuple(
            script.Step(name, (sys.executable, "-c", code), "mend") for name, code in steps.items()
        ),
    )
    return script


def test_a_failing_check_does_not_hide_the_later_ones(
    check: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        check.main()
    said = capsys.readouterr().out
    assert [
        line.split()[:2] for line in said.splitlines() if line[:4].strip() in {"ok", "FAIL"}
    ] == [
        ["ok", "first"],
        ["FAIL", "second"],
        ["ok", "third"],
    ]
    assert "why" in said
    assert "seen" not in said
    assert ended.value.code == "1 of 3 checks failed: second."


def test_ci_stops_at_the_first_failure(tmp_path: Path) -> None:
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci" / "run").write_bytes((REPOSITORY / ".ci" / "run").read_bytes())
    (tmp_path / "Makefile").write_text("check:\n\t@echo checked; exit 1\ntest:\n\t@echo tested\n")
    ended = subprocess.run(
        ["bash", ".ci/run"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ended.returncode != 0
    assert "checked" in ended.stdout
    assert "tested" not in ended.stdout


def test_a_child_is_billed_for_what_it_used() -> None:
    cost = run_once(Contender("busy", [sys.executable, "-c", BUSY]))
    assert cost.cpu >= 0.3
    assert cost.memory >= 80_000_000


def test_a_contender_that_fails_ends_the_comparison() -> None:
    with pytest.raises(SystemExit, match="broken ended with 7"):
        run_once(Contender("broken", [sys.executable, "-c", "raise SystemExit(7)"]))


def test_median_is_taken_of_each_figure() -> None:
    costs = [Cost(1, 9, 5), Cost(2, 7, 6), Cost(50, 8, 4)]
    assert find_median(costs) == Cost(2, 8, 5)


def test_report_gives_the_ratio_first() -> None:
    contenders = [Contender("the peer", []), Contender("ours", [], ours=True)]
    benchmark = Benchmark("b", "A job", 1000, contenders, "at most 2 ×", "A note.")
    costs = {"the peer": Cost(2, 4, 10**6), "ours": Cost(3, 2, 10**6)}
    report = render_report(benchmark, costs, runs=3)
    assert "- **0.50 × the CPU** and 1.50 × the time of the peer" in report
    assert "| ours | 3.00 | 2.00 | 500 | 1 |" in report


def test_who_does_fewer_rows_is_compared_by_rate() -> None:
    contenders = [Contender("slow", [], rows=10), Contender("ours", [], ours=True)]
    recorded = {"another": 2.5}
    benchmark = Benchmark("b", "A job", 1000, contenders, "fast", "A note.", recorded)
    costs = {"slow": Cost(2, 2, 10**6), "ours": Cost(3, 2, 10**6)}
    report = render_report(benchmark, costs, runs=3)
    assert "- **100 × the rows per CPU second** of slow, which does 5" in report
    assert "- **200 × the rows per CPU second** of another" in report
