"""The build backend of the Python package (PEP 517): takes the wheel of the release where these sources are those of a
release, and compiles with maturin where they are not.

So `pip install` from the repository and the hooks of pre-commit need no Rust toolchain at a released version. A wheel whose
checksum is not the one in the release's SHA256SUMS stops the installation. Set HYLINT_FROM_SOURCE=1 to compile in any case,
and HYLINT_RELEASES=URL to take releases from a mirror, as URL/vVERSION/FILE.
"""

import functools
import hashlib
import os
import platform
import re
import subprocess
import sys
import urllib.request

MATURIN = "maturin>=1.7,<2"
HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def _say(text):
    print("hylint: " + text, file=sys.stderr)


def _git(*args):
    # A hook of git has its own repository in these.
    env = {k: v for k, v in os.environ.items() if k not in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE")}
    try:
        done = subprocess.run(("git", "-C", HERE) + args, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env)
    except OSError:
        return ""
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else ""


def _version():
    with open(os.path.join(HERE, "Cargo.toml"), encoding="utf-8") as f:
        return re.search(r'^version = "([^"]+)"', f.read(), re.MULTILINE).group(1)


def _repository():
    """The address of the repository that these sources were cloned from, if it has one on the web."""
    url = _git("config", "--get", "remote.origin.url") if os.path.exists(os.path.join(HERE, ".git")) else ""
    shell = re.match(r"git@([^:/]+):(.*)$", url)
    if shell:
        url = "https://{}/{}".format(*shell.groups())
    return re.sub(r"(\.git)?/?$", "", url) if re.match(r"https?://", url) else ""


def _is_release(repository, version):
    """Whether the commit that is checked out is that of the version's tag."""
    commit = _git("rev-parse", "HEAD")
    tag = "refs/tags/v" + version
    listed = _git("ls-remote", repository, tag, tag + "^{}") if commit and repository else ""
    return any(line.split()[0] == commit for line in listed.splitlines() if line.strip())


def _platform():
    """What the file name of a wheel for this machine has: a system and a processor."""
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    if sys.platform == "win32":
        return ("win_amd64",)  # also on ARM, which runs it
    if sys.platform == "darwin":
        return ("macosx", "arm64" if machine == "aarch64" else machine)
    if sys.platform.startswith("linux"):
        return ("linux", machine)
    return None


def _fetch(url):
    with urllib.request.urlopen(url, timeout=60) as answer:
        return answer.read()


@functools.lru_cache(maxsize=1)
def _released():
    """Where the released wheel for this machine lies, its file name and its checksum; None where there is none."""
    if os.environ.get("HYLINT_FROM_SOURCE"):
        return None
    version, repository, here = _version(), _repository(), _platform()
    if not here or not _is_release(repository, version):
        return None
    base = os.environ.get("HYLINT_RELEASES", "").rstrip("/") or repository + "/releases/download"
    base += "/v" + version + "/"
    try:
        sums = [line.split() for line in _fetch(base + "SHA256SUMS").decode("ascii", "replace").splitlines()]
    except (OSError, ValueError) as error:
        _say("{}SHA256SUMS cannot be downloaded ({}), compiling".format(base, error))
        return None
    names = {os.path.basename(s[1].lstrip("*")): s[0] for s in sums if len(s) == 2 and s[1].endswith(".whl")}
    name = next((n for n in sorted(names) if all(part in n for part in here)), None)
    if name is None:
        _say("the release has no wheel for {}, compiling".format(" ".join(here)))
        return None
    return base, name, names[name]


def get_requires_for_build_wheel(config_settings=None):
    return [] if _released() else [MATURIN]


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    released = _released()
    if released is None:
        import maturin

        return maturin.build_wheel(wheel_directory, config_settings, metadata_directory)
    base, name, wanted = released
    wheel = _fetch(base + name)
    found = hashlib.sha256(wheel).hexdigest()
    if found != wanted:
        sys.exit("hylint: the checksum of {} is {} and must be {}: it is not used".format(name, found, wanted))
    with open(os.path.join(wheel_directory, name), "wb") as f:
        f.write(wheel)
    _say("{} from {}, checksum verified".format(name, base))
    return name


def get_requires_for_build_sdist(config_settings=None):
    return [MATURIN]


def build_sdist(sdist_directory, config_settings=None):
    import maturin

    return maturin.build_sdist(sdist_directory, config_settings)
