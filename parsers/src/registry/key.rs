//! What a registry key is to the firewall. The place of a rule string decides whether it is a rule at all
//! (\[MS-GPFAS\] 2.2.2.19; Microsoft, "Windows Firewall tools and settings").

use hylint_model::Profiles;
use hylint_space::Family;

/// The store that a key belongs to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Store {
    /// The host's own configuration.
    Local,
    /// Group Policy.
    Policy,
    /// Mobile device management.
    Mdm,
}

/// What stands under a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Part {
    /// Rule strings.
    Rules,
    /// Connection security rules.
    ConSec,
    /// Settings of a profile.
    Profile(ProfileKey),
    /// Ports of the Windows XP form that a profile opens.
    OpenPorts(ProfileKey),
    /// Programs of the same form.
    Programs(ProfileKey),
    /// Other exceptions of the same form: services, remote administration, ICMP.
    Exceptions(ProfileKey),
    /// The key of the firewall itself, and others that decide no packet.
    Inert,
}

/// A profile by its key. Before Windows Vista there was one for all networks without a domain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ProfileKey {
    /// `DomainProfile`, `PrivateProfile`, `PublicProfile`.
    Of(Profiles),
    /// `StandardProfile`.
    Standard,
}

/// What a key is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// A part of a store that acts. The control set of a local one.
    Firewall(Store, Part, ControlSet),
    /// What Windows starts with, which acts after a reset only.
    Defaults,
    /// Restrictions of services and apps, which Windows evaluates apart from the rules.
    Restricted,
    /// The firewall of virtual machines.
    HyperV,
    /// Restrictions of services that were added to those of Windows.
    RestrictedHere,
    /// The service that evaluates the rules, in a control set.
    Service(ControlSet),
    /// The key that names the current control set.
    Select,
    /// A key that is not written out: a variable, or one that is cut off.
    Unresolved,
    /// Port proxies whose listeners are of a family.
    Proxies(Family),
    /// A key of no interest to the firewall.
    Elsewhere,
}

/// A set of drivers and services, of which one is current.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum ControlSet {
    /// `CurrentControlSet`, or a store that is in no set.
    Current,
    /// `ControlSet001` and so on.
    Numbered(u16),
}

const LOCAL: &str = "services\\sharedaccess\\parameters\\firewallpolicy";
const DEFAULTS: &str = "services\\sharedaccess\\defaults\\firewallpolicy";
const PROXIES: &str = "services\\portproxy";
const SERVICE: &str = "\\services\\mpssvc";
const POLICY: &str = "software\\policies\\microsoft\\windowsfirewall";

const LOADED_POLICY: &str = "policies\\microsoft\\windowsfirewall";

/// The key as it is compared: lower case, single backslashes, without what a tool puts before the hive.
pub(super) fn plain(key: &str) -> String {
    let key = key.trim().trim_matches(['"', '\'']);
    let key = key.rsplit("::").next().unwrap_or(key);
    let mut out = String::with_capacity(key.len());
    for c in key.chars() {
        let c = if c == '/' { '\\' } else { c };
        if !(c == '\\' && out.ends_with('\\')) {
            out.push(c.to_ascii_lowercase());
        }
    }
    let out = out.trim_end_matches('\\');
    let out = out.strip_prefix("computer\\").unwrap_or(out);
    let out = out.replacen(":\\", "\\", 1);
    // Policy files name no hive.
    let (hive, rest) = out.split_once('\\').unwrap_or((&out, ""));
    match hive {
        "hklm" => format!("hkey_local_machine\\{rest}"),
        "software" | "system" => format!("hkey_local_machine\\{out}"),
        _ => out,
    }
}

/// What a key is, by its name as [`plain`] gives it.
pub(super) fn place(key: &str) -> Place {
    if let Some((before, rest)) = part_after(key, POLICY) {
        return match of_machine(before) {
            true => policy(rest),
            false => Place::Elsewhere,
        };
    }
    // A hive SOFTWARE that is loaded under another name.
    if let Some((before, rest)) = part_after(key, LOADED_POLICY)
        && before
            .strip_prefix("hkey_local_machine\\")
            .is_some_and(|n| !n.contains('\\'))
    {
        return policy(rest);
    }
    if part_after(key, DEFAULTS).is_some() {
        return Place::Defaults;
    }
    if let Some(before) = key.strip_suffix(SERVICE) {
        return Place::Service(control_set(before));
    }
    if key.starts_with("hkey_local_machine\\") && key.ends_with("\\select") {
        return match key.matches('\\').count() {
            2 => Place::Select,
            _ => Place::Elsewhere,
        };
    }
    if is_unresolved(key) {
        return Place::Unresolved;
    }
    if let Some((_, kind)) = part_after(key, PROXIES) {
        return match kind {
            "v4tov4\\tcp" | "v4tov6\\tcp" => Place::Proxies(Family::V4),
            "v6tov4\\tcp" | "v6tov6\\tcp" => Place::Proxies(Family::V6),
            _ => Place::Elsewhere,
        };
    }
    match part_after(key, LOCAL) {
        Some((before, rest)) => local(rest, control_set(before)),
        None => loaded(key),
    }
}

