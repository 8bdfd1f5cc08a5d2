#!/bin/sh
# Exports network security groups and what they guard for hylint, into a folder for each subscription.
# Printed by `hylint collect azure`. It needs the Azure CLI and the role Reader, and changes nothing.
#
# usage: sh collect.sh [SUBSCRIPTION...]     by default the one of `az account show`; the folders go into exports/
set -u

say() { echo "collect: $*" >&2; }
[ $# -gt 0 ] || set -- "$(az account show --query id --output tsv)"
wrong=0

# keep FILE COMMAND...: saves what the command prints, or nothing at all if it fails.
keep() {
    file=$1
    shift
    if az "$@" --subscription "$subscription" --output json >"$folder/$file.part"; then
        mv "$folder/$file.part" "$folder/$file"
    else
        rm -f "$folder/$file.part"
        say "az $* failed in $subscription"
        wrong=1
    fi
}

for subscription in "$@"; do
    [ -n "$subscription" ] || { say "log in with az login, or name a subscription"; exit 1; }
    folder=exports/azure-$subscription
    mkdir -p "$folder" || exit 1
    keep nsg-list.json network nsg list
    keep nic-list.json network nic list
    keep vnet-list.json network vnet list
    keep asg-list.json network asg list
    keep route-tables.json network route-table list
    keep public-ips.json network public-ip list
    # The addresses behind service tags, for the region of each network.
    regions=$(az network vnet list --subscription "$subscription" --query '[].location' --output tsv) || wrong=1
    for region in $(printf '%s\n' "$regions" | sort -u); do
        keep "service-tags-$region.json" network list-service-tags --location "$region"
    done
    say "wrote $folder"
done
exit "$wrong"
