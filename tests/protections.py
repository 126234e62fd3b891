"""Is every protection missed when it is gone? ``make protections``

For each protection: a copy of the tree without it, the test that guards it, and the demand that the test fails
there. (That it passes with the protection is what ``make test`` says.)
"""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

ROOT = Path(__file__).parent.parent
PARTS = ("api", "controller", "hardware", "tests", "deploy", "pyproject.toml")


@dataclass(frozen=True)
class Protection:
    """What to take out (``code`` becomes ``without`` in ``file``), and the test that has to notice."""

    name: str
    file: str
    code: str
    without: str
    test: str


DIE = "tests/e2e/test_processes_die.py::"
JOB = "tests/e2e/test_main_job.py::"
KITCHEN = "tests/e2e/test_kitchen.py::"
PROTECTIONS = (
    Protection(
        "a keeper with other settings is given nothing",
        "hardware/client.py",
        'self._settings not in (None, message.get("settings"))',
        "False",
        DIE + "test_a_keeper_with_other_settings_is_given_nothing_until_both_have_the_same",
    ),
    Protection(
        "no payload passes for a shut-off in the middle of a packet",
        "api/mqtt/peek.py",
        'return isinstance(packet, dict) and packet.get("command") == 0 and packet.get("have_remaining") == 0',
        "return True",
        "tests/api/mqtt/test_peek.py::test_what_comes_in_pieces_arrives_as_ever",
    ),
    Protection(
        "before the start nothing takes locks and lockouts out of the journal",
        "controller/record.py",
        "if not self.restored:\n            return {}",
        "pass",
        "tests/controller/test_stove_on_record.py::"
        "test_a_keeper_that_is_lost_while_the_daemon_starts_takes_no_lock_and_no_lockout_along",
    ),
    Protection(
        "what stands in a journal that comes late counts",
        "controller/stove.py",
        "list(self._record.restore_late(now))",
        "[]",
        "tests/controller/test_stove_on_record.py::test_a_journal_that_comes_late_takes_no_lock_and_no_lockout_along",
    ),
    Protection(
        "a hang-up opens every line",
        "hardware/keeper.py",
        "self._apply(now, openings)\n        self._outputs.silence(now)",
        "self._outputs.silence(now)",
        DIE + "test_a_keeper_of_its_own_survives_its_controller_and_serves_the_next",
    ),
    Protection(
        "every line is released when the keeper ends",
        "hardware/keeper.py",
        "finally:\n            release_all([relay for drive in self._drives.values() for relay in drive.relays])",
        "finally:\n            os._exit(0)",
        JOB + "test_a_keeper_told_to_stop_opens_every_line_first",
    ),
    Protection(
        "a lapsed lease opens every line",
        "hardware/permits.py",
        "if self.leased_from is not None and now >= self.leased_from + self.caps.lease:",
        "if False:",
        DIE + "test_a_stopped_controller_opens_the_relays_when_its_lease_lapses",
    ),
    Protection(
        "the keeper opens at not_after by itself",
        "hardware/permits.py",
        'return "deadline" if now >= line.not_after else None',
        "return None",
        DIE + "test_a_deadline_needs_no_controller",
    ),
    Protection(
        "a keeper that owes an answer is killed",
        "hardware/client.py",
        "if oldest is not None and not slept and now - oldest.sent_at > patience:",
        "if False:",
        DIE + "test_a_stopped_keeper_is_killed_and_replaced",
    ),
    Protection(
        "a lost keeper is replaced",
        "hardware/client.py",
        "            await asyncio.sleep(retry)\n",
        "            await asyncio.sleep(3600)\n",
        DIE + "test_a_killed_keeper_is_replaced_and_the_new_one_drives_the_lines_low",
    ),
    Protection(
        "nothing is permitted for hold_open after a start",
        "controller/burner.py",
        "        self._hold_open(now, Cause.RESTART)\n",
        "",
        KITCHEN + "test_a_relay_stays_open_for_hold_open_after_a_start",
    ),
    Protection(
        "a cut latches for hold_open",
        "controller/burner.py",
        "until = now + self.limits.hold_open",
        "until = now + 1",
        "tests/controller/test_burner.py",
    ),
    Protection(
        "permits name the generation they know",
        "hardware/permits.py",
        "if generation != line.generation:",
        "if False:",
        "tests/hardware/test_permits.py",
    ),
    Protection(
        "the lease counts from when the renewal was sent",
        "hardware/permits.py",
        "            self.leased_from = sent_at\n",
        "            self.leased_from = now\n",
        "tests/hardware/test_permits.py",
    ),
    Protection(
        "a hard input opens in the keeper",
        "hardware/keeper.py",
        "self._apply(now, self._permits.trip(now, name))",
        "self._permits.tripped.add(name)",
        DIE + "test_a_tripped_input_opens_every_line_while_the_controller_is_stopped",
    ),
    Protection(
        "a pulsed line's edges are made by the loop that looks at the permits",
        "hardware/drive.py",
        "        self._write(not self._level)\n",
        "        self._write(level=True)\n",
        "tests/hardware/test_keeper_drives.py",
    ),
    Protection(
        "a line whose level is not what was written opens every line",
        "hardware/keeper.py",
        "        if not self._drives[name].as_written():\n",
        "        if False:\n",
        "tests/hardware/test_keeper.py::test_a_level_that_is_not_what_was_written_opens_every_line",
    ),
    Protection(
        "a proof leaves a later shut-off or start its hold_open",
        "controller/burner.py",
        "max(now, hold.since + self.limits.hold_open)",
        "max(now, (self.last_shut_off.at if self.last_shut_off else now) + self.limits.hold_open)",
        "tests/controller/test_burner_measured.py",
    ),
    Protection(
        "a relay is on record before it closes",
        "controller/stove.py",
        "burner.closes_within(now, MARK_AHEAD)",
        "False",
        "tests/controller/test_stove_on_record.py::test_a_relay_is_on_record_before_it_closes",
    ),
    Protection(
        "what has come in is read before what waits",
        "api/prompt_loop.py",
        "            ready.rotate(len(ready) - waited)\n",
        "            pass\n",
        "tests/api/test_prompt_loop.py",
    ),
    Protection(
        "a keeper that is given up has time to open its lines",
        "hardware/client.py",
        'self._reached.kill() if why.startswith("no answer") else None',
        "self._reached.kill()",
        "tests/hardware/test_client.py::test_a_keeper_that_hears_us_hang_up_has_time_to_open_its_lines",
    ),
    Protection(
        "every burner is locked before the disk has a say",
        "controller/stove.py",
        "            self._sync(burner)\n        await self._record.committed(self._write(events))\n",
        "            await self._record.committed(self._write(events))\n            self._sync(burner)\n",
        "tests/controller/test_stove_on_record.py::test_a_disk_that_does_not_answer_keeps_no_burner_from_being_locked",
    ),
    Protection(
        "a later permit is not forgotten for an earlier one's refusal",
        "hardware/client.py",
        "            if self._wanted.get(asked.line) is asked.permit:  # else",
        "            if True:  # else",
        "tests/hardware/test_client.py",
    ),
    Protection(
        "a cut without a step is a stuck contact",
        "controller/proof.py",
        "            return Finding.CONTACT_STUCK if now >= self.since + STEP_WITHIN else None\n",
        "            return None\n",
        KITCHEN + "test_a_stuck_contact_shows_without_an_auxiliary_contact_too",
    ),
    Protection(
        "a contact that is welded at the start is found",
        "controller/burner.py",
        "        return self.lock_out(now, Finding.CONTACT_STUCK.value)\n",
        "        return []\n",
        KITCHEN + "test_a_contact_that_is_welded_from_the_start_is_found_before_anybody_cooks",
    ),
    Protection(
        "a flame that burns on after its time is a lockout",
        "controller/proof.py",
        "        return self._overdue(flame) if now >= self.until else None\n",
        "        return None\n",
        KITCHEN + "test_a_stuck_valve_locks_out_when_its_time_is_over",
    ),
    Protection(
        "a fault's lockout is not reset under a flame",
        "controller/burner.py",
        "        self._require_cured(now)\n",
        "",
        KITCHEN + "test_a_stuck_valve_locks_out_when_its_time_is_over",
    ),
    Protection(
        "one burner's fault cuts the others",
        "controller/stove.py",
        "                self._cut_the_others(event)\n",
        "                pass\n",
        KITCHEN + "test_a_stuck_contact_locks_out_and_cuts_the_others",
    ),
    Protection(
        "a flame is held off until it is proved out",
        "controller/burner.py",
        "        return self.proof is not None and self.proof.flame is Flame.LIT\n",
        "        return False\n",
        KITCHEN + "test_a_burner_stays_cut_until_its_flame_is_proved_out[no contacts]",
    ),
    Protection(
        "a frozen reading is no reading",
        "controller/flame.py",
        "            return self._frozen(now, millivolts)\n",
        "            return None\n",
        KITCHEN + "test_a_broken_sensor_is_unknown_within_two_seconds_and_the_limit_still_cuts",
    ),
    Protection(
        "two relays are tested one at a time",
        "controller/stove.py",
        "            part = series.part if series is not None else Part.BOTH\n",
        "            part = Part.BOTH\n",
        KITCHEN + "test_a_second_relay_is_tested_before_both_close",
    ),
    Protection(
        "a contact read before a relay closed does not pass the other one",
        "controller/stove.py",
        "        contact = self._sensing.contact_now(now, burner.id)",
        "        contact = reading.contact",
        "tests/controller/test_stove.py::test_a_contact_read_before_a_relay_closed_does_not_pass_the_other_one",
    ),
    Protection(
        "the refusal of a permit is not taken for that of an equal one",
        "hardware/client.py",
        "if self._wanted.get(asked.line) is asked.permit:  #",
        "if self._wanted.get(asked.line) == asked.permit:  #",
        "tests/hardware/test_client.py",
    ),
    Protection(
        "a contact read before a cut locks nothing out",
        "controller/sensing.py",
        "CONTACT_STALE_AFTER: Millis = 850",
        "CONTACT_STALE_AFTER: Millis = STALE_AFTER",
        "tests/controller/test_sensing.py",
    ),
    Protection(
        "what is acknowledged has been committed",
        "controller/record.py",
        "                await asyncio.shield(written)",
        "                pass",
        "tests/controller/test_stove_on_record.py",
    ),
    Protection(
        "a foreign page cannot shut off",
        "api/rest/guard.py",
        "        if problem is not None:",
        "        if False:",
        "tests/api/rest",
    ),
    Protection(
        "a retained command is refused",
        "api/mqtt/commands.py",
        "        if message.retained:",
        "        if False:",
        "tests/api/mqtt/test_commands.py",
    ),
    Protection(
        "a notification's sender that hangs is killed",
        "api/notify/child.py",
        "        child.kill()\n",
        "        pass\n",
        "tests/api/notify/test_child.py::test_a_cancelled_delivery_leaves_no_child",
    ),
    Protection(
        "a notification's sender ends with its daemon",
        "api/notify/send.py",
        "    while os.read(0, 1024):\n        pass\n    os._exit(1)",
        "    return",
        "tests/e2e/test_notifications.py::test_a_killed_daemon_takes_its_sender_along",
    ),
    Protection(
        "a disk that has turned read-only is not believed",
        "controller/journal.py",
        "    if flags & os.ST_RDONLY:\n",
        "    if False:\n",
        "tests/controller/test_journal.py::test_a_disk_that_turns_read_only_under_the_open_journal_is_not_believed",
    ),
    Protection(
        "who only looks at the broker commands nothing",
        "deploy/mosquitto/flameout.acl",
        "user reader\ntopic read flameout/#",
        "user reader\ntopic readwrite #",
        "tests/e2e/test_broker_rules.py::test_who_only_looks_commands_nothing",
    ),
)


def misses(protection: Protection) -> bool:
    """Whether the test fails in a copy without the protection."""
    with tempfile.TemporaryDirectory() as folder:
        for part in PARTS:
            copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
            copy(ROOT / part, Path(folder) / part)
        file = Path(folder) / protection.file
        text = file.read_text()
        assert text.count(protection.code) == 1, f"{protection.name}: its code is not there once in {protection.file}"
        file.write_text(text.replace(protection.code, protection.without))
        run = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-p", "no:cacheprovider", protection.test],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": folder, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode in (0, 1), run.stdout + run.stderr  # 1: tests ran and failed
        return run.returncode == 1


def main(wanted: list[str]) -> int:
    """Try them all, or those whose name contains one of the words; 1 if one is not missed."""
    console = Console(highlight=False)
    chosen = [entry for entry in PROTECTIONS if not wanted or any(word in entry.name for word in wanted)]
    unmissed = 0
    for protection in chosen:
        missed = misses(protection)
        unmissed += not missed
        console.print(f"{'[green]missed[/]' if missed else '[red]NOT MISSED[/]'}  {protection.name}")
    console.print(f"{len(chosen) - unmissed} of {len(chosen)} protections are missed when they are gone")
    return 1 if unmissed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
