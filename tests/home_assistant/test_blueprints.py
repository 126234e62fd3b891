"""The blueprints and the dashboard that are shipped, in a real Home Assistant beside the real daemon."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from api.mqtt.discovery import discovery
from api.mqtt.topics import Topics
from controller.config import Config
from tests.e2e.program import LEFT, Program, eventually
from tests.home_assistant.house import DEPLOY, NEEDS_HOME_ASSISTANT, PYTHONS, REAR, House, house, named
from tests.home_assistant.test_files import CONFIG, announced

pytestmark = NEEDS_HOME_ASSISTANT

OFF_BY_DEFAULT = {
    f"{entity.format(burner)}"
    for burner in ("left", "right")
    for entity in ("button.kitchen_hob_{}_reset", "sensor.kitchen_hob_{}_time_left")
}
SOON = "{ seconds: 1 }"
AUTOMATIONS = f"""\
input_boolean:
  hood:
    name: Hood
automation:
  - alias: left on
    use_blueprint:
      path: flameout/left_on.yaml
      input:
        in_use: binary_sensor.kitchen_hob_left_in_use
        valve: valve.kitchen_hob_left
        here: button.kitchen_hob_left_i_m_here
        notify: notify.phone
        after: {SOON}
        answer_within: {{ seconds: 3 }}
  - alias: nobody home
    use_blueprint:
      path: flameout/nobody_home.yaml
      input:
        people: [device_tracker.anna, device_tracker.ben]
        in_use: binary_sensor.kitchen_hob_in_use
        shut_off_all: button.kitchen_hob_shut_off_all_burners
        after: {SOON}
        notify: notify.phone
  - alias: alarm
    use_blueprint:
      path: flameout/alarm.yaml
      input:
        alarms: [binary_sensor.smoke, binary_sensor.co]
        shut_off_all: button.kitchen_hob_shut_off_all_burners
  - alias: hood
    use_blueprint:
      path: flameout/hood.yaml
      input:
        wanted: binary_sensor.kitchen_hob_hood_wanted
        hood: input_boolean.hood
  - id: bedtime
    alias: bedtime
    use_blueprint:
      path: flameout/bedtime.yaml
      input:
        sweep: button.kitchen_hob_make_sure_all_is_off
        lock: [switch.kitchen_hob_child_lock]
        lock_after: "00:00:05"
lovelace:
  dashboards:
    lovelace-stove:
      mode: yaml
      title: Stove
      filename: dashboard.yaml
