# shellcheck shell=bash
# The two services: whether somebody cooks, starting them, looking whether they work, and stopping them.

refuse_while_cooking() {
    systemctl is-active --quiet flameout.service 2>/dev/null || return 0
    local lit
    lit=$("$root/current/bin/flameout" status --json 2>/dev/null | python3 -c '
import json, sys
burners = json.load(sys.stdin)["burners"]
print(", ".join(b["name"] for b in burners if b["timer"] or b["limit"] or b["flame"] == "lit"))' 2>/dev/null) || lit=
    [ -z "$lit" ] || fail "in use: $lit. Shut off first (flameout off), then run this again"
}
start() {
    [ -n "$image" ] || run systemctl daemon-reload
    run systemctl enable --quiet "${units[@]}"
    [ -n "$image" ] || run systemctl reset-failed "${units[@]}" 2>/dev/null || true
    [ -n "$image" ] || run systemctl restart "${units[@]}"
}
works() { # within half a minute
    [ -z "$dry$image" ] || return 0
    local check=--check
    "$root/current/bin/flameout" status --help 2>/dev/null | grep -q -e --check || check= # an older one that we go back to
    for _ in $(seq 60); do
        "$root/current/bin/flameout" status $check --config $etc/flameout.toml >/dev/null 2>&1 && return 0
        sleep 0.5
    done
    return 1
}
stop() { # the daemon first: it opens the relays; then the keeper, which drives the lines low
    local unit
    for unit in flameout.service flameout-keeper.service; do
        run systemctl stop "$unit" 2>/dev/null || true
    done
}
last_words() { journalctl --no-pager -n 15 -u flameout-keeper -u flameout >&2 2>/dev/null || true; }
