# shellcheck shell=bash
# What flameout sets on the machine around the program: users, kernel, watchdog, config.txt. And how it is taken back.

begin="# flameout begin (deploy/install; edit outside of these lines)"
end="# flameout end"
if [ -e /boot/firmware/config.txt ]; then firmware=/boot/firmware/config.txt
elif [ -e /boot/config.txt ]; then firmware=/boot/config.txt
else firmware=; fi

make_users() {
    local user
    getent group gpio >/dev/null || run groupadd --system gpio
    getent group flameout >/dev/null || run groupadd --system flameout
    for user in flameout-keeper flameout; do
        getent passwd $user >/dev/null ||
            run useradd --system --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin --gid flameout $user
    done
}
remove_users() {
    local user
    for user in flameout-keeper flameout; do
        if getent passwd "$user" >/dev/null; then run userdel "$user" 2>/dev/null || true; fi
    done
    if getent group flameout >/dev/null; then run groupdel flameout 2>/dev/null || true; fi
}

set_kernel() { # a watchdog that is fed, a panic that reboots, pins for the group gpio
    run mkdir -p /etc/systemd/system.conf.d /etc/sysctl.d /etc/udev/rules.d
    printf '[Manager]\nRuntimeWatchdogSec=15s\n' | write /etc/systemd/system.conf.d/flameout.conf 644 root:root
    printf 'kernel.panic = 5\nkernel.panic_on_oops = 1\n' | write /etc/sysctl.d/60-flameout.conf 644 root:root
    printf 'SUBSYSTEM=="gpio", KERNEL=="gpiochip*", GROUP="gpio", MODE="0660"\n' |
        write /etc/udev/rules.d/60-flameout.rules 644 root:root
    [ -z "$image" ] || return 0 # there the kernel is another machine's
    run sysctl --quiet --load=/etc/sysctl.d/60-flameout.conf 2>/dev/null || true
    run udevadm control --reload 2>/dev/null || true
    run udevadm trigger --subsystem-match=gpio 2>/dev/null || true
}
unset_kernel() {
    run rm -f /etc/systemd/system.conf.d/flameout.conf /etc/sysctl.d/60-flameout.conf /etc/udev/rules.d/60-flameout.rules
}

without_our_lines() { sed -e "/^# flameout begin/,/^# flameout end/d" -e '$a\' "$1"; } # with a newline at its end
set_firmware() { # set_firmware FOLDER-OF-STEPS: the lines for config.txt, again and again the same
    [ -n "$firmware" ] && [ -z "$simulated" ] || return 0
    local lines
    if [ -e $etc/flameout.toml ]; then lines=$(python3 "$1/firmware-lines" $etc/flameout.toml)
    else lines=$(configuration | python3 "$1/firmware-lines" -); fi || fail "$etc/flameout.toml cannot be read; see flameout check-config"
    [ -n "$lines" ] || return 0 # simulated pins
    [ -e "$firmware.before-flameout" ] || run cp -p "$firmware" "$firmware.before-flameout"
    { without_our_lines "$firmware"; printf '%s\n[all]\n%s\n%s\n' "$begin" "$lines" "$end"; } | write "$firmware" 644 root:root
    say "      config.txt has changed (the old one is $firmware.before-flameout); it counts once the Pi has started anew: sudo reboot"
}
unset_firmware() {
    if [ -n "$firmware" ] && grep -q '^# flameout begin' "$firmware"; then
        without_our_lines "$firmware" | write "$firmware" 644 root:root
        if cmp -s "$firmware" "$firmware.before-flameout"; then run rm -f "$firmware.before-flameout"; fi
    fi
}
