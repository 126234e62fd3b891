"""Burners and events in words: the sentences of the command line, without a terminal's looks."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from hardware.durations import in_words

Json = Mapping[str, Any]

CAUSES = {
    "timer": "timer",
    "limit": "longest burn without attention",
    "user": "on request",
    "shut_off_all": "all burners shut off",
    "interlock": "interlock",
    "lock": "lock",
    "restart": "flameout had stopped",
    "supervision": "flameout lost its keeper or its lease",
    "fault": "fault",
}
_PROOFS = {"confirmed": "flame proved out", "pending": "proof pending", "failed": "THE CUT IS NOT PROVED"}
_ENDINGS = {
    "timer": "timer ends",
    "limit": "longest burn without attention ends",
    "night": "night lock begins",
    "sweep": "sweep cuts",
    "idle": "unlocked burner locks itself",
    "pause": "relay pauses",
}
_SOONER = {"night": "as the night lock begins", "sweep": "for the sweep", "pause": "as its relay has to pause"}
_FINDINGS = {
    "flame_out": "flame proved out",
    "nothing_lit": "nothing was lit, seen",
    "cannot_tell": "cut cannot be proved, known",
    "contact_stuck": "CONTACT STUCK, found",
    "valve_stuck": "VALVE STUCK, found",
    "still_lit": "STILL LIT, found",
    "crossed": "CROSSED WITH ANOTHER BURNER, found",
}
_LOCKS = {"child": "child lock", "idle": "locked while idle", "night": "night lock"}


def at(instant: str, seconds: bool = False) -> str:
    """The local time of an RFC 3339 instant, with its day where that is not today."""
    local = datetime.fromisoformat(instant).astimezone()
    text = local.strftime("%H:%M:%S" if seconds else "%H:%M")
    return text if local.date() == datetime.now().astimezone().date() else local.strftime("%Y-%m-%d ") + text


def end(instant: str, seconds: bool = False) -> str:
    """The local time of something to come within the day; a burn ends within twelve hours."""
    return datetime.fromisoformat(instant).astimezone().strftime("%H:%M:%S" if seconds else "%H:%M")


def duration(seconds: float) -> str:
    """``25 min``, ``1 h 30 min``, ``40 s``."""
    return in_words(round(max(0.0, seconds) * 1000))


def ends_sooner(burner: Json) -> Json | None:
    """What cuts a burner before its timer or its limit does; None where nothing will."""
    ending: Json | None = burner["ending"]
    return ending if ending is not None and ending["kind"] in _SOONER else None


def sentence(burner: Json) -> str:
    """A burner in one plain line, for the answer to a command."""
    name, timer, limit, sooner = burner["name"], burner["timer"], burner["limit"], ends_sooner(burner)
    if sooner is not None:
        left = sooner["remaining_s"]
        why = f"{end(sooner['ends_at'], seconds=left < 120)}, in {duration(left)}, {_SOONER[sooner['kind']]}"
        return f"{name} shuts off at {why}, before its timer." if timer is not None else f"{name} shuts off at {why}."
    if timer is not None:
        left = timer["remaining_s"]
        return f"{name} shuts off at {end(timer['ends_at'], seconds=left < 120)}, in {duration(left)}."
    relay = "relay energised" if burner["permitted"] else "relay open"
    if burner["holds"]:
        return f"{name}: {relay}; {'; '.join(map(hold, burner['holds']))}."
    if limit is not None:
        return f"{name}: {relay}, no timer; shuts off at {end(limit['ends_at'])} unless somebody attends to it."
    return f"{name}: {relay}, no timer."


def hold(entry: Json) -> str:
    """Why the relay is kept open, and what ends it."""
    kind, cause, since = entry["kind"], entry["cause"], at(entry["since"])
    if kind == "lock":
        return f"{_LOCKS.get(cause, f'locked by {cause}')} since {since}"
    if kind == "interlock":
        return f"{cause} is active since {since}"
    if kind == "lockout":
        return f"locked out by {cause} since {since} until a reset"
    until = f"until {end(entry['until'], seconds=True)}, so that the valve has surely closed" if entry["until"] else ""
    return f"kept open {until}".strip()


def last_shut_off(burner: Json) -> str | None:
    """``18:42 timer, by phone:Anna``; None for a burner that never was."""
    last = burner["last_shut_off"]
    if last is None:
        return None
    proof = _PROOFS.get(last["proof"])
    return f"{at(last['at'])} {CAUSES.get(last['cause'], last['cause'])}, by {last['by']}" + (
        f" ({proof})" if proof else ""
    )


def notes(burner: Json) -> list[str]:
    """What the table's columns do not say: holds, whose timer it is, and the last shut-off."""
    timer, limit, last = burner["timer"], burner["limit"], last_shut_off(burner)
    found = [*map(hold, burner["holds"])]
    if (sooner := ends_sooner(burner)) is not None:
        found.append(f"shuts off at {end(sooner['ends_at'])}, {_SOONER[sooner['kind']]}")
    if timer is not None:
        found.append(f"timer of {duration(timer['duration_s'])} by {timer['set_by']}")
    elif limit is not None:
        found.append(f"shuts off at {end(limit['ends_at'])} unless somebody attends to it")
    return [*found, f"last shut-off {last}"] if last else found


