"""Random nft rulesets: several tables and base chains on a hook, sets, maps, translation. Same seed, same bytes."""
import random

from nft_matches import MARKS, Matches

# Places with names (nft(8), "CHAINS"); the lab's own chains are below -450 and from 300 on.
NAMED = {"raw": -300, "mangle": -150, "filter": 0, "security": 50}
HOOKS = ["prerouting", "input", "forward", "output", "postrouting"]
ODDS = {"prerouting": 0.55, "input": 0.95, "forward": 0.8, "output": 0.8, "postrouting": 0.45}
NAT_PLACES = {"prerouting": ["dstnat", "-100", "-150", "20"], "input": ["100", "50"], "output": ["-100", "0"],
              "postrouting": ["srcnat", "100", "srcnat + 5", "-10"]}
TYPES = {"ipaddr": "ipv4_addr", "ip6addr": "ipv6_addr", "port": "inet_service", "face": "ifname", "proto": "inet_proto",
         "ipaddr . port": "ipv4_addr . inet_service", "ip6addr . port": "ipv6_addr . inet_service",
         "proto . port": "inet_proto . inet_service"}


class Table:
    """One table."""

    def __init__(self, ruleset, family, name):
        self.r, self.family, self.name = ruleset.r, family, name
        self.ruleset = ruleset
        self.m = Matches(self.r.getrandbits(40), family)
        self.users = [f"c{i}" for i in range(self.r.randint(0, 4))]
        self.sets, self.maps, self.chains = [], [], []
        self.dynamic = []
        self.nat = {}

    def some(self, odds):
        return self.r.random() < odds

    # ---- sets ----

    def declare(self):
        r = self.r
        kinds = [k for k in TYPES if not (self.family == "ip" and k.startswith("ip6") or self.family == "ip6" and k.startswith("ipaddr"))]
        for i in range(r.randint(0, 4)):
            self.declare_set(f"s{i}", r.choice(kinds))
        if self.some(0.15):
            v = self.m.version()
            self.dynamic = ["ip6" if v == 6 else "ip", "dyn"]
            self.sets.append(("set dyn", [f"type ipv{v}_addr", "size 1024", "flags dynamic,timeout", "timeout 5m"]))

    def declare_set(self, name, kind):
        m, v = self.m, 6 if kind.startswith("ip6") else 4
        intervals = self.some(0.6) and kind not in ("face", "proto")
        elements = {"ipaddr": lambda: m.addrs(v, intervals), "ip6addr": lambda: m.addrs(v, intervals), "port": lambda: m.ports(intervals),
                    "face": m.faces, "proto": lambda: self.r.sample(["tcp", "udp", "icmp", "gre"], 2)}
        if kind in elements:
            some = elements[kind]()
        else:
            first = ["tcp", "udp"] if kind.startswith("proto") else [m.addr(v) for _ in range(3)]
            some = [f"{self.r.choice(first)} . {self.r.choice(m.ports(False))}" for _ in range(3)]
            if intervals:
                some = [f"{m.one(v) if kind.startswith('ip') else self.r.choice(first)} . {p}" for p in m.ports(most=3)]
        some = list(dict.fromkeys(some))
        if self.some(0.1):
            some[0] += self.r.choice((' comment "one"', " timeout 2h", " counter"))
        lines = [f"type {TYPES[kind]}"]
        if kind == "ipaddr" and self.some(0.2):
            lines = ["typeof ip saddr"]
        flags = ["interval"] if intervals else []
        if "timeout" in some[0]:
            flags.append("timeout")
        lines += [f"flags {','.join(flags)}"] if flags else []
        lines += ["counter"] if " counter" in some[0] else []
        if not self.some(0.06):
            lines.append(f"elements = {{ {', '.join(some)} }}")
        self.sets.append((f"set {name}", lines))
        m.sets.setdefault(kind, []).append(name)

    def verdict_map(self, targets, hook):
        """A named map to verdicts, made for a rule."""
        name = f"m{len(self.maps)}"
        field, kind, elements = self.keyed(targets, hook)
        lines = [f"type {kind} : verdict"]
        if any("-" in e or "/" in e for e in elements):
            lines.append("flags interval")
        self.maps.append((f"map {name}", [*lines, f"elements = {{ {', '.join(elements)} }}"]))
        return f"{field} vmap @{name}"

    def keyed(self, targets, hook):
        """What a verdict map is asked with, its type and its elements."""
        m, r, v = self.m, self.r, self.m.version()
        word, l4 = "ip6" if v == 6 else "ip", m.l4 if m.l4 != "icmp" else "tcp"
        verdict = lambda: self.verdict(targets, hook, False)  # noqa: E731
        shape = r.random()
        if shape < 0.35:
            return f"{l4} dport", "inet_service", [f"{p} : {verdict()}" for p in m.ports()]
        if shape < 0.6:
            return f"{word} {r.choice(('saddr', 'daddr'))}", f"ipv{v}_addr", [f"{a} : {verdict()}" for a in m.addrs(v)]
        if shape < 0.75:
            return f"{r.choice('io')}ifname", "ifname", [f"{f} : {verdict()}" for f in m.faces()]
        if shape < 0.85:
            return "meta mark", "mark", [f"{k} : {verdict()}" for k in r.sample(MARKS, 3)]
        keys = dict.fromkeys(f"{m.addr(v)} . {r.choice(m.ports(False))}" for _ in range(3))
        return f"{word} {r.choice(('saddr', 'daddr'))} . {l4} dport", f"ipv{v}_addr . inet_service", [f"{k} : {verdict()}" for k in keys]

    # ---- rules ----

    def verdict(self, targets, hook, reject=True):
        r = self.r
        words = ["accept"] * 6 + ["drop"] * 4 + ["return"] + ["continue"]
        words += [f"jump {t}" for t in targets] + [f"goto {t}" for t in targets[:1]]
        if reject and hook in ("input", "forward", "output"):
            words += ["reject", "reject with icmpx admin-prohibited" if self.family == "inet" else "reject"]
        return r.choice(words)

    def idle(self, hook):
        """A statement that the next one follows."""
        r = self.r
        words = ["counter", "counter", "log prefix \"x: \"", self.marking(), self.marking(), "meta priority set 1:2", "meta nftrace set 0"]
        words += ["notrack"] * 2 if hook in ("prerouting", "output") else []
        if self.dynamic:
            words.append(f"{r.choice(('add', 'update'))} @dyn {{ {self.dynamic[0]} saddr }}")
        return r.choice(words)

    def marking(self):
        r, m = self.r, self.r.choice(MARKS[1:])
        return r.choice((f"meta mark set {m}", f"meta mark set meta mark | {m}", f"meta mark set meta mark & 0xf0 ^ {m}", f"ct mark set {m}",
                         "ct mark set meta mark", "meta mark set ct mark", "ct mark set meta mark & 0xf | 0x100", "meta mark set ct mark & 0x3",
                         "meta mark set tcp dport map { 22 : 0x1, 80-443 : 0x2 }"))

    def rule(self, targets, hook, nat=None):
        r, m = self.r, self.m
        m.begin()
        parts = [m.match() for _ in range(r.choice((0, 1, 1, 1, 2, 2, 3)))]
        if nat and self.some(0.6):
            return " ".join([*self.once(parts), self.translation(nat)])
        for _ in range(r.choice((0, 0, 0, 1, 2))):
            parts.insert(r.choice((len(parts), r.randint(0, len(parts)))), self.idle(hook))
        parts = self.once(parts)
        shape = r.random()
        if shape < 0.1:
            field, _, elements = self.keyed(targets, hook)
            return " ".join([*parts, f"{field} vmap {{ {', '.join(elements)} }}"])
        if shape < 0.16:
            return " ".join([*parts, self.verdict_map(targets, hook)])
        if shape < 0.22:
            some = r.sample(["new", "established", "related", "invalid", "untracked"], r.randint(2, 4))
            return " ".join([*parts, f"ct state vmap {{ {', '.join(f'{s} : {self.verdict(targets, hook, False)}' for s in some)} }}"])
        if shape < 0.24:
            inner = "; ".join(" ".join([m.match(), self.verdict([], hook)]) for _ in range(2))
            return " ".join([*parts, f"{r.choice(('jump', 'jump', 'goto'))} {{ {inner}; }}"])
        if shape < 0.3 and parts:
            return " ".join(parts)
        return " ".join([*parts, self.verdict(targets, hook)])

    @staticmethod
    def once(parts):
        """nft takes some statements once a rule, and 1.0.6 makes one comparison of two that stand side by side and negate fields
        of one header."""
        seen, out = set(), []
        for p in parts:
            word = p.split()[0]
            key = word if word in ("counter", "log", "limit", "quota") or " != " in p and word not in ("ip", "ip6", "ct", "meta") else p
            if key not in seen:
                out.append(p)
            seen.add(key)
        return out

    def translation(self, hook):
        r, m, v = self.r, self.m, self.m.version()
        word, other = ("ip6", "ip6 ") if v == 6 else ("ip", "ip ")
        other = other if self.family == "inet" else ""
        to, port = m.addr(v), r.choice((22, 80, 443, 8080))
        full = f"[{to}]:{port}" if v == 6 else f"{to}:{port}"
        proto = m.l4 if m.l4 in ("tcp", "udp") else "tcp"
        ports = [p for p in m.ports(False, 3)]
        by_port = ", ".join(f"{p} : {m.addr(v)}" for p in ports)
        both = ", ".join(f"{p} : {m.addr(v)} . {r.choice((22, 80, 8080))}" for p in ports)
        if hook in ("prerouting", "output"):
            return r.choice((f"{proto} dport {r.choice(ports)} dnat {other}to {full}", f"meta l4proto tcp dnat {other}to {full}", f"dnat {other}to {to}",
                             f"{proto} dport {self.m.one_port()} redirect to :{port}", f"{proto} dport {r.choice(ports)} redirect",
                             f"dnat {other}to {proto} dport map {{ {by_port} }}", f"dnat {other}to {word} saddr map {{ {m.addr(v)} : {to} }}",
                             f"dnat {word} to {proto} dport map {{ {both} }}", f"{proto} dport {r.choice(ports)} dnat {other}to {to}",
                             f"redirect to :{proto} dport map {{ 80 : 8080, 22 : 2222 }}", "accept", "return"))
        if hook == "input":
            return r.choice((f"snat {other}to {to}", "accept"))
        return r.choice((f"snat {other}to {to}", "masquerade", "masquerade", f"meta l4proto tcp snat {other}to {full}", "accept",
                         f"snat {other}to {word} saddr map {{ {m.addr(v)} : {to} }}", "meta l4proto { tcp, udp } masquerade to :1024-2048"))

    # ---- chains ----

    def build(self):
        r = self.r
        self.declare()
        for hook in HOOKS:
            for _ in range(r.choice((1, 1, 1, 2)) if self.some(ODDS[hook]) else 0):
                self.base(hook)
            if self.some(0.3) and hook != "forward":
                self.nat_base(hook)
        for i, user in enumerate(self.users):
            self.chains.append((user, [], [self.rule(self.users[i + 1:], None) for _ in range(r.randint(0, 7))]))
        for hook, names in self.nat.items():
            for name in names:
                self.chains.append((name, [], [self.rule([], hook, hook) for _ in range(r.randint(0, 3))]))

    def base(self, hook):
        r = self.r
        main = hook in ("input", "forward", "output")
        place, number = self.ruleset.place(hook)
        kind = "route" if hook == "output" and self.some(0.1) else "filter"
        policy = r.choice(("drop", "accept")) if main and number == 0 else "drop" if self.some(0.06) else "accept"
        head = [f"type {kind} hook {hook} priority {place}"] + ([f"policy {policy}"] if policy == "drop" or self.some(0.5) else [])
        count = r.randint(1, 9) if main and -200 < number < 100 else r.randint(0, 4)
        self.chains.append((f"{hook}{len(self.chains)}", head, [self.rule(self.users, hook) for _ in range(count)]))

    def nat_base(self, hook):
        r = self.r
        name = f"nat{hook}{len(self.chains)}"
        self.nat[hook] = [f"n{hook}"] if self.some(0.3) else []
        head = [f"type nat hook {hook} priority {r.choice(NAT_PLACES[hook])}"]
        rules = [self.rule(self.nat[hook] + (self.users[-1:] if self.some(0.2) else []), hook, hook) for _ in range(r.randint(1, 4))]
        self.chains.append((name, head, rules))

    def block(self):
        """As one block. Each rule has a line of its own."""
        out = [f"table {self.family} {self.name} {{"]
        for head, lines in self.sets + self.maps:
            out += [f"\t{head} {{", *(f"\t\t{line}" for line in lines), "\t}"]
        for name, head, rules in self.chains:
            out += [f"\tchain {name} {{"] + [f"\t\t{'; '.join(head)};"] * bool(head) + [f"\t\t{rule}" for rule in rules] + ["\t}"]
        return out + ["}"]

    def commands(self):
        """As commands, one a line, with the first rule of each chain put in at last."""
        at = f"{self.family} {self.name}"
        out = [f"add table {at}"]
        out += [f"add chain {at} {name}" + (f" {{ {'; '.join(head)}; }}" if head else "") for name, head, _ in self.chains]
        out += [f"add {head.split()[0]} {at} {head.split()[1]} {{ {'; '.join(lines)}; }}" for head, lines in self.sets + self.maps]
        for name, _, rules in self.chains:
            out += [f"add rule {at} {name} {rule}" for rule in rules[1:]] + [f"insert rule {at} {name} {rule}" for rule in rules[:1]]
        return out


