//! Does to the text of an export what a printed command would do to the machine that it is of. It stands on nothing of
//! hylint: a command that hylint prints and cannot read back is not help.

#[path = "apply_firewalld.rs"]
mod firewalld;
#[path = "apply_iptables.rs"]
mod iptables;
#[path = "apply_listing.rs"]
mod listing;
#[path = "apply_powershell.rs"]
mod powershell;
#[path = "apply_zone_files.rs"]
mod zone_files;

use serde_json::{Map, Value, json};
use std::path::Path;

/// The text of a file after a command; `path` is the file's, from the site.
pub fn apply(path: &Path, text: &str, command: &str) -> Result<String, String> {
    if powershell::is_for(command) {
        return powershell::apply(text, command);
    }
    let words = words(command)?;
    let all: Vec<&str> = words.iter().map(String::as_str).collect();
    match all.as_slice() {
        ["iptables" | "ip6tables", ..] if listing::is_one(text) => listing::apply(path, text, &all),
        [
            tool @ ("iptables" | "ip6tables"),
            "-t",
            table,
            verb,
            chain,
            rest @ ..,
        ] => iptables::apply(path, text, tool, (table, verb, chain), rest),
        ["netsh", "advfirewall", "firewall", "add", "rule", rest @ ..] => {
            Ok(text.to_owned() + &netsh_rule(rest)?)
        }
        ["netsh", "advfirewall", "firewall", "set", "rule", rest @ ..] => netsh_set(text, rest),
        [
            "netsh",
            "advfirewall",
            "firewall",
            "delete",
            "rule",
            rest @ ..,
        ] => netsh_edit(text, rest, |_| Ok(String::new())),
        [
            "netsh",
            "advfirewall",
            "set",
            profile,
            "firewallpolicy",
            policy,
        ] => netsh_policy(text, profile, policy),
        ["aws", "ec2", verb, rest @ ..] => aws(text, verb, rest),
        ["nft", verb, object, family, table, chain, rest @ ..] => {
            let nft = match text.trim_start().starts_with('{') {
                true => nft_json,
                false => nft,
            };
            nft(text, (verb, object), (family, table, chain), rest)
        }
        ["az", "network", "nsg", "rule", verb, rest @ ..] => azure(text, verb, rest),
        ["firewall-cmd", rest @ ..] if path.extension().is_some_and(|e| e == "xml") => {
            zone_files::apply(path, text, rest)
        }
        ["firewall-cmd", rest @ ..] => firewalld::apply(text, rest),
        _ => Err(format!("unknown command: {command}")),
    }
}

/// Words as a POSIX shell splits them; double quotes as in a command for Windows.
pub fn words(line: &str) -> Result<Vec<String>, String> {
    let mut out: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' => out.extend(word.take()),
            '\'' | '"' => {
                let part = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some(q) if q == c => break,
                        Some(q) => part.push(q),
                        None => return Err(format!("a quote is open: {line}")),
                    }
                }
            }
            '\\' => word.get_or_insert_default().extend(chars.next()),
            '$' | '`' | ';' | '&' | '|' | '<' | '>' | '*' | '?' | '(' | ')' | '#' | '~' | '\n' => {
                return Err(format!("a shell reads `{c}`: {line}"));
            }
            c => word.get_or_insert_default().push(c),
        }
    }
    out.extend(word);
    Ok(out)
}

/// Applies a command to a ruleset in JSON.
fn nft_json(
    text: &str,
    (verb, object): (&str, &str),
    (family, table, chain): (&str, &str, &str),
    rest: &[&str],
) -> Result<String, String> {
    let mut all: Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let list = all["nftables"].as_array_mut().ok_or("no ruleset")?;
    let of =
        |o: &Value, name: &str| o["family"] == family && o["table"] == table && o[name] == chain;
    let there = list.iter().rposition(|o| of(&o["chain"], "name"));
    let there = there.ok_or("no such table")?;
    let own = list
        .iter()
        .enumerate()
        .filter(|(_, o)| of(&o["rule"], "chain"));
    let at: Vec<usize> = own.map(|(i, _)| i).collect();
    let rule = |words: &[&str]| -> Result<Value, String> {
        let expr = nft_expr(&words.join(" "))?;
        let rule = json!({"family": family, "table": table, "chain": chain, "expr": expr});
        Ok(json!({ "rule": rule }))
    };
    match (verb, object, rest) {
        ("add", "rule", words) => {
            list.insert(at.last().map_or(there, |i| *i) + 1, rule(words)?);
        }
        ("insert", "rule", ["index", number, words @ ..]) => {
            let n: usize = number.parse().map_err(|e| format!("{e}"))?;
            list.insert(*at.get(n).ok_or("no such rule")?, rule(words)?);
        }
        ("delete", "rule", ["handle", number]) => {
            let n: u64 = number.parse().map_err(|e| format!("{e}"))?;
            let with = at.iter().find(|i| list[**i]["rule"]["handle"] == n);
            let with = *with.ok_or(format!("no rule with handle {number}"))?;
            list.remove(with);
        }
        _ => return Err(format!("unknown: {verb} {object} {rest:?}")),
    }
    Ok(all.to_string())
}