def event(entry: Json) -> str:
    """What happened, in words: ``timer of 25 min set``."""
    fields = {**entry, **entry.get("details", {})}
    told = EVENTS.get(entry["event_type"], _unknown)
    try:
        return printable(told(fields))
    except KeyError:  # a field is missing: another version's event
        return printable(_unknown(fields))


def printable(text: str) -> str:
    """Text of strangers, such as a refused payload, must not steer the terminal."""
    return "".join(character if character.isprintable() else "�" for character in text)


def _shut_off(fields: Json) -> str:
    cause = CAUSES.get(fields["cause"], fields["cause"])
    told = f"shut off: {cause}" if fields["cause"] != "user" else "shut off"
    return (
        told
        + ("" if fields["cut"] else ", was open already")
        + (f" ({fields['reason']})" if "reason" in fields else "")
    )


def _timer_started(fields: Json) -> str:
    return f"timer of {duration(fields['duration_s'])} {'set anew' if fields['replaced'] else 'set'}"


def _timer_ending(fields: Json) -> str:
    return f"{_ENDINGS.get(fields['deadline'], fields['deadline'])} in {duration(fields['remaining_s'])}"


def _proof(fields: Json) -> str:
    return f"{_FINDINGS.get(fields['finding'], fields['finding'])} {duration(fields['took_s'])} after the cut"


def _interlock(fields: Json) -> str:
    return f"interlock {fields['source']} {'has fallen silent' if fields['silent'] else 'speaks again'}"


def _opened_unknown(fields: Json) -> str:
    return f"relay opened, cause unknown, between {at(fields['earliest'], True)} and {at(fields['latest'], True)}"


EVENTS: dict[str, Callable[[Json], str]] = {
    "timer_started": _timer_started,
    "timer_extended": lambda e: f"timer extended by {duration(e['by_s'])}, {duration(e['remaining_s'])} left",
    "timer_cancelled": lambda e: f"timer cancelled with {duration(e['remaining_s'])} left",
    "timer_ending": _timer_ending,
    "shut_off": _shut_off,
    "paused": "relay paused, as it has to now and then".format_map,
    "locked": lambda e: _LOCKS.get(e["cause"], f"locked by {e['cause']}") + " on",
    "unlocked": lambda e: _LOCKS.get(e["cause"], f"locked by {e['cause']}") + " off",
    "lockout": "LOCKED OUT by {cause}".format_map,
    "reset": "reset".format_map,
    "attended": "somebody is there".format_map,
    "proof": _proof,
    "contact_worn": lambda e: f"holding circuit worn: {e['ratio']:.0%} of its first resistance",
    "sweep": lambda e: "sweep: every relay opens" + (f", {e['warned']} after a warning" if e["warned"] else ""),
    "interlock": _interlock,
    "refused": "refused {command}: {why}".format_map,
    "flame": lambda e: {"lit": "flame lit", "out": "flame out"}.get(e["flame"], "flame unknown"),
    "opened_unknown": _opened_unknown,
    "started": "flameout {version} started".format_map,
    "stopped": "flameout stopped".format_map,
    "keeper_ready": "keeper ready (process {pid})".format_map,
    "keeper_lost": "KEEPER LOST: {why}".format_map,
    "pairing_offered": "a phone may pair as {role}".format_map,
    "paired": "phone paired as {role}".format_map,
    "token_revoked": "{name} revoked".format_map,
    "default_timer_set": lambda e: f"default timer set to {duration(e['duration_s'])}",
}
_ENVELOPE = ("seq", "event_type", "at", "burner", "by", "details")


def _unknown(fields: Json) -> str:
    own = [f"{name.replace('_', ' ')} {value}" for name, value in fields.items() if name not in _ENVELOPE]
    kind = str(fields["event_type"]).replace("_", " ")
    return f"{kind}: {', '.join(own)}" if own else kind
