//! The targets of iptables-extensions(8), one line each: a new target is one entry here.

use super::draft::arity::{NONE as N, ONE as O, TEXT as T};
use super::draft::{Args, Draft, Opt, OptionTable};
use super::{names, nat};
use hylint_model::{Action, NatKind};
use hylint_space::proto;

/// One target.
#[derive(Clone, Copy)]
pub struct TargetSpec {
    /// Its name after `-j`.
    pub name: &'static str,
    /// What it does.
    pub doc: &'static str,
    /// How it is modelled.
    pub model: &'static str,
    pub(super) options: OptionTable,
    pub(super) parse: fn(&mut Draft, &Args<'_, '_>) -> Action,
}

impl std::fmt::Debug for TargetSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// The target of a name.
pub(super) fn find(name: &str) -> Option<&'static TargetSpec> {
    TARGETS.iter().find(|t| t.name == name)
}

/// Whether a packet goes on behind a target as it was.
pub(crate) fn goes_on(name: &str) -> bool {
    find(name).is_some_and(|t| t.model == GOES_ON)
}

const GOES_ON: &str = "goes on; no effect on the verdict";
const OPAQUE: &str = "conditional: its verdict is not in the export";
const NAT: &str = "translation";

macro_rules! registry {
    ($($name:literal, $doc:literal, $model:expr, $options:expr, $parse:expr;)*) => {
        /// Every target, the most frequent first.
        pub const TARGETS: &[TargetSpec] = &[$(TargetSpec {
            name: $name, doc: $doc, model: $model, options: $options, parse: $parse,
        }),*];
    };
}

