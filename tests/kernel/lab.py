"""A network namespace in which packets are put before the rules of one direction, and looked for behind them."""
import collections
import ipaddress
import json
import os
import re
import socket
import struct
import subprocess
import time

from wire import datagram

HOST_MAC = "02:00:00:00:00:0b"
PEER_MAC = "02:00:00:00:00:0a"
UNNAMED = ["zz0", "zz1"]          # interfaces that no rule names
# The field that holds an address of this host.
OWN = {"in": "dst", "out": "src"}
TABLES = ["raw", "mangle", "nat", "filter", "security"]
HOOKS = {"raw": ["PREROUTING", "OUTPUT"], "mangle": ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
         "nat": ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"], "filter": ["INPUT", "FORWARD", "OUTPUT"],
         "security": ["INPUT", "FORWARD", "OUTPUT"]}
# Each place writes down the numbers of the packets that come by. Between `before` and `after` lie raw, mangle and nat of
# PREROUTING, between `routed` and `left` the rest; only the routing lies between `after` and `routed`. What left is
# dropped before connection tracking confirms it, so that packets do not influence each other. The host's own answers
# (REJECT) are silenced.
WAY_IN = """
    chain before {{ type filter hook prerouting priority -450; meta mark set {key} map @marks; add @before {{ {key} }}; }}
    chain after {{ type filter hook prerouting priority 300; add @after {{ {key} }}; }}
    chain here {{ type filter hook input priority -500; add @routed {{ {key} }}; }}
    chain on {{ type filter hook forward priority -500; add @routed {{ {key} }}; }}
    chain delivered {{ type filter hook input priority 300; add @left {{ {key} }}; drop; }}
    chain forwarded {{ type filter hook postrouting priority 300; add @left {{ {key} }}; drop; }}
    chain mute {{ type filter hook output priority -500; policy drop; }}
"""
# Errors that a REJECT sends have no user; the probes have.
WAY_OUT = """
    chain came {{ type filter hook output priority -500; meta skuid >= 0 add @routed {{ {key} }}; }}
    chain sent {{ type filter hook postrouting priority 300; meta skuid >= 0 add @left {{ {key} }}; drop; }}
"""
# Of whole conversations the ends of each packet are written down as they are behind the rules. Nothing comes back in from the far
# ends of the interfaces, and the host's own answers are silenced.
WAY_TALK = """
    {ends}
    chain far {{ type filter hook prerouting priority -500; iifname "far*" drop; }}
    chain before {{ type filter hook prerouting priority -450; add @before {{ {key} }}; }}
    chain mute {{ type filter hook output priority -500; policy drop; meta skuid >= 0 add @before {{ {key} }} accept; }}
    chain here {{ type filter hook input priority 300; meta l4proto {{ tcp, udp }} jump ends; }}
    chain gone {{ type filter hook postrouting priority 300; meta l4proto {{ tcp, udp }} jump ends; add @out_face {{ {key} : oifname }}; }}
"""


def sh(*words, text=None, check=True):
    done = subprocess.run(words, input=text, text=True, capture_output=True)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr.strip()}")
    return done


def mac_of(destination):
    """The hardware address of a frame to it: that of an address of many (RFC 1112, RFC 2464), or the host's own."""
    a = ipaddress.ip_address(destination)
    if str(a) == "255.255.255.255":
        return "ff:ff:ff:ff:ff:ff"
    if not a.is_multicast:
        return HOST_MAC
    low = [0x33, 0x33, *a.packed[-4:]] if a.version == 6 else [1, 0, 0x5E, a.packed[1] & 127, *a.packed[2:]]
    return bytes(low).hex(":")


