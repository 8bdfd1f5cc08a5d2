"""Random rulesets of the filter table, and packets that try their edges. Same seed, same bytes."""
import ipaddress
import random
import re

IFACES = ["eth0", "eth1", "eth10", "tun0", "wlan0"]
MACS = ["00:16:3e:00:00:01", "00:16:3e:00:00:02"]
STATES = ["NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED"]
BASES = ["INPUT", "FORWARD", "OUTPUT"]
FLAGS = ["", "", "", "", "SYN", "ACK", "PSH+ACK", "SYN+ACK", "RST", "FIN", "FIN+ACK", "SYN+FIN", "URG"]
ADDR = {4: ipaddress.IPv4Address, 6: ipaddress.IPv6Address}
BITS = {4: 32, 6: 128}
# Low addresses of a few networks, so that rules and packets meet.
ROOTS = {4: ["10.1.0.0", "10.1.1.0", "10.200.0.0", "172.16.5.0", "192.0.2.0"],
         6: ["2001:db8::", "2001:db8:0:1::", "2001:db8:ffff::", "fd00:5::"]}


class Rules:
    """Writes one ruleset."""

    def __init__(self, seed, version):
        self.r, self.v = random.Random(seed), version

    def text(self):
        r = self.r
        users = [f"c{i}" for i in range(r.randint(0, 7))]
        out = ["*filter"] + [f":{b} {r.choice(('ACCEPT', 'DROP', 'DROP'))} [0:0]" for b in BASES]
        out += [f":{u} - [0:0]" for u in users]
        for b in BASES:
            out += [self.rule(b, b, users) for _ in range(r.randint(3, 14))]
        for i, u in enumerate(users):
            out += [self.rule(u, None, users[i + 1:]) for _ in range(r.randint(0, 9))]
        return "\n".join(out + ["COMMIT", ""])

    def no(self, odds=0.2):
        return "! " if self.r.random() < odds else ""

    def addr(self):
        r = self.r
        return int(ADDR[self.v](r.choice(ROOTS[self.v]))) + r.choice((0, 1, 2, 5, 127, 128, 254, 255))

    def net(self):
        r, bits = self.r, BITS[self.v]
        length = r.choice((bits, bits, bits - 1, bits - 7, bits - 8, bits - 16, 8, 1, 0))
        if self.v == 4 and r.random() < 0.05:
            return f"{ADDR[4](self.addr())}/255.255.{r.choice((192, 240))}.{r.choice((255, 254))}"
        return f"{ADDR[self.v](self.addr())}/{length}"

    def ports(self, sep=":"):
        r = self.r
        lo = r.choice((0, 1, 22, 53, 80, 443, 1023, 1024, 5000, 60999, 65535))
        hi = min(65535, lo + r.choice((0, 1, 10, 60000)))
        shape = r.random()
        if sep == ":" and shape > 0.92:
            return r.choice((f":{hi}", f"{lo}:", "ssh", "https"))
        return str(lo) if shape < 0.6 else f"{lo}{sep}{hi}"

    def proto(self):
        """A protocol and what only goes with it."""
        r, v6 = self.r, self.v == 6
        kind = r.choice(("tcp", "tcp", "tcp", "udp", "udp", "icmp", "sctp", "other", "not"))
        if kind == "icmp":
            name, match, option = ("ipv6-icmp", "icmp6", "--icmpv6-type") if v6 else ("icmp", "icmp", "--icmp-type")
            types = (["128", "129", "1", "1/3", "135", "echo-request", "no-route", "destination-unreachable",
                      "neighbour-solicitation"] if v6 else
                     ["8", "0", "3", "3/1", "11", "13", "any", "echo-request", "host-unreachable", "ttl-exceeded", "255"])
            return f"-p {name} -m {match} {self.no()}{option} {r.choice(types)}"
        if kind in ("other", "not"):
            some = ["50", "47", "tcp", "udp"] + ([] if v6 else ["51", "2"])
            return f"{'! ' if kind == 'not' else ''}-p {r.choice(some)}" if r.random() < 0.9 else "-p all"
        parts = [f"-p {kind}"]
        shape = r.random()
        if shape < 0.5:
            parts.append(f"-m {kind}")
            if r.random() < 0.3:
                parts.append(f"{self.no()}--sport {self.ports()}")
            parts.append(f"{self.no()}--dport {self.ports()}")
        elif shape < 0.8:
            many = ",".join(self.ports(sep="::")[:99].replace("::", ":") for _ in range(r.randint(1, 5)))
            parts.append(f"-m multiport {self.no()}--{r.choice(('dports', 'dports', 'sports', 'ports'))} {many}")
        if kind == "tcp" and r.random() < 0.25:
            if f"-m {kind}" not in parts:
                parts.append("-m tcp")
            flags = ["FIN,SYN,RST,ACK SYN", "SYN,RST SYN", "ACK,FIN FIN", "FIN,SYN,RST,PSH,ACK,URG NONE",
                     "SYN,ACK SYN,ACK", "FIN,SYN FIN,SYN"]
            parts.append(f"{self.no()}{r.choice(['--syn'] + ['--tcp-flags ' + f for f in flags])}")
        return " ".join(parts)

    def matches(self, base):
        r, out = self.r, []
        if r.random() < 0.4:
            out.append(f"{self.no()}-s {self.net()}")
        if r.random() < 0.3:
            out.append(f"{self.no()}-d {self.net()}")
        for option, bad in (("-i", "OUTPUT"), ("-o", "INPUT")):
            if r.random() < 0.15 and base != bad:
                out.append(f"{self.no()}{option} {r.choice(IFACES + ['eth+', 'eth1+', 'tun+'])}")
        if r.random() < 0.6:
            out.append(self.proto())
        a = self.addr()
        span = f"{ADDR[self.v](a)}-{ADDR[self.v](a + r.choice((0, 3, 200, 70000)))}"
        state = ",".join(r.sample(STATES, r.randint(1, 3)))
        mark = f"{r.choice(('0x0', '0x1', '0x3', '0x10'))}/{r.choice(('0xffffffff', '0x1', '0xf0'))}"
        extra = [
            (0.12, f"-m iprange {self.no()}--{r.choice(('src', 'dst'))}-range {span}"),
            (0.18, f"-m conntrack {self.no()}--ctstate {state}"),
            (0.06, f"-m state {self.no()}--state {state}"),
            (0.05, f"-m conntrack {self.no()}--ctproto {r.choice(('tcp', 'udp', '47'))}"),
            (0.03, f"-m conntrack --ctstate {state} {self.no()}--ctproto {r.choice(('tcp', 'udp'))}"),
            (0.03, f"-m iprange --src-range {span} {self.no()}--dst-range {span}"),
            (0.03, f"-m pkttype {self.no()}--pkt-type unicast"),
            (0.10, f"-m mark {self.no()}--mark {mark}"),
            (0.06, f"-m connmark {self.no()}--mark {mark}"),
            (0.06, "-m comment --comment \"a \\\"quoted\\\" -j DROP\""),
        ]
        if base in ("INPUT", "FORWARD"):
            extra.append((0.06, f"-m mac {self.no()}--mac-source {r.choice(MACS).upper()}"))
        if base == "OUTPUT":
            extra.append((0.1, f"-m owner {self.no()}--uid-owner {r.choice(('0', '33', '0-99'))}"))
        if base == "INPUT":
            extra.append((0.04, f"-m addrtype {self.no()}--dst-type {r.choice(('LOCAL', 'MULTICAST', 'LOCAL,MULTICAST'))}"))
        return out + [m for odds, m in extra if r.random() < odds]

    def rule(self, chain, base, below):
        r = self.r
        words = [f"-A {chain}"] + self.matches(base)
        reject = "icmp6-port-unreachable" if self.v == 6 else "icmp-port-unreachable"
        targets = ["-j ACCEPT"] * 5 + ["-j DROP"] * 4 + [f"-j REJECT --reject-with {reject}", "-j RETURN", "-j RETURN",
                   "-j LOG", "", "-j MARK --set-xmark 0x1/0xffffffff", "-j MARK --set-xmark 0x2/0xf",
                   "-j MARK --and-mark 0xf0", "-j CONNMARK --save-mark", "-j CONNMARK --restore-mark",
                   "-j CONNMARK --set-xmark 0x3/0xf"]
        if below and r.random() < 0.45:
            words.append(f"{r.choice(('-j', '-j', '-g'))} {r.choice(below)}")
        else:
            words.append(r.choice(targets))
        return " ".join(words).strip()


