//! Reads the permanent configuration: an XML file for each zone, policy, service and set, and one for direct rules
//! (firewalld.zone(5), firewalld.policy(5), firewalld.service(5), firewalld.ipset(5), firewalld.direct(5)).

use super::own::{
    Act, Direct, DirectKind, Element, End, EndKind, Forward, IpSet, Own, Policy, PortOf, Rich,
    Rules, Service, Target, Word, Zone,
};
use super::shown::Lists;
use super::{rich, tags, template};
use hylint_model::{Problem, ProblemKind, Span};
use tags::{Event, Tag, Tags};

/// What a document is, by its first element.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Root {
    Zone,
    Policy,
    Service,
    IpSet,
    Direct,
    /// Direct rules, of which there are none.
    NoDirect,
    /// Helpers, types of ICMP, the whitelist of the lockdown: none of them decides packets.
    Inert,
}

/// What the first element of a text is, if firewalld has files of the kind.
pub(super) fn root(text: &str) -> Option<Root> {
    let masked = template::mask(text);
    let text = template::start(&masked.text);
    if !text.starts_with('<') {
        return None;
    }
    let mut tags = Tags::new(text, 0);
    while let Some(event) = tags.next() {
        match event {
            Event::Open(tag) => {
                let has = |names: &[&str]| names.iter().any(|n| text.contains(n));
                return match &*tag.name {
                    "zone"
                        if has(&[
                            "<service ",
                            "<port ",
                            "<rule",
                            "<source ",
                            "<interface ",
                            "<short>",
                            "<masquerade",
                            "<forward",
                            "target=",
                            "<protocol",
                            "<icmp-block",
                        ]) || is_bare(text) =>
                    {
                        Some(Root::Zone)
                    }
                    "policy"
                        if has(&["<ingress-zone", "<egress-zone"])
                            || tag.attribute("target").is_some() && is_bare(text) =>
                    {
                        Some(Root::Policy)
                    }
                    "service"
                        if has(&[
                            "<port ",
                            "<protocol ",
                            "<source-port ",
                            "<include ",
                            "<module ",
                            "<helper ",
                        ]) || is_bare(text) =>
                    {
                        Some(Root::Service)
                    }
                    "ipset" if tag.attribute("type").is_some() => Some(Root::IpSet),
                    "direct" if has(&["<rule ", "<chain ", "<passthrough "]) => Some(Root::Direct),
                    "direct" if is_bare(text) => Some(Root::NoDirect),
                    "helper" if has(&["module="]) => Some(Root::Inert),
                    "icmptype" | "whitelist" => Some(Root::Inert),
                    _ => None,
                };
            }
            Event::Text(..) | Event::Close(_) | Event::Declared(..) => {}
            Event::Broken(..) => return None,
        }
    }
    None
}

/// Whether a document has nothing inside its first element but words for people. Such a file takes the place of what ships
/// under its name, as any other does.
fn is_bare(text: &str) -> bool {
    const ATTRIBUTES: [&str; 7] = [
        "version",
        "name",
        "immutable",
        "target",
        "priority",
        "ingress-priority",
        "egress-priority",
    ];
    let mut tags = Tags::new(text, 0);
    let mut depth = 0_usize;
    while let Some(event) = tags.next() {
        match event {
            Event::Open(tag) => {
                let fits = match depth {
                    0 => tag.names().all(|n| ATTRIBUTES.contains(&n)),
                    1 => matches!(&*tag.name, "short" | "description" | "version"),
                    _ => false,
                };
                if !fits {
                    return false;
                }
                depth += 1;
            }
            Event::Close(_) => depth = depth.saturating_sub(1),
            // What stands in no element is of no file of firewalld.
            Event::Text(text, _) if depth == 1 && !text.trim().is_empty() => return false,
            Event::Text(..) | Event::Declared(..) => {}
            Event::Broken(..) => return false,
        }
    }
    true
}

/// Reads the document of a file from one offset to another.
pub(super) fn read(own: &mut Own, text: &str, at: usize, path: &str) {
    let Some(root) = root(text) else { return };
    let masked = template::mask(text);
    let name = name_of(path);
    let Some(first) = masked.first else {
        document(own, root, &masked.text, (at, name));
        return;
    };
    template::tell(own, text, first, at);
    let mut read = Own::default();
    document(&mut read, root, &masked.text, (at, name));
    template::take(own, read);
}