class Lab:
    """The caller's namespace, made ready for one direction (`in`, `out`, `forward`), family and backend."""

    def __init__(self, way, version, backend, ifaces):
        self.way, self.v, self.backend = way, version, backend
        self.family = "ip6" if version == 6 else "ip"
        self.key = "ip6 flowlabel" if version == 6 else "ip id"
        self.faces = list(dict.fromkeys(ifaces + UNNAMED))
        self.settings()
        sh("ip", "link", "set", "lo", "up")
        words = []
        for i, name in enumerate(self.faces):
            words += [f"link add far{i} type veth peer name {name}", f"link set far{i} up",
                      f"link set {name} address {HOST_MAC} arp off up"]
        self.ip(words)
        self.settings()
        chains = {"out": WAY_OUT, "talk": WAY_TALK}.get(way, WAY_IN)
        sets = "".join(f"set {name} {{ typeof {self.key}; flags dynamic; size 131072; }}\n"
                       for name in ("before", "after", "routed", "left"))
        marks = f"map marks {{ typeof {self.key} : meta mark; size 131072; }}\n"
        sh("nft", "-f", "-", text=f"table {self.family} watch {{\n{sets}{marks}{chains.format(key=self.key, ends=self.ends())}}}")
        self.sockets = {}
        self.out_iface, self.here = None, set()
        self.placed, self.loaded = [], ""
        if way == "forward":
            # Masquerading wants an address; no rule and no probe names these.
            own, size = ("2001:2::", 128) if version == 6 else ("198.18.0.", 32)
            self.ip([f"addr add {own}{i + 1}/{size} dev {face}" for i, face in enumerate(self.faces)])

    def ends(self):
        """Maps that hold the ends of packets, by their numbers, and a chain that fills them."""
        fields = {"from_addr": f"{self.family} saddr", "to_addr": f"{self.family} daddr", "from_port": "th sport", "to_port": "th dport"}
        kinds = {name: f.replace("th", "tcp") for name, f in fields.items()} | {"out_face": "oifname"}
        maps = "".join(f"map {name} {{ typeof {self.key} : {kind}; flags dynamic; size 131072; }}\n" for name, kind in kinds.items())
        return f"{maps}chain ends {{ {' '.join(f'add @{name} {{ {self.key} : {f} }};' for name, f in fields.items())} }}"

    def ip(self, commands, check=True):
        return sh("ip", f"-{self.v}", "-force", "-batch", "-", text="\n".join(commands) + "\n", check=check)

    def settings(self):
        wanted = {4: {"rp_filter": "0", "accept_local": "1", "route_localnet": "1", "send_redirects": "0", "forwarding": "1"},
                  6: {"accept_dad": "0", "accept_ra": "0", "router_solicitations": "0", "forwarding": "1"}}
        for version, values in wanted.items():
            root = f"/proc/sys/net/ipv{version}/conf"
            for iface in os.listdir(root):
                for name, value in values.items():
                    with open(f"{root}/{iface}/{name}", "w") as f:
                        f.write(value)

    # ---- rules ----

    def program(self):
        """The tool, as `-save` names it in its first line."""
        name, version, *more = sh(f"{'ip6' if self.v == 6 else 'ip'}tables-{self.backend}", "--version").stdout.split()
        return " ".join([f"{name}-save", version, *(m for m in more if m == "(nf_tables)")])

    def tool(self):
        return f"{'ip6tables' if self.v == 6 else 'iptables'}-{self.backend}-restore"

    def reset(self):
        """No rule in any table."""
        if self.backend == "nft":
            for table in TABLES:
                sh("nft", "delete", "table", self.family, table, check=False)
            return
        lines = []
        for table in TABLES:
            lines += [f"*{table}"] + [f":{hook} ACCEPT [0:0]" for hook in HOOKS[table]] + ["COMMIT"]
        sh(self.tool(), text="\n".join(lines) + "\n")

    def load(self, text):
        """Loads a dump. Rules that this machine refuses are left out: gives what was loaded, and those rules."""
        self.reset()
        lines = [line.strip() for line in text.splitlines()]
        lines = [line for line in lines if line and not line.startswith("#")]
        refused = []
        for _ in range(400):
            bad = self.first_bad(lines)
            if bad is None:
                self.loaded = "\n".join(lines) + "\n"
                return self.loaded, refused
            refused.append(lines.pop(bad))
        raise RuntimeError(f"{self.tool()} refuses more than {len(refused)} rules, at last: {refused[-1]}")

    def first_bad(self, lines):
        """Index of a rule that must go for the rest to load; `None` when all is loaded."""
        done = sh(self.tool(), text="\n".join(lines) + "\n", check=False)
        if done.returncode == 0:
            return None
        said = re.search(r"line:? (\d+)", done.stderr)
        at = int(said.group(1)) - 1 if said else -1
        if 0 <= at < len(lines) and lines[at].startswith("-A"):
            return at
        if 0 <= at < len(lines) and lines[at] == "COMMIT":
            return self.refused_at_commit(lines, at)
        raise RuntimeError(f"{self.tool()}: {done.stderr.strip()[:200]}")

    def refused_at_commit(self, lines, commit):
        """The kernel says only that a table as a whole will not do: the shortest beginning that it refuses ends in the rule."""
        start = max(i for i in range(commit) if lines[i].startswith("*"))
        fixed = [line for line in lines[start:commit] if not line.startswith("-A")]
        rules = [i for i in range(start, commit) if lines[i].startswith("-A")]
        good, bad = 0, len(rules)
        while bad - good > 1:
            middle = (good + bad) // 2
            tried = fixed + [lines[i] for i in rules[:middle]] + ["COMMIT"]
            if sh(self.tool(), text="\n".join(tried) + "\n", check=False).returncode == 0:
                good = middle
            else:
                bad = middle
        if not rules:
            raise RuntimeError(f"{self.tool()} refuses an empty table {lines[start]}")
        return rules[bad - 1]

    # ---- packets ----

    def members(self, name):
        listed = json.loads(sh("nft", "-j", "list", "set", self.family, "watch", name).stdout)
        elements = (e for o in listed["nftables"] for e in o.get("set", {}).get("elem", []))
        return {e["elem"]["val"] if isinstance(e, dict) else e for e in elements}

    def face_out(self, name):
        """Everything that is not for this host leaves by an interface."""
        if self.out_iface != name:
            self.ip([f"route replace default dev {name}"])
            self.out_iface = name

    def live_at(self, address, faces):
        """This host has an address, on some of its interfaces, and no other one but loopback's. The new one comes before
        the old ones go, as an interface without addresses loses its routes. Beside an address of many, which it has anyhow,
        it has one that no rule names."""
        if mac_of(address) != HOST_MAC:
            address = "2001:2::1" if self.v == 6 else "198.18.0.1"
        size = 128 if self.v == 6 else 32
        wanted = {(address, face) for face in faces}
        dad = " nodad" if self.v == 6 else ""
        words = [f"addr add {a}/{size} dev {face}{dad}" for a, face in sorted(wanted - self.here)]
        words += [f"addr del {a}/{size} dev {face}" for a, face in sorted(self.here - wanted)]
        if words:
            # Addresses that are there already (loopback's own) are no matter.
            self.ip(words, check=False)
            self.here, self.out_iface = wanted, None
            self.wait_for(address, len(faces))

    def wait_for(self, address, faces):
        """Linux gives an IPv6 address its routes from a work queue, some time after the command."""
        for _ in range(100 if self.v == 6 else 0):
            routes = sh("ip", "-6", "route", "show", "table", "local", address).stdout
            if routes.count("dev ") >= faces:
                return
            time.sleep(0.002)

    def send(self, p, raw, out_iface):
        if self.way != "out":
            face = p["in_iface"] or UNNAMED[0]
            s = self.sockets.get(face)
            if s is None:
                s = self.sockets[face] = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
                s.bind((f"far{self.faces.index(face)}", 0))
            ether = bytes.fromhex((mac_of(p["dst"]) + (p["smac"] or PEER_MAC)).replace(":", ""))
            s.send(ether + (b"\x86\xdd" if self.v == 6 else b"\x08\x00") + raw)
            return
        mark = int(p["mark"] or "0", 0)
        s = self.sockets.get((out_iface, mark))
        if s is None:
            family = socket.AF_INET6 if self.v == 6 else socket.AF_INET
            s = self.sockets[(out_iface, mark)] = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)
            s.setsockopt(socket.SOL_SOCKET, 36, struct.pack("I", mark))  # SO_MARK
            s.setsockopt(socket.SOL_SOCKET, 25, out_iface.encode() + b"\0")   # SO_BINDTODEVICE
        try:
            s.sendto(raw, (p["dst"], 0))
        except OSError:
            pass                # the rules' refusal is told to the sender, and so is a missing route

    def ask(self, packets):
        """`accept`, `drop` or `lost` for each packet; `lost` never came to the rules, or the routing had no use for it."""
        groups = collections.defaultdict(list)
        for i, p in enumerate(packets):
            groups[OWN.get(self.way) and p[OWN[self.way]], p["out_iface"] or UNNAMED[1]].append(i)
        # One interface at a time for each address, so that little changes from group to group.
        todo = sorted(groups.items())
        flush = [f"flush set {self.family} watch {name}" for name in ("before", "after", "routed", "left")]
        marked = [f"{i + 1} : {int(p['mark'], 0)}" for i, p in enumerate(packets) if p["mark"] and int(p["mark"], 0)]
        flush.append(f"flush map {self.family} watch marks")
        if marked and self.way != "out":
            flush.append(f"add element {self.family} watch marks {{ {', '.join(marked)} }}")
        sh("nft", "-f", "-", text="\n".join(flush) + "\n")
        seen = {}
        for attempt in range(3):
            for (here, out_iface), members in todo:
                rest = [i for i in members if i + 1 not in seen.get("first", ())]
                if not rest:
                    continue
                if here:
                    self.live_at(here, {packets[i]["in_iface"] or UNNAMED[0] for i in rest} | {out_iface})
                self.face_out(out_iface)
                for n, i in enumerate(rest):
                    self.send(packets[i], datagram(packets[i], i + 1, self.v), out_iface)
                    if n % 100 == 99:
                        time.sleep(0.002 * attempt)
                # Packets are judged as they come, but a busy machine may be behind with them.
                time.sleep(0.0005)
            time.sleep(0.03)
            seen = {name: self.members(name) for name in ("before", "after", "routed", "left")}
            seen["first"] = seen["routed"] if self.way == "out" else seen["before"]
            if len(seen["first"]) >= len(packets):
                break
        return [self.verdict(n, seen) for n in range(1, len(packets) + 1)]

    def verdict(self, n, seen):
        if n in seen["left"]:
            return "accept"
        stopped = n in seen["routed"] or (n in seen["before"] and n not in seen["after"])
        return "drop" if stopped else "lost"
