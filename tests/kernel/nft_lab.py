"""A lab for rulesets of nft: they are loaded as they are written, and listed as text and as JSON."""
import json
import re

from lab import Lab, sh


def names_of(text):
    """The interfaces that a ruleset names."""
    words = re.findall(r"\b[io]if(?:name)?\s+(?:!=\s+|==\s+)?(?:\{([^}]*)\}|(\S+))", text)
    found = [w.strip().strip('",;') for some, one in words for w in (some or one).split(",")]
    found += re.findall(r'"([A-Za-z][\w.@-]{0,14}\*?)"', text)
    words = {"type", "oif", "oifname", "missing", "exists", "vmap", "map", "name", "dev", "far", "lo"}
    found = [n for n in found if re.fullmatch(r"[A-Za-z][\w.@-]*\*?", n) and n not in words]
    return {n.rstrip("*")[:14] + ("7" if n.endswith("*") else "") for n in found}


class NftLab(Lab):
    """The rules of others than `watch` are those that are tried."""

    WATCH = "watch"

    def __init__(self, way, version, backend, ifaces):
        # What of iptables is loaded, its nft backend loads.
        super().__init__(way, version, "nft", ifaces)
        # A host tracks connections. Chains of NAT alone do not make a namespace do so.
        sh("nft", "-f", "-", text=f"table {self.family} {self.WATCH} {{ chain track {{ type filter hook output priority 400; ct state new; }}; }}")

    def program(self):
        return sh("nft", "--version").stdout.strip()

    def tables(self):
        words = (line.split() for line in sh("nft", "list", "tables").stdout.splitlines())
        return [(family, name) for _, family, name in words if name != self.WATCH]

    def reset(self):
        gone = "".join(f"delete table {family} {name}\n" for family, name in self.tables())
        if gone:
            sh("nft", "-f", "-", text=gone)

    def load(self, text, saves=()):
        """Loads a ruleset, and what iptables-nft saved beside it as (family, text). Rules that this machine refuses are left
        out: gives what was loaded, and those rules."""
        lines, refused = text.splitlines(), []
        for _ in range(400):
            self.reset()
            for family, saved in saves:
                sh(f"{'ip6' if family == 6 else 'ip'}tables-nft-restore", text=saved)
            # Nothing is there any more but the lab's own table.
            sent = re.sub(r"(?m)^\s*flush ruleset\b[^;\n]*;?", "", "\n".join(lines) + "\n")
            done = sh("nft", "-f", "-", text=sent, check=False)
            if done.returncode == 0:
                self.loaded = "\n".join(lines) + "\n"
                return self.loaded, refused
            said = re.search(r"^/dev/stdin:(\d+):", done.stderr, re.M)
            at = int(said.group(1)) - 1 if said else -1
            if not 0 <= at < len(lines) or not self.is_rule(lines[at]):
                raise RuntimeError(f"nft: {done.stderr.strip()[:300]}")
            refused.append(lines.pop(at))
        raise RuntimeError(f"nft refuses more than {len(refused)} rules, at last: {refused[-1]}")

    @staticmethod
    def is_rule(line):
        """Whether the rest may load without a line."""
        words = line.split()
        if words[:1] in (["add"], ["insert"]):
            return words[1] == "rule"
        declared = ("table", "chain", "set", "map", "type", "typeof", "elements", "flags", "define", "}")
        return bool(words) and words[0] not in declared and not (line.rstrip().endswith("{") or line.strip() == "}")

    def listed(self):
        """The ruleset as text and as JSON, without the lab's own table."""
        text = sh("nft", "list", "ruleset").stdout
        text = re.sub(rf"(?ms)^table \w+ {self.WATCH} \{{\n.*?^\}}\n", "", text)
        whole = json.loads(sh("nft", "-j", "list", "ruleset").stdout)
        own = lambda o: self.WATCH in (o.get("table"), o.get("name") if "table" not in o else None)  # noqa: E731
        whole["nftables"] = [o for o in whole["nftables"] if not any(own(v) for v in o.values())]
        return text, json.dumps(whole)

    def translated(self, rules):
        """A dump of iptables as the tool translates it, loaded: gives the dump without the rules that are left out, the commands
        of nft, and the rules that the tool or nft have no form for."""
        # nft takes no chain of this name.
        rules = re.sub(r"(?m)^(:|-A |.* -[jg] )reject\b", r"\1reject_", rules)
        saved, refused = Lab.load(self, rules)
        tool = f"{'ip6' if self.v == 6 else 'ip'}tables-restore-translate"
        commands = [line for line in sh(tool, "-f", "/dev/stdin", text=saved).stdout.splitlines() if line]
        steps = [i for i, line in enumerate(commands) if line.startswith(("add rule", "insert rule", "# -t"))]
        lines = saved.splitlines()
        rules_at = [i for i, line in enumerate(lines) if line.startswith("-A")]
        if len(steps) != len(rules_at):
            raise RuntimeError(f"{tool} makes {len(steps)} rules of {len(rules_at)}")
        loaded, left = self.load("\n".join(commands) + "\n")
        gone = {at for at, step in zip(rules_at, steps) if commands[step].startswith("#")}
        for line in left:
            gone.add(next(at for at, step in zip(rules_at, steps) if commands[step] == line and at not in gone))
        kept = "".join(line + "\n" for i, line in enumerate(lines) if i not in gone)
        return kept, loaded, refused + [lines[i] for i in sorted(gone)]