/// The expressions of a rule that hylint advises.
fn nft_expr(text: &str) -> Result<Vec<Value>, String> {
    let body = text.split_once(" comment ").map_or(text, |(body, _)| body);
    let body = body.replace(',', " , ");
    let mut words = body.split_whitespace().peekable();
    let one = |word: &str| match (word.split_once('/'), word.split_once('-')) {
        (Some((addr, len)), _) => {
            json!({"prefix": {"addr": addr, "len": len.parse::<u8>().unwrap_or_default()}})
        }
        (None, Some((from, to))) => json!({ "range": [from, to] }),
        (None, None) => word
            .parse::<u64>()
            .map_or_else(|_| json!(word), |n| json!(n)),
    };
    let mut out = Vec::new();
    while let Some(word) = words.next() {
        let left = match word {
            "accept" | "drop" => {
                out.push(json!({ word: null }));
                continue;
            }
            "ct" => json!({"ct": {"key": words.next()}}),
            "ip" | "ip6" | "tcp" | "udp" => {
                json!({"payload": {"protocol": word, "field": words.next()}})
            }
            _ => return Err(format!("unknown: {word} in {text}")),
        };
        let mut right = Vec::new();
        let open = words.next_if_eq(&"{").is_some();
        right.extend(words.next().map(one));
        while words.next_if_eq(&",").is_some() {
            right.extend(words.next().map(one));
        }
        if open && words.next() != Some("}") {
            return Err(format!("the set is open: {text}"));
        }
        let right = match right.len() {
            1 => right.remove(0),
            _ => json!({ "set": right }),
        };
        out.push(json!({"match": {"op": "==", "left": left, "right": right}}));
    }
    Ok(out)
}

/// A ruleset whose chains have a rule on each line.
fn nft(
    text: &str,
    (verb, object): (&str, &str),
    (family, table, chain): (&str, &str, &str),
    rest: &[&str],
) -> Result<String, String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let opens = |l: &String, head: &str| {
        l.trim()
            .strip_prefix(head)
            .is_some_and(|t| t.trim_start().starts_with('{'))
    };
    // `ip` may be left out.
    let heads = [format!("table {family} {table}"), format!("table {table}")];
    let heads = &heads[..if family == "ip" { 2 } else { 1 }];
    let start = lines
        .iter()
        .rposition(|l| heads.iter().any(|h| opens(l, h)));
    let start = start.ok_or("no such table")?;
    let after = lines
        .iter()
        .skip(start)
        .position(|l| opens(l, &format!("chain {chain}")));
    let start = start + after.ok_or("no such chain")?;
    let end = lines
        .iter()
        .skip(start)
        .position(|l| l.trim().starts_with('}'));
    let end = start + end.ok_or("the chain is open")?;
    let hook = |l: &String| l.trim().starts_with("type ") || l.trim().starts_with("policy ");
    let rule = |l: &String| !l.trim().is_empty() && !l.trim().starts_with('#') && !hook(l);
    let at: Vec<usize> = (start + 1..end).filter(|i| rule(&lines[*i])).collect();
    let with_handle = |number: &str| {
        let mark = format!("# handle {number}");
        let found = at.iter().find(|i| lines[**i].ends_with(&mark));
        found
            .copied()
            .ok_or(format!("no rule with handle {number}"))
    };
    let line = |words: &[&str]| format!("\t\t{}", words.join(" "));
    match (verb, object, rest) {
        ("add", "rule", words) => lines.insert(end, line(words)),
        ("insert", "rule", ["index", number, words @ ..]) => {
            let n: usize = number.parse().map_err(|e| format!("{e}"))?;
            lines.insert(*at.get(n).ok_or("no such rule")?, line(words));
        }
        ("delete", "rule", ["handle", number]) => {
            lines.remove(with_handle(number)?);
        }
        ("replace", "rule", ["handle", number, words @ ..]) => {
            let at = with_handle(number)?;
            lines[at] = line(words);
        }
        ("add", "chain", ["{ policy accept; }" | "{ policy drop; }"]) => {
            let at = (start..end)
                .find(|i| hook(&lines[*i]))
                .ok_or("no base chain")?;
            let [old, new] = match rest[0].contains("drop") {
                true => ["policy accept", "policy drop"],
                false => ["policy drop", "policy accept"],
            };
            lines[at] = match lines[at].contains(old) {
                true => lines[at].replace(old, new),
                false => format!("{} {new};", lines[at]),
            };
        }
        _ => return Err(format!("unknown: {verb} {object} {rest:?}")),
    }
    Ok(lines.join("\n") + "\n")
}