registry! {
    "ACCEPT", "lets the packet pass", "allow", &[], |_, _| Action::Allow;
    "DROP", "drops the packet", "deny", &[], |_, _| Action::Deny;
    "RETURN", "back to the calling chain", "return", &[], |_, _| Action::Return;
    "REJECT", "drops the packet and answers", "deny", &[("reject-with", O)], reject;
    "MASQUERADE", "source translation to the interface's address", NAT,
        &[("to-ports", O), ("random", N), ("random-fully", N)], |d, a| nat::ports(d, a, NatKind::Masquerade);
    "DNAT", "destination translation", NAT,
        &[("to-destination", O), ("random", N), ("persistent", N)], |d, a| nat::addresses(d, a, NatKind::Dnat);
    "LOG", "writes to the kernel's log", GOES_ON,
        &[("log-level", O), ("log-prefix", T), ("log-tcp-sequence", N), ("log-tcp-options", N), ("log-ip-options", N),
          ("log-uid", N), ("log-macdecode", N)], passes_on;
    "MARK", "sets the packet's mark", "sets the mark",
        &[("set-xmark", O), ("set-mark", O), ("and-mark", O), ("or-mark", O), ("xor-mark", O)], mark;
    "NOTRACK", "no connection tracking", "not tracked", &[], |_, _| Action::Notrack;
    "SNAT", "source translation", NAT,
        &[("to-source", O), ("random", N), ("random-fully", N), ("persistent", N)], |d, a| nat::addresses(d, a, NatKind::Snat);
    "CT", "connection tracking settings", "--notrack: not tracked; else goes on",
        &[("notrack", N), ("helper", O), ("ctevents", O), ("expevents", O), ("zone-orig", O), ("zone-reply", O), ("zone", O), ("timeout", O)], ct;
    "CHECKSUM", "fills in checksums", GOES_ON, &[("checksum-fill", N)], passes_on;
    "NFLOG", "logs by netlink", GOES_ON,
        &[("nflog-group", O), ("nflog-prefix", T), ("nflog-range", O), ("nflog-size", O), ("nflog-threshold", O)], passes_on;
    "REDIRECT", "destination translation to the machine itself", NAT,
        &[("to-ports", O), ("random", N)], |d, a| nat::ports(d, a, NatKind::Redirect);
    "CONNMARK", "sets, saves or restores the connection's mark",
        "sets, saves or restores the mark; a mark that is shifted: conditional",
        &[("set-xmark", O), ("set-mark", O), ("save-mark", N), ("restore-mark", N), ("and-mark", O), ("or-mark", O),
          ("xor-mark", O), ("nfmask", O), ("ctmask", O), ("mask", O), ("left-shift-mark", O), ("right-shift-mark", O)], connmark;
    "TCPMSS", "changes the TCP maximum segment size", GOES_ON, &[("set-mss", O), ("clamp-mss-to-pmtu", N)], passes_on;
    "NETMAP", "maps one network onto another", NAT, &[("to", O)], |d, a| nat::addresses(d, a, NatKind::Netmap);
    "SAME", "source translation that is stable per client (removed)", NAT,
        &[("to", O), ("nodst", N), ("random", N)], |d, a| nat::addresses(d, a, NatKind::Snat);
    "TOS", "sets the TOS field", GOES_ON, &[("set-tos", O), ("and-tos", O), ("or-tos", O), ("xor-tos", O)], passes_on;
    "DSCP", "sets the DSCP field", GOES_ON, &[("set-dscp", O), ("set-dscp-class", O)], passes_on;
    "TTL", "sets the time to live", GOES_ON, &[("ttl-set", O), ("ttl-dec", O), ("ttl-inc", O)], passes_on;
    "HL", "sets the hop limit", GOES_ON, &[("hl-set", O), ("hl-dec", O), ("hl-inc", O)], passes_on;
    "ECN", "clears ECN bits", GOES_ON,
        &[("ecn-tcp-remove", N), ("ecn-tcp-cwr", O), ("ecn-tcp-ece", O), ("ecn-ip-ect", O)], passes_on;
    "TCPOPTSTRIP", "strips TCP options", GOES_ON, &[("strip-options", O)], passes_on;
    "CLASSIFY", "sets the traffic class", GOES_ON, &[("set-class", O)], passes_on;
    "SET", "adds to or removes from an ipset", GOES_ON,
        &[("add-set", 2), ("del-set", 2), ("map-set", 2), ("timeout", O), ("exist", N), ("map-mark", N), ("map-prio", N), ("map-queue", N)], set;
    "AUDIT", "writes an audit record", GOES_ON, &[("type", O)], passes_on;
    "IDLETIMER", "reports idle interfaces", GOES_ON, &[("timeout", O), ("label", O), ("alarm", N)], passes_on;
    "LED", "blinks", GOES_ON, &[("led-trigger-id", O), ("led-delay", O), ("led-always-blink", N)], passes_on;
    "RATEEST", "feeds a rate estimator", GOES_ON,
        &[("rateest-name", O), ("rateest-interval", O), ("rateest-ewmalog", O)], passes_on;
    "SECMARK", "sets the security mark", GOES_ON, &[("selctx", O)], passes_on;
    "CONNSECMARK", "saves or restores the security mark", GOES_ON, &[("save", N), ("restore", N)], passes_on;
    "TEE", "copies the packet to another host", GOES_ON, &[("gateway", O), ("oif", O)], passes_on;
    "TRACE", "traces the packet's way", GOES_ON, &[], passes_on;
    "FLOWOFFLOAD", "shortens the path of an accepted connection (OpenWrt)", GOES_ON, &[("hw", N)], passes_on;
    "NETFLOW", "tells a NetFlow collector (ipt-netflow)", GOES_ON, &[], passes_on;
    "ACCOUNT", "counts by address (xtables-addons)", GOES_ON, &[("addr", O), ("tname", O)], passes_on;
    "ULOG", "logs by netlink (removed)", GOES_ON,
        &[("ulog-nlgroup", O), ("ulog-prefix", T), ("ulog-cprange", O), ("ulog-qthreshold", O)], passes_on;
    "QUEUE", "hands the packet to a program", OPAQUE, &[], opaque;
    "NFQUEUE", "hands the packet to a program", OPAQUE,
        &[("queue-num", O), ("queue-balance", O), ("queue-bypass", N), ("queue-cpu-fanout", N)], opaque;
    "SYNPROXY", "answers the handshake in place of the host", OPAQUE,
        &[("sack-perm", N), ("timestamp", N), ("wscale", O), ("mss", O), ("ecn", N)], opaque;
    "TPROXY", "hands the packet to a local socket", OPAQUE,
        &[("on-port", O), ("on-ip", O), ("tproxy-mark", O)], opaque;
    "HMARK", "marks by a hash", "conditional: the mark is not known",
        &[("hmark-tuple", O), ("hmark-mod", O), ("hmark-offset", O), ("hmark-src-prefix", O), ("hmark-dst-prefix", O),
          ("hmark-sport-mask", O), ("hmark-dport-mask", O), ("hmark-spi-mask", O), ("hmark-proto-mask", O), ("hmark-rnd", O)], opaque;
    "CLUSTERIP", "shares an address among nodes (removed)", OPAQUE,
        &[("new", N), ("hashmode", O), ("clustermac", O), ("total-nodes", O), ("local-node", O), ("hash-init", O)], opaque;
    "DNPT", "stateless IPv6 prefix translation of the destination", OPAQUE, &[("src-pfx", O), ("dst-pfx", O)], opaque;
    "SNPT", "stateless IPv6 prefix translation of the source", OPAQUE, &[("src-pfx", O), ("dst-pfx", O)], opaque;
    "MIRROR", "sends the packet back (removed)", OPAQUE, &[], opaque;
}

