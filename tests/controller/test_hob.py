"""Where burners are drawn."""

from typing import Any

from controller.config_check import check
from controller.hob import places


def laid_out(*positions: dict[str, Any] | None) -> list[tuple[int, int]]:
    burners = [
        {"id": f"b{number}", "name": "B", "relay": {"pin": 10 + number}} | ({"position": position} if position else {})
        for number, position in enumerate(positions)
    ]
    config, problems = check({"burners": burners})
    assert config is not None, problems
    return [(place.column, place.row) for place in places(config.burners)]


def test_without_positions_hobs_look_as_they_usually_do() -> None:
    assert laid_out(None) == [(1, 1)]
    assert laid_out(None, None) == [(1, 1), (2, 1)]
    assert laid_out(*[None] * 4) == [(1, 1), (2, 1), (1, 2), (2, 2)]
    for count in range(1, 9):
        assert len(set(laid_out(*[None] * count))) == count


def test_positions_are_kept_and_what_has_none_hides_nothing() -> None:
    assert laid_out({"column": 3}, None, {"column": 1, "row": 2}, None) == [(3, 1), (1, 3), (1, 2), (2, 3)]


def test_two_burners_in_one_place_are_refused() -> None:
    burner = {"name": "B", "position": {"column": 2, "row": 1}}
    burners = [burner | {"id": "a", "relay": {"pin": 17}}, burner | {"id": "b", "relay": {"pin": 27}}]
    _, problems = check({"burners": burners})
    assert "column 2, row 1 has two burners; give each a position of its own" in str(problems[0])
