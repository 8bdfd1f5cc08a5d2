//! Settles what several files say of one zone or policy, what ships with firewalld, and which zone is the default.

use super::build::Defaults;
use super::matches::words;
use super::own::{Own, Policy, Rich, Rules, Word, Zone};
use super::{catalog, own};
use hylint_model::{Problem, ProblemKind, Span};
use std::mem;

/// Puts interfaces and sources of `--get-active-zones` into their zones.
pub(super) fn bind(own: &mut Own) {
    for (name, interfaces, sources) in mem::take(&mut own.bound) {
        own.active.push(name.text.clone());
        let zone = own.zones.iter_mut().find(|z| z.name == name.text);
        let Some(zone) = zone else { continue };
        let lacks = |all: &[Word], w: &Word| !all.iter().any(|o| o.text == w.text);
        let new = interfaces
            .into_iter()
            .filter(|w| lacks(&zone.interfaces, w));
        let new: Vec<Word> = new.collect();
        zone.interfaces.extend(new);
        let new = sources.into_iter().filter(|w| lacks(&zone.sources, w));
        let new: Vec<Word> = new.collect();
        zone.sources.extend(new);
    }
}

/// Leaves one zone and one policy of each name: what runs goes before what is stored.
pub(super) fn unify(own: &mut Own) {
    let zones = mem::take(&mut own.zones);
    for z in zones {
        let shape = shape_of_zone(&z);
        let same = own.zones.iter_mut().find(|o| o.name == z.name);
        let Some(known) = same else {
            own.zones.push(z);
            continue;
        };
        let differ = shape_of_zone(known) != shape;
        let twice = known.permanent == z.permanent && known.said != 0 && known.said == z.said;
        if twice && !differ && !mem::replace(&mut own.contradicted, true) {
            let message = format!(
                "zone `{}` is listed twice by one command: the text holds the listings of two hosts, or one of them twice",
                z.name
            );
            let problem = Problem::new(ProblemKind::Malformed, z.head, message);
            let help = "put the output of each host into a file of its own";
            own.problems.push(problem.help(help));
        }
        let (kept, other) = match known.permanent && !z.permanent {
            true => (z.clone(), mem::replace(known, z)),
            false => (known.clone(), z),
        };
        own.rules = own.rules.saturating_sub(count(&other.rules));
        let what = format!("zone `{}`", other.name);
        let permanent = (kept.permanent, other.permanent);
        set_aside(own, &what, differ, permanent, other.head);
    }
    let policies = mem::take(&mut own.policies);
    for p in policies {
        let shape = shape_of_policy(&p);
        let same = own.policies.iter_mut().find(|o| o.name == p.name);
        let Some(known) = same else {
            own.policies.push(p);
            continue;
        };
        let differ = shape_of_policy(known) != shape;
        let (kept, other) = match known.permanent && !p.permanent {
            true => (p.clone(), mem::replace(known, p)),
            false => (known.clone(), p),
        };
        own.rules = own.rules.saturating_sub(count(&other.rules));
        let what = format!("policy `{}`", other.name);
        let permanent = (kept.permanent, other.permanent);
        set_aside(own, &what, differ, permanent, other.head);
    }
}

/// Tells that one of two listings of a zone or policy is set aside, and keeps whether they contradict each other.
fn set_aside(own: &mut Own, what: &str, differ: bool, permanent: (bool, bool), at: Span) {
    tell(&mut own.problems, what, differ, permanent, at);
    own.contradicted |= differ && permanent.0 == permanent.1;
}

fn count(rules: &Rules) -> usize {
    rules.items.len() + rules.rich.len()
}

fn tell(
    problems: &mut Vec<Problem>,
    what: &str,
    differ: bool,
    (kept, other): (bool, bool),
    at: Span,
) {
    if !differ {
        return;
    }
    problems.push(match kept == other {
        true => {
            let message = format!("{what} stands twice with different rules: which of the two is in force is not known");
            Problem::new(ProblemKind::Malformed, at, message).help("give one listing of each zone")
        }
        false => {
            let message = format!("{what} runs with other rules than are stored: what runs is judged, and a reload brings what is stored");
            Problem::new(ProblemKind::Incomplete, at, message)
                .help("run `firewall-cmd --runtime-to-permanent`, or `firewall-cmd --reload`")
        }
    });
}

