# shellcheck shell=bash
# The questions, with safe answers already set, and the configuration that comes of the answers.

ask() { # ask QUESTION DEFAULT [CHECK]: into $answer. CHECK prints what is wrong with it; then it is asked again
    local wrong
    while true; do
        answer=
        if [ -z "$yes" ] && [ -t 0 ]; then
            read -r -p "$1 [$2] " answer || fail "the answers ended; nothing was changed. Run it again, or with --yes"
        fi
        answer=${answer:-$2}
        wrong=$([ $# -lt 3 ] || "$3" "$answer")
        [ -n "$wrong" ] || return 0
        say "    $wrong"
        if [ -n "$yes" ] || [ ! -t 0 ]; then exit 1; fi
    done
}
agreed() { # agreed QUESTION yes|no: whether the answer is yes
    ask "$1" "$2" yes_or_no
    [[ $answer == [yY]* ]]
}
yes_or_no() { [[ $1 =~ ^([yY](es)?|[nN]o?)$ ]] || say "please answer yes or no"; }


usual=(17 27 22 23 24 25 12 13) ids=(left right third fourth fifth sixth seventh eighth)
declare -a names pins
language=en stove=Stove host=127.0.0.1 broker='' broker_user='' broker_password='' sensor=none

ask_questions() {
    say "A few questions; Enter takes what stands in brackets. Everything can be changed in $etc/flameout.toml later."
    local n words=(Left Right Third Fourth Fifth Sixth Seventh Eighth)
    ask "Which language does the kitchen speak, en or zh?" en a_language
    language=$answer
    if [ "$language" = zh ]; then stove=灶台 words=(左灶 右灶 三号灶 四号灶 五号灶 六号灶 七号灶 八号灶); fi
    ask "How many burners?" 2 a_number_of_burners
    count=$answer
    for ((n = 0; n < count; n++)); do
        ask "  What is burner $((n + 1)) called?" "${words[n]}" a_new_name
        names[n]=$answer
        ask "  Its relay's pin (BCM number, 9 to 27)?" "$(first_free_pin)" a_new_pin
        pins[n]=$answer
    done
    agreed "Do the relays close at a high level (active-high boards)?" yes ||
        fail "an active-low board closes its relays while the Pi starts, and flameout refuses it; take active-high drivers as in docs/wiring, then run this again"
    ask "Is the flame sensed: ads1115 (each burner's thermocouple) or none?" none a_sensor
    sensor=$answer
    if agreed "May phones on this network reach it (they have to be paired)?" yes; then host=0.0.0.0; fi
    ask "Which MQTT broker has Home Assistant (its name or address; none)?" none a_host
    [ "$answer" = none ] || ask_about_broker "$answer"
}
ask_about_broker() { # ask_about_broker HOST
    broker=$1
    ask "  As which user (none where it asks for no name)?" flameout a_user
    [ "$answer" != none ] || return 0
    broker_user=$answer
    if [ -e $etc/mqtt.password ]; then
        say "    its password is in $etc/mqtt.password already"
        return 0
    fi
    read -r -s -p "  With which password (it is not shown; docs/broker.md)? " broker_password || true
    say ""
    [ -n "$broker_password" ] || fail "without the password the broker lets nobody in; answer none for the user, or look it up and run this again"
}

offer_simulated() { # where there is no Pi
    [ -z "$simulated" ] && [ -z "$firmware" ] || return 0
    say "This is no Raspberry Pi (there is no config.txt)."
    if agreed "Use simulated pins?" yes; then simulated=1; fi
}

a_language() { [[ $1 =~ ^(en|zh)$ ]] || say "there are en (English) and zh (Chinese)"; }
a_number_of_burners() { [[ $1 =~ ^[1-8]$ ]] || say "$1 is not a number of burners from 1 to 8"; }
a_sensor() {
    [[ $1 =~ ^(none|ads1115)$ ]] || { say "there are none and ads1115; others are in docs/sensing.md, for $etc/flameout.toml"; return; }
    [ "$1" = none ] || [ "$count" -le 4 ] || say "one ads1115 has four channels, and there are $count burners; answer none, and see docs/sensing.md"
}
a_host() { [[ $1 =~ ^[A-Za-z0-9._:-]+$ ]] || say "$1 is not the name or address of a machine, such as homeassistant.local"; }
a_user() { [[ $1 =~ ^[A-Za-z0-9._@-]+$ ]] || say "$1 has characters that do not belong into a user's name"; }
a_new_name() {
    local name
    [[ $1 != *[\"\\]* ]] || say "a name cannot have quotes or backslashes"
    for name in "${names[@]}"; do [ "$name" != "$1" ] || say "$1 is the name of another burner already"; done
}
a_new_pin() {
    local pin
    [[ $1 =~ ^(9|1[0-9]|2[0-7])$ ]] || { say "$1 cannot drive a relay: pins below 9 are pulled up at power-on; use 9 to 27"; return; }
    for pin in "${pins[@]}"; do [ "$pin" != "$1" ] || say "$1 has the relay of another burner already"; done
}
first_free_pin() {
    local pin
    for pin in "${usual[@]}"; do
        if [ -z "$(a_new_pin "$pin")" ]; then printf %s "$pin"; return; fi
    done
}

id_of() { # id_of NAME NUMBER: for MQTT topics and addresses; of a name without such letters, where it is
    local id
    id=$(printf '%s' "$1" | tr 'A-Z ' 'a-z_' | LC_ALL=C tr -cd 'a-z0-9_-' | cut -c1-32)
    printf '%s' "${id:-${ids[$2]}}"
}
configuration() {
    local n used=' ' id
    printf '# flameout.toml; every key: %s/current/deploy/flameout.toml.example\n' "$root"
    printf '# After a change: sudo flameout check-config && sudo flameout setup && sudo systemctl restart flameout-keeper flameout\n\n'
    printf '[stove]\nid = "stove"\nname = "%s"\n\n[keeper]\nsocket = "/run/flameout/keeper.sock"\n' "$stove"
    [ -z "$simulated" ] || printf 'pin_factory = "simulated"    # no pins, no gas; take this line out on the stove\n'
    for ((n = 0; n < ${#pins[@]}; n++)); do
        id=$(id_of "${names[n]}" "$n")
        [[ $used != *" $id "* ]] || id=burner$((n + 1))
        used+="$id "
        printf '\n[[burners]]\nid = "%s"\nname = "%s"\n' "$id" "${names[n]}"
        printf 'relay = { pin = %s }          # normally open, active high, with an external pull-down\n' "${pins[n]}"
        printf '#contact = { pin = … }        # its auxiliary contact, if it is wired\n'
        if [ "$sensor" = ads1115 ]; then printf 'flame = { kind = "thermocouple", adc = "ads1115", channel = %s }\n' "$n"
        else printf '#flame = { … }                # docs/sensing.md\n'; fi
    done
    printf '\n[rest]\nhost = "%s"\nport = 8520\n\n[journal]\npath = "%s/flameout.db"\n' "$host" "$state"
    if [ -n "$broker" ]; then
        printf '\n[mqtt]\nhost = "%s"\n' "$broker"
        [ -z "$broker_user" ] || printf 'username = "%s"\npassword_file = "%s/mqtt.password"\n' "$broker_user" $etc
    else
        printf '\n# [mqtt]                      # Home Assistant: docs/home-assistant.md\n# host = "homeassistant.local"\n'
    fi
    [ "$language" = en ] || printf '\n# [notify]                    # messages to phones: docs/notifications.md\n# language = "%s"\n' "$language"
}
write_configuration() { # where there is none
    if [ -e $etc/mqtt.password ] && [ "$(stat -c %G $etc/mqtt.password)" != flameout ]; then
        run chgrp flameout $etc/mqtt.password # the broker was set up before there was such a group
        run chmod 640 $etc/mqtt.password
    fi
    if [ -e $etc/flameout.toml ]; then
        say "      $etc/flameout.toml is kept"
        return
    fi
    run mkdir -p $etc
    if [ -n "$broker_password" ]; then
        if [ -n "$dry" ]; then say "      would write $etc/mqtt.password, for flameout only"
        else printf '%s\n' "$broker_password" | write $etc/mqtt.password 640 root:flameout; fi
    fi
    configuration | write $etc/flameout.toml 640 root:flameout
}
