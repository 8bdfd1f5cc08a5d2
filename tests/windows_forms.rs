//! One host's rules in every form that Windows writes: random sets of rules, written by printers that share nothing with the
//! readers or their writers, and judged by a description of the firewall of their own.
//!
//! A form that says all of a rule gives the same rule of the model as every other one, and `trace` gives the same verdict on
//! every packet, which the description allows. `HYLINT_FORMS` sets the number of sets, `HYLINT_FORMS_PACKETS` that of packets
//! for each of them (500 and 200 are the whole size), `HYLINT_FORMS_SEEDS=3,17` names sets, `HYLINT_FORMS_ONLY=Netsh,Csv` names forms, and `HYLINT_FORMS_KEEP=FOLDER`
//! writes the files of those that differ. `-- --nocapture` prints the table of what each form cannot say.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a test fails by panicking"
)]

#[path = "common/cli.rs"]
mod cli;
#[path = "windows_forms/forms.rs"]
mod forms;
#[path = "windows_forms/json.rs"]
mod json;
#[path = "windows_forms/judge.rs"]
mod judge;
#[path = "windows_forms/model.rs"]
mod model;
#[path = "windows_forms/native.rs"]
mod native;
#[path = "windows_forms/netsh.rs"]
mod netsh;
#[path = "windows_forms/packets.rs"]
mod packets;
#[path = "windows_forms/powershell.rs"]
mod powershell;
#[path = "windows_forms/registry.rs"]
mod registry;
#[path = "windows_forms/rules.rs"]
mod rules;
#[path = "windows_forms/stock.rs"]
mod stock;
#[path = "windows_forms/wfmsc.rs"]
mod wfmsc;
#[path = "windows_forms/words.rs"]
mod words;

use cli::Hylint;
use forms::{ALL, Form, TRAITS};
use judge::{Asked, Packet, judge};
use rules::{Rule, Set};
use std::collections::BTreeMap;
use std::path::Path;

fn number(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |n| n.parse().unwrap())
}

/// The forms to try.
fn forms() -> impl Iterator<Item = Form> {
    let only = std::env::var("HYLINT_FORMS_ONLY").unwrap_or_default();
    let wanted = move |f: &Form| only.is_empty() || only.split(',').any(|n| n == format!("{f:?}"));
    ALL.into_iter().filter(wanted).filter(|f| f.has_reader())
}

fn seeds() -> Vec<u64> {
    match std::env::var("HYLINT_FORMS_SEEDS") {
        Ok(list) => list.split(',').map(|n| n.trim().parse().unwrap()).collect(),
        Err(_) => (0..number("HYLINT_FORMS", 24) as u64).collect(),
    }
}

/// The program whose processes the packets are from or to; none leaves that open.
fn program(seed: u64) -> Option<&'static str> {
    const AGENT: &str = "C:\\Program Files\\Accops\\HyWorks\\agent.exe";
    seed.is_multiple_of(2).then_some(AGENT)
}

/// What `trace` says of each packet.
fn traced(
    dir: &Path,
    form: Form,
    inbound: bool,
    seed: u64,
    set: &Set,
    all: &[Packet],
) -> Vec<String> {
    let files = form.files(set, seed);
    let own = dir.join(form.name());
    std::fs::create_dir_all(&own).unwrap();
    let write = |(name, bytes): &(&str, Vec<u8>)| std::fs::write(own.join(name), bytes).unwrap();
    let rules = match (&files.outbound, inbound) {
        (Some(out), false) => out,
        _ => &files.inbound,
    };
    write(rules);
    std::fs::write(own.join("packets.csv"), packets::table(all)).unwrap();
    let direction = if inbound { "in" } else { "out" };
    let mut run = Hylint::in_folder(own.clone()).args(&format!(
        "trace {} --direction {direction} --packets packets.csv --format ndjson --profile domain",
        rules.0
    ));
    if let Some(settings) = &files.settings {
        write(settings);
        run = run.arg("--with").arg(settings.0);
    }
    if let Some(program) = program(seed) {
        run = run.arg("--program").arg(program);
    }
    let run = run.run();
    let verdict = |line: &str| {
        let v: serde_json::Value = serde_json::from_str(line).unwrap();
        v["verdict"].as_str().unwrap().to_owned()
    };
    assert_eq!(run.status, 0, "set {seed}, {}: {}", form.name(), run.err);
    run.out.lines().map(verdict).collect()
}

