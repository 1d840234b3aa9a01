# For `dev`, which has say() and fail(): apt-get, where another apt may be at work (a fresh machine's first minutes).

APT_WAIT_S=600

# apt_get WORD...: waits while another apt or dpkg has the lock, and says so once; what apt-get says goes to stdout.
apt_get()
{
    set -- apt-get -qq "$@"
    [ "$(id -u)" = 0 ] || set -- sudo "$@"
    waited=0
    said=$(mktemp)
    while ! DEBIAN_FRONTEND=noninteractive LC_ALL=C "$@" >"$said" 2>&1; do
        # "Could not get lock /var/lib/apt/lists/lock. It is held by process 1234 (apt-get)"
        held=$(sed -n 's/.*Could not get lock \([^ ]*[^ .]\).*/\1/p' "$said" | head -n 1)
        if [ -z "$held" ] || [ "$waited" -ge "$APT_WAIT_S" ]; then
            cat "$said"
            rm -f "$said"
            return 1
        fi
        [ "$waited" -gt 0 ] || say "waiting for another apt to end: it holds $held" >&2
        sleep 5
        waited=$((waited + 5))
    done
    cat "$said"
    rm -f "$said"
}
