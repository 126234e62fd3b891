"""People: many at once, guessing ones, and pages that use a visitor's phone."""

import random
import subprocess
import sys
import threading
from collections.abc import Callable

import httpx2

from tests.faults.fault import SESAME, Fault, Follows, Undisturbed
from tests.faults.scene import HOLD_OPEN, Scene, wait
from tests.witness import boot_seconds

CLIENTS = 50


def _client(scene: Scene, **headers: str) -> httpx2.Client:
    return httpx2.Client(base_url=f"http://127.0.0.1:{scene.stove.port}", timeout=10, headers=headers)


def _all_at_once(deed: Callable[[int], object], many: int = CLIENTS) -> None:
    workers = [threading.Thread(target=deed, args=(number,)) for number in range(many)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def _fifty_on_one(scene: Scene) -> None:
    """Everybody sets, extends, cancels, locks and unlocks the right burner; in the end it is unlocked and shut off."""
    scene.loose = True
    seeds = [scene.random.randrange(2**31) for _ in range(CLIENTS)]
    before = len(scene.statements)

    def hammer(number: int) -> None:
        dice = random.Random(seeds[number])
        deeds: list[Callable[[], object]] = [
            lambda: scene.timer("right", dice.randrange(600, 3600)),
            lambda: scene.extend("right", 60),
            lambda: scene.cancel("right"),
            lambda: scene.shut_off("right"),
            lambda: scene.lock("right"),
            lambda: scene.unlock("right"),
        ]
        for _ in range(3):
            dice.choice(deeds)()

    _all_at_once(hammer)
    failed = [said for said in scene.statements[before:] if "gave_up" in said]
    assert not failed, f"not answered, or not on record: {failed[:3]}"
    assert len(scene.statements) - before > CLIENTS, "most were refused"
    assert scene.unlock("right"), "it cannot be unlocked"
    wait(HOLD_OPEN + 0.2)  # what somebody shut off at the end is past
    assert scene.shut_off("right"), "it cannot be shut off"


def _extending_for_ever(scene: Scene) -> None:
    """A script that always asks for more: the total has an end, and so has the burn."""
    scene.loose = True
    with _client(scene) as client:
        client.put("/api/v1/burners/right/timer", json={"duration": 600})
        answers = [client.post("/api/v1/burners/right/timer/extend", json={"by": "30m"}).status_code for _ in range(40)]
    assert 409 in answers or 422 in answers, f"an extension is always granted: {set(answers)}"


def _guessing(scene: Scene) -> None:
    def guess(number: int) -> None:
        with _client(scene) as client:
            for _ in range(10):
                answer = client.post(
                    "/api/v1/pair", json={"code": f"{number:08}", "name": "me"}, headers={"X-Flameout": "1"}
                )
                assert answer.status_code in (401, 403, 404, 409, 422, 429), answer.text

    _all_at_once(guess, 10)


def _wrong_tokens(scene: Scene) -> None:
    def try_one(number: int) -> None:
        with _client(scene, Authorization=f"Bearer flo_{number:064x}") as client:
            for _ in range(10):
                answer = client.put("/api/v1/burners/left/timer", json={"duration": 1})
                assert answer.status_code in (401, 429), answer.text

    _all_at_once(try_one, 10)


def _foreign(scene: Scene, **headers: str) -> None:
    with _client(scene, **headers) as client:
        for method, path, body in (
            ("PUT", "burners/left/timer", {"duration": 1}),
            ("POST", "shut-off", None),
            ("PUT", "burners/left/lock", None),
        ):
            answer = client.request(method, f"/api/v1/{path}", json=body)
            assert answer.status_code == 403, f"{method} {path}: {answer.status_code}"


def _revoked(scene: Scene) -> None:
    """A token that somebody stole, after it was revoked."""
    name = f"stolen{scene.random.randrange(10**6)}"
    secret = _tokens(scene, "add", name, "--role", "cook").split()[-1]
    with _client(scene, Authorization=f"Bearer {secret}") as client:
        assert client.get("/api/v1/stove").status_code == 200
        _tokens(scene, "revoke", name)
        for _ in range(5):
            answer = client.put("/api/v1/burners/left/timer", json={"duration": 1})
            assert answer.status_code in (401, 429), answer.text


def _tokens(scene: Scene, *arguments: str) -> str:
    command = [sys.executable, "-m", "api.entry", "tokens", *arguments, "--config", str(scene.stove.config)]
    return subprocess.run(command, env=scene.stove.environment, check=True, capture_output=True, text=True).stdout


def _many_at_the_end(scene: Scene) -> None:
    """Fifty try to extend in the instant in which the timer ends: it ends, or it was extended in time."""
    sent = boot_seconds()
    with _client(scene) as client:
        assert client.put("/api/v1/burners/right/timer", json={"duration": 1}).status_code == 200
    scene.say("timer", "right", at=sent, acked=boot_seconds(), seconds=1.0)
    threading.Event().wait(0.95)

    def extend(_number: int) -> None:
        scene.extend("right", 1)

    _all_at_once(extend, 20)


FAULTS = (
    Fault(
        "fifty-on-one-burner", "fifty people command one burner", _fifty_on_one, Follows(), 1.2, False, starting=False
    ),
    Fault("extending-for-ever", "a script extends without an end", _extending_for_ever, Undisturbed(), starting=False),
    Fault(
        "extending-at-the-end",
        "twenty extend in the instant of the end",
        _many_at_the_end,
        Follows(),
        1.5,
        False,
        starting=False,
    ),
    Fault("codes-guessed", "ten guess a hundred pairing codes", _guessing, Undisturbed(), starting=False),
    Fault(
        "tokens-guessed", "ten guess a hundred tokens", _wrong_tokens, Undisturbed(), starting=False, sections=SESAME
    ),
    Fault(
        "token-stolen",
        "a stolen token is used after it was revoked",
        _revoked,
        Undisturbed(),
        starting=False,
        sections=SESAME,
    ),
    Fault(
        "foreign-page",
        "a page from elsewhere commands with a visitor's browser",
        lambda scene: _foreign(scene, Origin="http://evil.example"),
        Undisturbed(),
        starting=False,
    ),
    Fault(
        "name-rebound",
        "a foreign name leads to this machine",
        lambda scene: _foreign(scene, Host="evil.example"),
        Undisturbed(),
        starting=False,
    ),
)
