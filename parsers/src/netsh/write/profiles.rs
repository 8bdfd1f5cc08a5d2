//! Writes profile settings as `netsh advfirewall show allprofiles` prints them.

use super::form::{COLUMN, RULER, error};
use crate::input::Depth;
use crate::source::Source;
use crate::write::Result;
use hylint_model::{Companion, InboundPolicy, ProfileSettings, WindowsProfiles};

const NAMES: [&str; 3] = ["Domain", "Private", "Public"];

/// Writes the settings of each profile that has any, then which profiles are active, as
/// `netsh advfirewall monitor show currentprofile` does.
///
/// # Errors
/// If the text does not read back as the same settings.
pub fn write_profiles(settings: &WindowsProfiles) -> Result<String> {
    let mut out = String::new();
    for (name, profile) in NAMES.iter().zip(&settings.profiles) {
        if let Some(profile) = profile {
            heading(&mut out, &format!("{name} Profile Settings"));
            write_one(&mut out, profile);
        }
    }
    if let Some((active, _)) = settings.active {
        for (at, name) in NAMES.iter().enumerate() {
            if active.0 & (1 << at) != 0 {
                heading(&mut out, &format!("{name} Profile"));
            }
        }
    }
    out.push_str("Ok.\n");
    let export =
        crate::netsh::read::read(&Source::new("netsh", out.as_str(), "UTF-8"), Depth::Whole);
    let back = export.companions.iter().find_map(|c| match c {
        Companion::WindowsProfiles(p) => Some(&**p),
        _ => None,
    });
    let none = WindowsProfiles::default();
    if plain(back.unwrap_or(&none)) == plain(settings) {
        return Ok(out);
    }
    Err(error(
        settings.span,
        "its profile settings do not fit netsh's lines",
    ))
}

fn heading(out: &mut String, text: &str) {
    out.push('\n');
    out.push_str(text);
    out.push_str(": \n");
    out.extend(std::iter::repeat_n('-', RULER));
    out.push('\n');
}

fn setting(out: &mut String, label: &str, value: &str) {
    out.push_str(&format!("{label:<COLUMN$}{value}\n"));
}

fn write_one(out: &mut String, profile: &ProfileSettings) {
    let state = match profile.enabled {
        Some((true, _)) => "ON",
        Some((false, _)) => "OFF",
        None => "NotConfigured",
    };
    setting(out, "State", state);
    let inbound = match profile.inbound {
        Some((InboundPolicy::Block, _)) => "BlockInbound",
        Some((InboundPolicy::Allow, _)) => "AllowInbound",
        Some((InboundPolicy::BlockAlways, _)) => "BlockInboundAlways",
        None => "NotConfigured",
    };
    let outbound = match profile.outbound_allow {
        Some((true, _)) => "AllowOutbound",
        Some((false, _)) => "BlockOutbound",
        None => "NotConfigured",
    };
    setting(out, "Firewall Policy", &format!("{inbound},{outbound}"));
    let local = match profile.local_rules {
        Some((true, _)) => "Enable",
        Some((false, _)) => "Disable",
        None => "N/A (GPO-store only)",
    };
    setting(out, "LocalFirewallRules", local);
}

type Plain = (
    Option<bool>,
    Option<InboundPolicy>,
    Option<bool>,
    Option<bool>,
);

/// The settings without their places.
fn plain(settings: &WindowsProfiles) -> ([Option<Plain>; 3], Option<u8>) {
    let one = |p: &Option<ProfileSettings>| {
        let p = p.as_ref()?;
        Some((
            p.enabled.map(|v| v.0),
            p.inbound.map(|v| v.0),
            p.outbound_allow.map(|v| v.0),
            p.local_rules.map(|v| v.0),
        ))
    };
    let [domain, private, public] = &settings.profiles;
    (
        [one(domain), one(private), one(public)],
        settings.active.map(|(p, _)| p.0),
    )
}
