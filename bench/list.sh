#!/usr/bin/env bash
# One list of 10^3 … 10^6 rules with every lint: seconds, peak memory, how the time grows, and the rules that could not be
# decided within the budget.
#
#     bench/list.sh [RULES…]      default: 1000 10000 100000 1000000
#
# A run of more than LIMIT seconds (default 300) is ended and said; larger lists of its shape are left out.
#
# `list` is realistic; the others are built to be hard (see bench/make-exports/adversarial.rs). The exponent of a row is
# log(time / time of the row before) / log(rules / rules of the row before).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
sizes=("$@")
[ ${#sizes[@]} -gt 0 ] || sizes=(1000 10000 100000 1000000)
target=${CARGO_TARGET_DIR:-target}
make=${MAKE_EXPORTS:-$target/release/examples/make-exports}
hylint=${HYLINT:-$target/release/hylint}
limit=${LIMIT:-300}
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
[ -n "${HYLINT:-}" ] || cargo build --release -q --bin hylint --example make-exports

printf '%-12s %9s %9s %8s %9s %10s %9s\n' shape rules seconds 'peak MB' exponent undecided findings
for shape in list falling stripes boxes halves lengths; do
    before=
    for n in "${sizes[@]}"; do
        if [ "$shape" = list ]; then
            "$make" list --rules "$n" -o "$work/list.rules"
        else
            "$make" adversarial --shape "$shape" --rules "$n" -o "$work/list.rules"
        fi
        status=0
        timeout "$limit" /usr/bin/time -o "$work/time" -f '%e %M' "$hylint" check --role session-host --format json \
            "$work/list.rules" >"$work/report.json" || status=$?
        if [ "$status" -eq 124 ]; then
            printf '%-12s %9s %9s\n' "$shape" "$n" "over $limit"
            break
        fi
        [ "$status" -le 1 ] || { echo "failed with $status: $shape $n" >&2; exit 1; }
        read -r seconds kb < <(tail -n 1 "$work/time")
        undecided=$(jq '[.findings[].message | capture("^(?<n>[0-9]+) rules? of .* could not be compared").n | tonumber] | add // 0' "$work/report.json")
        findings=$(jq '.findings | length' "$work/report.json")
        exponent=$(awk -v a="$before" -v t="$seconds" -v n="$n" 'BEGIN {
            split(a, p, " "); if (p[1] > 0 && t > 0) printf "%.2f", log(t / p[1]) / log(n / p[2]); else print "-" }')
        printf '%-12s %9s %9s %8s %9s %10s %9s\n' "$shape" "$n" "$seconds" "$((kb / 1024))" "$exponent" "$undecided" "$findings"
        before="$seconds $n"
    done
done
