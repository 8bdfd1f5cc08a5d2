# Steps of .ci/run that try what hylint ships beside the program. Sourced by it; `bin`, `deep` and `need` are its own.
# shellcheck shell=bash disable=SC2154

# Absolute, since some steps run elsewhere.
built=$(realpath -m "${CARGO_TARGET_DIR:-target}")
# A Python environment with the tools that the steps below use, once for all of them.
tools=$built/ci-tools
python_tools() {
    [ -x "$tools/bin/pre-commit" ] && return 0
    need python3
    python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet --disable-pip-version-check \
        'maturin>=1.7,<2' 'pre-commit>=4,<5'
}

# The wheel from the release build, in a fresh environment; and `cargo install`, which uses the same build.
packages() {
    python_tools
    local work
    work=$(mktemp -d)
    "$tools/bin/maturin" build --release --locked --quiet --out "$work/wheels"
    ls -l "$work/wheels"
    python3 -m venv "$work/fresh"
    "$work/fresh/bin/pip" install --quiet --disable-pip-version-check --no-index "$work"/wheels/*.whl
    "$work/fresh/bin/hylint" --version
    "$work/fresh/bin/hylint" examples/windows-dc/compliant --color never | tail -n 1
    CARGO_TARGET_DIR=$built cargo install --quiet --locked --path . --root "$work/installed"
    "$work/installed/bin/hylint" --version
    # What a registry would be given: the sources, the rules and the examples that the tests run, and nothing built.
    cargo package --quiet --allow-dirty --list >"$work/list"
    for file in src/main.rs rules/hyworks/requirements.toml src/lints/explain/any-any.md LICENSE-MIT README.md; do
        grep -qx "$file" "$work/list" || { echo "$file is not in the package"; return 1; }
    done
    ! grep -E '^(target|docs/book|\.ci|bench)/' "$work/list"
    echo "$(wc -l <"$work/list") files in the package"
    rm -r "$work"
}

# The hooks of .pre-commit-hooks.yaml with the real pre-commit, in a repository of its own: clean, then faulty.
pre_commit() {
    python_tools
    need git
    "$tools/bin/pre-commit" validate-manifest .pre-commit-hooks.yaml
    # hylint as the hook installs it is the release build: the hooks' environment takes it from the same target folder.
    CARGO_TARGET_DIR=$built PATH=$tools/bin:$PATH bash .ci/pre-commit "$PWD" "$bin"
}

# Completions in the shells that read them, and the manual pages as man shows them.
shells() {
    need zsh
    need fish
    need man man-db
    local work shell
    work=$(mktemp -d)
    for shell in bash zsh fish elvish powershell; do
        "$bin" completions "$shell" >"$work/hylint.$shell"
        [ -s "$work/hylint.$shell" ]
    done
    bash -n "$work/hylint.bash"
    zsh -n "$work/hylint.zsh"
    fish --no-execute "$work/hylint.fish"
    bash -c 'source "$1" && complete -p hylint' bash "$work/hylint.bash"
    "$bin" man "$work"
    for page in "$work"/*.1; do
        man --warnings -E UTF-8 -l "$page" >"$work/text" 2>"$work/warnings"
        [ ! -s "$work/warnings" ] || { cat "$page" "$work/warnings"; return 1; }
        grep -q '^NAME' "$work/text"
    done
    # Each option that --help names is in the page of its command.
    "$bin" check --help | grep -oE -- '--[a-z][a-z-]+' | sort -u >"$work/options"
    man -E UTF-8 -l "$work/hylint-check.1" | col -b >"$work/text"
    while read -r option; do
        grep -q -- "$option" "$work/text" || { echo "$option is not in hylint-check.1"; return 1; }
    done <"$work/options"
    local pages=("$work"/*.1)
    echo "${#pages[@]} manual pages, $(wc -l <"$work/options") options of check"
    rm -r "$work"
}

# docs/ as a book. What a book needs is held by `cargo test --test docs`; building it needs mdbook, which comes as source
# only and takes minutes to compile.
book() {
    local mdbook=$built/ci-mdbook/bin/mdbook
    if command -v mdbook >/dev/null; then
        mdbook=mdbook
    elif [ ! -x "$mdbook" ]; then
        if ! $deep; then
            echo "NOT BUILT: there is no mdbook here. cargo test --test docs has checked the chapters, links and includes;"
            echo "install mdbook, or run .ci/run --deep, which compiles it."
            return 0
        fi
        cargo install --quiet --locked --debug --no-default-features --root "$built/ci-mdbook" mdbook
    fi
    "$mdbook" build docs --dest-dir "$built/book" 2>&1 | tee "$built/book.log"
    ! grep -E 'WARN|ERROR' "$built/book.log"
}