fn text(words: &[Word]) -> Vec<&str> {
    let mut all: Vec<&str> = words.iter().map(|w| &*w.text).collect();
    all.sort_unstable();
    all
}

fn shape_of_zone(z: &Zone) -> String {
    format!(
        "{:?} {:?} {:?} {:?} {}",
        z.target,
        z.forward.is_some(),
        text(&z.sources),
        z.rules.icmp_inversion.is_some(),
        shape(&z.rules)
    )
}

fn shape_of_policy(p: &Policy) -> String {
    format!(
        "{:?} {} {:?} {:?} {}",
        p.target,
        p.priority,
        text(&p.ingress),
        text(&p.egress),
        shape(&p.rules)
    )
}

/// What rules say, wherever they stand.
fn shape(rules: &Rules) -> String {
    let mut all: Vec<String> = rules.items.iter().map(|(e, _)| element(e)).collect();
    all.extend(rules.rich.iter().map(rich));
    all.sort();
    all.dedup();
    all.join("; ")
}

fn element(e: &own::Element) -> String {
    match e {
        own::Element::ForwardPort(f) => {
            let to = |w: &Option<Word>| w.as_ref().map_or(String::new(), |w| w.text.to_string());
            format!("{} to {} {}", words(e), to(&f.to_addr), to(&f.to_port))
        }
        _ => words(e),
    }
}

fn rich(r: &Rich) -> String {
    let word = |w: &Option<Word>| w.as_ref().map(|w| w.text.clone());
    let end = |e: &Option<own::End>| {
        e.as_ref()
            .map(|e| (e.not, e.kind as u8, e.word.text.clone()))
    };
    let act = match &r.act {
        Some(own::Act::Mark(w)) => format!("mark {}", w.text),
        other => format!("{:?}", other.as_ref().map(mem::discriminant)),
    };
    format!(
        "{:?} {} {:?} {:?} {:?} {act} {:?}",
        word(&r.family),
        r.priority,
        end(&r.source),
        end(&r.destination),
        r.element.as_ref().map(element),
        word(&r.limit)
    )
}

/// Adds the zones that firewalld ships and the host does not define.
pub(super) fn shipped(own: &mut Own, wanted: &str) {
    let found = catalog::zones().find(|(name, ..)| *name == wanted);
    let Some((name, target, words)) = found else {
        return;
    };
    let mut zone = Zone {
        name: name.into(),
        target,
        shipped: true,
        permanent: true,
        says_forward: true,
        ..Zone::default()
    };
    for word in words {
        let element = match word {
            "masquerade" => own::Element::Masquerade,
            service => own::Element::Service(Word::new(service, Span::default())),
        };
        zone.rules.items.push((element, Span::default()));
    }
    own.zones.push(zone);
}

/// The default zone, or those that may be it.
pub(super) fn defaults(own: &mut Own) -> Defaults {
    let shown = running_defaults(own);
    if let [word, others @ ..] = shown.as_slice() {
        if !others.is_empty() {
            return several(own, &shown);
        }
        stored_default(own, word);
        return named(own, &word.text, Some(word.span));
    }
    if let Some(word) = own.conf.default_zone.clone() {
        return named(own, &word.text, Some(word.span));
    }
    // Where the settings name none it is `public` (core/io/firewalld_conf.py).
    if own.conf.there && !own.listing {
        return named(own, "public", None);
    }
    let bound = |z: &Zone| !z.interfaces.is_empty() || !z.sources.is_empty();
    if own.one_zone.is_some() && own.zones.len() == 1 {
        return Defaults { zones: vec![0] };
    }
    let running = |z: &Zone| !z.permanent && !z.interfaces.is_empty();
    let mut zones: Vec<usize> = Vec::new();
    let put = |zones: &mut Vec<usize>, fits: &dyn Fn(&Zone) -> bool| {
        zones.extend(
            own.zones
                .iter()
                .enumerate()
                .filter(|(_, z)| fits(z))
                .map(|(n, _)| n),
        );
    };
    if own.zones.iter().any(running) {
        // An interface that is bound to no other zone is shown in the default zone.
        put(&mut zones, &running);
    } else {
        let ships = |z: &Zone| catalog::zones().any(|(name, ..)| *z.name == *name);
        put(&mut zones, &|z| {
            &*z.name == "public" || !bound(z) && (!own.listing || !ships(z))
        });
        if !own.listing && !own.zones.iter().any(|z| &*z.name == "public") {
            shipped(own, "public");
            zones.push(own.zones.len() - 1);
        }
        if zones.is_empty() {
            zones = (0..own.zones.len()).collect();
        }
    }
    let names = zones.iter().filter_map(|n| own.zones.get(*n));
    let names: Vec<String> = names.map(|z| format!("`{}`", z.name)).collect();
    // That no zone is there is told already.
    if names.is_empty() {
        return Defaults { zones };
    }
    let at = own.zones.iter().map(|z| z.head).find(|s| !s.is_empty());
    let at = at
        .or_else(|| own.policies.first().map(|p| p.head))
        .unwrap_or_default();
    let help = match own.listing {
        true => "add the output of `firewall-cmd --get-default-zone`",
        false => {
            "add `/etc/firewalld/firewalld.conf`, or the output of `firewall-cmd --list-all-zones`"
        }
    };
    let problem = match names.as_slice() {
        [one] => {
            let message = format!("the default zone is not shown: {one} is taken for it");
            Problem::new(ProblemKind::Note, at, message)
        }
        all => {
            let message = format!(
                "the default zone is not shown: it may be {}",
                all.join(", ")
            );
            Problem::new(ProblemKind::Incomplete, at, message)
        }
    };
    own.problems.push(problem.help(help));
    Defaults { zones }
}