fn keep(seed: u64, set: &Set) {
    let Some(folder) = std::env::var_os("HYLINT_FORMS_KEEP") else {
        return;
    };
    for form in ALL {
        let own = Path::new(&folder).join(format!("{seed}-{form:?}"));
        std::fs::create_dir_all(&own).unwrap();
        let files = form.files(set, seed);
        let all = [Some(files.inbound), files.outbound, files.settings];
        for (name, bytes) in all.into_iter().flatten() {
            std::fs::write(own.join(name), bytes).unwrap();
        }
    }
}

/// The same set without the rules of which a form does not say all.
fn said_by(set: &Set, form: Form) -> Set {
    Set {
        rules: set.rules.iter().filter(|r| form.says(r)).cloned().collect(),
        ..set.clone()
    }
}

// Fails if a reader of one form gives a rule, a list, a keyword or a default another meaning than the other forms have.
#[test]
fn the_same_rules_in_every_form_are_the_same_model() {
    let mut faults = Vec::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in seeds() {
        let set = rules::set(seed);
        let dir = tempfile::tempdir().unwrap();
        let read = |form: Form| (form, model::read(dir.path(), &form.files(&set, seed)));
        let all: Vec<(Form, model::Read)> = forms().map(read).collect();
        let before = faults.len();
        for r in &set.rules {
            // Each form that says all of the rule, and what it makes of it.
            let key = (r.inbound, r.name.clone());
            let saying = all.iter().filter(|(form, _)| form.says(r));
            let mut of: Vec<(Form, Option<model::Told>)> = Vec::new();
            of.extend(saying.map(|(form, read)| (*form, read.rules.get(&key).cloned())));
            for (form, own) in &of {
                let (first, other) = &of[0];
                // A list of wf.msc shows no service, so each of its rules may be narrower.
                let same = match (own, other) {
                    (Some(own), Some(other)) if *form == Form::Wfmsc => {
                        own.is_brief() && own.in_wfmsc() == other.in_wfmsc()
                    }
                    (own, other) => own.is_some() && own == other,
                };
                if !same {
                    let (a, b) = (form.name(), first.name());
                    faults.push(format!(
                        "set {seed}, {}: {a}\n  {own:?}\n{b}\n  {other:?}",
                        r.name
                    ));
                }
            }
        }
        for (form, read) in &all {
            *counts.entry(form.name()).or_default() += read.rules.len();
            let (n, right) = (read.rules.len(), set.rules.len());
            if *form != Form::Wfmsc && n != right {
                faults.push(format!(
                    "set {seed}, {}: {n} rules, not {right}",
                    form.name()
                ));
            }
            let (own, first) = (&read.settings, &all[0].1.settings);
            if !matches!(form, Form::Wfmsc | Form::Csv) && own != first {
                faults.push(format!(
                    "set {seed}, {}: settings {own}, not {first}",
                    form.name()
                ));
            }
        }
        if faults.len() > before {
            keep(seed, &set);
        }
    }
    println!("rules read: {counts:?}");
    report(&faults);
}

