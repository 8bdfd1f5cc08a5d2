#!/usr/bin/env bash
# Prints what CHANGELOG.md says of a version, for the notes of its release; fails where it says nothing.
#
#   release/notes.sh VERSION [CHANGELOG]
set -euo pipefail
version=${1#v}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
changelog=${2:-$here/CHANGELOG.md}
notes=$(awk -v heading="## [$version]" '
    /^## / { of_version = (index($0, heading) == 1); next }
    /^\[[^]]*\]: / { next }
    of_version { print }' "$changelog")
if [ -z "${notes//[[:space:]]/}" ]; then
    echo "$changelog has no section \"## [$version]\", or it is empty" >&2
    exit 1
fi
printf '%s\n' "$notes"
