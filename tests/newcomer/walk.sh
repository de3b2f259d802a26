#!/usr/bin/env bash
# Walks through README and docs as a newcomer does: in a fresh Debian 12 with the .NET SDK and nothing else, in a fresh clone, the
# commands of the pages as they stand. The last line is "N passed, N failed, N skipped".
#
#   tests/newcomer/walk.sh ROOT [--pytorch] [--tests]
#
# ROOT      a folder that debootstrap makes into a Debian where it is not there yet. It is used again where it is.
# --pytorch installs Debian's PyTorch too (1 GB), for the pages of Python
# --tests   runs README's second command too, which takes long
#
# It takes root, debootstrap, unshare and an SDK on PATH. This machine's certificates and names are lent to the root.
set -euo pipefail

root=$(realpath -m "${1:?the folder of the root}")
shift
steps=()
packages=ca-certificates,libicu72
for option in "$@"; do
    case $option in
        --pytorch) packages+=,python3-torch,python3-venv ;;
        --tests) steps+=(--tests) ;;
        *) echo "$option: must be --pytorch or --tests" >&2; exit 2 ;;
    esac
done

here=$(cd "$(dirname "$0")" && pwd)
repository=$(git -C "$here" rev-parse --show-toplevel)
sdk=$(dirname "$(readlink -f "$(command -v dotnet)")")

if [[ ! -e $root/etc/debian_version ]]; then
    mkdir -p "$root"
    debootstrap --variant=minbase --include="$packages" bookworm "$root" > "$root.log"
fi

home=$root/home/newcomer
rm -rf "$home"
mkdir -p "$home" "$root/usr/share/dotnet"
git clone --quiet "$repository" "$home/ActorHutch"
ln -sfn /usr/share/dotnet/dotnet "$root/usr/bin/dotnet"
cp /etc/resolv.conf /etc/hosts "$root/etc/"

# What is mounted in a namespace of its own goes with it.
export root sdk
exec unshare --mount --pid --fork bash -euo pipefail -c '
    mount --bind "$sdk" "$root/usr/share/dotnet"
    mount --bind -o ro /etc/ssl/certs "$root/etc/ssl/certs"
    [[ ! -d /usr/local/share/ca-certificates ]] || mount --bind -o ro /usr/local/share/ca-certificates "$root/usr/local/share/ca-certificates"
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount -t tmpfs tmp "$root/tmp"
    # A folder of packages in place of an index of packages.
    if [[ -d ${PIP_FIND_LINKS:-} ]]; then
        mkdir -p "$root/$PIP_FIND_LINKS"
        mount --bind -o ro "$PIP_FIND_LINKS" "$root/$PIP_FIND_LINKS"
    fi
    settings=()
    while IFS= read -r name; do settings+=("$name=${!name}"); done < <(compgen -e | grep -E "^(NUGET_|PIP_|https?_proxy|no_proxy|HTTPS?_PROXY|NO_PROXY)" || true)
    exec chroot "$root" /usr/bin/env -i HOME=/home/newcomer LANG=C.UTF-8 TERM=dumb PATH=/usr/local/bin:/usr/bin:/bin "${settings[@]}" \
        bash /home/newcomer/ActorHutch/tests/newcomer/steps.sh "$@"
' walk "${steps[@]}"
