# What try-fresh, try-systemd and tests/kernel/make-guest share; to be sourced. They set cache=, a folder.

# empty_debian SUITE ROOT: an empty Debian into a folder; a bare one is kept as a tarball in the cache
empty_debian() {
    if [ ! -e "$cache/$1.tar" ]; then
        echo "== making an empty $1"
        debootstrap --variant=minbase "$1" "$2" >"$cache/$1.log" ||
            { tail "$cache/$1.log" >&2; fail "debootstrap failed; all it said is in $cache/$1.log"; }
        tar -C "$2" -cf "$cache/$1.$$" .
        mv "$cache/$1.$$" "$cache/$1.tar"
    else
        tar -C "$2" -xf "$cache/$1.tar"
    fi
    chmod 755 "$2"
}

# borrow_network ROOT: what a network behind a proxy needs, and nothing else of this machine; sets settings=()
borrow_network() {
    local name authorities=${SSL_CERT_FILE:-${PIP_CERT:-}}
    cp /etc/resolv.conf /etc/hosts "$1/etc/"
    settings=(HOME=/root PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive)
    for name in CI http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
        [ -z "${!name:-}" ] || settings+=("$name=${!name}")
    done
    apt-config dump 2>/dev/null | grep -iE '^Acquire::[a-z:]*Proxy' >"$1/etc/apt/apt.conf.d/99proxy" || true
    if [ -z "$authorities" ] && compgen -G '/usr/local/share/ca-certificates/*.crt' >/dev/null; then
        authorities=/etc/ssl/certs/ca-certificates.crt
    fi
    if [ -n "$authorities" ]; then
        cp "$authorities" "$1/root/authorities.pem"
        settings+=(SSL_CERT_FILE=/root/authorities.pem PIP_CERT=/root/authorities.pem)
    fi
}
