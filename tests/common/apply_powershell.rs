//! What commands of the NetSecurity module do to objects that PowerShell printed as JSON.

use serde_json::{Map, Value, json};

/// Whether a command is one of them.
pub fn is_for(command: &str) -> bool {
    let verb = command.split(' ').next().unwrap_or_default();
    verb.ends_with("-NetFirewallRule") || verb.ends_with("-NetFirewallProfile")
}

/// The text after a command.
pub fn apply(text: &str, command: &str) -> Result<String, String> {
    let words = words(command)?;
    let (verb, rest) = words.split_first().ok_or("no command")?;
    let given = parameters(rest)?;
    let text = text.trim_start_matches('\u{feff}');
    let stream = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let mut docs: Vec<Value> = stream
        .collect::<Result<_, _>>()
        .map_err(|e| e.to_string())?;
    let mut done = 0;
    for doc in &mut docs {
        done += lists(doc, &|list| change(list, verb, &given))?;
    }
    if done == 0 {
        return Err(format!("nothing is picked by {command}"));
    }
    let printed = docs
        .iter()
        .map(|d| serde_json::to_string_pretty(d).unwrap());
    Ok(printed.collect::<Vec<_>>().join("\n") + "\n")
}

/// Words as PowerShell splits a command: a quote is doubled inside of quotes.
fn words(line: &str) -> Result<Vec<String>, String> {
    let mut out: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            ' ' => out.extend(word.take()),
            '\'' => {
                let part = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('\'') if chars.peek() == Some(&'\'') => part.extend(chars.next()),
                        Some('\'') => break,
                        Some(q) => part.push(q),
                        None => return Err(format!("a quote is open: {line}")),
                    }
                }
            }
            '"' => {
                let part = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('"') => break,
                        Some(q @ ('$' | '`')) => {
                            return Err(format!("PowerShell reads `{q}`: {line}"));
                        }
                        Some(q) => part.push(q),
                        None => return Err(format!("a quote is open: {line}")),
                    }
                }
            }
            '$' | '`' | ';' | '&' | '|' | '<' | '>' | '(' | ')' | '{' | '}' | '#' | '@' | '\n' => {
                return Err(format!("PowerShell reads `{c}`: {line}"));
            }
            c => word.get_or_insert_default().push(c),
        }
    }
    out.extend(word);
    Ok(out)
}

type Given = Vec<(String, Vec<String>)>;

/// Parameters with their values; a list has commas, with blanks behind them or not.
fn parameters(words: &[String]) -> Result<Given, String> {
    let mut out: Given = Vec::new();
    for word in words {
        if let Some(name) = word
            .strip_prefix('-')
            .filter(|n| n.starts_with(|c: char| c.is_ascii_alphabetic()))
        {
            out.push((name.to_owned(), Vec::new()));
            continue;
        }
        let (name, values) = out.last_mut().ok_or("a value without a parameter")?;
        // Names and paths may hold a comma.
        let whole =
            ["DisplayName", "Name", "Program", "Description", "Group"].contains(&name.as_str());
        match whole {
            true => values.push(word.clone()),
            false => values.extend(word.split(',').filter(|v| !v.is_empty()).map(str::to_owned)),
        }
    }
    Ok(out)
}

/// Calls `f` with each list of objects, and sums up what it did.
fn lists(
    value: &mut Value,
    f: &dyn Fn(&mut Vec<Value>) -> Result<usize, String>,
) -> Result<usize, String> {
    let mut done = 0;
    match value {
        Value::Array(all) => {
            if all
                .iter()
                .any(|v| v.get("Direction").is_some() || v.get("DefaultInboundAction").is_some())
            {
                done += f(all)?;
            } else {
                for v in all {
                    done += lists(v, f)?;
                }
            }
        }
        Value::Object(members) => {
            for (_, v) in members.iter_mut() {
                done += lists(v, f)?;
            }
        }
        _ => {}
    }
    Ok(done)
}