/// Whether a key is a variable of a script, or the beginning of one of the firewall's.
fn is_unresolved(key: &str) -> bool {
    const BEFORE: &str = "hkey_local_machine\\system\\currentcontrolset\\";
    let variable = key.starts_with(['%', '$', '!']) || key.contains("\\$") || key.contains("\\%");
    let begins = |before: &str, path: &str| {
        let whole = format!("{before}{path}\\firewallrules");
        key.len() > 30 && key.len() < whole.len() && whole.starts_with(key)
    };
    let cut = begins(BEFORE, LOCAL) || begins("hkey_local_machine\\", POLICY);
    let named = key.ends_with("firewallpolicy") || key.ends_with("windowsfirewall");
    variable || cut && !named
}

/// A policy that `netsh advfirewall export` wrote is a hive of its own, which is loaded under a name of the user's choice
/// (`reg load HKLM\WFW policy.wfw`). Its keys are those below the firewall's.
fn loaded(key: &str) -> Place {
    const HIVES: [&str; 6] = [
        "software",
        "system",
        "sam",
        "security",
        "hardware",
        "components",
    ];
    let Some(inner) = key.strip_prefix("hkey_local_machine\\") else {
        return Place::Elsewhere;
    };
    let name = inner.split('\\').next().unwrap_or("");
    if HIVES.contains(&name) || inner.contains("policies") {
        return Place::Elsewhere;
    }
    let parts = [
        "firewallrules",
        "domainprofile",
        "standardprofile",
        "publicprofile",
        "restrictedservices",
        "consecrules",
    ];
    let at = parts
        .iter()
        .filter_map(|p| inner.find(&format!("\\{p}")))
        .min();
    match at.and_then(|at| inner.get(at + 1..)) {
        Some(rest) => local(rest, ControlSet::Current),
        None => Place::Elsewhere,
    }
}

/// What stands before and behind a path inside a key; both begin and end with whole names.
fn part_after<'k>(key: &'k str, path: &str) -> Option<(&'k str, &'k str)> {
    let at = key.find(path)?;
    let (before, rest) = (key.get(..at)?, key.get(at + path.len()..)?);
    let whole = before.is_empty() || before.ends_with('\\');
    match rest.strip_prefix('\\') {
        Some(rest) if whole => Some((before.trim_end_matches('\\'), rest)),
        None if whole && rest.is_empty() => Some((before.trim_end_matches('\\'), "")),
        _ => None,
    }
}

/// Whether policies below a hive are the machine's: those of users hold none of the firewall.
fn of_machine(hive: &str) -> bool {
    let user = ["hkey_current_user", "hkcu", "hkey_users", "hku"];
    !user.iter().any(|u| hive.split('\\').next() == Some(u)) && !hive.contains("wow6432node")
}

fn control_set(before: &str) -> ControlSet {
    let last = before.rsplit('\\').next().unwrap_or("");
    let number = last.strip_prefix("controlset");
    match number.and_then(|n| n.parse().ok()) {
        Some(n) => ControlSet::Numbered(n),
        None => ControlSet::Current,
    }
}

fn policy(rest: &str) -> Place {
    match rest.strip_prefix("hypervfirewall") {
        Some(_) => Place::HyperV,
        None => Place::Firewall(Store::Policy, part(rest), ControlSet::Current),
    }
}

fn local(rest: &str, set: ControlSet) -> Place {
    let first = rest.split('\\').next().unwrap_or("");
    match first {
        "restrictedservices" if rest.contains("\\configurable\\") => Place::RestrictedHere,
        "restrictedservices" | "restrictedinterfaces" => Place::Restricted,
        "hypervfirewallpolicy" | "hypervvmcreators" => Place::HyperV,
        "mdm" => {
            let rest = rest.get(first.len() + 1..).unwrap_or("");
            match rest.starts_with("hypervfirewall") {
                true => Place::HyperV,
                false => Place::Firewall(Store::Mdm, part(rest), set),
            }
        }
        _ => Place::Firewall(Store::Local, part(rest), set),
    }
}

