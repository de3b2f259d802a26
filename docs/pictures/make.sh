#!/usr/bin/env bash
# Makes the README's pictures from real runs: convergence.svg and .png, terminal.svg, what a run prints, and passes.svg and .png.
#   docs/pictures/make.sh [PROGRAM]        default: the Release build's actorhutch, which it builds
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$here/../.."
program="${1:-$root/src/Coordinator/bin/Release/net10.0/actorhutch}"
[ $# -gt 0 ] || dotnet build -c Release "$root/src/Coordinator" >&2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$program" --out "$work/report" > /dev/null
cp "$work/report/convergence.svg" "$work/report/convergence.png" "$here/"

# The text, a line an element, in the colours that a terminal gives it.
"$program" > "$work/text"
awk '
    function escaped(s) { gsub(/&/, "\\&amp;", s); gsub(/</, "\\&lt;", s); gsub(/>/, "\\&gt;", s); return s }
    function put(line, attributes) {
        body = body sprintf("<text x=\"24\" y=\"%d\"%s xml:space=\"preserve\">%s</text>\n", 68 + 20 * rows++, attributes, line)
    }
    BEGIN { put("<tspan fill=\"#7FB77E\">$</tspan> actorhutch", "") ; rows++ }
    NR == 1 || /^(block|worker) +(trace|device)/ { put(escaped($0), " font-weight=\"700\""); next }
    /^  trace / && match($0, /[0-9.,]+ ± [0-9.,]+/) {
        put(escaped(substr($0, 1, RSTART - 1)) "<tspan fill=\"#7FD48A\" font-weight=\"700\">" substr($0, RSTART, RLENGTH) "</tspan>" escaped(substr($0, RSTART + RLENGTH)), "")
        next
    }
    { put(escaped($0), "") }
    END {
        height = 68 + 20 * rows + 4
        printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 720 %d\" role=\"img\" aria-label=\"What actorhutch prints\">\n", height
        print "<rect width=\"720\" height=\"" height "\" rx=\"10\" fill=\"#161B22\"/>"
        print "<circle cx=\"26\" cy=\"24\" r=\"6\" fill=\"#3A434E\"/><circle cx=\"46\" cy=\"24\" r=\"6\" fill=\"#3A434E\"/><circle cx=\"66\" cy=\"24\" r=\"6\" fill=\"#3A434E\"/>"
        print "<g font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, &apos;DejaVu Sans Mono&apos;, monospace\" font-size=\"14\" fill=\"#D7DEE6\">"
        printf "%s</g>\n</svg>\n", body
    }
' "$work/text" > "$here/terminal.svg"
dotnet run -c Release --project "$root/benchmarks" -- passes-picture "$here"
ls -l "$here"
