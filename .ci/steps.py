#!/usr/bin/env python3
"""Runs the shell steps of action.yml or of a GitLab template as a runner does, in the current folder.

    steps.py github FILE [name=value…]     prints the step outputs, exits with the first step's status that is not 0;
                                           names are inputs, or of the context, such as github.action_ref
    steps.py gitlab FILE [name=value…]     exits with the script's status
    steps.py job FILE                      prints a template's jobs as JSON, for a schema
    steps.py lint FILE…                    shellcheck of every step, and each action by its commit and version

Inputs that are not given have their defaults. A `uses:` step is not run: it is named on standard error.
"""

import json
import os
import re
import subprocess
import sys
import tempfile

import yaml


def documents(path):
    with open(path, encoding="utf-8") as f:
        return list(yaml.safe_load_all(f))


def inputs_of(declared, given):
    values = {name: str(i.get("default", "")) for name, i in declared.items()}
    for pair in given:
        name, _, value = pair.partition("=")
        if name not in values:
            sys.exit(f"there is no input `{name}`")
        values[name] = value
    return values


def github(path, given):
    action = documents(path)[0]
    work = tempfile.mkdtemp()
    files = {n: os.path.join(work, n) for n in ("GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")}
    for f in files.values():
        open(f, "w", encoding="utf-8").close()
    context = dict(pair.split("=", 1) for pair in given if pair.startswith("github."))
    given = [pair for pair in given if not pair.startswith("github.")]
    known = {f"inputs.{n}": v for n, v in inputs_of(action["inputs"], given).items()}
    known |= {f"github.{n}": "" for n in ("action_ref", "action_repository", "server_url")}
    known["github.action_path"] = os.path.dirname(os.path.abspath(path))
    known |= context

    def fill(text):
        def value(match):
            name = match.group(1)
            if name not in known:
                sys.exit(f"{path}: nothing is known of `{name}`")
            return known[name]

        return re.sub(r"\$\{\{\s*([\w.-]+)\s*\}\}", value, str(text))

    status = 0
    for step in action["runs"]["steps"]:
        if "uses" in step:
            print(f"not run: {step['uses']}", file=sys.stderr)
            continue
        env = os.environ | files | {"RUNNER_TEMP": work}
        with open(files["GITHUB_PATH"], encoding="utf-8") as f:
            env["PATH"] = os.pathsep.join(f.read().split("\n")[-2::-1] + [env["PATH"]])
        env |= {n: fill(v) for n, v in step.get("env", {}).items()}
        # As the runner starts `shell: bash`.
        done = subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", fill(step["run"])], env=env)
        with open(files["GITHUB_OUTPUT"], "r+", encoding="utf-8") as f:
            for line in f:
                name, _, value = line.rstrip("\n").partition("=")
                known[f"steps.{step['id']}.outputs.{name}"] = value
            f.truncate(0)
        if done.returncode != 0:
            status = done.returncode
            break
    for name, value in sorted(known.items()):
        if name.startswith("steps."):
            print(f"{name} = {value}")
    with open(files["GITHUB_STEP_SUMMARY"], encoding="utf-8") as f:
        print(f"job summary: {len(f.read())} characters")
    return status


def gitlab(path, given):
    spec, jobs = documents(path)
    values = inputs_of(spec["spec"]["inputs"], given)

    def fill(text):
        return re.sub(r"\$\[\[\s*inputs\.(\w+)\s*\]\]", lambda m: values[m.group(1)], text)

    for name, job in jobs.items():
        env = os.environ | {n: fill(v) for n, v in job.get("variables", {}).items()}
        # Each line ends the job if it fails, as on a runner.
        script = "\n".join(fill(line) for line in job["script"])
        status = subprocess.run(["sh", "-e", "-c", script], env=env).returncode
        for kind, file in job["artifacts"].get("reports", {}).items():
            if not os.path.isfile(file):
                sys.exit(f"{name}: the {kind} report {file} was not written")
        if status != 0:
            return status
    return 0


def lint(paths):
    for path in paths:
        with open(path, encoding="utf-8") as f:
            for number, line in enumerate(f, 1):
                used = re.match(r"\s*(?:- )?uses: (.*)", line)
                if used and not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", used.group(1)):
                    sys.exit(f"{path}:{number}: an action is named by its commit, with the version beside it: {used.group(1)}")
        for document in documents(path):
            jobs = [j for j in document.get("jobs", {}).values()]
            runs = document.get("runs", {}).get("steps", []) + [s for j in jobs for s in j["steps"]]
            blocks = [("bash", s["run"]) for s in runs if "run" in s]
            jobs = [j for j in document.values() if isinstance(j, dict)]
            blocks += [("sh", "\n".join(j["script"])) for j in jobs if "script" in j]
            for shell, text in blocks:
                text = re.sub(r"\$\[\[\s*inputs\.\w+\s*\]\]", "true", text)
                # SC2086: the template's options are words of their own.
                subprocess.run(
                    ["shellcheck", "--shell", shell, "--exclude", "SC2086", "-"], input=text, text=True, check=True
                )
    return 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    command, args = sys.argv[1], sys.argv[2:]
    if command == "github":
        sys.exit(github(args[0], args[1:]))
    if command == "gitlab":
        sys.exit(gitlab(args[0], args[1:]))
    if command == "job":
        print(json.dumps(documents(args[0])[1]))
        sys.exit(0)
    if command == "lint":
        sys.exit(lint(args))
    sys.exit(__doc__)
