#!/usr/bin/env bash
# The whole check of a fleet beside sha256sum of the same files on the same cores, and the peak of memory with twice the
# hosts.
#
#     bench/fleet.sh [HOSTS [RULES [FORMAT…]]]     default: 1000 hosts of 1000 rules, every format
#
# One format is on the disk at a time (netsh: 2 GB for 2,000 hosts). The two commands take turns, five times each; the
# best time of each counts.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
hosts=${1:-1000}
rules=${2:-1000}
formats=("${@:3}")
[ ${#formats[@]} -gt 0 ] || formats=(iptables netsh aws azure)
cores=$(nproc)
target=${CARGO_TARGET_DIR:-target}
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
cargo build --release -q --bin hylint --example make-exports

# Seconds and peak MB of a command: "1.234 56".
measure() {
    local status=0
    /usr/bin/time -o "$work/time" -f '%e %M' "$@" >/dev/null 2>&1 || status=$?
    [ "$status" -le 1 ] || { echo "failed with $status: $*" >&2; exit 1; }
    awk 'END { printf "%s %.0f\n", $1, $2 / 1024 }' "$work/time"
}
best() { sort -n | head -n 1; }

printf '%-9s %6s %8s %10s %14s %6s %9s %14s\n' format hosts MB 'check s' 'sha256sum s' ratio 'peak MB' "peak MB at 2x"
for format in "${formats[@]}"; do
    "$target/release/examples/make-exports" fleet --format "$format" --hosts "$hosts" --rules "$rules" --config -o "$work/fleet"
    size=$(du -cb "$work"/fleet/* | awk 'END { printf "%.0f", $1 / 1e6 }')
    : >"$work/check"
    : >"$work/hash"
    for _ in 1 2 3 4 5; do
        measure "$target/release/hylint" check -q "$work/fleet" >>"$work/check"
        measure sh -c 'find "$1" -type f -print0 | xargs -0 -n 8 -P "$2" sha256sum' sh "$work/fleet" "$cores" >>"$work/hash"
    done
    read -r check peak < <(best <"$work/check")
    read -r hash _ < <(best <"$work/hash")
    rm -r "$work/fleet"
    "$target/release/examples/make-exports" fleet --format "$format" --hosts $((2 * hosts)) --rules "$rules" --config -o "$work/fleet"
    read -r _ twice < <(measure "$target/release/hylint" check -q "$work/fleet")
    rm -r "$work/fleet"
    ratio=$(awk -v a="$check" -v b="$hash" 'BEGIN { printf "%.1f", a / (b > 0 ? b : 0.01) }')
    printf '%-9s %6s %8s %10s %14s %6s %9s %14s\n' "$format" "$hosts" "$size" "$check" "$hash" "$ratio" "$peak" "$twice"
done
