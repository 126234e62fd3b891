"""A daemon that cannot do its work says why in a sentence and ends; it never half-starts."""

import socket
from pathlib import Path

from tests.e2e.program import Program, program


def _refused(stove: Program) -> str:
    process = stove.spawn("run", "--config", str(stove.config))
    assert process.wait(20) == 1
    log = stove.log()
    assert "Traceback" not in log
    return log


def _edit(stove: Program, old: str, new: str) -> None:
    text = stove.config.read_text()
    assert old in text
    stove.config.write_text(text.replace(old, new))


def test_every_problem_of_the_configuration_is_said_at_once(tmp_path: Path) -> None:
    with program(tmp_path) as stove:
        _edit(stove, "pin = 27", "pin = 4")
        _edit(stove, 'lease = "1s"', 'lease = "60s"')
        log = _refused(stove)
        assert "burners[1].relay.pin: 4 is pulled up at power-on" in log
        assert "keeper.lease" in log


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with program(tmp_path) as stove, socket.socket() as taken:
        taken.bind(("127.0.0.1", stove.port))
        taken.listen()
        assert f"rest: 127.0.0.1:{stove.port} cannot be used" in _refused(stove)


def test_an_unknown_pin_factory_is_refused_and_none_is_taken_in_its_place(tmp_path: Path) -> None:
    with program(tmp_path) as stove:
        _edit(stove, 'pin_factory = "witness"', 'pin_factory = "lgpoi"')
        log = _refused(stove)
        assert "there is no pin factory 'lgpoi'" in log
        assert "lgpio" in log
        assert stove.witness.levels() == []


def test_a_keeper_without_a_socket_of_its_own_is_refused(tmp_path: Path) -> None:
    with program(tmp_path) as stove:
        keeper = stove.start_keeper()
        assert keeper.wait(20) == 1
        assert "keeper.socket: is not set" in (tmp_path / "keeper.log").read_text()