/// Reads a document at an offset of a file that gives it a name.
fn document(own: &mut Own, root: Root, text: &str, (at, name): (usize, Box<str>)) {
    let begin = text.len() - template::start(text).len();
    let (text, at) = (text.get(begin..).unwrap_or(text), at + begin);
    let mut reader = Reader {
        own,
        tags: Tags::new(text, at),
        whole: Span::new(at, at + text.trim_end().len()),
        name,
        declared: false,
    };
    match root {
        Root::Zone => reader.zone(),
        Root::Policy => reader.policy(),
        Root::Service => reader.service(),
        Root::IpSet => reader.ipset(),
        Root::Direct | Root::NoDirect => reader.direct(),
        Root::Inert => while reader.next(0).is_some() {},
    }
}

/// The name of what a file defines: that of the file.
fn name_of(path: &str) -> Box<str> {
    let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
    // `public.xml.j2` is a template of `public.xml`.
    file.split_once(".xml")
        .map_or(file, |(name, _)| name)
        .into()
}

struct Reader<'o, 't> {
    own: &'o mut Own,
    tags: Tags<'t>,
    whole: Span,
    name: Box<str>,
    /// A declaration or an entity is told that may change all that the file says.
    declared: bool,
}

impl Reader<'_, '_> {
    /// The next element, or text, or the end of one; `None` at the end of the document, which is told if it comes too early.
    fn next(&mut self, depth: usize) -> Option<Event> {
        loop {
            match self.tags.next() {
                Some(Event::Broken(why, span)) => {
                    self.broken(span, &format!("the XML is not well-formed: {why}"));
                    return None;
                }
                // A bare document type changes nothing.
                Some(Event::Declared(_, true)) => {}
                Some(Event::Declared(span, false)) => {
                    self.declared = true;
                    self.broken(span, "the XML declares a document type of its own, which may change what the file says");
                }
                None if depth > 0 || self.tags.open() > 0 => {
                    let end = self.whole.end as usize;
                    let span = Span::new(end.saturating_sub(1).max(self.whole.start as usize), end);
                    self.broken(span, "the XML is cut off: an element is not closed");
                    return None;
                }
                event => {
                    if let Some(Event::Open(tag)) = &event
                        && let Some((entity, span)) = &tag.entity
                        && !std::mem::replace(&mut self.declared, true)
                    {
                        let message = format!("the entity `{entity}` is not defined");
                        self.broken(*span, &message);
                    }
                    return event;
                }
            }
        }
    }

    fn broken(&mut self, span: Span, message: &str) {
        self.own.broken = true;
        let problem = Problem::new(ProblemKind::Malformed, span, message.to_owned());
        let problem = problem.help(
            "firewalld does not load such a file: correct it, then `firewall-cmd --check-config`",
        );
        self.own.problems.push(problem);
    }

    fn refused(&mut self, span: Span, why: String) {
        self.own.rules += 1;
        let problem = Problem::new(ProblemKind::Malformed, span, why).dropped();
        self.own.problems.push(problem);
    }

    fn unknown(&mut self, tag: &Tag) {
        let message = format!("unknown element `{}`", tag.name);
        self.broken(tag.span, &message);
    }

    fn target(&mut self, tag: &Tag, otherwise: Target) -> Target {
        let Some(word) = tag.attribute("target") else {
            return otherwise;
        };
        Target::named(&word.text).unwrap_or_else(|| {
            self.own.broken = true;
            let message = format!("unknown target `{}`", word.text);
            let problem = Problem::new(ProblemKind::Malformed, word.span, message);
            self.own.problems.push(problem);
            otherwise
        })
    }

    fn number(&mut self, word: Option<&Word>, otherwise: i32) -> i32 {
        let Some(word) = word else { return otherwise };
        word.text.parse().unwrap_or_else(|_| {
            self.own.broken = true;
            let message = format!("invalid priority `{}`", word.text);
            let problem = Problem::new(ProblemKind::Malformed, word.span, message);
            self.own.problems.push(problem);
            otherwise
        })
    }

