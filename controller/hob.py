"""Where the burners are on the hob, so that a picture of it looks like the one in the kitchen."""

from collections.abc import Sequence

from controller.config_wiring import BurnerConfig
from controller.view import PlaceView

# by the number of burners: (column, row) of each, in the configuration's order
_USUAL = {
    1: [(1, 1)],
    2: [(1, 1), (2, 1)],
    3: [(1, 1), (2, 1), (3, 1)],
    4: [(1, 1), (2, 1), (1, 2), (2, 2)],
    5: [(1, 1), (3, 1), (2, 1), (1, 2), (3, 2)],
}


def places(burners: Sequence[BurnerConfig]) -> list[PlaceView]:
    """Each burner's place; what the configuration leaves out is laid out as hobs usually are."""
    usual = _USUAL.get(len(burners), [(1 + n % 3, 1 + n // 3) for n in range(len(burners))])
    if not any(burner.position for burner in burners):
        return [
            PlaceView(burner=burner.id, column=column, row=row, size="medium")
            for burner, (column, row) in zip(burners, usual, strict=True)
        ]
    below = 1 + max(burner.position.row for burner in burners if burner.position)
    found, unplaced = [], 0
    for burner in burners:
        if (position := burner.position) is not None:
            found.append(PlaceView(burner=burner.id, column=position.column, row=position.row, size=position.size))
        else:  # in a row of their own, where they cannot hide another one
            unplaced += 1
            found.append(PlaceView(burner=burner.id, column=unplaced, row=below, size="medium"))
    return found
