//! Settings of profiles (\[MS-GPFAS\] 2.2.3).

use super::key::{Part, Place, ProfileKey, Store};
use super::scan::Value;
use hylint_model::{
    InboundPolicy, Problem, ProblemKind, ProfileSettings, Profiles, Span, WindowsProfiles,
};

/// What one store says of one profile.
#[derive(Clone, Copy, Debug, Default)]
struct Settings {
    enabled: Option<(bool, Span)>,
    shielded: Option<(bool, Span)>,
    block_in: Option<(bool, Span)>,
    block_out: Option<(bool, Span)>,
    merge: Option<(bool, Span)>,
    span: Option<Span>,
}

/// What the stores say of the profiles: domain, private, public, and the one of Windows XP.
#[derive(Debug, Default)]
pub(crate) struct AllSettings {
    stores: [[Settings; 4]; 3],
}

const STANDARD: usize = 3;

fn slot(store: Store) -> usize {
    match store {
        Store::Policy => 0,
        Store::Mdm => 1,
        Store::Local => 2,
    }
}

fn index(profile: ProfileKey) -> usize {
    match profile {
        ProfileKey::Of(Profiles::DOMAIN) => 0,
        ProfileKey::Of(Profiles::PRIVATE) => 1,
        ProfileKey::Of(_) => 2,
        ProfileKey::Standard => STANDARD,
    }
}

impl AllSettings {
    /// Takes a value of a profile's key. Problems are of values that say nothing.
    pub(super) fn take(&mut self, place: Place, value: &Value<'_>) -> Option<Problem> {
        let Place::Firewall(store, Part::Profile(profile), _) = place else {
            return None;
        };
        let name = value.name.value();
        self.set(store, profile, (&name, value.data.number()), value.span)
    }

    /// Takes a setting by its name.
    pub(crate) fn set(
        &mut self,
        store: Store,
        profile: ProfileKey,
        (name, number): (&str, Option<u32>),
        span: Span,
    ) -> Option<Problem> {
        let settings = self.stores.get_mut(slot(store))?.get_mut(index(profile))?;
        let target = match &*name.to_ascii_lowercase() {
            "enablefirewall" => &mut settings.enabled,
            "donotallowexceptions" => &mut settings.shielded,
            "defaultinboundaction" => &mut settings.block_in,
            "defaultoutboundaction" => &mut settings.block_out,
            "allowlocalpolicymerge" if store != Store::Local => &mut settings.merge,
            _ => return None,
        };
        settings.span = Some(settings.span.map_or(span, |s| s.to(span)));
        match number {
            Some(n @ (0 | 1)) => {
                *target = Some((n == 1, span));
                None
            }
            _ => Some(unknown(name, span)),
        }
    }

    /// The service of the firewall is disabled: no profile is on, whatever is set.
    pub(super) fn turn_off(&mut self, span: Span) {
        let [policy, ..] = &mut self.stores;
        for settings in policy {
            settings.enabled = Some((false, span));
            settings.span = settings.span.or(Some(span));
        }
    }

    /// What is known of all profiles. `printed`: the host's own settings are all that its registry holds, so that absent ones
    /// are those that Windows has without them.
    pub(crate) fn finish(mut self, printed: bool) -> Vec<WindowsProfiles> {
        self.standard();
        if printed {
            self.absent();
        }
        self.shields();
        let stores = [
            (Store::Policy, hylint_model::Store::Policy),
            (Store::Mdm, hylint_model::Store::Policy),
            (Store::Local, hylint_model::Store::Local),
        ];
        let each = stores.into_iter().zip(&self.stores);
        each.filter_map(|((_, store), all)| windows(all, store))
            .collect()
    }

    /// The settings of Windows XP are those of private and public networks where policy has none of its own for either; the
    /// host's own ones have been those of private networks ever since.
    fn standard(&mut self) {
        for (n, store) in self.stores.iter_mut().enumerate() {
            let [_, private, public, standard] = store;
            if n == slot(Store::Local) {
                let own = *private;
                *private = *standard;
                private.or(&own);
            } else if private.span.is_none() && public.span.is_none() {
                (*private, *public) = (*standard, *standard);
            }
        }
    }

    /// Without these values a profile blocks inbound and allows outbound packets.
    fn absent(&mut self) {
        let local = self.stores.get_mut(slot(Store::Local));
        for settings in local.into_iter().flatten() {
            if let Some((_, span)) = settings.enabled {
                settings.block_in = settings.block_in.or(Some((true, span)));
                settings.block_out = settings.block_out.or(Some((false, span)));
            }
        }
    }

    /// `DoNotAllowExceptions` is a setting of its own, while a profile of the model has one inbound policy: the store that
    /// decides it has to say it. Where stores differ, a true value wins (\[MS-FASP\] 2.2.37 `FW_PROFILE_CONFIG_SHIELDED`).
    fn shields(&mut self) {
        for profile in 0..STANDARD {
            let said = |s: &[Settings; 4]| s.get(profile).and_then(|p| p.shielded);
            let mut open = self.stores.iter().filter_map(said).find(|(on, _)| *on);
            for store in &mut self.stores {
                let Some(settings) = store.get_mut(profile) else {
                    continue;
                };
                settings.shielded = None;
                if settings.span.is_some() || settings.enabled.is_some() {
                    settings.shielded = open.take();
                }
            }
        }
    }
}

impl Settings {
    fn or(&mut self, o: &Self) {
        self.enabled = self.enabled.or(o.enabled);
        self.shielded = self.shielded.or(o.shielded);
        self.block_in = self.block_in.or(o.block_in);
        self.block_out = self.block_out.or(o.block_out);
        self.span = self.span.or(o.span);
    }

    fn told(&self) -> Option<ProfileSettings> {
        let inbound = match (self.shielded, self.block_in) {
            (Some((true, span)), _) => Some((InboundPolicy::BlockAlways, span)),
            (_, Some((true, span))) => Some((InboundPolicy::Block, span)),
            (_, Some((false, span))) => Some((InboundPolicy::Allow, span)),
            (_, None) => None,
        };
        Some(ProfileSettings {
            span: self.span?,
            enabled: self.enabled,
            inbound,
            outbound_allow: self.block_out.map(|(block, span)| (!block, span)),
            local_rules: self.merge,
        })
    }
}

fn windows(all: &[Settings; 4], store: hylint_model::Store) -> Option<WindowsProfiles> {
    let [domain, private, public, _] = all;
    let profiles = [domain.told(), private.told(), public.told()];
    let mut spans = profiles.iter().flatten().map(|p| p.span);
    let first = spans.next()?;
    let span = spans.fold(first, Span::to);
    Some(WindowsProfiles {
        profiles,
        span,
        store,
        ..WindowsProfiles::default()
    })
}

/// A setting that is neither 0 nor 1.
fn unknown(name: &str, span: Span) -> Problem {
    let message = format!("unknown value of {name}: the setting of the profile is unknown");
    Problem::new(ProblemKind::Malformed, span, message)
        .help(format!("set {name} to 0 or 1, or remove it"))
}