/// `key=value` words.
fn pairs<'w>(words: &[&'w str]) -> Result<Vec<(&'w str, &'w str)>, String> {
    let pair = |w: &&'w str| w.split_once('=').ok_or(format!("no value: {w}"));
    words.iter().map(pair).collect()
}

/// The labels of netsh's lines by the names of its options.
const LABELS: [(&str, &str); 12] = [
    ("name", "Rule Name"),
    ("enable", "Enabled"),
    ("dir", "Direction"),
    ("profile", "Profiles"),
    ("localip", "LocalIP"),
    ("remoteip", "RemoteIP"),
    ("protocol", "Protocol"),
    ("localport", "LocalPort"),
    ("remoteport", "RemotePort"),
    ("program", "Program"),
    ("service", "Service"),
    ("action", "Action"),
];

fn netsh_rule(words: &[&str]) -> Result<String, String> {
    let mut said = pairs(words)?;
    // A description is printed with `verbose` alone.
    said.retain(|(key, _)| *key != "description");
    if let Some((key, _)) = said
        .iter()
        .find(|(k, _)| LABELS.iter().all(|(l, _)| l != k))
    {
        return Err(format!("netsh has no option {key}"));
    }
    let get = |key: &str| said.iter().find(|(k, _)| *k == key).map(|(_, v)| *v);
    let portless = !matches!(get("protocol").unwrap_or("any"), "TCP" | "UDP");
    if portless && (get("localport").or(get("remoteport"))).is_some() {
        return Err("ports need TCP or UDP".into());
    }
    let mut out = "\n".to_owned();
    for (key, label) in LABELS {
        let default = match key {
            "enable" => Some("Yes"),
            "profile" => Some("Domain,Private,Public"),
            "localip" | "remoteip" | "protocol" => Some("Any"),
            "localport" | "remoteport" if !portless => Some("Any"),
            _ => None,
        };
        if let Some(value) = get(key).or(default) {
            let value = match key {
                "dir" | "action" | "profile" => title(value),
                _ => value.to_owned(),
            };
            out += &format!("{:<38}{value}\n", format!("{label}:"));
            if key == "name" {
                out += &format!("{}\n", "-".repeat(70));
                continue;
            }
        }
        if key == "program" {
            // What verbose output always has.
            for (label, value) in [
                ("Edge traversal", "No"),
                ("InterfaceTypes", "Any"),
                ("Security", "NotRequired"),
                ("Rule source", "Local Setting"),
            ] {
                out += &format!("{:<38}{value}\n", format!("{label}:"));
            }
        }
    }
    Ok(out)
}

fn title(words: &str) -> String {
    let one = |w: &str| {
        let (head, tail) = w.split_at(1);
        head.to_uppercase() + tail
    };
    words.split(',').map(one).collect::<Vec<_>>().join(",")
}

