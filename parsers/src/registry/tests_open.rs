#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
//! What an export does not show whole leaves its verdicts open.

use crate::decode::decode;
use crate::format;
use crate::source::Source;
use hylint_model::{Action, Body, DefaultOrigin, Export, Lists, ProblemKind};

const LOCAL: &str =
    r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy";
const POLICY: &str = r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Microsoft\WindowsFirewall";
const ALLOW: &str = "v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=3389|Name=a|";
const BLOCK: &str = "v2.31|Action=Block|Active=TRUE|Dir=In|Protocol=6|LPort=3389|Name=b|";

fn read(text: &str) -> Export {
    let source = Source::new("x", text, "UTF-8");
    let export = format::read(&source).unwrap_or_else(|| panic!("no export: {text}"));
    assert_eq!(
        (export.format, export.lost()),
        ("registry", 0),
        "{text}\n{:?}",
        export.problems
    );
    export
}

fn lists(export: &Export) -> &Lists {
    match &export.points[0].body {
        Body::Lists(lists) => lists,
        Body::Netfilter(_) => panic!("no lists"),
    }
}

/// Whether something stands for rules that are not read or missing, and an error names it with these words.
#[track_caller]
fn is_open(text: &str, words: &str) {
    let export = read(text);
    let rules = &lists(&export).ingress.rules;
    let unread = rules.iter().any(|r| matches!(r.action, Action::Opaque(_)));
    let missing = lists(&export).ingress.default.origin == DefaultOrigin::Unknown;
    let told =
        |p: &&hylint_model::Problem| p.kind == ProblemKind::Malformed && p.message.contains(words);
    let told = export.problems.iter().any(|p| told(&p));
    assert!((unread || missing) && told, "{text}\n{:?}", export.problems);
}

fn actions(export: &Export) -> Vec<&Action> {
    let rules = lists(export).ingress.rules.iter();
    rules.map(|r| &r.action).collect()
}

fn file(body: &str) -> String {
    format!("Windows Registry Editor Version 5.00\r\n\r\n{body}\r\n")
}

fn query(rows: &str) -> String {
    format!("{LOCAL}\\FirewallRules\r\n    a    REG_SZ    {ALLOW}\r\n{rows}")
}

// Fails if a text that may be a block lets an allow decide.
#[test]
fn damaged_values_leave_the_verdict_open() {
    let key = format!("[{LOCAL}\\FirewallRules]\r\n\"a\"=\"{ALLOW}\"\r\n");
    is_open(&file(&format!("{key}\"b\"=\"v2.31|Action=Bl")), "quote");
    is_open(&file(&format!("{key}\"b")), "no value");
    let consec = format!("{key}[{LOCAL}\\ConSecRules]\r\n\"c\"=hex(1):zz\r\n");
    is_open(&file(&consec), "connection security rule");
    let old = "\"3389:TCP\"=\"3389:TCP:*:enabled:x\"";
    let old = format!("{key}[{POLICY}\\DomainProfile\\GloballyOpenPorts\\List]\r\n{old}\r\n");
    is_open(&file(&old), "Windows XP");
}

// Fails if bytes that are cut off pass for a shorter rule, at any place.
#[test]
fn bytes_that_are_cut_off_are_no_rule() {
    let units = BLOCK.encode_utf16().chain([0]).flat_map(u16::to_le_bytes);
    let bytes: Vec<String> = units.map(|b| format!("{b:02x}")).collect();
    let head = file(&format!("[{LOCAL}\\FirewallRules]\r\n\"a\"=\"{ALLOW}\""));
    let whole = format!("{head}\"b\"=hex(1):{}", bytes.join(","));
    assert_eq!(actions(&read(&whole)), [&Action::Allow, &Action::Deny]);
    let start = whole.find("hex(1):").unwrap() + 10;
    for end in start..whole.len() - 1 {
        let cut = &whole[..end];
        // A last digit that is missing leaves a byte all the same.
        if cut.ends_with(",0") && end + 1 == whole.len() {
            continue;
        }
        is_open(cut, "so the rule cannot be read");
    }
}

