"""No condition postpones a cut: every way from a cut request to the keeper's socket, read from the source.

From each method by which a cut can come in, every call is followed to the methods that it can mean. Nothing on the
way may wait: no await, no lock, no disk, no sleeping. A receiver that is not known here is a failure too, so that
a new part cannot slip in unseen.
"""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILES = [*sorted((ROOT / "controller").glob("*.py")), ROOT / "hardware/client.py"]
ROOTS = [  # (class, method): how a cut can come in
    ("Stove", "open_now"),
    ("Stove", "tick"),
    ("Stove", "keeper_opened"),
    ("Stove", "keeper_sensed"),
    ("Stove", "keeper_lost"),
    ("Stove", "gauged"),
    ("Stove", "interlock_spoke"),
]
RECEIVERS = {  # what a name stands for in these files
    "_keeper": "KeeperClient",
    "keeper": "KeeperClient",
    "_portrait": "Portrait",
    "_surroundings": "Surroundings",
    "surroundings": "Surroundings",
    "_sensing": "Sensing",
    "sensing": "Sensing",
    "_record": "Record",
    "record": "Record",
    "_journal": "Journal",
    "journal": "Journal",
    "_hood": "Hood",
    "_in_vain": "Sparing",
    "_calendar": "Calendar",
    "calendar": "Calendar",
    "_sweep_time": "SweepTime",
    "stream": "Stream",
    "_stream": "Stream",
    "burner": "Burner",
    "other": "Burner",
    "proof": "CutProof",
    "series": "SeriesTest",
    "health": "ContactHealth",
    "interlock": "Interlock",
    "thermocouple": "Thermocouple",
    "digital": "DigitalFlame",
    "sensor": "Thermocouple",
    "_listener": "Stove",
}
WAITS = {"sleep", "result", "wait", "acquire", "join", "execute", "commit", "fsync", "run", "check_output", "recv_into"}
BLOCKING_NAMES = {"open", "input", "print"}

Method = ast.FunctionDef | ast.AsyncFunctionDef
Sources = Mapping[str, str]


def methods(sources: Sources) -> dict[tuple[str, str], Method]:
    """Every function of the sources by its class ("" for a module's own) and name."""
    found: dict[tuple[str, str], Method] = {}
    for text in sources.values():
        for node in ast.parse(text).body:
            if isinstance(node, Method):
                found["", node.name] = node
            elif isinstance(node, ast.ClassDef):
                found |= {(node.name, each.name): each for each in node.body if isinstance(each, Method)}
    return found


def called(owner: str, method: Method, known: Mapping[tuple[str, str], Method]) -> Iterator[tuple[str, str]]:
    """What a method may call of what is known."""
    for node in ast.walk(method):
        if isinstance(node, ast.Attribute):  # a property or a bound method handed on counts as called
            receiver = _receiver(owner, node.value)
            if receiver is not None and (receiver, node.attr) in known:
                yield receiver, node.attr
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and ("", node.func.id) in known:
            yield "", node.func.id


def _receiver(owner: str, value: ast.expr) -> str | None:
    if isinstance(value, ast.Name):
        return owner if value.id == "self" else RECEIVERS.get(value.id)
    if isinstance(value, ast.Attribute):
        return RECEIVERS.get(value.attr)
    if isinstance(value, ast.Subscript):
        held = ast.unparse(value.value).rpartition(".")[2]
        return {"_burners": "Burner", "burners": "Burner", "_interlocks": "Interlock", "_series": "SeriesTest"}.get(
            held
        )
    return None


def waits(name: str, method: Method) -> Iterator[str]:
    """Everything in a method that could wait."""
    if isinstance(method, ast.AsyncFunctionDef):
        yield f"{name} is async"
    for node in ast.walk(method):
        if isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith):
            yield f"{name} awaits in line {node.lineno}"
        elif isinstance(node, ast.Call):
            target = node.func
            if isinstance(target, ast.Attribute) and target.attr in WAITS:
                yield f"{name} calls {ast.unparse(target)} in line {node.lineno}"
            elif isinstance(target, ast.Name) and target.id in BLOCKING_NAMES:
                yield f"{name} calls {target.id} in line {node.lineno}"