class NftRules:
    """Writes one ruleset."""

    def __init__(self, seed):
        self.r, self.used = random.Random(f"nft {seed}"), set()

    def place(self, hook):
        """A priority that no other chain of the hook has: as written, and its number."""
        r = self.r
        while True:
            name = r.choice(("filter", "filter", "filter", *NAMED, ""))
            more = r.choice((0, 0, 0, 0, -10, 5, 10)) if name else r.choice((-350, -250, -210, -199, -120, -90, -1, 1, 90, 120, 250))
            number = NAMED.get(name, 0) + more
            if (hook, number) not in self.used:
                self.used.add((hook, number))
                written = f"{name} {'-' if more < 0 else '+'} {abs(more)}" if name and more else name or str(more)
                return written, number

    def text(self):
        r = self.r
        out = ["#!/usr/sbin/nft -f"]
        families = r.choice((["inet"], ["inet"], ["inet", "ip"], ["inet", "ip6"], ["ip", "ip6"], ["inet", "inet"], ["inet", "ip", "ip6"]))
        for i, family in enumerate(families):
            table = Table(self, family, r.choice(("filter", "fw", f"t{i}")) if families.count(family) == 1 else f"t{i}")
            table.build()
            out += table.commands() if r.random() < 0.15 else table.block()
        return "\n".join(out) + "\n"


if __name__ == "__main__":
    import sys
    print(NftRules(int(sys.argv[1])).text(), end="")
