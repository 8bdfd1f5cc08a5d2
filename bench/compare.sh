#!/usr/bin/env bash
# The whole job side by side with what else people have at hand, on the same rules.
#
#     bench/compare.sh [RULES [VENV]]     rules of the list (default 1000); where checkov and regorus are, or are put
#
# iptables: `iptables-restore --test` (root; in a network namespace of its own) and `sha256sum` on the same dump. They say
#   whether the text loads and whether it is the same, nothing about what it lets through.
# AWS: `jq .` on the same file; checkov's checks of security groups on a CloudFormation template of the same groups;
#   a Rego policy under regorus that asks one of hylint's 75 questions: is the port of a required flow open to a peer.
#
# All commands take turns, seven times each; the best time of each counts, start of the program included.
# A tool that is not there is said, never left out in silence.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
here=$PWD/bench/compare
rules=${1:-1000}
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
venv=${2:-$work/venv}
target=${CARGO_TARGET_DIR:-target}
hylint=$target/release/hylint
cargo build --release -q --bin hylint --example make-exports

for format in iptables aws; do
    "$target/release/examples/make-exports" fleet --format "$format" --hosts 4 --rules "$rules" -o "$work/$format"
done
dump=$work/iptables/session-host-00003.rules
groups=$work/aws/session-host-00003.json
python3 "$here/cloudformation.py" "$groups" >"$work/template.json"

missing() { echo "NOT COMPARED: $1" | tee -a "$work/missing"; }
[ -x "$venv/bin/pip" ] || python3 -m venv "$venv" || missing "no virtual environment for checkov and regorus"
# celine-regorus is the Python binding of github.com/microsoft/regorus as a wheel; regorus itself has none on PyPI.
for package in checkov celine-regorus; do
    "$venv/bin/pip" show -q "$package" 2>/dev/null || "$venv/bin/pip" install -q "$package" 2>"$work/pip" ||
        missing "$package cannot be installed: $(tail -n 1 "$work/pip")"
done

names=() commands=()
add() { names+=("$1"); commands+=("$2"); }
add "iptables  hylint check" "$hylint check -q --role session-host $dump"
add "iptables  sha256sum" "sha256sum $dump"
if [ "$(id -u)" = 0 ] && command -v iptables-restore >/dev/null && unshare -n true 2>/dev/null; then
    add "iptables  iptables-restore --test" "unshare -n iptables-restore --test $dump"
    add "iptables  (unshare -n alone)" "unshare -n true"
else
    missing "iptables-restore --test needs root, iptables and network namespaces"
fi
add "aws       hylint check" "$hylint check -q --role session-host $groups"
add "aws       sha256sum" "sha256sum $groups"
if command -v jq >/dev/null; then add "aws       jq ." "jq . $groups"; else missing "there is no jq"; fi
if [ -x "$venv/bin/checkov" ]; then
    add "aws       checkov" "$venv/bin/checkov --quiet --compact --skip-download --framework cloudformation --file $work/template.json"
fi
if "$venv/bin/python" -c 'import regorus' 2>/dev/null; then
    add "aws       regorus, one question" "$venv/bin/python $here/ask.py $here/open.rego $groups"
fi

for i in "${!names[@]}"; do
    status=0
    ${commands[$i]} >"$work/out.$i" 2>&1 || status=$?
    [ "$status" -le 1 ] || missing "${names[$i]} ends with $status: $(tail -n 1 "$work/out.$i")"
done
for _ in 1 2 3 4 5 6 7; do
    for i in "${!names[@]}"; do
        start=$(date +%s%N)
        ${commands[$i]} >/dev/null 2>&1 || true
        echo $((($(date +%s%N) - start) / 1000)) >>"$work/times.$i"
    done
done

printf '%s rules\n%-34s %10s %16s\n' "$rules" command 'best ms' 'times of hylint'
for i in "${!names[@]}"; do
    best=$(sort -n "$work/times.$i" | head -n 1)
    case ${names[$i]} in *"hylint check") own=$best ;; esac
    awk -v n="${names[$i]}" -v t="$best" -v o="$own" 'BEGIN { printf "%-34s %10.1f %16.2f\n", n, t / 1000, t / o }'
done
if [ -s "$work/missing" ]; then cat "$work/missing"; fi