def checker(sources: Sources) -> tuple[set[str], list[str]]:
    """What lies on the way from a cut request to the line, and everything on it that could wait."""
    known = methods(sources)
    todo, seen, found = list(ROOTS), set[tuple[str, str]](), list[str]()
    while todo:
        key = todo.pop()
        if key in seen:
            continue
        seen.add(key)
        name = ".".join(filter(None, key))
        assert key in known, f"{name} is gone"
        found += waits(name, known[key])
        todo += called(key[0], known[key], known)
    return {".".join(filter(None, key)) for key in seen}, found


def sources() -> dict[str, str]:
    return {str(file.relative_to(ROOT)): file.read_text() for file in FILES}


def test_nothing_waits_on_the_way_from_a_cut_to_the_line() -> None:
    seen, found = checker(sources())
    assert found == []
    assert seen >= {  # that the way was really walked
        "Stove._sync",
        "Stove._cut",
        "Stove._cut_the_others",
        "Stove._follow",
        "Burner.shut_off",
        "Burner.trip",
        "Burner.fail",
        "Burner.observe",
        "CutProof.observe",
        "KeeperClient.open",
        "KeeperClient.permit",
        "KeeperClient._ask",
        "KeeperClient._send",
        "Record.write",
        "Journal.append",
        "Surroundings.follow_interlocks",
        "Thermocouple.read",
    }


def altered(file: str, code: str, other: str) -> dict[str, str]:
    """The sources with one change."""
    texts = sources()
    assert texts[file].count(code) >= 1, f"{code!r} is not in {file}"
    return texts | {file: texts[file].replace(code, other)}


def test_an_await_before_the_line_is_found() -> None:
    _, found = checker(altered("controller/stove.py", "    def _sync(self", "    async def _sync(self"))
    assert found == ["Stove._sync is async"]
    code = "        opened = self._keeper.open(burner_id)\n"
    _, found = checker(altered("controller/stove.py", code, "        self._journal.committed().result()\n" + code))
    assert len(found) == 1
    assert "Stove.open_now calls self._journal.committed().result" in found[0]


def test_a_disk_or_a_pause_before_the_line_is_found() -> None:
    code = "        answer = self._expect(now, self._send(opening_packet("
    for other in ("        time.sleep(0.1)\n", '        open("/var/log/x", "a")\n', "        self._lock.acquire()\n"):
        assert len(checker(altered("hardware/client.py", code, other + code))[1]) == 1


def test_an_opening_is_said_before_anything_is_decided_or_written() -> None:
    body = methods(sources())["Stove", "open_now"].body
    after_the_name = [statement for statement in body if not isinstance(statement, ast.Expr | ast.If)]
    assert ast.unparse(after_the_name[0]) == "opened = self._keeper.open(burner_id)"


def test_a_command_reaches_the_keeper_before_the_record() -> None:
    body = ast.unparse(methods(sources())["Stove", "_command"])
    assert body.index("self._sync(burner)") < body.index("self._write(events)") < body.index("await ")
    body = ast.unparse(methods(sources())["Stove", "_follow"])
    assert body.index("self._sync(burner)") < body.index("self._write(events)")


def test_no_doorway_waits_between_the_recognised_shut_off_and_the_line() -> None:
    lane = ast.parse((ROOT / "api/rest/lane.py").read_text())
    for node in ast.walk(lane):
        if isinstance(node, ast.AsyncFunctionDef) and "open_now" in ast.unparse(node):
            before = ast.unparse(node).split("open_now")[0]
            assert "await" not in before
    orders = methods({"orders": (ROOT / "api/mqtt/orders.py").read_text()})
    take = orders["Orders", "take"]
    assert isinstance(take, ast.FunctionDef), "the very callback that read the message"
    assert list(waits("Orders.take", take)) == []
