"""The stove on a real broker: what is said, and what is obeyed."""

import json
from pathlib import Path
from typing import Any

import pytest

from hardware.clock import MINUTE, SECOND
from tests.api.mqtt.bench import LEFT, OFFLINE, ONLINE, STOVE, OnMqtt, in_a_loop, on_mqtt, stove_and_ear
from tests.brokers import Ear, Mosquitto

CONTRACT_KEYS = {"id", "name", "status", "permitted", "contact", "flame", "timer", "limit", "last_shut_off", "holds"}


def events(ear: Ear, topic: str = f"{LEFT}/event") -> list[str]:
    return [heard.json()["event_type"] for heard in ear.on(topic)]


async def done(bench: OnMqtt, ear: Ear) -> None:
    """Everything that was said before has been dealt with, and what came of it has been heard."""
    mark = bench.stove.default_timer() // SECOND + 60
    ear.say(f"{STOVE}/cmd/default_timer", str(mark // 60))
    await ear.hears_state(f"{STOVE}/state", default_timer_s=mark)


# --- what is said -------------------------------------------------------------------------------------


@in_a_loop
async def test_what_describes_the_stove_is_retained(tmp_path: Path) -> None:
    async with stove_and_ear(tmp_path) as (bench, first):
        await done(bench, first)
        async with Ear(bench.config.mqtt.port) as late:  # type: ignore[union-attr, arg-type]
            for name in (None, "left", "right"):
                device = await late.hears(bench.topics.discovery(name))
                assert device.retained
                assert device.json()["cmps"]
                assert (await late.hears(bench.topics.availability(name))).payload == b"online"
                assert (await late.hears(bench.topics.state(name))).retained
            assert not any(heard.topic.endswith("/event") for heard in late.heard)


@in_a_loop
async def test_a_burners_state_is_a_full_snapshot_and_the_stoves_leaves_the_burners_out(tmp_path: Path) -> None:
    async with stove_and_ear(tmp_path) as (bench, ear):
        burner = await ear.hears_state(f"{LEFT}/state", permitted=True)
        assert set(burner) >= CONTRACT_KEYS
        assert burner == json.loads(bench.stove.view("left").model_dump_json())
        stove = await ear.hears_state(f"{STOVE}/state", status="ok")
        assert "burners" not in stove
        assert {"in_use", "next_shut_off", "child_lock", "default_timer_s", "problems", "started_at"} <= set(stove)


@in_a_loop
async def test_an_event_is_told_once_and_never_retained(tmp_path: Path) -> None:
    async with stove_and_ear(tmp_path) as (bench, ear):
        ear.say(f"{LEFT}/cmd/timer", "25")
        event = await ear.hears(f"{LEFT}/event")
        assert not event.retained
        assert event.json() | {"seq": 0, "at": ""} == {
            "event_type": "timer_started", "seq": 0, "at": "", "burner": "left", "by": "mqtt", "duration_s": 1500.0,
            "replaced": False,
        }  # fmt: skip
        bench.keeper.sense(flames={"left": True})
        await done(bench, ear)
        assert events(ear) == ["timer_started"], "a flame is a state, not an event"


@in_a_loop
async def test_the_heart_beats_every_fifteen_seconds(tmp_path: Path) -> None:
    async with stove_and_ear(tmp_path) as (bench, ear):
        beat = await ear.hears(f"{STOVE}/heartbeat")
        assert not beat.retained
        for _ in range(2):
            await done(bench, ear)
            ear.forget()
            bench.pass_time(14 * SECOND)
            await done(bench, ear)
            assert not ear.on(f"{STOVE}/heartbeat")
            bench.pass_time(SECOND)
            assert (await ear.hears(f"{STOVE}/heartbeat")).json()["alive"] is True


@in_a_loop
async def test_a_running_timer_is_told_anew_every_minute_and_not_more_often(tmp_path: Path) -> None:
    async with stove_and_ear(tmp_path) as (bench, ear):
        ear.say(f"{LEFT}/cmd/timer", "25")
        await ear.hears_state(f"{LEFT}/state", status="timing")
        ear.forget()
        bench.pass_time(59 * SECOND)
        await ear.hears(f"{STOVE}/heartbeat")  # it has looked
        assert not ear.on(f"{LEFT}/state")
        bench.pass_time(SECOND)
        state = await ear.hears_state(f"{LEFT}/state", status="timing")
        assert state["timer"]["remaining_s"] == 24 * 60


@in_a_loop
async def test_a_stalled_decision_loop_is_offline(tmp_path: Path) -> None:
    async with stove_and_ear(tmp_path) as (bench, ear):
        ear.forget()
        bench.clock.advance(5 * SECOND)  # and no tick
        for topic in (STOVE, LEFT, f"{STOVE}/burner/right"):
            await ear.hears(f"{topic}/availability", OFFLINE)
        await ear.hears_state(f"{STOVE}/heartbeat", alive=False)
        bench.stove.tick()
        await ear.hears(f"{LEFT}/availability", ONLINE)


@in_a_loop
async def test_without_a_keeper_the_stove_is_offline_and_says_so(tmp_path: Path) -> None:
    async with stove_and_ear(tmp_path) as (bench, ear):
        ear.forget()
        bench.keeper.leave("killed by a test")
        await ear.hears(f"{STOVE}/availability", OFFLINE)
        state = await ear.hears_state(f"{STOVE}/state", status="problem")
        assert "killed by a test" in state["problems"][0]
        assert (await ear.hears_state(f"{LEFT}/state", permitted=False))["last_shut_off"]["cause"] == "supervision"


@in_a_loop
async def test_a_goodbye_leaves_everything_offline(tmp_path: Path) -> None:
    async with stove_and_ear(tmp_path) as (bench, ear):
        ear.forget()
        await bench.end()
        for topic in (STOVE, LEFT, f"{STOVE}/burner/right"):
            assert (await ear.hears(f"{topic}/availability", OFFLINE)).retained


@in_a_loop
async def test_home_assistants_birth_brings_the_discovery_again(tmp_path: Path) -> None:
    async with stove_and_ear(tmp_path) as (bench, ear):
        await done(bench, ear)
        ear.forget()
        ear.say("homeassistant/status", "offline")
        await done(bench, ear)
        assert not ear.on(bench.topics.discovery())
        ear.say("homeassistant/status", "online")
        for name in (None, "left", "right"):
            assert (await ear.hears(bench.topics.discovery(name))).json()["cmps"]
        await ear.hears(f"{LEFT}/state")
        await ear.hears(f"{STOVE}/heartbeat")


@in_a_loop
async def test_a_burner_that_left_the_configuration_is_emptied(tmp_path: Path) -> None:
    with Mosquitto() as broker:
        async with Ear(broker.port) as ear:
            async with on_mqtt(tmp_path, broker.port) as bench:
                await ear.hears(bench.topics.discovery("right"))
                await done(bench, ear)
                left_alone = bench.config.model_dump(mode="json")["burners"][:1]
            ear.forget()
            async with on_mqtt(tmp_path, broker.port, burners=left_alone) as bench:
                for topic in (
                    bench.topics.discovery("right"),
                    bench.topics.state("right"),
                    bench.topics.availability("right"),
                ):
                    assert (await ear.hears(topic)).payload == b""
                assert (await ear.hears(bench.topics.discovery("left"))).payload
            ear.forget()
            async with on_mqtt(tmp_path, broker.port, burners=left_alone) as bench:
                await ear.hears_state(f"{LEFT}/state", permitted=True)
                assert not ear.on(bench.topics.discovery("right")), "once is enough"


# --- what is obeyed -----------------------------------------------------------------------------------


@in_a_loop
async def test_every_command_does_what_it_says(tmp_path: Path) -> None:
    policy = {"allow_unlock": True, "allow_reset": True}
    async with stove_and_ear(tmp_path, mqtt=policy) as (bench, ear):

        async def after(command: str, payload: str, **expected: Any) -> Any:
            ear.forget()
            ear.say(f"{LEFT}/cmd/{command}", payload)
            return await ear.hears_state(f"{LEFT}/state", **expected)

        assert (await after("timer", "25", status="timing"))["timer"]["duration_s"] == 1500
        ear.forget()
        ear.say(f"{LEFT}/cmd/extend", "5")
        extended = await ear.hears_state(f"{LEFT}/state", timer={"duration_s": 1800})
        assert extended["timer"]["set_by"] == "mqtt"
        await after("cancel", "PRESS", timer=None)
        await after("timer", "10", status="timing")
        await after("timer", "0", timer=None)

        ear.say(f"{STOVE}/cmd/default_timer", "12.5")
        await ear.hears_state(f"{STOVE}/state", default_timer_s=750)
        assert (await after("timer", "DEFAULT", status="timing"))["timer"]["duration_s"] == 750

        cut = await after("valve", "CLOSE", status="shut_off", permitted=False)
        assert (cut["last_shut_off"]["cause"], cut["last_shut_off"]["by"]) == ("user", "mqtt")
        bench.pass_time(bench.config.limits.hold_open)
        bench.keeper.sense(inputs={"gas_alarm": True})
        bench.keeper.sense(inputs={"gas_alarm": False})
        bench.pass_time(bench.config.limits.hold_open)
        await ear.hears_state(f"{LEFT}/state", status="lockout")
        await after("reset", "PRESS", status="ready")

        ear.say(f"{STOVE}/cmd/child_lock", "ON")
        await ear.hears_state(f"{STOVE}/state", child_lock=True)
        await ear.hears_state(f"{LEFT}/state", permitted=False)
        ear.forget()
        ear.say(f"{STOVE}/cmd/child_lock", "OFF")
        await ear.hears_state(f"{STOVE}/state", child_lock=False)

        ear.forget()
        ear.say(f"{STOVE}/cmd/shut_off_all", "PRESS")
        for name in ("left", "right"):
            await ear.hears(f"{STOVE}/burner/{name}/event", lambda heard: heard.json().get("cause") == "shut_off_all")
        assert ("open", None) in bench.keeper.said


@in_a_loop
async def test_shutting_off_is_obeyed_while_locked_and_locked_out(tmp_path: Path) -> None:
    async with stove_and_ear(tmp_path) as (bench, ear):
        ear.say(f"{STOVE}/cmd/child_lock", "ON")
        await ear.hears_state(f"{STOVE}/state", child_lock=True)
        bench.keeper.sense(inputs={"gas_alarm": True})
        await ear.hears_state(f"{LEFT}/state", status="lockout")
        bench.keeper.said.clear()
        ear.say(f"{LEFT}/cmd/valve", "CLOSE")
        await ear.hears(f"{LEFT}/event", lambda heard: heard.json().get("cause") == "user")
        assert bench.keeper.said[0] == ("open", "left")


@in_a_loop
async def test_a_bad_payload_is_refused_reported_and_the_state_told_again(tmp_path: Path) -> None:
    async with stove_and_ear(tmp_path) as (bench, ear):
        await done(bench, ear)
        for command, payload in (("timer", b"NaN"), ("valve", b"OPEN"), ("extend", b"-5"), ("reset", b"PRESS")):
            ear.forget()
            ear.say(f"{LEFT}/cmd/{command}", payload)
            refused = (await ear.hears(f"{LEFT}/event")).json()
            assert (refused["event_type"], refused["command"], refused["by"]) == ("refused", command, "mqtt")
            assert (await ear.hears_state(f"{LEFT}/state"))["permitted"] is True


@in_a_loop
async def test_what_the_stove_refuses_is_reported_in_its_words(tmp_path: Path) -> None:
    async with stove_and_ear(tmp_path) as (_, ear):
        ear.say(f"{STOVE}/burner/right/cmd/extend", "5")
        refused = (await ear.hears(f"{STOVE}/burner/right/event")).json()
        assert (refused["event_type"], refused["command"]) == ("refused", "extend")
        assert "no timer to extend" in refused["why"]
        ear.say(f"{STOVE}/cmd/child_lock", "OFF")
        refused = (await ear.hears(f"{STOVE}/event")).json()
        assert (refused["burner"], refused["command"]) == (None, "child_lock")
        assert "mqtt.allow_unlock" in refused["why"]
        await ear.hears(f"{STOVE}/state", lambda heard: heard.json()["child_lock"] is False)


@in_a_loop
async def test_a_flood_of_nonsense_is_answered_but_not_written_down_without_end(tmp_path: Path) -> None:
    async with stove_and_ear(tmp_path) as (bench, ear):
        for _ in range(200):
            ear.say(f"{LEFT}/cmd/timer", "soon")
        await done(bench, ear)
        assert events(ear).count("refused") == 30


@in_a_loop
async def test_a_command_retained_while_we_listen_is_refused_reported_once_and_cleared(tmp_path: Path) -> None:
    async with stove_and_ear(tmp_path) as (bench, ear):
        await done(bench, ear)
        ear.forget()
        bench.keeper.said.clear()
        ear.say(f"{LEFT}/cmd/valve", "CLOSE", retain=True)
        assert (await ear.hears(f"{LEFT}/cmd/valve", lambda heard: not heard.payload)).topic
        await done(bench, ear)
        assert events(ear) == ["refused"]
        assert ("open", "left") not in bench.keeper.said
        async with Ear(bench.config.mqtt.port, f"{LEFT}/cmd/#") as late:  # type: ignore[union-attr, arg-type]
            late.say(f"{LEFT}/cmd/nonsense", "x")
            await late.hears(f"{LEFT}/cmd/nonsense")
            assert not late.on(f"{LEFT}/cmd/valve")


@in_a_loop
async def test_a_command_that_lay_on_the_broker_before_is_not_obeyed_and_is_cleared(tmp_path: Path) -> None:
    with Mosquitto() as broker:
        async with Ear(broker.port) as ear:
            ear.say(f"{LEFT}/cmd/timer", "25", retain=True)
            ear.say(f"{STOVE}/cmd/shut_off_all", "PRESS", retain=True)
            await ear.hears(f"{STOVE}/cmd/shut_off_all")
            async with on_mqtt(tmp_path, broker.port) as bench:
                await ear.hears(f"{LEFT}/cmd/timer", lambda heard: not heard.payload)
                await ear.hears(f"{STOVE}/cmd/shut_off_all", lambda heard: not heard.payload)
                await done(bench, ear)
                assert bench.stove.view("left").timer is None
                assert "shut_off" not in events(ear)


@pytest.mark.parametrize("persistence", [False, True])
def test_a_broker_that_restarts_is_told_everything_anew(tmp_path: Path, persistence: bool) -> None:
    @in_a_loop
    async def scenario() -> None:
        with Mosquitto(persistence=persistence) as broker:
            async with on_mqtt(tmp_path, broker.port) as bench:
                async with Ear(broker.port) as ear:
                    await ear.hears_state(f"{LEFT}/state", permitted=True)
                broker.stop()
                broker.wipe()
                ticket = await bench.stove.start_timer("left", 25 * MINUTE, "rest:test")
                assert ticket.timer is not None, "the stove works without a broker"
                broker.start()
                async with Ear(broker.port) as ear:
                    for name in (None, "left", "right"):
                        assert (await ear.hears(bench.topics.discovery(name))).json()["cmps"]
                        await ear.hears(bench.topics.availability(name), ONLINE)
                    await ear.hears_state(f"{LEFT}/state", status="timing")
                    ear.say(f"{LEFT}/cmd/valve", "CLOSE")
                    await ear.hears_state(f"{LEFT}/state", status="shut_off")

    scenario()


@in_a_loop
async def test_events_of_a_long_absence_are_not_told_as_news(tmp_path: Path) -> None:
    with Mosquitto(started=False) as broker:
        async with on_mqtt(tmp_path, broker.port) as bench:
            await bench.stove.start_timer("left", 25 * MINUTE, "rest:test")
            bench.pass_time(5 * MINUTE)
            await bench.stove.extend("left", 5 * MINUTE, "rest:test")
            broker.start()
            async with Ear(broker.port) as ear:
                await ear.hears_state(f"{LEFT}/state", status="timing")
                await done(bench, ear)
                assert "timer_started" not in events(ear)
