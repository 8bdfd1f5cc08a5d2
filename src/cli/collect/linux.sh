#!/bin/sh
# Exports the firewall of a Linux host for hylint into a folder that is called after the host.
# Printed by `hylint collect linux`. It only reads, and needs root.
#
# This host:     sudo sh collect.sh exports
# Over SSH:      ssh root@gw1 sh -s - < collect.sh | tar -x -f - -C exports
#
# usage: collect.sh [FOLDER|-]     the folder that gets HOST/, by default exports; - prints a tar archive
set -u
umask 077
LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export LC_ALL PATH

say() { echo "collect: $*" >&2; }
has() { command -v "$1" >/dev/null 2>&1; }

[ "$(id -u)" = 0 ] || { say "run this as root: others may not read the rules"; exit 1; }
to=${1:-exports}
host=$(hostname 2>/dev/null) || host=$(uname -n)
host=$(printf %s "$host" | tr -c 'A-Za-z0-9._-' _)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
mkdir "$work/$host"
wrong=0
got=0

# keep FILE COMMAND...: saves what the command prints; nothing if it prints nothing or fails.
keep() {
    file=$1
    shift
    if "$@" >"$work/out" 2>"$work/error"; then
        if [ -s "$work/out" ]; then
            mv "$work/out" "$work/$host/$file"
            got=$((got + 1))
        fi
    else
        say "$* failed: $(head -n 1 "$work/error")"
        wrong=1
    fi
}

# The ruleset of nftables is all that the kernel filters by, except rules of the legacy iptables.
if has nft; then
    # An nft without JSON prints text.
    if nft -j list ruleset >"$work/out" 2>/dev/null && [ -s "$work/out" ]; then
        mv "$work/out" "$work/$host/ruleset.json"
        got=$((got + 1))
    else
        keep ruleset.nft nft list ruleset
    fi
fi
# iptables-nft writes rules that only it can print; the legacy one has rules of its own.
for family in '' 6; do
    if has "ip${family}tables-save"; then
        keep "ip${family}tables.rules" "ip${family}tables-save" -c
    fi
    # Beside iptables-nft, tables of the legacy one may be loaded, and filter too.
    case $("ip${family}tables-save" --version 2>/dev/null) in
        *nf_tables*)
            if [ -s "/proc/net/ip${family}_tables_names" ] && has "ip${family}tables-legacy-save"; then
                keep "ip${family}tables-legacy.rules" "ip${family}tables-legacy-save" -c
            fi
            ;;
    esac
done
if has ipset; then keep ipset.txt ipset save; fi
# What firewalld was told; the rules that it wrote of it are in the ruleset.
shown() { echo "# $*"; "$@"; }
firewalld() {
    shown firewall-cmd --get-default-zone && shown firewall-cmd --list-all-zones || return 1
    # Versions before 0.9 have no policies.
    if firewall-cmd --get-policies >/dev/null 2>&1; then shown firewall-cmd --list-all-policies || return 1; fi
    shown firewall-cmd --direct --get-all-rules
}
if has firewall-cmd && firewall-cmd --state >/dev/null 2>&1; then keep firewalld.txt firewalld; fi
# Whose addresses they are, by which interface a packet leaves, and what listens.
if has ip; then
    # An ip without JSON prints text.
    if ip -j addr show >/dev/null 2>&1; then json=-j ext=json; else json='' ext=txt; fi
    keep "addresses.$ext" ip $json addr show
    keep "routes.$ext" ip $json route show table all
    keep "routing-rules.$ext" ip $json rule show
    keep "routing-rules-v6.$ext" ip $json -6 rule show
fi
if has ss; then keep sockets.txt ss -H -lntup; fi

if [ ! -e "$work/$host/ruleset.json" ] && [ ! -e "$work/$host/ruleset.nft" ] && [ ! -e "$work/$host/iptables.rules" ]; then
    say "neither nft nor iptables-save gave the rules of this host"
    exit 1
fi
if [ "$to" = - ]; then
    tar -c -f - -C "$work" "$host"
else
    mkdir -p "$to" && cp -R "$work/$host" "$to/" || exit 1
    echo "wrote $got files to $to/$host" >&2
fi
exit "$wrong"