// Fails if a rule that is cut off is taken for one that does not act, or for a wider one, at any place.
#[test]
fn a_text_that_ends_inside_a_value_is_open() {
    let merge = |p: &str| {
        format!(
            "Computer\n{}\\{p}\nAllowLocalPolicyMerge\nDWORD:0\n\n",
            &POLICY[19..]
        )
    };
    let merges = ["DomainProfile", "PrivateProfile", "PublicProfile"]
        .map(merge)
        .concat();
    let record = |name: &str, text: &str| {
        format!(
            "Computer\n{}\\FirewallRules\n{name}\nSZ:{text}\n\n",
            &POLICY[19..]
        )
    };
    let lgpo = format!("{merges}{}", record("a", ALLOW));
    let query = query("");
    let name = BLOCK.find("Name=").unwrap();
    for (whole, last, end) in [
        (
            lgpo,
            record("b", BLOCK),
            record("b", &BLOCK[..name]).len() - 2,
        ),
        (query, format!("    b    REG_SZ    {BLOCK}\n"), 19 + name),
    ] {
        let blank = last.len() - last.trim_start().len();
        for cut in blank + 1..end {
            let export = read(&format!("{whole}{}", &last[..cut]));
            let bad = lists(&export).ingress.default.origin == DefaultOrigin::Unknown
                || lists(&export).ingress.rules.iter().any(|r| {
                    let open = r.clauses.iter().all(|c| !c.conditions.is_empty());
                    matches!(r.action, Action::Opaque(_)) || r.enabled && open
                });
            let told = export
                .problems
                .iter()
                .any(|p| p.kind == ProblemKind::Malformed);
            assert!(bad && told, "{:?}\n{:?}", &last[..cut], export.problems);
        }
    }
}

// Fails if text behind a string, or a deletion inside one, loses a rule.
#[test]
fn strings_that_do_not_end_where_they_should_are_named() {
    let key = format!("[{LOCAL}\\FirewallRules]\r\n\"a\"=\"{ALLOW}\"\r\n");
    is_open(
        &file(&format!("{key}\"b\"=\"{ALLOW}\"\"c\"=\"{BLOCK}\"")),
        "not read",
    );
    is_open(&file(&format!("{key}\"b\"=\"\"{BLOCK}\"\"")), "not read");
    is_open(
        &file(&format!("{key}\"b\"=hex(1):\r\n76,00")),
        "bytes are missing",
    );
    let inner = format!("\"b\"=\"{BLOCK}Desc=x\r\n[-{LOCAL}\\FirewallRules]\r\n{key}|\"");
    is_open(&file(&format!("{key}{inner}")), "closing quote");
}

// Fails if what is missing in a listing is not said.
#[test]
fn gaps_of_a_listing_leave_the_verdict_open() {
    for line in ["[...]", "...", "<snip>", "-- More --"] {
        is_open(&query(&format!("{line}\r\n")), "left out");
    }
    for line in ["ERROR: Access is denied.", "FEHLER: Zugriff verweigert"] {
        is_open(&query(&format!("\r\n{line}\r\n")), "not read");
    }
    let absent = "ERROR: The system was unable to find the specified registry key or value.\r\n";
    assert!(read(&query(absent)).problems.is_empty());
    for cut in [
        "    b",
        "    b    REG_S",
        "    b    REG_SZ",
        "    b    REG_SZ    v2.3",
    ] {
        is_open(&query(cut), "cut off");
    }
    let row = format!("\"{LOCAL}\\FirewallRules\",\"a\",\"{ALLOW}\"\r\n");
    let table = format!("\"key\",\"name\",\"data\"\r\n{row}");
    assert!(read(&table).problems.is_empty());
    for cut in [
        2,
        30,
        row.len() - ALLOW.len() - 8,
        row.len() - 10,
        row.len() - 3,
    ] {
        is_open(&format!("{table}{}", &row[..cut]), "more or fewer cells");
    }
    let record = |name: &str, text: &str| {
        format!(
            "Computer\r\n{}\\FirewallRules\r\n{name}\r\nSZ:{text}\r\n\r\n",
            &POLICY[19..]
        )
    };
    let (whole, last) = (record("a", ALLOW), record("b", BLOCK));
    for cut in [
        last.find("b\r\n").unwrap(),
        last.find("SZ").unwrap(),
        last.find("Z:").unwrap(),
    ] {
        is_open(&format!("{whole}{}", &last[..cut]), "cut off");
    }
}

