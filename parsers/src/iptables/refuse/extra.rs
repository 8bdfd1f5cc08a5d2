//! What single matches and targets ask for beyond their tables: in userspace when they are read and at the end, and in the
//! kernel when the rule is loaded.

use super::spec::hook;
use super::state::{By, Call, Given, Refusal, Res, Walk, refuse};
use super::value::number;
use hylint_model::Span;

impl<'a> Walk<'_, 'a> {
    fn options(&self, call: usize) -> impl Iterator<Item = &Given<'a>> {
        self.given.iter().filter(move |g| g.call == call)
    }

    fn get(&self, call: usize, name: &str) -> Option<&Given<'a>> {
        self.options(call).filter(|g| g.name == name).last()
    }

    fn number(&self, call: usize, name: &str) -> Option<u64> {
        self.get(call, name)
            .and_then(|g| number(&g.value))
            .map(|(n, _)| n)
    }

    /// The protocol that packets must have.
    fn only_proto(&self, wanted: &[u8]) -> bool {
        match self.proto {
            Some((Some(p), false)) => wanted.contains(&p),
            Some((None, _)) => true,
            _ => false,
        }
    }
}

/// What depends on the options before the one just read.
pub(super) fn at_once(w: &Walk<'_, '_>, call: usize) -> Res {
    let (Some(c), Some(g)) = (w.calls.get(call), w.given.last()) else {
        return Ok(());
    };
    let before = |name: &str| w.options(call).any(|o| o.name == name);
    match (c.ext.name, g.name) {
        ("LOG" | "NFLOG", "log-prefix" | "nflog-prefix") if g.value.contains('\n') => {
            refuse(g.span, "the prefix goes on beyond the line's end")
        }
        ("owner", "suppl-groups") if !before("gid-owner") => {
            refuse(g.span, "`--suppl-groups` needs `--gid-owner` before it")
        }
        ("policy", name @ ("reqid" | "spi" | "tunnel-src" | "tunnel-dst" | "proto" | "mode")) => {
            let since = w.options(call).collect::<Vec<_>>();
            let element = since.rsplit(|o| o.name == "next").next().unwrap_or(&[]);
            if element.iter().filter(|o| o.name == name).count() > 1 {
                return refuse(g.span, format!("`--{name}` is given twice"));
            }
            Ok(())
        }
        ("policy", "next") if w.options(call).filter(|o| o.name == "next").count() > 3 => {
            refuse(g.span, "the policy has too many elements")
        }
        ("rt", "rt-0-res" | "rt-0-addrs") => {
            let zero = w
                .get(call, "rt-type")
                .is_some_and(|t| !t.negated && matches!(number(&t.value), Some((0, _))));
            if zero {
                Ok(())
            } else {
                refuse(
                    g.span,
                    format!("`--{}` needs `--rt-type 0` before it", g.name),
                )
            }
        }
        ("rt", "rt-0-not-strict") if !before("rt-0-addrs") => {
            refuse(g.span, "`--rt-0-not-strict` needs `--rt-0-addrs` before it")
        }
        _ => Ok(()),
    }
}

/// What userspace checks when the rule ends.
pub(super) fn at_end(w: &Walk<'_, '_>, i: usize, c: &Call) -> Res {
    let given = |name: &str| w.get(i, name).is_some();
    let one_of = |names: &[&str]| {
        if names.iter().any(|n| given(n)) {
            return Ok(());
        }
        let all: Vec<String> = names.iter().map(|n| format!("`--{n}`")).collect();
        refuse(
            c.span,
            format!("`{}` needs one of {}", c.ext.name, all.join(", ")),
        )
    };
    match c.ext.name {
        "conntrack" | "multiport" | "owner" | "physdev" | "devgroup" | "cgroup" | "iprange"
        | "ttl" | "hl" | "dscp" | "set" | "ecn" | "bpf" | "MARK" | "ECN" | "TTL" | "HL"
        | "TCPMSS" | "DSCP" | "TOS" | "CONNSECMARK"
            if c.used == 0 =>
        {
            refuse(c.span, format!("`{}` needs an option", c.ext.name))
        }
        "addrtype" => one_of(&["src-type", "dst-type"]),
        "recent" => one_of(&["set", "rcheck", "update", "remove"]),
        "connlimit" => one_of(&["connlimit-upto", "connlimit-above"]),
        "hashlimit" => one_of(&["hashlimit-upto", "hashlimit", "hashlimit-above"]),
        "string" => one_of(&["string", "hex-string"]),
        "CONNMARK" => one_of(&[
            "set-xmark",
            "set-mark",
            "and-mark",
            "or-mark",
            "xor-mark",
            "save-mark",
            "restore-mark",
        ]),
        "SET" => set_target(w, i, c),
        "statistic" => statistic(w, i, c),
        "policy" => policy(w, i, c),
        "cluster" => cluster(w, i, c),
        _ => Ok(()),
    }
}

