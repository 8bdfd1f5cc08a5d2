"""Random rulesets over all tables. Same seed, same bytes."""
import ipaddress
import random

IFACES = ["eth0", "eth1", "eth10", "tun0", "wlan0"]
MACS = ["00:16:3e:00:00:01", "00:16:3e:00:00:02"]
STATES = ["NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED"]
ADDR = {4: ipaddress.IPv4Address, 6: ipaddress.IPv6Address}
BITS = {4: 32, 6: 128}
# Low addresses of a few networks, so that rules and packets meet.
ROOTS = {4: ["10.1.0.0", "10.1.1.0", "10.200.0.0", "172.16.5.0", "192.0.2.0"],
         6: ["2001:db8::", "2001:db8:0:1::", "2001:db8:ffff::", "fd00:5::"]}
BASES = {"raw": ["PREROUTING", "OUTPUT"], "mangle": ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
         "nat": ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"], "filter": ["INPUT", "FORWARD", "OUTPUT"],
         "security": ["INPUT", "FORWARD", "OUTPUT"]}
# What a hook's rules may not look at, as the kernel refuses it or it is not known there.
NO_IN, NO_OUT = ("OUTPUT", "POSTROUTING"), ("PREROUTING", "INPUT")
MARKS = ["-j MARK --set-xmark 0x1/0xffffffff", "-j MARK --set-xmark 0x2/0xf", "-j MARK --and-mark 0xf0",
         "-j CONNMARK --save-mark", "-j CONNMARK --restore-mark", "-j CONNMARK --set-xmark 0x3/0xf",
         "-j CONNMARK --restore-mark --nfmask 0xf0 --ctmask 0xff", "-j CONNMARK --save-mark --nfmask 0x3 --ctmask 0x1"]
# Targets that go on; some change what rules ask afterwards.
IDLE = ["-j LOG", "-j NFLOG", "-j CT --zone 3", "-j TRACE", "-j CHECKSUM --checksum-fill", "-j DSCP --set-dscp 0x5",
        "-j TOS --set-tos 0x10/0x3f"]


