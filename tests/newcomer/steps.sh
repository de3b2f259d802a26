#!/usr/bin/env bash
# What walk.sh runs in the fresh root: blocks of commands from the pages, each as it stands, in a shell that ends at the first
# command that fails.
set -uo pipefail
cd "$HOME/ActorHutch"
pages=$PWD
passed=0 failed=0 skipped=0
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

# The block of a page that has a line with these words: indented by four, or between fences.
block() {
    awk -v words="$2" '
        function end() { if (found) { printf "%s", text; printed = 1; exit } text = ""; found = 0 }
        /^```/ { if (inside) { end(); inside = 0 } else { end(); inside = 1 } next }
        inside || /^    / { line = $0; if (!inside) sub(/^    /, "", line); text = text line "\n"; if (index(line, words)) found = 1; next }
        /^$/ { if (text != "") text = text "\n"; next }
        { end() }
        END { if (!printed && found) printf "%s", text }' "$pages/$1"
}

# run PAGE WORDS [FOLDER]: runs the block, in the clone or in a folder beside it.
run() {
    local page=$1 words=$2 folder=${3:-$pages} commands
    commands=$(block "$page" "$words")
    if [[ -z $commands ]]; then
        echo "FAILED $page: it has no block with \"$words\""
        failed=$((failed + 1))
        return
    fi

    perform "$page" "$commands" "$folder"
}

perform() {
    local page=$1 commands=$2 folder=$3 code=0
    printf '\n== %s, in %s\n%s\n--\n' "$page" "$folder" "$commands"
    mkdir -p "$folder"
    # The tools' folder is on PATH as in the shell that is opened after the first of them is installed.
    (cd "$folder" && PATH=$PATH:$HOME/.dotnet/tools bash -e -o pipefail -c "$commands" < /dev/null) || code=$?
    if [[ $code == 0 ]]; then
        echo "PASSED $page: $(head -n 1 <<< "$commands")"
        passed=$((passed + 1))
    else
        echo "FAILED $page: $(head -n 1 <<< "$commands"): exit code $code"
        failed=$((failed + 1))
    fi
}

skip() {
    echo "SKIPPED $1: $2"
    skipped=$((skipped + 1))
}

mapfile -t two < <(block README.md "dotnet run")
perform README.md "${two[0]}" "$pages"
if [[ ${1:-} == --tests ]]; then perform README.md "${two[1]}" "$pages"; else skip "README.md" "${two[1]}: run with --tests"; fi

run docs/install.md "dotnet tool install"
run README.md "dotnet new console"
block README.md "LibTorch.Load();" > ../curvature/Program.cs
run README.md "dotnet run --project ../curvature"
work=$HOME/work
run docs/job-files.md "--print-job" "$work"
run docs/report.md "actorhutch --out report" "$work"
run docs/resume.md "# goes on" "$work"
run docs/resume.md "more" "$work"
run docs/cluster.md "wait" "$work"

if ! python3 -c 'import torch' 2> /dev/null; then
    skip "docs/python.md" "needs PyTorch: run with --pytorch in a new root"
else
    # Without an index of packages it is the page's way without pip.
    prepare=". env/bin/activate"
    python3 -m venv /tmp/probe
    if /tmp/probe/bin/python3 -m pip download --quiet --no-deps --dest /tmp/probe 'setuptools>=61' > /dev/null 2>&1; then
        run docs/python.md "pip install"
    else
        skip "docs/python.md" "pip install python/: needs an index of packages that pip reaches"
        prepare="export PYTHONPATH=$pages/python"
    fi

    perform docs/python.md "$prepare; python3 - <<'PYTHON'
$(block docs/python.md 'actorhutch.trace')
PYTHON" "$pages"
fi

printf '\n%d passed, %d failed, %d skipped\n' $passed $failed $skipped
[[ $failed == 0 ]]
