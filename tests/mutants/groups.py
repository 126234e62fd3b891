"""What is changed, by which tests a change has to be noticed, and how many have to be."""

from dataclasses import dataclass, replace

from tests.copies import ROOT


@dataclass(frozen=True)
class Group:
    """Modules, and the tests that have to notice a change in them; each runs in one process."""

    name: str
    paths: list[str]
    tests: list[str]
    least: float
    explained: bool  # whether each survivor has to be


def _files(pattern: str, *but: str) -> list[str]:
    found = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob(pattern))
    return [name for name in found if name not in but]


CORES = ["controller/burner.py", "controller/proof.py", "hardware/permits.py"]
OF_CORES = [
    *_files("tests/controller/test_burner*.py"),
    "tests/controller/test_proof.py",
    "tests/controller/test_refusals.py",
    "tests/hardware/test_permits.py",
]
TOO_MANY_STEPS = ["tests/controller/test_burner_machine.py", "tests/controller/test_burner_walk.py"]
READS_SOURCES = "tests/controller/test_cut_path.py"  # mutmut writes others there
GROUPS = {
    group.name: group
    for group in (
        Group("cores", CORES, [name for name in OF_CORES if name not in TOO_MANY_STEPS], 0.95, explained=True),
        Group(
            "keeper",
            [f"hardware/{name}.py" for name in ("keeper", "senses", "outputs", "drive", "lines")],
            [
                *(f"tests/hardware/test_keeper{part}.py" for part in ("", "_clients", "_program")),
                *(f"tests/hardware/test_{name}.py" for name in ("senses", "outputs", "drive", "lines")),
            ],
            0.95,
            explained=True,
        ),
        Group(
            "controller",
            _files("controller/*.py", "controller/__init__.py", *CORES),
            [
                *_files("tests/controller/test_*.py", READS_SOURCES, *OF_CORES),
                "tests/api/cli/test_check_config.py",  # what is said of mistakes in the configuration
            ],
            0.8,
            explained=False,
        ),
    )
}


def chosen(wanted: list[str]) -> list[Group]:
    """The groups of these names, all, or a group's one module under the group's demands. Raises ``KeyError``."""
    if "all" in wanted:
        return list(GROUPS.values())
    modules = {path: group for group in GROUPS.values() for path in group.paths}
    return [
        GROUPS[name] if name in GROUPS else replace(modules[name], name=name, paths=[name])
        for name in wanted or ["cores"]
    ]