SHORT = {"--source": "-s", "--destination": "-d", "--protocol": "-p", "--in-interface": "-i", "--jump": "-j",
         "--goto": "-g", "--out-interface": "-o", "--source-ports": "--sports", "--destination-ports": "--dports",
         "--source-port": "--sport", "--destination-port": "--dport", "--sports": "--sport", "--dports": "--dport",
         "--ports": "--dport", "--src": "-s", "--dst": "-d"}


def rules_of(text):
    """The rules of the filter table by chain, as lists of (option, value, negated)."""
    chains, inside = {}, False
    for line in text.splitlines():
        words = re.sub(r'"(\\.|[^"\\])*"', "x", line).split()
        if words[:1] and words[0].startswith("*"):
            inside = words[0] == "*filter"
        if not inside or words[:1] != ["-A"] or len(words) < 2:
            continue
        rule, negated = [], False
        for word, value in zip(words[2:], words[3:] + [""]):
            if word == "!":
                negated = True
            elif word.startswith("-"):
                if value == "!":
                    continue
                rule.append((SHORT.get(word, word), value, negated))
                negated = False
        chains.setdefault(words[1], []).append(rule)
    return chains


class Packets:
    """Packets that follow a ruleset's paths and then, half of them, leave by one field."""

    def __init__(self, text, chain, version, seed):
        self.r, self.chain, self.v = random.Random(seed), chain, version
        self.chains = rules_of(text)
        self.pool = {"-s": [], "-i": [], "--sport": ["0", "1024", "65535"], "-p": ["tcp", "udp", "gre"]}
        for rule in (x for rules in self.chains.values() for x in rules):
            for option, value, _ in rule:
                key = {"-d": "-s", "--src-range": "-s", "--dst-range": "-s", "-o": "-i", "--dport": "--sport"}.get(option, option)
                if key in self.pool:
                    self.pool[key].append(value)

    def span(self, text):
        """First and last address of a prefix, a range, or a mask with holes."""
        text = text.split(",")[0]
        if "-" in text:
            lo, hi = text.split("-")
            return int(ADDR[self.v](lo)), int(ADDR[self.v](hi))
        addr, _, mask = text.partition("/")
        ones = (1 << BITS[self.v]) - 1
        bits = ones if not mask else int(ADDR[self.v](mask)) if "." in mask or ":" in mask else ones ^ (ones >> int(mask))
        lo = int(ADDR[self.v](addr)) & bits
        return lo, lo | (ones ^ bits)

    def usable(self, n):
        """Addresses that a router passes on: unicast, not loopback, not link-local, not this-network."""
        a = ADDR[self.v](n % (1 << BITS[self.v]))
        return not (a.is_multicast or a.is_loopback or a.is_link_local or a.is_unspecified or
                    (self.v == 4 and (n >> 24 in (0,) or n >> 28 >= 14)) or (self.v == 6 and a.ipv4_mapped is not None))

    def address(self, value=None):
        r = self.r
        for _ in range(20):
            try:
                lo, hi = self.span(value or r.choice(self.pool["-s"] or ROOTS[self.v]))
            except ValueError:
                value = None
                continue
            n = r.choice((lo, hi, r.randint(lo, hi), r.randint(lo, hi))) + (0 if value else r.choice((-1, 0, 0, 1)))
            if 0 <= n < 1 << BITS[self.v] and self.usable(n):
                return str(ADDR[self.v](n))
        return str(ADDR[self.v](int(ADDR[self.v](ROOTS[self.v][0])) + 9))

    def port(self, value=None):
        r = self.r
        text = r.choice((value or r.choice(self.pool["--sport"])).split(","))
        lo, colon, hi = text.partition(":")
        try:
            lo = int(lo or 0)
            hi = int(hi or 65535) if colon else lo
        except ValueError:
            return r.randint(0, 65535)
        n = r.choice((lo, hi, (lo + hi) // 2)) + (0 if value else r.choice((-1, 0, 0, 1)))
        return min(65535, max(0, n))

    def iface(self, value=None):
        name = value or self.r.choice(self.pool["-i"] + [""])
        name = name[:-1] + self.r.choice("07") if name.endswith("+") else name
        return "" if name == "lo" else name[:15]

    def field(self, name):
        r = self.r
        return {"src": self.address, "dst": self.address, "sport": self.port, "dport": self.port,
                "in_iface": self.iface, "out_iface": self.iface,
                "proto": lambda: r.choice(self.pool["-p"] + ["tcp", "tcp", "udp", "icmp"]),
                "flags": lambda: r.choice(FLAGS), "smac": lambda: r.choice(MACS),
                "mark": lambda: r.choice(("0", "0", "1", "3", "0x10"))}[name]()

    FIELDS = ["src", "dst", "proto", "sport", "dport", "in_iface", "out_iface", "flags", "smac", "mark"]

    def follow(self, p, rule):
        setters = {"-s": ("src", self.address), "-d": ("dst", self.address), "--src-range": ("src", self.address),
                   "--dst-range": ("dst", self.address), "--sport": ("sport", self.port), "--dport": ("dport", self.port),
                   "-i": ("in_iface", self.iface), "-o": ("out_iface", self.iface), "-p": ("proto", lambda v: v)}
        for option, value, negated in rule:
            if option in setters and not negated:
                name, make = setters[option]
                p[name] = make(value)

    def path(self):
        """A walk along jumps from the base chain."""
        rules, way = self.chains.get(self.chain), []
        while rules and len(way) < 12:
            rule = self.r.choice(rules)
            way.append(rule)
            rules = self.chains.get(next((v for o, v, _ in rule if o in ("-j", "-g")), None))
        return way

    def one(self, number):
        r = self.r
        p = {f: self.field(f) for f in self.FIELDS}
        for rule in self.path():
            self.follow(p, rule)
        if r.random() < 0.5:
            f = r.choice(self.FIELDS)
            p[f] = self.field(f)
        if p["proto"] in ("all", "0"):
            p["proto"] = "tcp"
        if self.v == 6 and p["proto"] == "icmp":
            p["proto"] = "ipv6-icmp"
        p["proto"] = {"1": "icmp", "6": "tcp", "17": "udp", "58": "ipv6-icmp", "icmpv6": "ipv6-icmp"}.get(p["proto"], p["proto"])
        if p["proto"] in ("icmp", "ipv6-icmp"):
            p["sport"] = r.choice((8, 8, 0, 3, 11, 13) if p["proto"] == "icmp" else (128, 128, 129, 1, 3, 135))
            p["dport"] = r.choice((0, 0, 1, 3))
        elif p["proto"] not in ("tcp", "udp", "sctp"):
            p["sport"] = p["dport"] = ""
        if p["proto"] != "tcp":
            p["flags"] = ""
        if self.chain == "INPUT":
            p["out_iface"] = ""
        if self.chain == "OUTPUT":
            p["in_iface"] = p["smac"] = ""
        p["uid"] = "0" if self.chain == "OUTPUT" else ""
        return p
