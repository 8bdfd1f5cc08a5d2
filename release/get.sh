#!/usr/bin/env bash
# Gets the program of the wanted version: the released binary where there is one, else one that is compiled here.
#
#   release/get.sh FOLDER
#
# Afterwards FOLDER/hylint (hylint.exe on Windows) is the program. The environment says what is wanted:
#
#   HYLINT_VERSION     a released version; default: the version of these sources, compiled where these are no release
#   HYLINT_SHA256      the checksum that the archive must have, beside the one in the release's SHA256SUMS
#   HYLINT_REPOSITORY  address of the repository; default: where these sources were cloned from
#   HYLINT_REF         what these sources are: a tag or a commit; default: the commit that is checked out
#   HYLINT_RELEASES    where releases lie, as FOLDER/vVERSION/FILE; default: those of the repository
#
# Status 0: the program is there. Status 2: it is not, and standard error says why. An archive with a wrong checksum is never
# replaced by a compiled program.
set -euo pipefail

fail() {
    echo "hylint: $*" >&2
    exit 2
}
[ $# -eq 1 ] || fail "usage: release/get.sh FOLDER"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
mkdir -p "$1"
folder=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

own=$(sed -n '/^version = "/{s///;s/".*//;p;q;}' "$here/Cargo.toml")
version=${HYLINT_VERSION:-$own}
version=${version#v}
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+([.+-][0-9A-Za-z.+-]*)?$ ]] || fail "\"$version\" is not a version such as $own"

# A hook of git has its own repository in these.
ours() { env -u GIT_DIR -u GIT_INDEX_FILE -u GIT_WORK_TREE git -C "$here" "$@"; }

repository() {
    local url=${HYLINT_REPOSITORY:-}
    [ -n "$url" ] || [ ! -e "$here/.git" ] || url=$(ours config --get remote.origin.url || true)
    # git@SERVER:OWNER/NAME
    if [[ $url =~ ^git@([^:/]+):(.*)$ ]]; then url=https://${BASH_REMATCH[1]}/${BASH_REMATCH[2]}; fi
    if [[ $url =~ ^https?:// ]]; then url=${url%/} && echo "${url%.git}"; fi
}

# Whether these sources are those of the release: at its tag, or at the commit of its tag.
are_the_release() {
    local commit=${HYLINT_REF:-}
    [ "$commit" != "v$version" ] && [ "$commit" != "refs/tags/v$version" ] || return 0
    if [ -z "$commit" ] && [ -e "$here/.git" ]; then commit=$(ours rev-parse HEAD); fi
    [[ $commit =~ ^[0-9a-f]{40}$ ]] && [ -n "$repository" ] || return 1
    ours ls-remote "$repository" "refs/tags/v$version" "refs/tags/v$version^{}" 2>/dev/null | grep -q "^$commit"
}

target() {
    case $(uname -s)/$(uname -m) in
        Linux/x86_64) echo x86_64-unknown-linux-musl.tar.gz ;;
        Linux/aarch64 | Linux/arm64) echo aarch64-unknown-linux-musl.tar.gz ;;
        Darwin/x86_64) echo x86_64-apple-darwin.tar.gz ;;
        Darwin/arm64) echo aarch64-apple-darwin.tar.gz ;;
        MINGW*/* | MSYS*/* | CYGWIN*/*) echo x86_64-pc-windows-msvc.zip ;;
    esac
}

# Status 0: the file was downloaded; 1: it is not there; 2: that cannot be told.
download() { # URL FILE
    local code
    command -v curl >/dev/null || return 2
    code=$(curl --silent --show-error --location --retry 3 --max-time 300 --output "$2" --write-out '%{http_code}' "$1") || return 2
    case $code in
        200) return 0 ;;
        404 | 410) return 1 ;;
        *) echo "hylint: $1 answers with status $code" >&2 && return 2 ;;
    esac
}

sha256() {
    if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

# Status 0: the released program is in its place; 1: there is none for this version and machine.
take_release() {
    local archive base status=0 sum listed
    archive=$(target)
    [ -n "$archive" ] || { echo "hylint: no binary is released for $(uname -s) on $(uname -m)" >&2 && return 1; }
    archive=hylint-$version-$archive
    base=${HYLINT_RELEASES:-${repository:+$repository/releases/download}}
    [ -n "$base" ] || return 1
    base=${base%/}/v$version
    download "$base/$archive" "$work/$archive" || status=$?
    [ "$status" -eq 0 ] || { echo "hylint: $base/$archive cannot be downloaded" >&2 && return 1; }
    download "$base/SHA256SUMS" "$work/SHA256SUMS" || fail "the release has no SHA256SUMS to verify $archive with: $base/SHA256SUMS"
    sum=$(sha256 "$work/$archive")
    listed=$(awk -v file="$archive" '{ sub(/\r$/, "") } $2 == file || $2 == "*" file { print $1; exit }' "$work/SHA256SUMS")
    for listed in "${listed:-none}" ${HYLINT_SHA256:+"$HYLINT_SHA256"}; do
        [ "$sum" = "$listed" ] || fail "the checksum of $archive is $sum and must be $listed: it is not used"
    done
    case $archive in
        *.zip) if command -v unzip >/dev/null; then unzip -q "$work/$archive" -d "$work"; else tar -xf "$work/$archive" -C "$work"; fi ;;
        *) tar -xzf "$work/$archive" -C "$work" ;;
    esac
    put "$work"/hylint-"$version"-*/hylint*
    echo "hylint: $version from $base, checksum verified" >&2
}

put() { # PROGRAM: in one step, as another job may use the folder at the same time
    local name=${1##*/}
    cp "$1" "$folder/.$name.$$"
    chmod +x "$folder/.$name.$$"
    mv -f "$folder/.$name.$$" "$folder/$name"
}

compile() {
    command -v cargo >/dev/null || fail "there is no released binary of $version for this machine, and no cargo to compile one"
    echo "hylint: compiling $own, which takes some minutes" >&2
    cargo install --quiet --locked --path "$here" --root "$work/built" >&2 || fail "the sources in $here do not compile"
    put "$work"/built/bin/hylint*
}

repository=$(repository)
if [ -n "${HYLINT_VERSION:-}" ] || are_the_release; then
    take_release && exit 0
    [ "$version" = "$own" ] || fail "there is no released binary of $version for this machine, and the sources are those of $own"
fi
compile
