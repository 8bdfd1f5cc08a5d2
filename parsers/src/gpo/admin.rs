//! The firewall's administrative templates and registry values, which a report lists in another part than its rules: they write
//! to the keys that act (Microsoft, "WindowsFirewall.admx").

use crate::registry::fields::Field;
use crate::registry::key::ProfileKey;
use hylint_model::Profiles;

/// What a template does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Template {
    /// It sets a value of a profile.
    Sets(ProfileKey, &'static str, u32),
    /// It may allow inbound packets.
    Opens,
}

/// What an administrative template does to packets; `None` for others, and those that decide none.
pub(super) fn template(fields: &[Field<'_>]) -> Option<Template> {
    let text = |name: &str| {
        let field = fields.iter().find(|f| f.name == name);
        field.map_or("", |f| f.value.text.trim())
    };
    let (name, state) = (text("Name").to_lowercase(), text("State"));
    let category = text("Category").to_lowercase();
    let (_, what) = name
        .split_once("firewall: ")
        .filter(|(before, _)| before.starts_with("windows"))?;
    let enabled = state.eq_ignore_ascii_case("Enabled");
    let profile = match category.contains("domain") {
        true => ProfileKey::Of(Profiles::DOMAIN),
        false => ProfileKey::Standard,
    };
    let has = |word: &str| what.contains(word);
    if has("protect all network connections") {
        return Some(Template::Sets(profile, "EnableFirewall", enabled.into()));
    }
    if has("do not allow exceptions") {
        return Some(Template::Sets(
            profile,
            "DoNotAllowExceptions",
            enabled.into(),
        ));
    }
    let idle = [
        "logging",
        "notification",
        "unicast",
        "local port",
        "local program",
    ];
    (enabled && !idle.iter().any(|w| has(w))).then_some(Template::Opens)
}

/// Whether a text names a key of the firewall in which values act.
pub(super) fn names_key(text: &str) -> bool {
    if !text.contains('\\') {
        return false;
    }
    let lower = text.to_ascii_lowercase();
    let key = lower.contains("\\windowsfirewall") || lower.contains("\\firewallpolicy");
    key && !lower.contains("\\logging")
}

/// The profile that a key is of.
pub(super) fn profile(key: &str) -> Option<ProfileKey> {
    let last = key.trim_end_matches('\\').rsplit('\\').next()?;
    Some(match &*last.to_ascii_lowercase() {
        "domainprofile" => ProfileKey::Of(Profiles::DOMAIN),
        "privateprofile" => ProfileKey::Of(Profiles::PRIVATE),
        "publicprofile" => ProfileKey::Of(Profiles::PUBLIC),
        "standardprofile" => ProfileKey::Standard,
        _ => return None,
    })
}