    fn zone(&mut self) {
        let mut zone = Zone {
            name: self.name.clone(),
            span: self.whole,
            permanent: true,
            says_forward: true,
            ..Zone::default()
        };
        let mut depth = 0;
        while let Some(event) = self.next(depth) {
            match event {
                Event::Open(tag) if depth == 0 => {
                    depth = 1;
                    zone.head = tag.span;
                    zone.target_at = tag.attribute("target").map_or(tag.span, |w| w.span);
                    zone.target = self.target(&tag, Target::Default);
                    let both = self.number(tag.attribute("priority"), 0);
                    zone.ingress_priority = self.number(tag.attribute("ingress-priority"), both);
                    zone.egress_priority = self.number(tag.attribute("egress-priority"), both);
                }
                Event::Open(tag) => match &*tag.name {
                    "interface" => zone.interfaces.extend(tag.attribute("name").cloned()),
                    "source" => match source(&tag) {
                        Ok(word) => zone.sources.push(word),
                        Err(why) => {
                            let message = format!("the source has {why}: firewalld ignores it");
                            let problem = Problem::new(ProblemKind::Note, tag.span, message);
                            self.own.problems.push(problem.help(
                                "write `<source address=\"…\"/>`, which takes a network, an address or a MAC address",
                            ));
                        }
                    },
                    "forward" => zone.forward = Some(tag.span),
                    "icmp-block-inversion" => zone.rules.icmp_inversion = Some(tag.span),
                    _ => self.item(&mut zone.rules, &tag),
                },
                Event::Close(name) if &*name == "zone" => break,
                _ => {}
            }
        }
        self.rest();
        self.own.zones.push(zone);
    }

    fn policy(&mut self) {
        let mut policy = Policy {
            name: self.name.clone(),
            span: self.whole,
            priority: -1,
            target: Target::Continue,
            permanent: true,
            ..Policy::default()
        };
        let mut depth = 0;
        while let Some(event) = self.next(depth) {
            match event {
                Event::Open(tag) if depth == 0 => {
                    depth = 1;
                    policy.head = tag.span;
                    policy.target_at = tag.attribute("target").map_or(tag.span, |w| w.span);
                    if tag.attribute("target").is_none() {
                        self.broken(tag.span, "the policy has no `target`");
                    }
                    policy.target = self.target(&tag, Target::Continue);
                    policy.priority = self.number(tag.attribute("priority"), -1);
                }
                Event::Open(tag) => match &*tag.name {
                    "ingress-zone" => policy.ingress.extend(tag.attribute("name").cloned()),
                    "egress-zone" => policy.egress.extend(tag.attribute("name").cloned()),
                    "disable" => policy.disabled = true,
                    _ => self.item(&mut policy.rules, &tag),
                },
                Event::Close(name) if &*name == "policy" => break,
                _ => {}
            }
        }
        self.rest();
        self.own.policies.push(policy);
    }

    /// Reads on to the end, so that what is wrong there is told.
    fn rest(&mut self) {
        while self.next(0).is_some() {}
    }

    fn item(&mut self, rules: &mut Rules, tag: &Tag) {
        // What an entity stands for is not known, and is told.
        if tag.entity.is_some() {
            rules.unread.push(tag.span);
            return;
        }
        let element = match &*tag.name {
            "rule" => return self.rich(rules, tag),
            "short" | "description" | "version" => return,
            "masquerade"
                if tag
                    .attribute("enabled")
                    .is_some_and(|w| matches!(&*w.text.to_ascii_lowercase(), "no" | "false")) =>
            {
                return;
            }
            _ => element(tag),
        };
        match element {
            Some(Ok(element)) => {
                self.own.rules += 1;
                rules.items.push((element, tag.span));
            }
            Some(Err(missing)) => {
                self.own.broken = true;
                self.refused(tag.span, format!("`{}` lacks `{missing}`", tag.name));
            }
            None => self.unknown(tag),
        }
    }