/// Edits the blocks of the rules that the words before `new` pick.
fn netsh_edit(
    text: &str,
    picked: &[&str],
    edit: impl Fn(&str) -> Result<String, String>,
) -> Result<String, String> {
    let picked = pairs(picked)?;
    let (mut out, mut found) = (String::new(), 0);
    let mut blocks: Vec<String> = vec![String::new()];
    for line in text.split_inclusive('\n') {
        if line.starts_with("Rule Name:") || line.trim().is_empty() {
            blocks.push(String::new());
        }
        blocks.last_mut().unwrap().push_str(line);
    }
    for block in blocks {
        let value = |label: &str| {
            let mut lines = block.lines();
            let line = lines.find_map(|l| l.strip_prefix(&format!("{label}:")));
            line.map(|v| v.trim().to_lowercase())
        };
        let fits = |(key, wanted): &(&str, &str)| {
            let label = LABELS.iter().find(|(k, _)| k == key);
            let label = label.map(|(_, l)| *l);
            let wanted = match (*key, *wanted) {
                ("profile", "any") => "Domain,Private,Public",
                (_, wanted) => wanted,
            };
            label.and_then(value).as_deref() == Some(&*wanted.to_lowercase())
        };
        if block.starts_with("Rule Name:") && picked.iter().all(fits) {
            found += 1;
            out += &edit(&block)?;
        } else {
            out += &block;
        }
    }
    if found == 0 {
        return Err(format!("no rule is picked by {picked:?}"));
    }
    if !out.contains("Rule Name:") {
        // What netsh prints of a firewall without rules.
        out.insert_str(0, "\nNo rules match the specified criteria.\n\n");
    }
    Ok(out)
}

fn netsh_set(text: &str, words: &[&str]) -> Result<String, String> {
    let new = words.iter().position(|w| *w == "new").ok_or("no `new`")?;
    let values = pairs(&words[new + 1..])?;
    netsh_edit(text, &words[..new], |block| {
        let mut block = block.to_owned();
        for (key, value) in &values {
            let label = LABELS.iter().find(|(k, _)| k == key).ok_or("unknown")?.1;
            let head = format!("{label}:");
            let line = block.lines().find(|l| l.starts_with(&head));
            let Some(line) = line.map(str::to_owned) else {
                let has = |l: &&str| l.starts_with("Protocol:");
                let before = block.lines().find(has).ok_or(format!("no line {label}"))?;
                let both = format!("{before}\n{head:<38}{}", title(value));
                block = block.replace(before, &both);
                continue;
            };
            block = block.replace(&line, &format!("{head:<38}{}", title(value)));
        }
        Ok(block)
    })
}

fn netsh_policy(text: &str, profile: &str, policy: &str) -> Result<String, String> {
    let name = title(profile.strip_suffix("profile").ok_or("no profile")?);
    let (inbound, outbound) = policy.split_once(',').ok_or("no policy")?;
    let inbound = match inbound {
        "blockinbound" => "BlockInbound",
        "allowinbound" => "AllowInbound",
        _ => return Err(format!("unknown policy {inbound}")),
    };
    let outbound = match outbound {
        "blockoutbound" => "BlockOutbound",
        "allowoutbound" => "AllowOutbound",
        "notconfigured" => "NotConfigured",
        _ => return Err(format!("unknown policy {outbound}")),
    };
    let (mut out, mut inside, mut found) = (String::new(), false, false);
    for line in text.split_inclusive('\n') {
        if line.contains("Profile Settings") {
            inside = line.starts_with(&name);
        }
        if inside && line.starts_with("Firewall Policy") {
            out += &format!("{:<38}{inbound},{outbound}\n", "Firewall Policy");
            found = true;
        } else {
            out += line;
        }
    }
    found.then_some(out).ok_or("no such profile".into())
}

/// Options with their values: those that follow it up to the next option.
fn options<'w>(words: &[&'w str]) -> Vec<(&'w str, Vec<&'w str>)> {
    let mut out: Vec<(&str, Vec<&str>)> = Vec::new();
    for w in words {
        match (w.strip_prefix("--"), out.last_mut()) {
            (Some(name), _) => out.push((name, Vec::new())),
            (None, Some((_, values))) => values.push(w),
            (None, None) => {}
        }
    }
    out
}

