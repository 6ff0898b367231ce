#!/bin/sh
# Run a command beside a systemd user manager that is made for it: user_manager.sh COMMAND...
# Needs root, and systemd's programs, but not systemd as the machine's first process. Mounts and
# control groups are its own, so that nothing of the machine's is touched; HOME is the caller's.
# Status 77: this machine allows no such thing.
set -u
export TREES="/sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup" GROUP="selfd-test-$$"
for tree in $TREES; do
    [ -e "$tree/cgroup.procs" ] || continue
    mkdir "$tree/$GROUP" && echo $$ > "$tree/$GROUP/cgroup.procs" || exit 77
done
unshare --mount --cgroup sh -u -c '
    mount --make-rprivate / && mkdir -p /run/systemd && mount -t tmpfs tmpfs /run/systemd || exit 77
    for tree in $TREES; do  # the manager takes what it finds here for all that there is
        [ -d "$tree/$GROUP" ] || continue
        mount --bind "$tree/$GROUP" "$tree" || exit 77
    done
    mkdir /run/systemd/system  # what a program looks for to tell that systemd runs
    export XDG_RUNTIME_DIR=/run/systemd/user-0
    mkdir -m 700 "$XDG_RUNTIME_DIR"
    /usr/lib/systemd/systemd --user >/dev/null 2>&1 &
    manager=$!
    for _ in $(seq 100); do
        case $(systemctl --user is-system-running 2>/dev/null) in running|degraded) break ;; esac
        kill -0 "$manager" || exit 77
        sleep 0.1
    done
    "$@"
    status=$?
    kill "$manager"
    wait "$manager"
    exit $status
' user_manager "$@"
status=$?
for tree in $TREES; do
    [ -d "$tree/$GROUP" ] || continue
    echo $$ > "$tree/cgroup.procs"
    find "$tree/$GROUP" -depth -type d -exec rmdir {} +
done
exit $status