    fn rich(&mut self, rules: &mut Rules, tag: &Tag) {
        let mut rich = Rich {
            span: tag.span,
            family: tag.attribute("family").cloned(),
            priority: self.number(tag.attribute("priority"), 0),
            ..Rich::default()
        };
        let mut refused = None;
        let mut unknown = false;
        let mut twice = None;
        let mut limited = "";
        // An empty element ends at once.
        while let Some(event) = self.next(1) {
            let t = match event {
                Event::Close(name) if &*name == "rule" => {
                    rich.span = rich.span.to(self.tags.last());
                    break;
                }
                Event::Open(t) => t,
                _ => continue,
            };
            unknown |= t.entity.is_some();
            match &*t.name {
                "source" if rich.source.is_some() => twice = Some("source"),
                "source" => rich.source = end(&t),
                "destination" if rich.destination.is_some() => twice = Some("destination"),
                "destination" => rich.destination = end(&t),
                "log" | "nflog" => {
                    rich.log = Some(None);
                    limited = "log";
                }
                "audit" => {
                    rich.audit = Some(None);
                    limited = "audit";
                }
                "accept" | "reject" | "drop" | "mark" if rich.act.is_some() => {
                    twice = Some("action");
                }
                "accept" | "reject" | "drop" | "mark" => {
                    limited = "action";
                    rich.act_span = t.span;
                    rich.act = match &*t.name {
                        "accept" => Some(Act::Accept),
                        "reject" => Some(Act::Reject),
                        "drop" => Some(Act::Drop),
                        _ => t.attribute("set").cloned().map(Act::Mark),
                    };
                }
                "limit" => {
                    let value = t.attribute("value").cloned();
                    match limited {
                        "log" => rich.log = Some(value),
                        "audit" => rich.audit = Some(value),
                        _ => rich.limit = value,
                    }
                }
                _ => match element(&t) {
                    Some(Ok(_)) if rich.element.is_some() => twice = Some("element"),
                    Some(Ok(e)) => rich.element = Some(e),
                    Some(Err(missing)) => {
                        refused = Some(format!("`{}` lacks `{missing}`", t.name));
                    }
                    None => refused = Some(format!("unknown element `{}`", t.name)),
                },
            }
        }
        if unknown {
            rules.unread.push(rich.span);
            return;
        }
        // firewalld passes over a rule that its own check refuses, and refuses all for an element that it does not know.
        self.own.broken |= refused.is_some();
        if let Some(what) = twice.filter(|_| refused.is_none()) {
            // Of two destinations firewalld takes the first (core/io/policy.py).
            if what == "destination" {
                rules.unread.push(rich.span);
            }
            return self.refused(rich.span, rich::twice(what));
        }
        match refused.map_or_else(|| rich::check(&rich), Err) {
            Ok(()) => {
                self.own.rules += 1;
                rules.rich.push(rich);
            }
            Err(why) => self.refused(rich.span, why),
        }
    }

    fn service(&mut self) {
        let mut service = Service {
            span: self.whole,
            ..Service::default()
        };
        while let Some(event) = self.next(0) {
            let Event::Open(tag) = event else { continue };
            let text = |name: &str| tag.attribute(name).map(|w| w.text.clone());
            match &*tag.name {
                "port" => service.ports.push((
                    text("port").unwrap_or_default(),
                    text("protocol").unwrap_or_default(),
                )),
                "source-port" => service.source_ports.push((
                    text("port").unwrap_or_default(),
                    text("protocol").unwrap_or_default(),
                )),
                "protocol" => service.protocols.extend(text("value")),
                "include" => service.includes.extend(text("service")),
                "destination" => {
                    service.destinations.extend(text("ipv4"));
                    service.destinations.extend(text("ipv6"));
                }
                "service" | "short" | "description" | "module" | "helper" => {}
                _ => self.unknown(&tag),
            }
        }
        self.own.services.insert(self.name.clone(), service);
    }

    fn ipset(&mut self) {
        let mut set = IpSet {
            span: self.whole,
            ..IpSet::default()
        };
        let mut entry = false;
        while let Some(event) = self.next(0) {
            match event {
                Event::Open(tag) => {
                    entry = &*tag.name == "entry";
                    match &*tag.name {
                        "ipset" => {
                            let kind = tag.attribute("type").map(|w| w.text.clone());
                            set.kind = kind.unwrap_or_default();
                        }
                        "option" => {
                            let is = |name: &str, value: &str| {
                                let has = |n: &str, v: &str| {
                                    tag.attribute(n).is_some_and(|w| &*w.text == v)
                                };
                                has("name", name) && (value.is_empty() || has("value", value))
                            };
                            set.v6 |= is("family", "inet6");
                            // Members of such a set come and go, and no file has them.
                            set.open |= is("timeout", "");
                        }
                        _ => {}
                    }
                }
                Event::Text(text, span) if entry => {
                    let text = text.trim();
                    if !text.is_empty() {
                        set.entries.push(Word::new(text, span));
                    }
                }
                Event::Close(_) => entry = false,
                _ => {}
            }
        }
        self.own.ipsets.insert(self.name.clone(), set);
    }