class Rules:
    """Writes one ruleset."""

    def __init__(self, seed, version):
        self.r, self.v = random.Random(seed), version
        self.table, self.nat = "filter", False

    def text(self):
        r = self.r
        self.nat = r.random() < 0.6
        some = {"raw": r.random() < 0.5, "mangle": r.random() < 0.5, "nat": self.nat, "filter": True,
                "security": r.random() < 0.3}
        return "".join(self.write(table) for table, wanted in some.items() if wanted)

    def write(self, table):
        r, self.table = self.r, table
        bases = BASES[table]
        # A user chain of nat belongs to one hook, as its targets do; elsewhere any chain may call it.
        users = [(f"c{i}", r.choice(bases) if table == "nat" else None) for i in range(r.randint(0, 7 if table == "filter" else 3))]
        out = [f"*{table}"] + [f":{b} {self.policy()} [0:0]" for b in bases]
        # A user chain that is called like the base chain of another table is a user chain.
        odd = [("PREROUTING", None)] if table in ("filter", "security") and r.random() < 0.1 else []
        users += odd
        out += [f":{u} - [0:0]" for u, _ in users]
        few, many = (2, 12) if table == "filter" else (0, 6)
        for b in bases:
            below = [u for u, hook in users if hook in (None, b)]
            out += [self.rule(b, b, below) for _ in range(r.randint(few, many))]
        for i, (u, hook) in enumerate(users):
            below = [w for w, h in users[i + 1:] if h == hook]
            out += [self.rule(u, hook, below) for _ in range(r.randint(0, 9 if table == "filter" else 4))]
        return "\n".join(out + ["COMMIT", ""])

    def policy(self):
        odds = {"filter": 0.6, "mangle": 0.04, "raw": 0.04, "security": 0.1, "nat": 0.03}[self.table]
        return "DROP" if self.r.random() < odds else "ACCEPT"

    def no(self, odds=0.2):
        return "! " if self.r.random() < odds else ""

    def addr(self):
        r = self.r
        return int(ADDR[self.v](r.choice(ROOTS[self.v]))) + r.choice((0, 1, 2, 5, 127, 128, 254, 255))

    def net(self, holes=True):
        r, bits = self.r, BITS[self.v]
        length = r.choice((bits, bits, bits - 1, bits - 7, bits - 8, bits - 16, 8, 1, 0))
        if self.v == 4 and r.random() < 0.05 and holes:
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

    def proto(self, only=None):
        """A protocol and what only goes with it."""
        r, v6 = self.r, self.v == 6
        kind = only or r.choice(("tcp", "tcp", "tcp", "udp", "udp", "icmp", "sctp", "dccp", "other", "not"))
        if kind == "icmp":
            name, match, option = ("ipv6-icmp", "icmp6", "--icmpv6-type") if v6 else ("icmp", "icmp", "--icmp-type")
            types = (["128", "129", "1", "1/3", "135", "echo-request", "no-route", "destination-unreachable",
                      "neighbour-solicitation"] if v6 else
                     ["8", "0", "3", "3/1", "11", "13", "any", "echo-request", "host-unreachable", "ttl-exceeded", "255"])
            return f"-p {name} -m {match} {self.no()}{option} {r.choice(types)}"
        if kind in ("other", "not"):
            some = ["50", "47", "tcp", "udp"] + (["135", "mobility-header -m mh"] if v6 else ["51", "2"])
            some = [s for s in some if kind == "other" or " " not in s]
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
                     "SYN,ACK SYN,ACK", "FIN,SYN FIN,SYN", "ALL ALL", "ALL FIN,PSH,URG", "PSH,ACK PSH", "URG URG"]
            parts.append(f"{self.no()}{r.choice(['--syn'] + ['--tcp-flags ' + f for f in flags])}")
        return " ".join(parts)

    def states(self):
        some = STATES + (["DNAT", "SNAT"] if self.nat else [])
        return ",".join(self.r.sample(some, self.r.randint(1, 3)))

    def connection(self):
        """A question about the packet's connection, alone or beside states."""
        r, a = self.r, ADDR[self.v](self.addr())
        way = r.choice(("orig", "orig", "repl"))
        # A mask with holes gets lost here: iptables-nft 1.8.9 takes and prints the address alone.
        what = r.choice((f"{self.no()}--ct{way}{r.choice(('src', 'dst'))} {r.choice((self.net(holes=False), a))}",
                         f"{self.no()}--ct{way}{r.choice(('src', 'dst'))}port {self.ports()}",
                         f"--ctdir {r.choice(('ORIGINAL', 'REPLY'))}",
                         f"{self.no()}--ctstatus {r.choice(('NONE', 'CONFIRMED', 'SEEN_REPLY,ASSURED', 'EXPECTED'))}"))
        return f"-m conntrack --ctstate {self.states()} {what}" if r.random() < 0.3 else f"-m conntrack {what}"

    def where(self, base):
        r, out = self.r, []
        if r.random() < 0.4:
            out.append(f"{self.no()}-s {self.net()}")
        if r.random() < 0.3:
            out.append(f"{self.no()}-d {self.net()}")
        for option, bad in (("-i", NO_IN), ("-o", NO_OUT)):
            if r.random() < 0.15 and base not in bad:
                out.append(f"{self.no()}{option} {r.choice(IFACES + ['eth+', 'eth1+', 'tun+', '+'])}")
        return out

    def matches(self, base):
        r, out = self.r, self.where(base)
        if r.random() < 0.6:
            out.append(self.proto())
        a = self.addr()
        span = f"{ADDR[self.v](a)}-{ADDR[self.v](a + r.choice((0, 3, 200, 70000)))}"
        mark = f"{r.choice(('0x0', '0x1', '0x3', '0x10'))}/{r.choice(('0xffffffff', '0x1', '0xf0'))}"
        kinds = ("LOCAL", "MULTICAST", "UNICAST", "BROADCAST", "LOCAL,MULTICAST", "UNICAST,LOCAL")
        extra = [
            (0.12, f"-m iprange {self.no()}--{r.choice(('src', 'dst'))}-range {span}"),
            (0.18, f"-m conntrack {self.no()}--ctstate {self.states()}"),
            (0.06, f"-m state {self.no()}--state {','.join(r.sample(STATES, r.randint(1, 3)))}"),
            (0.05, f"-m conntrack {self.no()}--ctproto {r.choice(('tcp', 'udp', '47'))}"),
            (0.03, f"-m conntrack --ctstate {self.states()} {self.no()}--ctproto {r.choice(('tcp', 'udp'))}"),
            (0.03, f"-m iprange --src-range {span} {self.no()}--dst-range {span}"),
            (0.05, f"-m pkttype {self.no()}--pkt-type {r.choice(('unicast', 'multicast', 'broadcast'))}"),
            (0.09, self.connection()),
            (0.02, f"-m {'hl --hl-lt' if self.v == 6 else 'ttl --ttl-lt'} 9"),
            (0.01, "-m physdev --physdev-in eth0"),
            (0.01, "-m rpfilter" if base == "PREROUTING" else "-m dscp --dscp 0x5"),
            (0.10, f"-m mark {self.no()}--mark {mark}"),
            (0.06, f"-m connmark {self.no()}--mark {mark}"),
            (0.06, "-m comment --comment \"a \\\"quoted\\\" -j DROP\""),
            (0.05, f"-m addrtype {self.no()}--{r.choice(('dst', 'dst', 'src'))}-type {r.choice(kinds)}"),
            (0.02, f"-m limit --limit {r.choice(('1/min', '10000/sec'))}"),
        ]
        if base in ("PREROUTING", "INPUT", "FORWARD"):
            extra.append((0.06, f"-m mac {self.no()}--mac-source {r.choice(MACS).upper()}"))
        if base in ("OUTPUT", "POSTROUTING"):
            extra.append((0.1, f"-m owner {self.no()}--uid-owner {r.choice(('0', '33', '0-99'))}"))
        if self.v == 4:
            extra.append((0.02, f"{self.no()}-f"))
        return out + [m for odds, m in extra if r.random() < odds]

    def rule(self, chain, base, below):
        r = self.r
        if below and r.random() < 0.45:
            return " ".join([f"-A {chain}", *self.matches(base), f"{r.choice(('-j', '-j', '-g'))} {r.choice(below)}"])
        if self.table == "nat" and r.random() < 0.7:
            return f"-A {chain} {self.translation(base)}"
        return " ".join([f"-A {chain}", *self.matches(base), r.choice(self.targets(base))]).strip()

    def targets(self, base):
        plain = ["-j ACCEPT"] * 3 + ["-j RETURN"] * 2 + ["-j LOG", "", self.r.choice(self.idle())]
        if self.table == "nat":
            return plain
        if self.table == "raw":
            return plain + ["-j DROP", "-j CT --notrack", "-j NOTRACK", "-j CT --notrack"] + MARKS[:3]
        if self.table in ("mangle", "security"):
            return plain + ["-j DROP"] + (MARKS * 2 if self.table == "mangle" else [])
        reject = "icmp6-port-unreachable" if self.v == 6 else "icmp-port-unreachable"
        return plain + ["-j ACCEPT"] * 2 + ["-j DROP"] * 4 + [f"-j REJECT --reject-with {reject}"] + MARKS

    def idle(self):
        own = {"CT": ("raw",), "TRACE": ("raw",), "CHECKSUM": ("mangle",), "DSCP": ("mangle",), "TOS": ("mangle",)}
        return [t for t in IDLE if self.table in own.get(t.split()[1], (self.table,))]

    def translation(self, base):
        """A rule that translates: its protocol has ports where ports change."""
        r = self.r
        out = self.where(base)
        if r.random() < 0.2:
            out.append(f"-m mark {self.no()}--mark {r.choice(('0x1', '0x3'))}")
        ports = r.random() < 0.6
        if ports:
            out.append(self.proto(r.choice(("tcp", "tcp", "udp"))))
        a = ADDR[self.v](self.addr())
        host = f"[{a}]" if self.v == 6 and ports else str(a)
        port = f":{r.choice((22, 80, 443, 8080))}" if ports else ""
        to = f" --to-ports {r.choice((80, 443, 8080))}" if ports else ""
        bits = BITS[self.v]
        if base in ("PREROUTING", "OUTPUT"):
            home = "::1" if self.v == 6 else "127.0.0.1"
            targets = [f"DNAT --to-destination {host}{port}"] * 4 + [f"REDIRECT{to}"] * 2
            targets += [f"NETMAP --to {a}/{bits - 8}", f"DNAT --to-destination {home}"]
            if not ports:
                targets.append(f"DNAT --to-destination {a}-{ADDR[self.v](int(a) + 3)}")
        else:
            targets = [f"SNAT --to-source {host}{port}"] + (["MASQUERADE"] if base == "POSTROUTING" else [])
        return " ".join([*out, "-j", r.choice(targets)])