fn cluster(w: &Walk<'_, '_>, i: usize, c: &Call) -> Res {
    let total = w.number(i, "cluster-total-nodes").unwrap_or(0);
    match (
        w.number(i, "cluster-local-node"),
        w.number(i, "cluster-local-nodemask"),
    ) {
        (None, None) => refuse(
            c.span,
            "`--cluster-local-node` or `--cluster-local-nodemask` is missing",
        ),
        (Some(node), _) if node > total => refuse(
            c.span,
            "`--cluster-local-node` is above `--cluster-total-nodes`",
        ),
        (_, Some(mask)) if mask >= 1 << total.min(32) => refuse(
            c.span,
            "`--cluster-local-nodemask` names more nodes than there are",
        ),
        _ => Ok(()),
    }
}

fn set_target(w: &Walk<'_, '_>, i: usize, c: &Call) -> Res {
    let given = |name: &str| w.get(i, name).is_some();
    if !["add-set", "del-set", "map-set"].iter().any(|n| given(n)) {
        return refuse(
            c.span,
            "`SET` needs `--add-set`, `--del-set` or `--map-set`",
        );
    }
    for name in ["exist", "timeout"] {
        if given(name) && !given("add-set") {
            return refuse(c.span, format!("`--{name}` needs `--add-set`"));
        }
    }
    for name in ["map-mark", "map-prio", "map-queue"] {
        if given(name) && !given("map-set") {
            return refuse(c.span, format!("`--{name}` needs `--map-set`"));
        }
    }
    Ok(())
}

fn statistic(w: &Walk<'_, '_>, i: usize, c: &Call) -> Res {
    let given = |name: &str| w.get(i, name).is_some();
    let mode = w.get(i, "mode").map_or("", |g| &g.value);
    if mode == "random" && !given("probability") {
        return refuse(c.span, "`--mode random` needs `--probability`");
    }
    if mode == "nth" && !given("every") && !given("packet") {
        return refuse(c.span, "`--mode nth` needs `--every`");
    }
    if let (Some(every), Some(packet)) = (w.number(i, "every"), w.number(i, "packet"))
        && packet >= every
    {
        return refuse(c.span, "`--packet` must be below `--every`");
    }
    Ok(())
}

fn policy(w: &Walk<'_, '_>, i: usize, c: &Call) -> Res {
    let given = |name: &str| w.get(i, name).is_some();
    if !given("dir") {
        return refuse(c.span, "`--dir` is missing");
    }
    let none = w.get(i, "pol").is_some_and(|g| g.value == "none");
    let all: Vec<_> = w.options(i).collect();
    if none && given("strict") {
        return refuse(c.span, "`--pol none` excludes `--strict`");
    }
    let element = |o: &&Given<'_>| {
        matches!(
            o.name,
            "reqid" | "spi" | "tunnel-src" | "tunnel-dst" | "proto" | "mode"
        )
    };
    for part in all.split(|o| o.name == "next") {
        if !none && given("strict") && !part.iter().any(&element) {
            return refuse(c.span, "an element of the policy is empty");
        }
        let tunnel = part.iter().any(|o| o.name.starts_with("tunnel"));
        let mode = part.iter().find(|o| o.name == "mode");
        let transport = mode.is_some_and(|m| (m.value == "transport") != m.negated);
        if !none && tunnel && transport {
            return refuse(
                c.span,
                "`--tunnel-src` and `--tunnel-dst` are for `--mode tunnel`",
            );
        }
    }
    Ok(())
}

fn by(by: By, span: Span, why: &str) -> Res {
    Err(Refusal {
        span,
        why: why.into(),
        by,
    })
}