fn aws(text: &str, verb: &str, words: &[&str]) -> Result<String, String> {
    let options = options(words);
    let all = |key: &str| options.iter().find(|(k, _)| *k == key).map(|(_, v)| v);
    let get = |key: &str| all(key).and_then(|v| v.first().copied());
    let mut doc: Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let number = |v: &str| v.parse::<i64>().map_err(|e| e.to_string());
    match verb {
        "authorize-security-group-ingress" | "authorize-security-group-egress" => {
            let key = match verb.ends_with("egress") {
                true => "IpPermissionsEgress",
                false => "IpPermissions",
            };
            let new: Value = serde_json::from_str(get("ip-permissions").ok_or("none")?)
                .map_err(|e| e.to_string())?;
            let group = object(&mut doc, "GroupId", get("group-id").ok_or("no group")?, key)?;
            let list = group.get_mut(key).and_then(Value::as_array_mut);
            list.ok_or("no list")?
                .extend(new.as_array().ok_or("no list")?.iter().cloned());
        }
        "revoke-security-group-ingress" => {
            let old: Value = serde_json::from_str(get("ip-permissions").ok_or("none")?)
                .map_err(|e| e.to_string())?;
            let key = "IpPermissions";
            let group = object(&mut doc, "GroupId", get("group-id").ok_or("no group")?, key)?;
            let list = group.get_mut(key).and_then(Value::as_array_mut);
            let list = list.ok_or("no list")?;
            for one in old.as_array().ok_or("no list")? {
                revoke(list, one)?;
            }
        }
        "replace-network-acl-entry" | "create-network-acl-entry" | "delete-network-acl-entry" => {
            let id = get("network-acl-id").ok_or("no ACL")?;
            let egress = all("egress").is_some();
            if egress == all("ingress").is_some() {
                return Err("egress or ingress".into());
            }
            let n = number(get("rule-number").ok_or("no number")?)?;
            let acl = object(&mut doc, "NetworkAclId", id, "Entries")?;
            let entries = acl.get_mut("Entries").and_then(Value::as_array_mut);
            let entries = entries.ok_or("no entries")?;
            let same = |e: &Value| e["RuleNumber"] == n && e["Egress"] == egress;
            if !verb.starts_with("create") {
                if !entries.iter().any(same) {
                    return Err(format!("no entry {n}"));
                }
                entries.retain(|e| !same(e));
            }
            if verb.starts_with("delete") {
            } else if entries.iter().any(same) {
                return Err(format!("entry {n} exists"));
            } else {
                let mut entry = Map::new();
                entry.insert("RuleNumber".into(), json!(n));
                entry.insert("Egress".into(), json!(egress));
                entry.insert("Protocol".into(), json!(get("protocol").ok_or("none")?));
                entry.insert(
                    "RuleAction".into(),
                    json!(get("rule-action").ok_or("none")?),
                );
                for (option, key) in [
                    ("cidr-block", "CidrBlock"),
                    ("ipv6-cidr-block", "Ipv6CidrBlock"),
                ] {
                    if let Some(v) = get(option) {
                        entry.insert(key.into(), json!(v));
                    }
                }
                if let Some(range) = get("port-range") {
                    let mut ports = Map::new();
                    for pair in range.split(',') {
                        let (k, v) = pair.split_once('=').ok_or("no pair")?;
                        ports.insert(k.into(), json!(number(v)?));
                    }
                    entry.insert("PortRange".into(), Value::Object(ports));
                }
                entries.push(Value::Object(entry));
            }
        }
        _ => return Err(format!("unknown verb {verb}")),
    }
    serde_json::to_string_pretty(&doc).map_err(|e| e.to_string())
}

/// Takes the sources of a permission from those of the same protocol and ports.
fn revoke(list: &mut [Value], one: &Value) -> Result<(), String> {
    let same = |p: &&mut Value| {
        // Ports beside every protocol mean nothing.
        let keys: &[&str] = match one["IpProtocol"] == "-1" {
            true => &["IpProtocol"],
            false => &["IpProtocol", "FromPort", "ToPort"],
        };
        keys.iter().all(|k| p.get(k) == one.get(k))
    };
    let mut missing = one.clone();
    for permission in list.iter_mut().filter(same) {
        for key in [
            "IpRanges",
            "Ipv6Ranges",
            "PrefixListIds",
            "UserIdGroupPairs",
        ] {
            let gone = missing.get_mut(key).and_then(Value::as_array_mut);
            let (Some(gone), Some(all)) = (gone, permission[key].as_array_mut()) else {
                continue;
            };
            let id = |v: &Value| {
                let keys = ["CidrIp", "CidrIpv6", "PrefixListId", "GroupId"];
                keys.map(|k| v.get(k).cloned())
            };
            gone.retain(|g| {
                let before = all.len();
                all.retain(|v| id(v) != id(g));
                all.len() == before
            });
        }
    }
    let left = |k: &str| {
        missing
            .get(k)
            .and_then(Value::as_array)
            .is_some_and(|l| !l.is_empty())
    };
    match [
        "IpRanges",
        "Ipv6Ranges",
        "PrefixListIds",
        "UserIdGroupPairs",
    ]
    .iter()
    .any(|k| left(k))
    {
        true => Err(format!("no such permission: {missing}")),
        false => Ok(()),
    }
}