    fn direct(&mut self) {
        let mut rule: Option<(Tag, String, Span)> = None;
        while let Some(event) = self.next(0) {
            match event {
                Event::Open(tag) => match &*tag.name {
                    "chain" => {
                        let text =
                            |n: &str| tag.attribute(n).map(|w| w.text.clone()).unwrap_or_default();
                        self.own.direct.push(Direct {
                            ipv: text("ipv"),
                            kind: DirectKind::Chain {
                                table: text("table"),
                                chain: text("chain"),
                            },
                            args: "".into(),
                            span: tag.span,
                            permanent: true,
                        });
                    }
                    "rule" | "passthrough" => {
                        let span = tag.span;
                        rule = Some((tag, String::new(), span));
                    }
                    "direct" => {}
                    _ => self.unknown(&tag),
                },
                Event::Text(text, span) => {
                    if let Some((_, args, all)) = &mut rule {
                        args.push_str(&text);
                        *all = all.to(span);
                    }
                }
                Event::Close(name) => {
                    if matches!(&*name, "rule" | "passthrough")
                        && let Some((tag, args, span)) = rule.take()
                    {
                        self.one_direct(&tag, &args, span.to(self.tags.last()));
                    }
                }
                _ => {}
            }
        }
        self.own.all_direct = true;
        for lists in [Lists::Rules, Lists::Passthroughs] {
            self.own.direct_shown.put(true, lists);
        }
    }

    fn one_direct(&mut self, tag: &Tag, args: &str, span: Span) {
        let text = |n: &str| tag.attribute(n).map(|w| w.text.clone()).unwrap_or_default();
        let priority = self.number(tag.attribute("priority"), 0);
        let kind = match &*tag.name {
            "rule" => DirectKind::Rule {
                table: text("table"),
                chain: text("chain"),
                priority,
            },
            _ => DirectKind::Passthrough,
        };
        self.own.rules += 1;
        let args: Vec<&str> = args.split_ascii_whitespace().collect();
        self.own.direct.push(Direct {
            ipv: text("ipv"),
            kind,
            args: args.join(" ").into(),
            span,
            permanent: true,
        });
    }
}

/// A source of a zone, or why firewalld takes none of it (core/io/zone.py).
fn source(tag: &Tag) -> Result<Word, &'static str> {
    match (tag.attribute("address"), tag.attribute("ipset")) {
        (None, None) => Err("no address and no ipset"),
        (Some(_), Some(_)) => Err("an address and an ipset"),
        _ if tag.attribute("invert").is_some() => Err("`invert`"),
        (Some(word), None) => Ok(word.clone()),
        (None, Some(set)) => Ok(Word::new(format!("ipset:{}", set.text), set.span)),
    }
}

/// An end of a rich rule.
fn end(tag: &Tag) -> Option<End> {
    let kinds = [
        ("address", EndKind::Address),
        ("mac", EndKind::Mac),
        ("ipset", EndKind::IpSet),
    ];
    let (kind, word) = kinds
        .into_iter()
        .find_map(|(name, kind)| Some((kind, tag.attribute(name)?.clone())))?;
    let not = tag
        .attribute("invert")
        .is_some_and(|w| matches!(&*w.text.to_ascii_lowercase(), "yes" | "true"));
    Some(End { not, kind, word })
}

/// The element of a tag: what it lacks if it is not whole, `None` if there is no such element.
fn element(tag: &Tag) -> Option<Result<Element, &'static str>> {
    let word = |name: &'static str| tag.attribute(name).cloned().ok_or(name);
    let port = || -> Result<PortOf, &'static str> {
        Ok(PortOf {
            port: word("port")?,
            protocol: word("protocol")?,
        })
    };
    Some(match &*tag.name {
        "service" => word("name").map(Element::Service),
        "port" => port().map(Element::Port),
        "source-port" => port().map(Element::SourcePort),
        "protocol" => word("value").map(Element::Protocol),
        "icmp-block" => word("name").map(Element::IcmpBlock),
        "icmp-type" => word("name").map(Element::IcmpType),
        "masquerade" => Ok(Element::Masquerade),
        "tcp-mss-clamp" => Ok(Element::MssClamp),
        "forward-port" => port().map(|from| {
            let filled = |name| tag.attribute(name).filter(|w| !w.text.is_empty()).cloned();
            Element::ForwardPort(Forward {
                from,
                to_port: filled("to-port"),
                to_addr: filled("to-addr"),
            })
        }),
        _ => return None,
    })
}
