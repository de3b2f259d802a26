#!/bin/sh
# Becomes a container's process, as a kubelet would start it: a host name of its own, a root file system that is
# read-only, volumes, a user that is not root and can become nobody else.
#
#     unshare --uts --mount env -i [NAME=VALUE]... sh pod.sh ROOT BASE HOST USER [FOLDER:MOUNTPOINT:rw|ro]... -- COMMAND...
#
# ROOT is an empty folder, to build the root in; BASE is what is in it: / for this machine's programs, or an image's
# files. Everything is mounted in this process's own mount namespace and goes with it.
set -eu
root=$1 base=$2 host=$3 user=$4
shift 4
path=$PATH
PATH=/usr/sbin:/usr/bin:/sbin:/bin
printf %s "$host" > /proc/sys/kernel/hostname
mount --make-rprivate /
mount -t tmpfs -o mode=755 pod "$root"

# The volumes' mount points first: what is there already is not this machine's.
for word in "$@"; do
    [ "$word" != -- ] || break
    point=${word#*:}
    mkdir -p "$root/${point%:*}"
done
for entry in "$base"/* /proc /sys /dev; do
    name=${entry##*/}
    if [ -L "$entry" ]; then
        [ -e "$root/$name" ] || cp -P "$entry" "$root/$name"
    elif [ -d "$entry" ] && [ ! -d "$root/$name" ]; then
        mkdir "$root/$name"
        mount --rbind "$entry" "$root/$name"
        mount -o remount,bind,ro "$root/$name" 2>/dev/null || :
    fi
done
while [ "$1" != -- ]; do
    folder=${1%%:*} point=${1#*:}
    mount --bind "$folder" "$root/${point%:*}"
    mount -o "remount,bind,${point##*:}" "$root/${point%:*}"
    shift
done
shift
mount -o remount,ro "$root"
setpriv=$(command -v setpriv)
chroot=$(command -v chroot)
PATH=$path
exec "$setpriv" --no-new-privs "$chroot" --userspec="$user:$user" --groups="$user" "$root" "$@"
