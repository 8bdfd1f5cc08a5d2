#!/usr/bin/env bash
# hylint diff of one list of RULES rules against itself with one rule changed, and of a fleet of HOSTS hosts of which three
# changed, beside two checks of the same files and the line comparisons of diff and git: seconds and peak memory.
#
#     bench/diff.sh [RULES [HOSTS [RULES-OF-A-HOST]]]     default: 100000, 1000, 1000
#
# The best of three runs counts. Without roles the packets alone are compared, as with the list here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rules=${1:-100000}
hosts=${2:-1000}
of_host=${3:-1000}
target=${CARGO_TARGET_DIR:-target}
make=${MAKE_EXPORTS:-$target/release/examples/make-exports}
hylint=${HYLINT:-$target/release/hylint}
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
[ -n "${HYLINT:-}" ] || cargo build --release -q --bin hylint --example make-exports

# A rule of the middle of a file names another port.
change() {
    local lines
    lines=$(wc -l <"$1")
    awk -v from=$((lines / 2)) 'NR > from && !done && sub(/--dport [0-9:]+ /, "--dport 4444 ") { done = 1 } { print }' "$1" >"$1.new"
    ! cmp -s "$1" "$1.new" || { echo "nothing to change in $1" >&2; exit 1; }
    mv "$1.new" "$1"
}

measure() {
    local what=$1 best='' run status
    shift
    for run in 1 2 3; do
        status=0
        /usr/bin/time -o "$work/time" -f '%e %M' "$@" >"$work/out" 2>/dev/null || status=$?
        [ "$status" -le 1 ] || { echo "failed with $status: $*" >&2; exit 1; }
        best=$(printf '%s\n%s\n' "$best" "$(tail -n 1 "$work/time")" | awk 'NF' | sort -n | head -n 1)
    done
    printf '%-28s %8s s %7s MB\n' "$what" "${best% *}" "$((${best#* } / 1024))"
}
export hylint work

compared() {
    measure "hylint diff" "$hylint" diff "$work/old" "$work/new" --format json
    jq -r '"  effect \(.effect), \(.packets | length) boxes"' "$work/out"
    measure "hylint check, twice" bash -c 'hylint() { "$hylint" check --format json "$1" || [ $? -le 1 ]; }; hylint "$work/old" && hylint "$work/new"'
    measure "diff -ru" diff -ru "$work/old" "$work/new"
    measure "git diff --no-index" git diff --no-index "$work/old" "$work/new"
}

echo "one list of $rules rules, one of them changed"
"$make" list --rules "$rules" -o "$work/old"
cp "$work/old" "$work/new"
change "$work/new"
compared
rm "$work/old" "$work/new"

echo "$hosts hosts of $of_host rules, three of them changed"
"$make" fleet --format iptables --hosts "$hosts" --rules "$of_host" --config -o "$work/old"
cp -r "$work/old" "$work/new"
find "$work/new" -type f ! -name hylint.toml | sort | head -n 3 | while read -r file; do change "$file"; done
compared
