"""Packets as bytes, each with a number of its own in the IPv4 id or the IPv6 flow label."""
import socket
import struct

# Names that /etc/protocols may lack.
NUMBERS = {"tcp": 6, "udp": 17, "icmp": 1, "ipv6-icmp": 58, "sctp": 132, "gre": 47, "esp": 50, "ah": 51, "igmp": 2,
           "udplite": 136, "ipip": 94, "ipencap": 4, "ospf": 89, "vrrp": 112, "pim": 103, "dccp": 33, "ipv6": 41}
BIT = {"FIN": 1, "SYN": 2, "RST": 4, "PSH": 8, "ACK": 16, "URG": 32}


def protocol_number(name):
    return NUMBERS.get(name) or (int(name) if name.isdigit() else socket.getprotobyname(name))


def flag_bits(text):
    return sum(BIT[f] for f in (text or "SYN").split("+") if f != "NONE")


def ones_sum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def payload(p, proto, pseudo):
    """The transport header, with a checksum that conntrack accepts."""
    def summed(raw, at):
        value = ones_sum(pseudo(len(raw)) + raw) or 0xFFFF
        return raw[:at] + struct.pack("!H", value) + raw[at + 2:]
    sport, dport = int(p["sport"] or 0), int(p["dport"] or 0)
    if proto == 6:
        flags = flag_bits(p["flags"])
        seq, ack = p.get("seq", 99), p.get("ack", 7) if flags & 16 else 0
        # A SYN announces its maximum segment size, as those of hosts do.
        options = struct.pack("!BBH", 2, 4, 1460) if flags & 2 else b""
        head = struct.pack("!HHIIBBHHH", sport, dport, seq, ack, 0x50 + (len(options) << 2), flags, 1024, 0, 0)
        return summed(head + options + p.get("data", b""), 16)
    if proto in (17, 136):
        return summed(struct.pack("!HHHH", sport, dport, 12, 0) + b"ping", 6)
    if proto in (1, 58):
        raw = struct.pack("!BBHHH", sport, dport, 0, 1, 1) + bytes(40)
        value = ones_sum((pseudo(len(raw)) if proto == 58 else b"") + raw)
        return raw[:2] + struct.pack("!H", value) + raw[4:]
    if proto == 33:
        # A request (RFC 4340, section 5.1), whose checksum covers all of it.
        return summed(struct.pack("!HHBBHBBHII", sport, dport, 5, 0, 0, 1, 0, 0, 7, 0), 6)
    if proto == 135:
        # A binding refresh request (RFC 6275, section 6.1.2), and nothing behind it.
        return summed(struct.pack("!BBBBHH", 59, 0, 0, 0, 0, 0), 4)
    if proto == 132:
        head = struct.pack("!HHI", sport, dport, 0)
        init = struct.pack("!BBHIIHHI", 1, 0, 20, 7, 4096, 2, 2, 7)
        return head + struct.pack("<I", crc32c(head + bytes(4) + init)) + init
    return bytes(24)


def datagram(p, number, version):
    family = socket.AF_INET6 if version == 6 else socket.AF_INET
    src, dst = socket.inet_pton(family, p["src"]), socket.inet_pton(family, p["dst"])
    proto = protocol_number(p["proto"])
    if version == 6:
        body = payload(p, proto, lambda n: src + dst + struct.pack("!IHBB", n, 0, 0, proto))
        return struct.pack("!IHBB", 6 << 28 | number, len(body), proto, 64) + src + dst + body
    body = payload(p, proto, lambda n: src + dst + struct.pack("!BBH", 0, proto, n))
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), number, 0, 64, proto, 0) + src + dst
    return head[:10] + struct.pack("!H", ones_sum(head)) + head[12:] + body
