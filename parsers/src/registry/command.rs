//! A change of a host's rules as commands of the NetSecurity module. A rule's own name there is the name of its value, whatever
//! the value's `Name` says.

use super::key::{Part, Place, Store};
use super::scan;
use super::store::Registry;
use crate::edit::{Change, EditError, RuleRef};
use crate::input::Input;
use crate::powershell::command::{change as in_powershell, exact};
use crate::source::Source;
use hylint_model::{Export, RuleOrigin, Stores};

type Result<T> = std::result::Result<T, EditError>;

/// The commands of [`crate::format::CommandsFn`].
pub(super) fn commands(source: &Source, export: &Export, change: &Change) -> Result<Vec<String>> {
    if let Change::Insert { at, .. } = change {
        let point = export.points.get(at.list().point);
        let stores = point.ok_or(EditError::Missing)?.stores;
        if !stores.has(Stores::LOCAL) {
            return Err(EditError::Unsupported(
                "the rules are those of Group Policy",
            ));
        }
    }
    in_powershell(export, change, &|rule| picked(source, export, rule))
}

/// The parameter that picks a rule and no other.
fn picked(source: &Source, export: &Export, which: RuleRef) -> Result<String> {
    let rule = which.find(export).ok_or(EditError::Missing)?;
    if rule.origin == RuleOrigin::GroupPolicy {
        return Err(EditError::Unsupported("the rule is one of Group Policy"));
    }
    let input = Input::new(source);
    let values = match input.json() {
        Some(json) => scan::scan_json(json),
        None => scan::scan_text(&source.text),
    };
    let registry = Registry::of(values);
    let all = registry.values();
    let own = all.iter().find(|(place, value)| {
        matches!(place, Place::Firewall(Store::Local, Part::Rules, _)) && value.span == rule.span
    });
    let name = own.map(|(_, value)| value.name.value());
    match name.filter(|n| !n.is_empty()) {
        Some(name) => Ok(format!("-Name {}", exact(&name)?)),
        None => Err(EditError::Unsupported(
            "the export does not tell the rule's own name (the name of its value)",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::{List, ListRef};
    use crate::format;

    // Fails if a command picks another rule, or one of policy.
    #[test]
    fn a_rule_is_picked_by_the_name_of_its_value() {
        let root = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy";
        let policy = r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Microsoft\WindowsFirewall";
        let rule = |name: &str| {
            format!("v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=80|Name={name}|")
        };
        let text = format!(
            "[{root}\\FirewallRules]\r\n\"It's-In\"=\"{0}\"\r\n\"b\"=\"{0}\"\r\n\r\n[{policy}\\FirewallRules]\r\n\"c\"=\"{0}\"\r\n",
            rule("Web")
        );
        let source = Source::new("x", text, "UTF-8");
        let export = format::read(&source).unwrap();
        let list = ListRef {
            point: 0,
            list: List::Ingress,
        };
        let off = |index| {
            let change = Change::SetEnabled {
                rule: RuleRef { list, index },
                enabled: false,
            };
            commands(&source, &export, &change)
        };
        assert_eq!(
            off(0).unwrap(),
            ["Set-NetFirewallRule -Name 'It''s-In' -Enabled False"]
        );
        assert_eq!(
            off(1).unwrap(),
            ["Set-NetFirewallRule -Name b -Enabled False"]
        );
        assert!(off(2).is_err(), "a rule of policy");
    }
}