// Fails if a verdict depends on the form of the export, or is one that the firewall would not give.
#[test]
fn trace_gives_the_same_verdict_in_every_form() {
    let mut faults = Vec::new();
    let (mut asked, mut open, mut wide) = (0, 0, 0);
    let half = number("HYLINT_FORMS_PACKETS", 60) / 2;
    for seed in seeds() {
        let set = rules::set(seed);
        let dir = tempfile::tempdir().unwrap();
        let before = faults.len();
        for inbound in [true, false] {
            for form in forms() {
                let own = said_by(&set, form);
                // A list of no rules is no export.
                if !own
                    .rules
                    .iter()
                    .any(|r| r.inbound == inbound || form != Form::Wfmsc)
                {
                    continue;
                }
                let all = packets::packets(&own, seed, inbound, program(seed).is_none(), half);
                let verdicts = traced(dir.path(), form, inbound, seed, &own, &all);
                assert_eq!(verdicts.len(), all.len(), "set {seed}, {}", form.name());
                for (p, verdict) in all.iter().zip(&verdicts) {
                    let Some(right) = judge(
                        &own,
                        inbound,
                        p,
                        0,
                        &Asked {
                            program: program(seed),
                            brief: form == Form::Wfmsc,
                        },
                    ) else {
                        wide += 1;
                        continue;
                    };
                    let right = right.name();
                    asked += 1;
                    open += usize::from(right == "conditional");
                    if right != verdict {
                        faults.push(format!(
                            "set {seed}, {}, inbound {inbound}, {p:?}: {verdict}, not {right}",
                            form.name()
                        ));
                    }
                }
            }
        }
        if faults.len() > before {
            keep(seed, &set);
        }
    }
    println!("{asked} verdicts, {open} of them conditional; {wide} with too much open to judge");
    report(&faults);
}

fn report(faults: &[String]) {
    for f in faults.iter().take(number("HYLINT_FORMS_SHOW", 12)) {
        println!("{f}");
    }
    assert!(faults.is_empty(), "{} faults", faults.len());
}

// Fails if a reader gives a rule string another meaning than Windows gives it: it printed both.
#[test]
fn what_windows_wrote_twice_is_read_once() {
    let dir = tempfile::tempdir().unwrap();
    let read = |name, text: String| {
        let files = forms::Files {
            inbound: (name, text.into_bytes()),
            outbound: None,
            settings: None,
        };
        model::read(dir.path(), &files).rules
    };
    let strings = read("policy.reg", native::registry());
    let printed = read("policy.json", native::powershell());
    assert_eq!(strings.len(), 13);
    for (key, rule) in &strings {
        assert_eq!(Some(rule), printed.get(key), "{key:?}");
    }
}

/// What each form cannot say: the change of a rule changes nothing in its text.
fn unsaid(form: Form) -> Vec<&'static str> {
    let mut set = rules::set(1);
    set.rules.truncate(1);
    let plain = Rule {
        inbound: true,
        proto: rules::Proto::Tcp,
        action: rules::Act::Allow,
        service: None,
        icmp: Vec::new(),
        interfaces: rules::Interfaces::Any,
        secure: rules::Secure::No,
        edge: false,
        policy: false,
        beyond: None,
        ..set.rules[0].clone()
    };
    set.rules = vec![plain.clone()];
    let of = |set: &Set, inbound: bool| {
        if form == Form::Wfmsc {
            return wfmsc::text(set, inbound, false).into_bytes();
        }
        let files = form.files(set, 1);
        match files.outbound {
            Some((_, bytes)) if !inbound => bytes,
            _ => files.inbound.1,
        }
    };
    let before = of(&set, true);
    let mut out = Vec::new();
    for t in &TRAITS {
        let mut changed = plain.clone();
        (t.change)(&mut changed);
        // IPsec encryption is told from IPsec.
        let against = if t.name == "IPsec encryption" {
            let mut authentic = plain.clone();
            authentic.secure = rules::Secure::Authenticate;
            let set = Set {
                rules: vec![authentic],
                ..set.clone()
            };
            of(&set, true)
        } else if t.name == "ICMP types" {
            let any = Rule {
                icmp: Vec::new(),
                ..changed.clone()
            };
            let set = Set {
                rules: vec![any],
                ..set.clone()
            };
            of(&set, true)
        } else {
            before.clone()
        };
        let inbound = changed.inbound;
        let set = Set {
            rules: vec![changed],
            ..set.clone()
        };
        if of(&set, inbound) == against {
            out.push(t.name);
        }
    }
    if matches!(form, Form::Csv | Form::Wfmsc) {
        out.push("profile settings");
    }
    out
}

