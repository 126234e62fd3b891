"""The notices in English."""

from controller.advice import CAUSES

EN = {
    # warnings: what is going to happen in {left}
    "warn.timer": "{name} shuts off in {left}.",
    "warn.limit": "{name} shuts off in {left}: nobody has attended to it for long.",
    "warn.night": "{name} shuts off in {left}: the night lock begins.",
    "warn.sweep": "{name} shuts off in {left}: the sweep opens every relay.",
    "warn.pause": "{name} shuts off in {left}: its relay will have been energised for as long as the keeper allows.",
    # cuts, by cause
    "cut.timer": "{name} was shut off: its timer has ended.",
    "cut.limit": "{name} was shut off: nobody attended to it for as long as is allowed.",
    "cut.energised": "{name} was shut off: its relay was energised for as long as the keeper allows.",
    "cut.user": "{name} was shut off on request.",
    "cut.shut_off_all": "{name} was shut off: all burners were.",
    "cut.sweep": "{name} was shut off: the sweep opened every relay.",
    "cut.interlock": "{name} was shut off: {source} is active.",
    "cut.lock": "{name} was shut off: it was locked.",
    "cut.night": "{name} was shut off: the night lock has begun.",
    "cut.restart": "{name} was shut off: flameout had stopped.",
    "cut.supervision": "{name} was shut off: flameout lost hold of its relay's keeper.",
    "cut.fault": "{name} was shut off: a fault was found.",
    "cut.unknown": "{name} was on, or about to be, when flameout or the power failed, and its relay opened then.",
    # proofs that failed
    "proof.contact_stuck": "The cut of {name} failed: its relay's contact stayed closed. Look at the stove now.",
    "proof.valve_stuck": "The cut of {name} failed: the flame burns on behind an open relay. Look at the stove now.",
    "proof.still_lit": "The cut of {name} failed: the flame burns on. Look at the stove now.",
    "proof.crossed": "The cut of {name} failed: its relay cut another burner. Look at the stove now.",
    # lockouts, and what to do
    **{f"lockout.{cause}": f"{{name}} is locked out: {words}" for cause, words in CAUSES.items()},
    "lockout.interlock": "{name} is locked out: {source} was active. End its cause, then reset.",
    # problems; {sentence} is the stove's own
    "problem.keeper": "The keeper of the relays was lost ({why}). Every relay is open; a new keeper is being started.",
    "problem.journal": "{sentence}",
    "problem.silent": "{sentence}",
    "problem.stuck": "{sentence}",
    "problem.clock": "{sentence}",
    "problem.voltage": "{sentence}",
    "problem.relay": "{sentence}",
    "problem.flame": "{sentence}",
    "problem.worn": "{sentence}",
    "problem.other": "{sentence}",
    # around them
    "test": "This is a test: flameout can reach you.",
    "more": "And {n} more.",
    "late": " ({ago} ago)",
    "extend": "Extend: {link}",
    "open": "Open: {link}",
    "day": "{n} day",
    "days": "{n} days",
    "hour": "{n} hour",
    "hours": "{n} hours",
    "minute": "{n} minute",
    "minutes": "{n} minutes",
    "second": "{n} second",
    "seconds": "{n} seconds",
}