"""


@pytest.fixture(scope="module", params=PYTHONS, ids=named)
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Program, House]]:
    with house(request.param, tmp_path_factory, AUTOMATIONS) as made:
        yield made


@pytest.fixture
def stove(both: tuple[Program, House]) -> Program:
    """Everybody home, nothing lit, no alarm."""
    stove, home = both
    for entity, state in (("device_tracker.anna", "home"), ("device_tracker.ben", "home")):
        home.ask(set=entity, to=state)
    for alarm in ("binary_sensor.smoke", "binary_sensor.co"):
        home.ask(set=alarm, to="off")
    for name in ("left", "rear"):
        stove.do("POST", f"/simulate/{name}", {"action": "off"})
        stove.do("DELETE", f"/burners/{name}/lock")
        eventually("it is out", lambda name=name: stove.burner(name)["flame"] == "out")  # type: ignore[misc]
        stove.ready(name)
    return stove


@pytest.fixture
def home(both: tuple[Program, House], stove: Program) -> House:
    return both[1]


def lit(stove: Program, home: House, name: str) -> None:
    stove.light(name)
    eventually("Home Assistant sees it", lambda: home.state(f"binary_sensor.kitchen_hob_{name}_in_use") == "on")


def asked(home: House, before: int) -> list[str]:
    """The actions of the question on the phone, once it has come."""
    eventually("the phone is asked", lambda: len(home.ask(told=True)["told"]) > before)
    question = home.ask(told=True)["told"][-1]
    return [action["action"] for action in question["data"]["actions"]]


def cut_by_home_assistant(stove: Program, name: str) -> bool:
    last = stove.burner(name)["last_shut_off"]
    return bool(last) and last["by"] == "mqtt" and not stove.witness.high({"left": LEFT, "rear": REAR}[name])


def test_a_burner_left_on_is_asked_for_and_shut_off_without_an_answer(stove: Program, home: House) -> None:
    before = len(home.ask(told=True)["told"])
    lit(stove, home, "left")
    assert len(asked(home, before)) == 2
    eventually("it is shut off", lambda: cut_by_home_assistant(stove, "left"))


def test_one_who_is_there_keeps_cooking_and_one_who_says_off_does_not_wait(stove: Program, home: House) -> None:
    before = len(home.ask(told=True)["told"])
    lit(stove, home, "left")
    here, _ = asked(home, before)
    home.ask(fire="mobile_app_notification_action", data={"action": here})
    eventually("flameout knows", lambda: "attended" in stove.kinds())
    assert stove.witness.high(LEFT)
    stove.do("POST", "/simulate/left", {"action": "off"})
    eventually("it is out", lambda: home.state("binary_sensor.kitchen_hob_left_in_use") == "off")
    before = len(home.ask(told=True)["told"])
    lit(stove, home, "left")
    _, off = asked(home, before)
    home.ask(fire="mobile_app_notification_action", data={"action": off})
    eventually("it is shut off", lambda: cut_by_home_assistant(stove, "left"), 2.5)


def test_the_last_one_who_leaves_shuts_off(stove: Program, home: House) -> None:
    lit(stove, home, "rear")
    home.ask(set="device_tracker.anna", to="not_home")
    home.ask(set="device_tracker.ben", to="not_home")
    eventually("it is shut off", lambda: cut_by_home_assistant(stove, "rear"))
    eventually(
        "the phone is told", lambda: any("Nobody is home" in told["message"] for told in home.ask(told=True)["told"])
    )


@pytest.mark.parametrize("alarm", ["binary_sensor.smoke", "binary_sensor.co"])
def test_an_alarm_shuts_off(stove: Program, home: House, alarm: str) -> None:
    lit(stove, home, "rear")
    home.ask(set=alarm, to="on")
    eventually("it is shut off", lambda: cut_by_home_assistant(stove, "rear"), 5)


def test_the_hood_runs_while_a_flame_burns(stove: Program, home: House) -> None:
    eventually("the hood stands still", lambda: home.state("input_boolean.hood") == "off")
    lit(stove, home, "rear")
    eventually("the hood runs", lambda: home.state("input_boolean.hood") == "on")
    stove.do("POST", "/simulate/rear", {"action": "off"})
    eventually("the hood stands still", lambda: home.state("input_boolean.hood") == "off")


def test_bedtime_sweeps_and_locks(stove: Program, home: House) -> None:
    sweep = "button.kitchen_hob_make_sure_all_is_off"
    eventually("there is something to press", lambda: home.state(sweep) not in (None, "unavailable"))
    home.ask(call="automation.trigger", data={"entity_id": "automation.bedtime"})
    eventually("the sweep began", lambda: "sweep" in stove.kinds())
    assert stove.burner("left")["status"] != "locked", "what burns is warned before it is locked"
    eventually("it is locked", lambda: stove.burner("left")["status"] == "locked")
    assert not stove.witness.high(LEFT)


def test_the_dashboard_has_stock_cards_and_no_entity_that_is_not_there(home: House) -> None:
    views = home.ask(dashboard="lovelace-stove")["views"]
    kinds: set[str] = set()
    entities: set[str] = set()

    def look(thing: Any) -> None:
        if isinstance(thing, dict):
            kinds.add(str(thing.get("type", "")))
            entities.update(value for key, value in thing.items() if key == "entity" and isinstance(value, str))
            for value in thing.values():
                look(value)
        elif isinstance(thing, list):
            for value in thing:
                look(value)

    look(views)
    assert {"tile", "glance", "entities", "button", "conditional", "history-graph"} <= kinds
    assert not [kind for kind in kinds if kind.startswith("custom:")]
    assert len(entities) > 15
    for entity in entities:
        assert home.state(entity) is not None, entity
        assert entity in announced()


def test_every_entity_that_is_announced_is_there(home: House) -> None:
    absent = {entity for entity in announced() if home.state(entity) is None}
    assert absent <= OFF_BY_DEFAULT


def test_home_assistant_complains_of_nothing_and_of_a_key_that_it_does_not_know(home: House) -> None:
    """The second half shows that the first can fail."""
    assert home.complaints() == []
    config = Config.model_validate(CONFIG | {"stove": {"id": "planted", "name": "Planted"}})
    topics = Topics.of(config)
    for topic, payload in discovery(config, topics, "0.1.0").items():
        device = json.loads(payload) | {"planted_key": 1}
        home.ask(call="mqtt.publish", data={"topic": topic, "payload": json.dumps(device)})
    eventually("it complains", lambda: any("planted_key" in line for line in home.complaints()))
    assert home.state("valve.planted_left") is None


def test_every_blueprint_is_in_the_documentation() -> None:
    page = (DEPLOY.parent.parent / "docs/home-assistant.md").read_text()
    shipped = {path.name for path in (DEPLOY / "blueprints/automation/flameout").iterdir()}
    assert set(re.findall(r"`(\w+\.yaml)`", page)) >= shipped