fn passes_on(_: &mut Draft, _: &Args<'_, '_>) -> Action {
    Action::Continue
}

fn reject(d: &mut Draft, args: &Args<'_, '_>) -> Action {
    let reset = args
        .get("reject-with")
        .is_some_and(|o| o.a.text.starts_with("tcp-r"));
    if reset && d.space.proto.only() != Some(proto::TCP) {
        d.refused(args.span, "a reset answers nothing but `-p tcp`");
    }
    Action::Deny
}

fn opaque(_: &mut Draft, args: &Args<'_, '_>) -> Action {
    Action::Opaque(args.text.into())
}

/// `--map-set` may write the packet's mark; adding and deleting only change the set.
fn set(d: &mut Draft, args: &Args<'_, '_>) -> Action {
    if args.get("map-mark").is_some() {
        return d.unmodelled_target(args, "the mark comes from the set");
    }
    Action::Continue
}

fn ct(d: &mut Draft, args: &Args<'_, '_>) -> Action {
    if args.get("notrack").is_some() {
        return Action::Notrack;
    }
    if args.iter().next().is_none() {
        return d.unmodelled_target(
            args,
            "the settings were not printed (they may be --notrack)",
        );
    }
    Action::Track
}

/// `(value, mask)` of `mark = (mark & !mask) ^ value` for the options that set a mark.
fn mark_bits(o: &Opt<'_>) -> Option<(u32, u32)> {
    let (value, mask) = super::values::masked_number(o.a.text)?;
    let plain = || names::number(o.a.text);
    Some(match o.name {
        "set-xmark" => (value, mask),
        // ORed in, after the bits of the mask are cleared: the same as XOR once its own bits are cleared too.
        "set-mark" => (value, value | mask),
        "and-mark" => (0, !plain()?),
        "or-mark" => (plain()?, plain()?),
        "xor-mark" => (plain()?, 0),
        _ => return None,
    })
}

fn mark(d: &mut Draft, args: &Args<'_, '_>) -> Action {
    match args.iter().next().and_then(mark_bits) {
        Some((value, mask)) => Action::SetMark { value, mask },
        None => d.unmodelled_target(args, "the mark cannot be read"),
    }
}

fn connmark(d: &mut Draft, args: &Args<'_, '_>) -> Action {
    if args.iter().any(|o| o.name.ends_with("shift-mark")) {
        return d.unmodelled_target(args, "marks are shifted");
    }
    let restore = args.get("restore-mark").is_some();
    if restore || args.get("save-mark").is_some() {
        let mask = |name| match args.get(name).or_else(|| args.get("mask")) {
            Some(o) => names::number(o.a.text),
            None => Some(u32::MAX),
        };
        return match (mask("nfmask"), mask("ctmask")) {
            (Some(nfmask), Some(ctmask)) if restore => Action::RestoreMark { nfmask, ctmask },
            (Some(nfmask), Some(ctmask)) => Action::SaveMark { nfmask, ctmask },
            _ => d.unmodelled_target(args, "the mask cannot be read"),
        };
    }
    match args.iter().find_map(mark_bits) {
        Some((value, mask)) => Action::SetConnMark { value, mask },
        None => d.unmodelled_target(args, "the mark cannot be read"),
    }
}
