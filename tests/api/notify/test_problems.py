"""A problem is told once, when it has stood for a while."""

from api.notify.notice import Kind, Notice
from api.notify.problems import AGAIN_AFTER, STANDS_FOR, Problems
from hardware.clock import SECOND, Millis

T: Millis = 1_000_000


def flame(burner: str = "left", sentence: str = "unknown") -> Notice:
    return Notice(Kind.PROBLEM, T, "problem.flame", burner, {"name": burner, "sentence": sentence})


def test_a_problem_that_passes_is_not_told_and_one_that_stands_is_told_once() -> None:
    problems = Problems()
    assert problems.look(T, [flame()]) == []
    assert problems.due() == T + STANDS_FOR
    assert problems.look(T + STANDS_FOR - 1, [flame()]) == []
    assert len(problems.look(T + STANDS_FOR, [flame()])) == 1
    assert problems.due() is None
    assert problems.look(T + 2 * STANDS_FOR, [flame()]) == []


def test_one_that_was_gone_in_between_has_not_stood() -> None:
    problems = Problems()
    problems.look(T, [flame()])
    problems.look(T + SECOND, [])
    assert problems.due() is None
    assert problems.look(T + STANDS_FOR, [flame()]) == []
    assert problems.due() == T + 2 * STANDS_FOR


def test_a_problem_that_comes_and_goes_is_told_again_only_after_a_long_absence() -> None:
    problems = Problems()
    problems.look(T, [flame()])
    assert len(problems.look(T + STANDS_FOR, [flame()])) == 1
    gone = T + STANDS_FOR
    problems.look(gone, [])
    soon = gone + AGAIN_AFTER - STANDS_FOR - 1
    problems.look(soon, [flame(sentence="unknown, for another reason")])
    assert problems.look(soon + STANDS_FOR, [flame()]) == []
    problems.look(soon + STANDS_FOR, [])
    late = soon + STANDS_FOR + AGAIN_AFTER
    problems.look(late, [flame()])
    assert len(problems.look(late + STANDS_FOR, [flame()])) == 1


def test_every_burner_has_problems_of_its_own() -> None:
    problems = Problems()
    problems.look(T, [flame("left"), flame("right")])
    assert [notice.burner for notice in problems.look(T + STANDS_FOR, [flame("left"), flame("right")])] == [
        "left",
        "right",
    ]


def test_interlocks_are_told_apart_by_their_names() -> None:
    def silent(source: str) -> Notice:
        return Notice(Kind.PROBLEM, T, "problem.silent", None, {"source": source, "sentence": "…"})

    problems = Problems()
    problems.look(T, [silent("smoke")])
    problems.look(T + SECOND, [silent("smoke"), silent("gas")])
    told = problems.look(T + STANDS_FOR, [silent("smoke"), silent("gas")])
    assert [notice.fields["source"] for notice in told] == ["smoke"]
    assert problems.due() == T + STANDS_FOR + SECOND
