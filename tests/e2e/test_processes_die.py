"""Processes killed and stopped for real; the witness says what the lines did.

The witness keeps a line's level when its process dies, as Raspberry Pi kernels do.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.brokers import free_port
from tests.e2e.program import LEFT, RIGHT, Program, eventually, program


def _energised(stove: Program) -> None:
    stove.start()
    stove.ready("left")
    stove.ready("right")


def _low(stove: Program, within: float = 20.0) -> None:
    eventually("every line is low", lambda: not (stove.witness.high(LEFT) or stove.witness.high(RIGHT)), within)


def test_a_killed_controller_opens_the_relays_long_before_its_lease_lapses(tmp_path: Path) -> None:
    with program(tmp_path, lease="10s") as stove:
        _energised(stove)
        assert stove.process is not None
        stove.process.kill()
        _low(stove, within=5)


def test_a_stopped_controller_opens_the_relays_when_its_lease_lapses(tmp_path: Path) -> None:
    with program(tmp_path) as stove:
        _energised(stove)
        assert stove.process is not None
        stove.process.send_signal(signal.SIGSTOP)
        _low(stove)
        stove.process.send_signal(signal.SIGCONT)
        eventually("it says why", lambda: stove.burner()["last_shut_off"], 10)
        assert stove.burner()["last_shut_off"]["cause"] == "supervision"


def test_a_deadline_needs_no_controller(tmp_path: Path) -> None:
    with program(tmp_path, lease="10s") as stove:
        _energised(stove)
        stove.set_timer("left", 1)
        assert stove.process is not None
        stove.process.send_signal(signal.SIGSTOP)
        eventually("the timed line is low", lambda: not stove.witness.high(LEFT), 5)
        assert stove.witness.high(RIGHT), "the other one lives on its lease"


def test_a_killed_keeper_is_replaced_and_the_new_one_drives_the_lines_low(tmp_path: Path) -> None:
    with program(tmp_path) as stove:
        _energised(stove)
        old = stove.keeper_pid()
        os.kill(old, signal.SIGKILL)
        assert stove.witness.high(LEFT), "as a Raspberry Pi kernel keeps it"
        _low(stove)
        eventually("a new keeper is ready", lambda: stove.keeper_pid() != old)
        assert stove.burner()["last_shut_off"]["cause"] == "supervision"
        kinds = stove.kinds()
        assert kinds.index("keeper_lost") < len(kinds) - 1 - kinds[::-1].index("keeper_ready")


def test_a_stopped_keeper_is_killed_and_replaced(tmp_path: Path) -> None:
    with program(tmp_path) as stove:
        _energised(stove)
        old = stove.keeper_pid()
        os.kill(old, signal.SIGSTOP)
        _low(stove)
        eventually("a new keeper is ready", lambda: stove.keeper_pid() != old)
        eventually("the old one is gone", lambda: not Path(f"/proc/{old}").exists())
        lost = next(entry for entry in stove.history() if entry["event_type"] == "keeper_lost")
        assert "no answer" in lost["details"]["why"]


def test_nothing_burns_again_by_itself_after_a_keeper_was_lost(tmp_path: Path) -> None:
    with program(tmp_path) as stove:
        stove.start()
        stove.light("left")
        os.kill(stove.keeper_pid(), signal.SIGKILL)
        _low(stove)
        stove.ready("left")
        assert stove.burner()["flame"] == "out"
        assert stove.burner()["timer"] is None


def test_make_safe_opens_what_dead_processes_left_high(tmp_path: Path) -> None:
    with program(tmp_path) as stove:
        _energised(stove)
        assert stove.process is not None
        keeper = stove.keeper_pid()
        stove.process.send_signal(signal.SIGSTOP)
        os.kill(keeper, signal.SIGKILL)
        stove.process.kill()
        assert stove.witness.high(LEFT)
        done = subprocess.run(
            [sys.executable, "-m", "api.entry", "make-safe", "--config", str(stove.config)],
            env=stove.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        _low(stove)


def test_a_restart_after_a_crash_says_what_it_does_not_know(tmp_path: Path) -> None:
    with program(tmp_path) as stove:
        _energised(stove)
        stove.set_timer("left", 600)
        assert stove.process is not None
        stove.process.kill()
        stove.process.wait()
        _low(stove)
        stove.start()
        unknown = [entry for entry in stove.history() if entry["event_type"] == "opened_unknown"]
        assert {entry["burner"] for entry in unknown} == {"left", "right"}
        assert unknown[0]["details"]["earliest"] < unknown[0]["details"]["latest"]
        assert stove.burner()["last_shut_off"]["cause"] == "restart"
        assert stove.burner()["timer"] is None


def test_a_clean_stop_leaves_nothing_unknown(tmp_path: Path) -> None:
    with program(tmp_path) as stove:
        _energised(stove)
        assert stove.stop() == 0
        stove.start()
        assert "opened_unknown" not in stove.kinds()


def test_a_second_daemon_on_the_same_journal_is_refused_with_the_first_ones_process(tmp_path: Path) -> None:
    with program(tmp_path) as stove:
        stove.start()
        assert stove.process is not None
        text = stove.config.read_text().replace(f"port = {stove.port}", f"port = {free_port()}")
        (tmp_path / "second.toml").write_text(text)
        process = stove.spawn("run", "--config", str(tmp_path / "second.toml"))
        assert process.wait(20) == 1
        assert f"process {stove.process.pid}" in stove.log()
        assert stove.healthy()


def test_a_keeper_of_its_own_survives_its_controller_and_serves_the_next(tmp_path: Path) -> None:
    with program(tmp_path, keeper=f'socket = "{tmp_path}/keeper.sock"') as stove:
        keeper = stove.start_keeper()
        _energised(stove)
        assert stove.keeper_pid() == keeper.pid
        assert stove.process is not None
        stove.process.kill()
        stove.process.wait()
        _low(stove)
        assert keeper.poll() is None
        _energised(stove)
        assert stove.keeper_pid() == keeper.pid


def test_a_controller_waits_for_a_keeper_that_comes_late_and_says_so(tmp_path: Path) -> None:
    with program(tmp_path, keeper=f'socket = "{tmp_path}/keeper.sock"') as stove:
        stove.process = stove.spawn("run", "--config", str(stove.config))
        eventually("it says that there is no keeper", lambda: _unhealthy(stove))
        assert "keeper" in stove.get("/stove")["problems"][0].lower()
        stove.start_keeper()
        eventually("it is healthy", stove.healthy)


def test_a_keeper_with_other_settings_is_given_nothing_until_both_have_the_same(tmp_path: Path) -> None:
    """Somebody moved a relay to another pin and restarted only one of the two."""
    with program(tmp_path, keeper=f'socket = "{tmp_path}/keeper.sock"') as stove:
        keeper = stove.start_keeper()
        _energised(stove)
        stove.stop()
        stove.config.write_text(stove.config.read_text().replace("pin = 17", "pin = 10"))
        stove.process = stove.spawn("run", "--config", str(stove.config))
        eventually("it says that there is no keeper", lambda: _unhealthy(stove))
        told = "it has other pins, sensors or limits than this program"
        eventually("it says why", lambda: told in stove.get("/stove")["problems"][0])
        assert stove.get("/stove")["problems"][0].endswith("Every relay stays open.")
        _low(stove)
        keeper.terminate()
        keeper.wait(20)
        stove.start_keeper()
        eventually("it is healthy", stove.healthy)
        eventually("the new pin is high", lambda: stove.witness.high(10))


def _unhealthy(stove: Program) -> bool:
    try:
        return stove.http.get("/healthz").status_code == 503
    except Exception:  # not listening yet
        return False


def test_a_stopped_keeper_behind_a_socket_is_killed_too(tmp_path: Path) -> None:
    with program(tmp_path, keeper=f'socket = "{tmp_path}/keeper.sock"') as stove:
        keeper = stove.start_keeper()
        _energised(stove)
        keeper.send_signal(signal.SIGSTOP)
        assert keeper.wait(20) == -signal.SIGKILL
        stove.start_keeper()  # as its supervisor does
        _low(stove)
        eventually("the new one is obeyed", stove.healthy)


def test_a_tripped_input_opens_every_line_while_the_controller_is_stopped(tmp_path: Path) -> None:
    alarm = '[[interlocks]]\nid = "gas_alarm"\ninput = { pin = 5 }\nreset = "manual"\n'
    with program(tmp_path, lease="10s", more=alarm) as stove:
        _energised(stove)
        stove.do("POST", "/simulate/left", {"action": "light"})
        assert stove.process is not None
        stove.send("POST", "/simulate/gas_alarm", {"action": "trip"})
        stove.process.send_signal(signal.SIGSTOP)
        _low(stove, within=5)
        stove.process.send_signal(signal.SIGCONT)
        eventually("it is a lockout", lambda: stove.burner()["status"] == "lockout")
        assert stove.send("POST", "/burners/left/reset").status_code == 409
        stove.do("POST", "/simulate/gas_alarm", {"action": "clear"})
        eventually("it can be reset", lambda: stove.send("POST", "/burners/left/reset").status_code == 200)
        stove.ready("left")