// Fails if the rules of several hosts are taken for those of one, or one that was removed for one that is there.
#[test]
fn rows_of_several_hosts_and_removed_ones() {
    let key = format!("{LOCAL}\\FirewallRules").replace('\\', "\\\\");
    let row = |host: &str, action: &str, name: &str, text: &str| {
        format!(
            "{{\"hostIdentifier\":\"{host}\",\"columns\":{{\"key\":\"{key}\",\"name\":\"{name}\",\"data\":\"{text}\"}},\"action\":\"{action}\"}}\n"
        )
    };
    let one = row("A", "added", "a", ALLOW);
    is_open(
        &format!("{one}{}", row("B", "added", "b", ALLOW)),
        "`A` and `B`",
    );
    let two = format!("{one}{}", row("a", "added", "b", ALLOW));
    assert!(read(&two).problems.is_empty());
    let gone = format!("{two}{}", row("A", "removed", "a", ALLOW));
    let export = read(&gone);
    assert_eq!(actions(&export).len(), 1);
    assert_eq!(export.problems[0].kind, ProblemKind::Incomplete);
    let changed = format!(
        "{}{}",
        row("A", "added", "a", BLOCK),
        row("A", "removed", "a", ALLOW)
    );
    assert_eq!(
        actions(&read(&changed)),
        [&Action::Deny],
        "the old text is gone, not the new one"
    );
    let table = format!(
        "host,key,name,data\nA,{0},a,{ALLOW}\nB,{0},b,{ALLOW}\n",
        format_args!("{LOCAL}\\FirewallRules")
    );
    is_open(&table, "`A` and `B`");
}

// Fails if the set that Windows does not start with is judged.
#[test]
fn select_names_the_control_set() {
    let set = |n: u8, rule: &str| {
        format!(
            "[HKEY_LOCAL_MACHINE\\SYS\\ControlSet00{n}\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\FirewallRules]\r\n\"a\"=\"{rule}\"\r\n"
        )
    };
    let select = "[HKEY_LOCAL_MACHINE\\SYS\\Select]\r\n\"Current\"=dword:00000002\r\n";
    let two = format!("{}{}", set(1, ALLOW), set(2, BLOCK));
    let export = read(&file(&format!("{select}{two}")));
    assert_eq!(actions(&export), [&Action::Deny]);
    is_open(&file(&two), "control sets differ");
    let same = read(&file(&format!("{}{}", set(1, ALLOW), set(2, ALLOW))));
    assert_eq!(actions(&same), [&Action::Allow]);
    is_open(
        &file(&format!("{select}{}", set(1, ALLOW))),
        "control sets differ",
    );
}

// Fails if a key that is not written out passes for one in which Windows looks for no rules.
#[test]
fn keys_that_are_variables_or_cut_off_are_not_read() {
    let add = format!("reg add \"%K%\" /v a /t REG_SZ /d \"{ALLOW}\" /f\r\n");
    let good = add.replace("%K%", &format!("{LOCAL}\\FirewallRules"));
    is_open(&format!("{good}{add}"), "variable");
    let (head, rest) = LOCAL.split_at(79);
    let wrapped = format!("{head}\r\n{rest}\\FirewallRules\r\n    a    REG_SZ    {ALLOW}\r\n");
    is_open(&wrapped, "cut off");
}

// Fails if a restriction is merged with the rules, or one that was added for a service is told in a note that few read.
#[test]
fn restrictions_of_services_are_named_and_not_merged() {
    let own = |place: &str| {
        let rule = BLOCK.replace("LPort=3389", "Svc=TermService");
        file(&format!(
            "[{LOCAL}\\FirewallRules]\r\n\"a\"=\"{ALLOW}\"\r\n[{LOCAL}\\RestrictedServices\\{place}\\System]\r\n\"b\"=\"{rule}\"\r\n"
        ))
    };
    for (place, kind) in [
        ("Configurable", ProblemKind::Incomplete),
        ("Static", ProblemKind::Note),
    ] {
        let export = read(&own(place));
        assert_eq!(actions(&export), [&Action::Allow]);
        assert!(export.problems.iter().any(|p| p.kind == kind));
    }
}