fn part(rest: &str) -> Part {
    let mut names = rest.split('\\');
    let first = names.next().unwrap_or("");
    let inner = rest.get(first.len()..).unwrap_or("");
    match first {
        "firewallrules" if inner.is_empty() => return Part::Rules,
        "consecrules" if inner.is_empty() => return Part::ConSec,
        _ => {}
    }
    let profile = match first {
        "domainprofile" => ProfileKey::Of(Profiles::DOMAIN),
        "privateprofile" => ProfileKey::Of(Profiles::PRIVATE),
        "publicprofile" => ProfileKey::Of(Profiles::PUBLIC),
        "standardprofile" => ProfileKey::Standard,
        _ => return Part::Inert,
    };
    match inner {
        "" => Part::Profile(profile),
        "\\globallyopenports\\list" => Part::OpenPorts(profile),
        "\\authorizedapplications\\list" => Part::Programs(profile),
        "\\remoteadminsettings" | "\\icmpsettings" => Part::Exceptions(profile),
        inner if inner.starts_with("\\services\\") => Part::Exceptions(profile),
        _ => Part::Inert,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ControlSet::{Current, Numbered};

    fn of(key: &str) -> Place {
        place(&plain(key))
    }

    // Fails if a key that Windows does not evaluate with the rules is taken for one, or one that it does is not.
    #[test]
    fn the_place_of_a_string_decides_what_it_is() {
        let rules = |store, set| Place::Firewall(store, Part::Rules, set);
        const ROOT: &str =
            r"SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy";
        for (key, want) in [
            (format!(r"HKEY_LOCAL_MACHINE\{ROOT}\FirewallRules"), rules(Store::Local, Current)),
            (format!(r"Microsoft.PowerShell.Core\Registry::HKEY_LOCAL_MACHINE\{ROOT}\FirewallRules"), rules(Store::Local, Current)),
            (r"HKLM\SYS\ControlSet001\services\SharedAccess\Parameters\FirewallPolicy\FirewallRules".into(), rules(Store::Local, Numbered(1))),
            (format!(r"HKLM:\{ROOT}\FirewallRules\"), rules(Store::Local, Current)),
            (format!(r"{ROOT}\Mdm\FirewallRules"), rules(Store::Mdm, Current)),
            (r"Software\\Policies\\Microsoft\\WindowsFirewall\\FirewallRules".into(), rules(Store::Policy, Current)),
            (r"Computer\HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Microsoft\WindowsFirewall\FirewallRules".into(), rules(Store::Policy, Current)),
            (r"HKLM\WFW\FirewallRules".into(), rules(Store::Local, Current)),
            (r"HKLM\WFW\Policy\RestrictedServices\FirewallRules".into(), Place::Restricted),
            (r"HKLM\SOFT\Policies\Microsoft\WindowsFirewall\FirewallRules".into(), rules(Store::Policy, Current)),
            (r"HKCU\Software\Policies\Microsoft\WindowsFirewall\FirewallRules".into(), Place::Elsewhere),
            (r"HKLM\SOFTWARE\MyPolicies\Microsoft\WindowsFirewall\FirewallRules".into(), Place::Elsewhere),
            (format!(r"HKLM\{ROOT}Copy\FirewallRules"), Place::Elsewhere),
            (r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Defaults\FirewallPolicy\FirewallRules".into(), Place::Defaults),
            (format!(r"HKLM\{ROOT}\RestrictedServices\Static\System"), Place::Restricted),
            (format!(r"HKLM\{ROOT}\RestrictedServices\AppIso\FirewallRules"), Place::Restricted),
            (format!(r"HKLM\{ROOT}\HyperVFirewallPolicy"), Place::HyperV),
            (r"HKLM\SYSTEM\CurrentControlSet\Services\PortProxy\v6tov4\tcp".into(), Place::Proxies(Family::V6)),
            (r"HKLM\SYSTEM\CurrentControlSet\Services\PortProxy".into(), Place::Elsewhere),
            (format!(r"HKLM\{ROOT}"), Place::Firewall(Store::Local, Part::Inert, Current)),
            (format!(r"HKLM\{ROOT}\StandardProfile"), Place::Firewall(Store::Local, Part::Profile(ProfileKey::Standard), Current)),
            (format!(r"HKLM\{ROOT}\DomainProfile\Logging"), Place::Firewall(Store::Local, Part::Inert, Current)),
            (r"HKLM\SOFTWARE\Policies\Microsoft\WindowsFirewall\DomainProfile\GloballyOpenPorts\List".into(),
                Place::Firewall(Store::Policy, Part::OpenPorts(ProfileKey::Of(Profiles::DOMAIN)), Current)),
        ] {
            assert_eq!(of(&key), want, "{key}");
        }
    }
}
