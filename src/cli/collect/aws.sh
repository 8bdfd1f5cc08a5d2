#!/bin/sh
# Exports security groups, network ACLs and what they guard for hylint, into a folder for each account and region.
# Printed by `hylint collect aws`. It needs the AWS CLI and permission for ec2:Describe* and ec2:GetManagedPrefixListEntries,
# and changes nothing.
#
# usage: sh collect.sh [REGION...]     by default the region of your configuration; the folders go into exports/
#        AWS_PROFILE=audit sh collect.sh eu-west-1 eu-central-1
set -u

say() { echo "collect: $*" >&2; }
account=$(aws sts get-caller-identity --query Account --output text) || exit 1
[ $# -gt 0 ] || set -- "$(aws configure get region)"
wrong=0

# keep FILE COMMAND...: saves what the command prints, or nothing at all if it fails.
keep() {
    file=$1
    shift
    if aws "$@" --region "$region" --output json >"$folder/$file.part"; then
        mv "$folder/$file.part" "$folder/$file"
    else
        rm -f "$folder/$file.part"
        say "aws $* failed in $region"
        wrong=1
    fi
}

for region in "$@"; do
    [ -n "$region" ] || { say "name a region: sh collect.sh eu-west-1"; exit 1; }
    folder=exports/aws-$account-$region
    mkdir -p "$folder" || exit 1
    keep security-groups.json ec2 describe-security-groups
    keep network-acls.json ec2 describe-network-acls
    keep network-interfaces.json ec2 describe-network-interfaces
    keep subnets.json ec2 describe-subnets
    keep prefix-lists.json ec2 describe-managed-prefix-lists
    lists=$(aws ec2 describe-managed-prefix-lists --region "$region" --query 'PrefixLists[].PrefixListId' --output text) || wrong=1
    for list in $lists; do
        keep "$list.json" ec2 get-managed-prefix-list-entries --prefix-list-id "$list" \
            --query "{PrefixListId: '$list', Entries: Entries}"
    done
    say "wrote $folder"
done
exit "$wrong"