// Fails if a policy file that is damaged passes for a whole one, or deletions of its rules are not made.
#[test]
fn policy_files_that_are_damaged_are_open() {
    let utf16 = |t: &str| {
        t.encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect::<Vec<u8>>()
    };
    let key = &POLICY[19..];
    let value = |key: &str, name: &str, text: &str| {
        let data = utf16(&format!("{text}\0"));
        let size = u32::try_from(data.len()).unwrap().to_le_bytes();
        let head = utf16(&format!("[{key}\0;{name}\0;"));
        let semicolon = utf16(";");
        [
            &head[..],
            &1_u32.to_le_bytes(),
            &semicolon,
            &size,
            &semicolon,
            &data,
            &utf16("]"),
        ]
        .concat()
    };
    let rules = format!("{key}\\FirewallRules");
    let head = b"PReg\x01\0\0\0".to_vec();
    let (a, b) = (value(&rules, "a", ALLOW), value(&rules, "b", BLOCK));
    let text = |parts: &[&[u8]]| {
        let decoded = decode(parts.concat()).unwrap();
        assert!(!decoded.lossy);
        decoded.text
    };
    assert!(read(&text(&[&head, &a, &b])).problems.is_empty());
    for cut in 1..b.len() {
        is_open(&text(&[&head, &a, &b[..b.len() - cut]]), "its record 2");
    }
    is_open(&text(&[&head, &a[..a.len() - 1]]), "its record 1");
    let keys = value(key, "**DeleteKeys", "FirewallRules");
    assert_eq!(read(&text(&[&head, &a, &b, &keys])).rules_in_model(), 0);
    let values = value(&rules, "**DeleteValues", "a;x");
    assert_eq!(
        actions(&read(&text(&[&head, &a, &b, &values]))),
        [&Action::Deny]
    );
}

// Fails if a block that does not say that it acts is taken for none.
#[test]
fn a_block_without_active_may_act() {
    let rule = BLOCK.replace("|Active=TRUE", "");
    let export = read(&file(&format!(
        "[{LOCAL}\\FirewallRules]\r\n\"b\"=\"{rule}\"\r\n"
    )));
    let rule = &lists(&export).ingress.rules[0];
    assert!(rule.enabled && rule.clauses.iter().all(|c| !c.conditions.is_empty()));
}

// Fails if a store that allows exceptions takes back what another one forbids.
#[test]
fn exceptions_are_forbidden_where_any_store_forbids_them() {
    use hylint_model::InboundPolicy;
    let profile = |root: &str, n: u8| {
        format!(
            "[{root}\\DomainProfile]\r\n\"EnableFirewall\"=dword:1\r\n\"DoNotAllowExceptions\"=dword:{n}\r\n"
        )
    };
    for (local, policy) in [(1, 0), (0, 1)] {
        let text = format!(
            "[{LOCAL}\\FirewallRules]\r\n\"a\"=\"{ALLOW}\"\r\n{}{}",
            profile(LOCAL, local),
            profile(POLICY, policy)
        );
        let export = read(&file(&text));
        let domain = export.points[0].windows.as_ref().unwrap().profiles[0]
            .as_ref()
            .unwrap();
        assert_eq!(
            domain.inbound.map(|i| i.0),
            Some(InboundPolicy::BlockAlways)
        );
        // The same of two files.
        let one = |text: String| {
            let export = read(&file(&text));
            let point = export.points.first().and_then(|p| p.windows.clone());
            point.unwrap()
        };
        let rules = |root: &str| format!("[{root}\\FirewallRules]\r\n\"a\"=\"{ALLOW}\"\r\n");
        let own = one(format!("{}{}", rules(LOCAL), profile(LOCAL, local)));
        let theirs = one(format!("{}{}", rules(POLICY), profile(POLICY, policy)));
        let both = own.merge(*theirs);
        let domain = both.profiles[0].as_ref().unwrap();
        assert_eq!(
            domain.inbound.map(|i| i.0),
            Some(InboundPolicy::BlockAlways)
        );
    }
}