// Fails if the book says something else of a form than its text does.
#[test]
fn the_book_says_what_each_form_cannot_say() {
    let book =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/formats.md")).unwrap();
    let mut lacking = Vec::new();
    for form in ALL {
        let all = unsaid(form);
        let said = if all.is_empty() {
            "nothing".to_owned()
        } else {
            all.join(", ")
        };
        let line = format!("| {} | {said} |", form.name());
        println!("{line}");
        if !form.has_reader() {
            println!("SKIPPED: {} has no reader", form.name());
        }
        lacking.extend((!book.contains(&line)).then_some(line));
    }
    assert!(lacking.is_empty(), "docs/formats.md lacks {lacking:#?}");
}

/// Findings of a server as it comes with the rules for HyWorks, in one form; and the status of the rows of its role.
fn checked(form: Form, set: &Set, seed: u64) -> (String, Vec<String>) {
    let files = form.files(set, seed);
    let mut run = Hylint::new().file("hylint.toml", stock::SITE);
    for (name, bytes) in [Some(files.inbound), files.outbound, files.settings]
        .into_iter()
        .flatten()
    {
        run = run.file(&format!("sh1/{name}"), bytes);
    }
    let run = run
        .args("check . --format json --at 2026-11-29T00:00:00Z")
        .run();
    let v: serde_json::Value =
        serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{}: {}", form.name(), run.err));
    let list = |key: &str| v[key].as_array().unwrap().clone();
    let rows: Vec<String> = list("requirements")
        .iter()
        .filter(|r| [16, 17, 18, 19, 20, 43].contains(&r["row"].as_u64().unwrap()))
        .map(|r| format!("{} {}", r["row"], r["status"].as_str().unwrap()))
        .collect();
    let findings = list("findings");
    let grave = findings.iter().filter(|f| f["severity"] != "note");
    let told = grave.map(|f| {
        let word = |key: &str| f[key].as_str().unwrap_or("").to_owned();
        format!("{}[{}] {}", word("severity"), word("code"), word("message"))
    });
    (rows.join(", "), told.collect())
}

// Fails if what Windows ships makes an error in some form, or a correct rule is not found in it.
#[test]
fn a_server_as_it_comes_with_the_right_rules_has_no_error_in_any_form() {
    let set = stock::session_host();
    let mut faults = Vec::new();
    for form in forms() {
        for seed in 0..6 {
            let (rows, told) = checked(form, &set, seed);
            let satisfied = "16 satisfied, 17 satisfied, 18 satisfied, 19 satisfied, 20 satisfied, 43 satisfied";
            if seed == 0 {
                println!("{}: {rows}; {} warnings", form.name(), told.len());
            }
            if rows != satisfied {
                faults.push(format!("{}, {seed}: {rows}", form.name()));
            }
            let errors = told.iter().filter(|t| t.starts_with("error"));
            faults.extend(errors.map(|t| format!("{}, {seed}: {t}", form.name())));
        }
    }
    report(&faults);
}

// Fails if a check passes whatever the rules are: without one of them its row does not.
#[test]
fn a_server_without_one_of_the_rules_fails_in_every_form() {
    let mut set = stock::session_host();
    set.rules.retain(|r| r.name != "HyWorks load information");
    for form in forms() {
        let (rows, told) = checked(form, &set, 1);
        assert!(rows.contains("17 violated"), "{}: {rows}", form.name());
        assert!(
            told.iter().any(|t| t.contains("38870")),
            "{}: {told:?}",
            form.name()
        );
    }
}
