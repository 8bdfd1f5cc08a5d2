#!/usr/bin/env bash
# Makes the archive of a release: the program, manual pages, completions, schemas, licences and README.
#
#   release/package.sh TARGET PROGRAM FOLDER
#
# TARGET is the triple that PROGRAM was built for. PROGRAM is run, to write its pages. The archive is
# FOLDER/hylint-VERSION-TARGET.tar.gz, or .zip for Windows; its path is printed.
set -euo pipefail
target=$1 program=$2 out=$3
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

version=$("$program" --version)
name=hylint-${version#hylint }-$target
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
top=$work/$name
mkdir -p "$top/man" "$top/completions" "$top/schema" "$out"
out=$(cd "$out" && pwd)

cp "$program" "$top/"
cp "$here"/LICENSE-* "$here/README.md" "$here/CHANGELOG.md" "$top/"
cp "$here"/schema/*.json "$top/schema/"
"$program" man "$top/man" >/dev/null
for shell in bash zsh fish elvish powershell; do
    "$program" completions "$shell" >"$top/completions/hylint.$shell"
done

case $target in
    *-windows-*)
        archive=$out/$name.zip
        # Git's shell on Windows has no zip; the runner has 7-Zip.
        (cd "$work" && if command -v 7z >/dev/null; then 7z a -bso0 "$name.zip" "$name"; else zip -qr "$name.zip" "$name"; fi)
        mv "$work/$name.zip" "$archive"
        ;;
    *)
        archive=$out/$name.tar.gz
        COPYFILE_DISABLE=1 tar -C "$work" -czf "$archive" "$name"
        ;;
esac
echo "$archive"