/// What the kernel checks (`checkentry` of net/netfilter/xt_*.c). What it asks of the chains that lead to a rule, iptables-nft
/// asks of the rule's own chain.
pub(super) fn in_kernel(w: &Walk<'_, '_>, i: usize, c: &Call) -> Res {
    let given = |name: &str| w.get(i, name).is_some();
    let span = c.span;
    let legacy_if_called = if w.set.table.calls(w.set.chain) {
        By::Both
    } else {
        By::Legacy
    };
    let wrong_hooks = |set: u8| w.set.hooks & set != 0;
    match c.ext.name {
        "QUEUE" => by(By::Nft, span, "nothing takes packets from `QUEUE`"),
        "TRACE" if w.set.table != crate::iptables::builtin::TableName::Raw => {
            by(By::Legacy, span, "`-j TRACE` does not go with this table")
        }
        "addrtype" if given("limit-iface-in") && wrong_hooks(hook::OUT | hook::POST) => by(
            legacy_if_called,
            span,
            "`--limit-iface-in` does not go with packets on their way out",
        ),
        "addrtype" if given("limit-iface-out") && wrong_hooks(hook::IN | hook::PRE) => by(
            legacy_if_called,
            span,
            "`--limit-iface-out` does not go with packets on their way in",
        ),
        "policy" => {
            let dir = w.get(i, "dir").map_or("", |g| &g.value);
            let wrong = if dir == "in" {
                hook::OUT | hook::POST
            } else {
                hook::PRE | hook::IN
            };
            if wrong_hooks(wrong) {
                return by(legacy_if_called, span, "`--dir` does not go with the chain");
            }
            Ok(())
        }
        "devgroup" => {
            let src = given("src-group") && wrong_hooks(hook::OUT | hook::POST);
            let dst = given("dst-group") && wrong_hooks(hook::PRE | hook::IN);
            if src || dst {
                return by(
                    legacy_if_called,
                    span,
                    "the option does not go with the chain",
                );
            }
            Ok(())
        }
        "physdev" if given("physdev-out") || given("physdev-is-out") => {
            physdev(w, i, c, legacy_if_called)
        }
        "limit" if w.number(i, "limit-burst") == Some(0) => by(By::Legacy, span, "the burst is 0"),
        "recent" => recent(w, i, c),
        "REJECT" => {
            let reset = w
                .get(i, "reject-with")
                .is_some_and(|g| g.value.to_ascii_lowercase().starts_with('t'));
            if reset && !w.only_proto(&[6]) {
                return refuse(span, "a reset answers nothing but `-p tcp`");
            }
            Ok(())
        }
        "ecn" if (given("ecn-tcp-cwr") || given("ecn-tcp-ece")) && !w.only_proto(&[6]) => {
            refuse(span, "`-m ecn` asks for bits of TCP without `-p tcp`")
        }
        "ECN"
            if (given("ecn-tcp-remove") || given("ecn-tcp-cwr") || given("ecn-tcp-ece"))
                && !w.only_proto(&[6]) =>
        {
            refuse(span, "`-j ECN` changes bits of TCP without `-p tcp`")
        }
        "TEE"
            if w.get(i, "gateway")
                .is_some_and(|g| matches!(&*g.value, "0" | "0.0.0.0" | "::")) =>
        {
            refuse(span, "`--gateway` is no host")
        }
        "TCPMSS" => tcpmss(w, i, c),
        "time" if given("contiguous") => {
            let at = |name: &str, open: u32| w.get(i, name).map_or(open, |g| seconds(&g.value));
            if at("timestart", 0) < at("timestop", 86_399) {
                return refuse(span, "`--contiguous` is for times that go past midnight");
            }
            Ok(())
        }
        "string" => {
            let at = |name: &str, open: u64| w.number(i, name).unwrap_or(open);
            if at("from", 0) > at("to", 65_535) {
                return refuse(span, "`--from` is behind `--to`");
            }
            Ok(())
        }
        "CT" if given("helper") && !matches!(w.proto, Some((p, false)) if p != Some(0)) => {
            refuse(span, "`--helper` needs `-p`")
        }
        "CT" if given("timeout") && !matches!(w.proto, Some((p, false)) if p != Some(0)) => {
            refuse(span, "`--timeout` needs `-p`")
        }
        "SYNPROXY" if !w.only_proto(&[6]) => refuse(span, "`-j SYNPROXY` needs `-p tcp`"),
        "TPROXY" if !w.only_proto(&[6, 17]) => {
            refuse(span, "`-j TPROXY` needs `-p tcp` or `-p udp`")
        }
        _ => Ok(()),
    }
}

fn physdev(w: &Walk<'_, '_>, i: usize, c: &Call, called: By) -> Res {
    let bridged = w.get(i, "physdev-is-bridged").is_some_and(|g| !g.negated);
    if !bridged && w.set.hooks & hook::OUT != 0 {
        return by(
            called,
            c.span,
            "the way out over a bridge is known of packets that are passed on alone",
        );
    }
    Ok(())
}

fn recent(w: &Walk<'_, '_>, i: usize, c: &Call) -> Res {
    let given = |name: &str| w.get(i, name).is_some();
    let asks = given("seconds") || given("rttl") || w.number(i, "hitcount").is_some_and(|n| n > 0);
    if (given("set") || given("remove")) && asks {
        return refuse(c.span, "`--set` and `--remove` ask for no times and counts");
    }
    if w.number(i, "hitcount").is_some_and(|n| n > 65_535) {
        return refuse(c.span, "`--hitcount` is above 65535");
    }
    if w.get(i, "name")
        .is_some_and(|g| g.value.is_empty() || g.value.contains('/'))
    {
        return refuse(c.span, "the name of the list is none");
    }
    Ok(())
}

/// The kernel changes the first packet of a connection alone, so the rule must ask for it.
fn tcpmss(w: &Walk<'_, '_>, i: usize, c: &Call) -> Res {
    let clamp = w.get(i, "clamp-mss-to-pmtu").is_some();
    if clamp && w.set.hooks & !(hook::FWD | hook::OUT | hook::POST) & hook::ANY != 0 {
        return refuse(c.span, "`--clamp-mss-to-pmtu` does not go with the chain");
    }
    let syn = w.given.iter().any(|g| match g.name {
        "syn" => !g.negated,
        "tcp-flags" => !g.negated,
        _ => false,
    });
    if !syn {
        return by(By::Legacy, c.span, "`-j TCPMSS` needs `--syn`");
    }
    Ok(())
}

/// `hh:mm[:ss]` in seconds.
fn seconds(text: &str) -> u32 {
    let parts = text
        .split(':')
        .map(|p| p.trim().parse::<u32>().unwrap_or(0));
    parts.zip([3600, 60, 1]).map(|(n, unit)| n * unit).sum()
}
