# shellcheck shell=bash
# Where things are, and how the installing scripts speak, ask and write; sourced by deploy/install and deploy/configure,
# and built into the Debian package's scripts by deploy/debian/build.

# shellcheck disable=SC2034 # used by those who source this
root=/opt/flameout etc=/etc/flameout state=/var/lib/flameout
# shellcheck disable=SC2034
units=(flameout-keeper.service flameout.service)
dry=${dry:-} yes=${yes:-} simulated=${simulated:-} image=${image:-} step=0 steps=${steps:-0}

say() { printf '%s\n' "$*"; }
fail() { printf '%s: %s\n' "${me:-flameout}" "$*" >&2; exit 1; }
doing() { step=$((step + 1)); printf '[%s/%s] %s\n' "$step" "$steps" "$*"; }
run() { # run COMMAND...: or only say so
    if [ -n "$dry" ]; then printf '      would run: %s\n' "$*"; else "$@"; fi
}
write() { # write FILE MODE OWNER: its new content from stdin, at one stroke
    local file=$1 mode=$2 owner=$3 draft
    if [ -n "$dry" ]; then
        printf '      would write %s:\n' "$file"
        sed 's/^/        | /'
        return
    fi
    draft=$(mktemp "$file.XXXXXX")
    cat >"$draft"
    chmod "$mode" "$draft"
    chown "$owner" "$draft"
    mv "$draft" "$file"
}
must_be_root() { # unless nothing is changed
    [ "$(id -u)" -eq 0 ] || [ -n "$dry" ] || fail "this changes the system; run it as root: sudo $*"
}
must_have_systemd() {
    [ -d /run/systemd/system ] || [ -n "$dry$image" ] ||
        fail "systemd does not run here; start the daemon in the foreground instead: flameout run"
}
