"""What is compiled is the same function, wherever its machine code can be kept."""

from commonweal.intake.check.compiled import compiled
from commonweal.intake.check.loops import choose_loops, load_compiled


def test_a_function_without_a_place_to_be_kept_is_compiled_all_the_same() -> None:
    names: dict[str, object] = {}
    exec("def double(number):\n    return 2 * number", names)  # noqa: S102  (has no source file)
    double = names["double"]
    assert callable(double)
    assert compiled(double)(21) == 42


def test_more_text_than_a_little_goes_to_the_compiled_loops() -> None:
    assert choose_loops(2 << 20) is load_compiled()
    assert choose_loops(0) is load_compiled()