/// The object anywhere in a document whose key has a value and that has another key, too.
fn object<'d>(
    doc: &'d mut Value,
    key: &str,
    value: &str,
    other: &str,
) -> Result<&'d mut Map<String, Value>, String> {
    fn find<'d>(
        v: &'d mut Value,
        is: &impl Fn(&Value) -> bool,
    ) -> Option<&'d mut Map<String, Value>> {
        if is(v) {
            return v.as_object_mut();
        }
        match v {
            Value::Array(all) => all.iter_mut().find_map(|v| find(v, is)),
            Value::Object(all) => all.values_mut().find_map(|v| find(v, is)),
            _ => None,
        }
    }
    let is =
        |v: &Value| v.get(key).and_then(Value::as_str) == Some(value) && v.get(other).is_some();
    find(doc, &is).ok_or(format!("no {key} {value}"))
}

/// An answer of Azure's REST interface as `az` prints it: without `value` around it and `properties` in it.
fn as_az_prints(v: Value) -> Value {
    match v {
        Value::Array(all) => all.into_iter().map(as_az_prints).collect(),
        Value::Object(mut all) => {
            if let Some(Value::Array(list)) = all.get_mut("value") {
                return as_az_prints(Value::Array(std::mem::take(list)));
            }
            if let Some(Value::Object(inner)) = all.remove("properties") {
                all.extend(inner);
            }
            let each = all.into_iter().map(|(k, v)| (k, as_az_prints(v)));
            Value::Object(each.collect())
        }
        v => v,
    }
}

fn azure(text: &str, verb: &str, words: &[&str]) -> Result<String, String> {
    let options = options(words);
    let all = |key: &str| options.iter().find(|(k, _)| *k == key).map(|(_, v)| v);
    let get = |key: &str| {
        let value = all(key).and_then(|v| v.first().copied());
        value.ok_or(format!("no --{key}"))
    };
    let mut doc = as_az_prints(serde_json::from_str(text).map_err(|e| e.to_string())?);
    let nsg = object(&mut doc, "name", get("nsg-name")?, "securityRules")?;
    let id = nsg["id"].as_str().unwrap_or_default().to_lowercase();
    let wanted = format!(
        "/subscriptions/{}/resourcegroups/{}/",
        get("subscription")?,
        get("resource-group")?
    );
    if !id.starts_with(&wanted.to_lowercase()) {
        return Err(format!("{id} is not in {wanted}"));
    }
    let rules = nsg.get_mut("securityRules").and_then(Value::as_array_mut);
    let rules = rules.ok_or("no rules")?;
    let name = get("name")?;
    if verb == "delete" {
        rules.retain(|r| r["name"] != name);
        return serde_json::to_string_pretty(&doc).map_err(|e| e.to_string());
    }
    match verb {
        "create" => {}
        "update" => rules.retain(|r| r["name"] != name),
        _ => return Err(format!("unknown verb {verb}")),
    }
    let priority: i64 = get("priority")?.parse().map_err(|e| format!("{e}"))?;
    let direction = get("direction")?;
    for r in rules.iter() {
        if r["name"] == name {
            return Err(format!("rule {name} exists"));
        }
        if r["priority"] == priority && r["direction"] == direction {
            return Err(format!("priority {priority} is taken"));
        }
    }
    let mut new = Map::new();
    for (key, value) in [
        ("name", name),
        ("direction", direction),
        ("access", get("access")?),
        ("protocol", get("protocol")?),
    ] {
        new.insert(key.into(), json!(value));
    }
    new.insert("priority".into(), json!(priority));
    for (option, one, many) in [
        (
            "source-address-prefixes",
            "sourceAddressPrefix",
            "sourceAddressPrefixes",
        ),
        ("source-port-ranges", "sourcePortRange", "sourcePortRanges"),
        (
            "destination-address-prefixes",
            "destinationAddressPrefix",
            "destinationAddressPrefixes",
        ),
        (
            "destination-port-ranges",
            "destinationPortRange",
            "destinationPortRanges",
        ),
    ] {
        match all(option).ok_or(format!("no --{option}"))?.as_slice() {
            [v] => new.insert(one.into(), json!(v)),
            several => new.insert(many.into(), json!(several)),
        };
    }
    rules.push(Value::Object(new));
    serde_json::to_string_pretty(&doc).map_err(|e| e.to_string())
}
