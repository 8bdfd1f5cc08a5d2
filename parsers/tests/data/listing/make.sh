#!/bin/sh
# Loads the rules beside this script with each tool that is here, in a network namespace of its own, and writes what the
# tools save and list of them. Needs root.
set -eu
cd "$(dirname "$0")"
if [ "${1:-}" != inside ]; then
    exec unshare -n sh ./make.sh inside
fi
ipset create hosts hash:ip timeout 0
ipset create pairs hash:ip,port
for backend in nft legacy; do
    for family in 4 6; do
        tool=iptables
        [ "$family" = 6 ] && tool=ip6tables
        "$tool-$backend-restore" <"v$family.rules"
        "$tool-$backend-save" | sed -e '/^#.* on /s/ on .*//' >"$backend-v$family.save"
        for table in raw mangle nat filter; do
            echo "# $tool -t $table -nvL"
            "$tool-$backend" -t "$table" -nvL | tr -d '\000'
        done >"$backend-v$family.nvL"
        for table in raw mangle nat filter; do
            "$tool-$backend" -t "$table" -F
            "$tool-$backend" -t "$table" -X
        done
    done
done