/// Properties that a rule has anyway.
fn blank(at: usize) -> Map<String, Value> {
    let name = format!("{{11111111-0000-0000-0000-{at:012}}}");
    let rule = json!({
        "Name": name, "InstanceID": name, "DisplayName": "", "Description": null, "Group": null, "Enabled": "True",
        "Profile": "Any", "Platform": [], "Direction": "Inbound", "Action": "Allow", "EdgeTraversalPolicy": "Block",
        "LooseSourceMapping": false, "LocalOnlyMapping": false, "Owner": null, "PrimaryStatus": "OK",
        "PolicyStoreSource": "PersistentStore", "PolicyStoreSourceType": "Local",
        "Protocol": "Any", "LocalPort": "Any", "RemotePort": "Any", "IcmpType": "Any", "DynamicTarget": "Any",
        "LocalAddress": "Any", "RemoteAddress": "Any", "Program": "Any", "Package": null, "Service": "Any",
        "InterfaceAlias": "Any", "InterfaceType": "Any", "Authentication": "NotRequired", "Encryption": "NotRequired",
        "OverrideBlockRules": false, "LocalUser": "Any", "RemoteUser": "Any", "RemoteMachine": "Any",
    });
    match rule {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// Parameters that pick rules or profiles, and set nothing.
const PICK: [&str; 4] = ["Name", "DisplayName", "InstanceID", "Profile"];

fn change(list: &mut Vec<Value>, verb: &str, given: &Given) -> Result<usize, String> {
    let of_profiles = list.iter().any(|v| v.get("DefaultInboundAction").is_some());
    if of_profiles != verb.ends_with("Profile") {
        return Ok(0);
    }
    if verb == "New-NetFirewallRule" {
        let mut rule = blank(list.len());
        // What the store says of each of its rules.
        let enforced = list.first().and_then(|v| v.get("EnforcementStatus"));
        rule.extend(enforced.map(|v| ("EnforcementStatus".to_owned(), v.clone())));
        given
            .iter()
            .try_for_each(|(key, values)| set(&mut rule, key, values))?;
        list.push(Value::Object(rule));
        return Ok(1);
    }
    let picks = |v: &Value| {
        let mut tests = given.iter().filter(|(k, _)| {
            if of_profiles {
                k == "Profile"
            } else {
                PICK[..3].contains(&k.as_str())
            }
        });
        let is = |(key, values): &(String, Vec<String>)| {
            let key = if of_profiles { "Name" } else { key };
            v.get(key)
                .and_then(Value::as_str)
                .is_some_and(|is| values.iter().any(|w| w.eq_ignore_ascii_case(is)))
        };
        tests.clone().next().is_some() && tests.all(is)
    };
    let before = list.len();
    if verb == "Remove-NetFirewallRule" {
        list.retain(|v| !picks(v));
        return Ok(before - list.len());
    }
    let mut done = 0;
    for v in list.iter_mut().filter(|v| picks(v)) {
        let members = v.as_object_mut().ok_or("no object")?;
        match verb {
            "Enable-NetFirewallRule" => set(members, "Enabled", &["True".into()])?,
            "Disable-NetFirewallRule" => set(members, "Enabled", &["False".into()])?,
            "Set-NetFirewallRule" | "Set-NetFirewallProfile" => {
                let picked = |key: &str| {
                    if of_profiles {
                        key == "Profile"
                    } else {
                        PICK[..3].contains(&key)
                    }
                };
                let sets = given.iter().filter(|(key, _)| !picked(key));
                sets.clone()
                    .try_for_each(|(key, values)| set(members, key, values))?;
            }
            _ => return Err(format!("unknown command: {verb}")),
        }
        done += 1;
    }
    Ok(done)
}

fn set(members: &mut Map<String, Value>, key: &str, values: &[String]) -> Result<(), String> {
    let key = match key {
        "NewDisplayName" => "DisplayName",
        key => key,
    };
    if !members.contains_key(key) {
        return Err(format!("there is no parameter {key}"));
    }
    let value = match values {
        [] => return Err(format!("{key} needs a value")),
        [one] => json!(one),
        several if key == "Profile" => json!(several.join(", ")),
        several => json!(several),
    };
    members.insert(key.to_owned(), value);
    let portless = |m: &Map<String, Value>| {
        !matches!(
            m.get("Protocol").and_then(Value::as_str),
            Some("TCP" | "UDP" | "6" | "17")
        )
    };
    if key == "Protocol" && portless(members) {
        members.insert("LocalPort".into(), json!("Any"));
        members.insert("RemotePort".into(), json!("Any"));
    }
    Ok(())
}
