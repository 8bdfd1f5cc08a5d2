//! Commands that change the settings of a Windows profile, in the language of the export that shows them.

use hylint_model::Profiles;

/// A setting that closes a profile.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Setting {
    /// The firewall is on.
    On,
    /// What no rule handles is blocked inbound.
    BlockInbound,
}

/// Returns the command that makes the setting in one profile: of netsh for its own exports, of PowerShell for others.
#[must_use]
pub fn command(format: &str, profile: Profiles, setting: Setting) -> String {
    let name = profile.name().unwrap_or("all");
    if format == crate::netsh::FORMAT.id {
        let what = match setting {
            Setting::On => "state on",
            Setting::BlockInbound => "firewallpolicy blockinbound,allowoutbound",
        };
        return format!("netsh advfirewall set {name}profile {what}");
    }
    let what = match setting {
        Setting::On => "-Enabled True",
        Setting::BlockInbound => "-DefaultInboundAction Block",
    };
    let mut letters = name.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    let name: String = first.into_iter().chain(letters).collect();
    format!("Set-NetFirewallProfile -Profile {name} {what}")
}

#[cfg(test)]
mod tests {
    use super::*;

    // Fails if an administrator who exported with one tool is told to type the words of another.
    #[test]
    fn a_setting_is_made_in_the_language_of_its_export() {
        let of = |format, setting| command(format, Profiles::DOMAIN, setting);
        for (is, want) in [
            (
                of("netsh", Setting::On),
                "netsh advfirewall set domainprofile state on",
            ),
            (
                of("netsh", Setting::BlockInbound),
                "netsh advfirewall set domainprofile firewallpolicy blockinbound,allowoutbound",
            ),
            (
                of("powershell", Setting::On),
                "Set-NetFirewallProfile -Profile Domain -Enabled True",
            ),
            (
                of("registry", Setting::BlockInbound),
                "Set-NetFirewallProfile -Profile Domain -DefaultInboundAction Block",
            ),
        ] {
            assert_eq!(is, want);
        }
    }
}
