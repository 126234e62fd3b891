# shellcheck shell=bash
# The program: each version a folder of its own below /opt/flameout/releases, with its packages, and a way back.

refuse_an_old_machine() {
    if command -v python3 >/dev/null 2>&1; then
        python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
            fail "$(python3 --version) is too old; flameout needs Python 3.11 or newer (Raspberry Pi OS Bookworm)"
    fi
    [ "$(uname -m)" != armv6l ] || fail "there are no ready-built packages for ARMv6; use a Pi Zero 2 or a later one"
}

# make_release FOLDER REQUIREMENTS PROGRAM FILES [PIP-OPTION...]: a venv with the pinned packages, the PROGRAM (a wheel or
# a source folder), and the FILES that belong to it
make_release() {
    local release=$1 requirements=$2 program=$3 files=$4 pip
    shift 4
    # its packages are those of one Python, and the system's may have become another one since
    if [ -e "$release/complete" ] && (cd / && "$release/bin/python3" -c 'import api.entry, pydantic') 2>/dev/null; then return 0; fi
    run rm -rf "$release"
    run mkdir -p "$root/releases"
    run python3 -m venv --system-site-packages "$release"
    pip=("$release/bin/python3" -m pip install --quiet --no-input --disable-pip-version-check --root-user-action ignore)
    run "${pip[@]}" --no-warn-script-location --require-hashes --only-binary :all: --ignore-installed "$@" -r "$requirements" ||
        fail "pip could not install the packages; is there a network, is the clock right ($(date +%F))?"
    run "${pip[@]}" --no-deps --no-build-isolation "$program" ||
        fail "pip could not install flameout itself; the lines above say why"
    run cp -r "$files/deploy" "$files/docs" "$files/README.md" "$release/"
    run touch "$release/complete"
}

# put_lgpio FOLDER REQUIREMENTS [PIP-OPTION...]: the distribution's where it has one, else the pinned wheel; false without
put_lgpio() {
    local release=$1 requirements=$2
    shift 2
    if [ -n "$dry" ]; then say "      would install lgpio, unless the distribution's python3-lgpio is there"; return 0; fi
    has_lgpio "$release" || "$release/bin/python3" -m pip install --quiet --no-input --disable-pip-version-check \
        --root-user-action ignore --require-hashes --only-binary :all: "$@" -r "$requirements" || true
    has_lgpio "$release"
}
has_lgpio() { "$1/bin/python3" -c 'import lgpio' 2>/dev/null; }
no_lgpio() {
    fail "nobody offers lgpio for $("$1/bin/python3" --version) on this system, and without it there are no pins: use Raspberry Pi OS, which has python3-lgpio, or --simulated"
}

# switch_to RELEASE PREVIOUS: starts it, and goes back if it does not work
switch_to() {
    run ln -sfn "$1" "$root/current"
    start || true
    if works; then return 0; fi
    last_words
    if [ -n "$2" ] && [ "$2" != "$1" ] && [ -e "$2/complete" ]; then
        say "      it does not; going back to $(basename "$2")"
        ln -sfn "$2" "$root/current"
        put_units "$2"
        start || true
        rm -rf "$1"
        if works; then fail "the new version did not work, the old one runs again; the lines above say why"; fi
    fi
    give_up
}
give_up() {
    stop
    fail "it does not work, and is stopped; the relays are open. The lines above say why: journalctl -u flameout-keeper"
}
put_units() { # put_units FOLDER: those of a release or of a clone
    local unit
    for unit in "${units[@]}"; do run install -m 644 "$1/deploy/systemd/$unit" "/etc/systemd/system/$unit"; done
}
tidy_releases() { # tidy_releases KEEP...: all others go
    local old keep
    for old in "$root"/releases/*; do
        [ -e "$old" ] || continue
        for keep in "$@"; do [ "$old" != "$keep" ] || continue 2; done
        run rm -rf "$old"
    done
}
what_next() { # what_next VERSION
    say "
flameout $1 runs.   sudo flameout status · sudo flameout doctor · journalctl -u flameout
Let a phone in:           sudo flameout pair --role admin
Before gas flows:         sudo systemctl stop flameout flameout-keeper; sudo flameout selftest    (docs/commissioning.md)
And then:                 sudo systemctl start flameout-keeper flameout"
}