/// The default zone as firewall-cmd shows it, each name once.
fn running_defaults(own: &Own) -> Vec<Word> {
    let marked = own.zones.iter().find(|z| z.is_default);
    let marked = marked.map(|z| Word::new(z.name.clone(), z.head));
    let mut out: Vec<Word> = Vec::new();
    for word in own.default_zones.iter().cloned().chain(marked) {
        if out.iter().all(|w| w.text != word.text) {
            out.push(word);
        }
    }
    out
}

/// The default zones that outputs name which contradict each other.
fn several(own: &mut Own, shown: &[Word]) -> Defaults {
    if let [first, second, ..] = shown {
        let message = format!(
            "one output names `{}` as the default zone and another one `{}`: which is in force is not known",
            first.text, second.text
        );
        let problem = Problem::new(ProblemKind::Malformed, first.span, message);
        own.problems.push(problem.help(
            "run `firewall-cmd --list-all-zones` and `firewall-cmd --get-default-zone` again, and give their output alone",
        ));
    }
    let mut zones = Vec::new();
    for word in shown {
        zones.extend(named(own, &word.text, Some(word.span)).zones);
    }
    Defaults { zones }
}

/// Tells that firewalld.conf names another default zone than the one that runs.
fn stored_default(own: &mut Own, running: &Word) {
    let Some(stored) = own.conf.default_zone.clone() else {
        return;
    };
    if stored.text == running.text {
        return;
    }
    let message = format!(
        "firewalld.conf names `{}` as the default zone, and `{}` is the running one, which is judged",
        stored.text, running.text
    );
    let help = format!(
        "set `DefaultZone={}` in firewalld.conf, or run `firewall-cmd --reload` if the file is right",
        running.text
    );
    let problem = Problem::new(ProblemKind::Incomplete, stored.span, message);
    own.problems.push(problem.help(help));
}

/// The default zone of a name.
fn named(own: &mut Own, name: &str, at: Option<Span>) -> Defaults {
    let place = |own: &Own| own.zones.iter().position(|z| *z.name == *name);
    if place(own).is_none() {
        shipped(own, name);
    }
    match place(own) {
        Some(n) => Defaults { zones: vec![n] },
        None => {
            let message = format!(
                "the default zone `{name}` is not in the export: what it accepts is not known"
            );
            let at = at
                .or_else(|| own.zones.first().map(|z| z.head))
                .unwrap_or_default();
            let problem = Problem::new(ProblemKind::Incomplete, at, message);
            let help = match super::draft::is_plain(name) {
                true => format!("add the output of `firewall-cmd --zone={name} --list-all`"),
                false => "add the output of `firewall-cmd --list-all-zones`".to_owned(),
            };
            own.problems.push(problem.help(help));
            own.hidden_default = Some(at);
            Defaults::default()
        }
    }
}
