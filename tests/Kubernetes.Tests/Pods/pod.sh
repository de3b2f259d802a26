#!/bin/sh
# Becomes a container's process, as a kubelet would start it: a host name of its own, a root file system that is
# read-only, volumes, a user that is not root and can become nobody else, and no environment but its own.
#
#     unshare --uts --mount sh pod.sh ROOT BASE HOST USER [FOLDER:MOUNTPOINT:rw|ro]... -- [NAME=VALUE]... COMMAND [ARGUMENT]...
#
# ROOT is an empty folder, to build the root in; BASE is what is in it: / for this machine's programs, or an image's
# files. Everything is mounted in this process's own mount namespace and goes with it.
set -eu
root=$1 base=$2 host=$3 user=$4
shift 4
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
# An image has no names of its own: they are the kubelet's to write.
if [ "$base" != / ]; then
    mount --bind /etc/hosts "$root/etc/hosts"
    mount --bind /etc/resolv.conf "$root/etc/resolv.conf"
fi
while [ "$1" != -- ]; do
    folder=${1%%:*} point=${1#*:}
    mount --bind "$folder" "$root/${point%:*}"
    mount -o "remount,bind,${point##*:}" "$root/${point%:*}"
    shift
done
shift
mount -o remount,ro "$root"
chroot=$(command -v chroot)
setpriv=$(command -v setpriv)
exec env -i "$setpriv" --no-new-privs "$chroot" --userspec="$user:$user" --groups="$user" "$root" /usr/bin/env "$@"
