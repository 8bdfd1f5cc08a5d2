//! Network profiles of Windows: which are active, and what their settings say.

use crate::Span;

/// Windows firewall profiles as a bit set: domain 1, private 2, public 4.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Profiles(pub u8);

impl Profiles {
    /// None of them.
    pub const NONE: Self = Self(0);
    /// Domain.
    pub const DOMAIN: Self = Self(1);
    /// Private.
    pub const PRIVATE: Self = Self(2);
    /// Public.
    pub const PUBLIC: Self = Self(4);
    /// All three, and the value for formats that have no profiles.
    pub const ALL: Self = Self(7);
    /// What is taken to be active where nothing says so.
    pub const ASSUMED: Self = Self::DOMAIN;
    /// Each profile with its name.
    pub const EACH: [(Self, &'static str); 3] = [
        (Self::DOMAIN, "domain"),
        (Self::PRIVATE, "private"),
        (Self::PUBLIC, "public"),
    ];

    /// Whether the sets share a profile.
    #[must_use]
    pub fn intersects(self, o: Self) -> bool {
        self.0 & o.0 != 0
    }

    /// The profiles of both sets.
    #[must_use]
    pub fn union(self, o: Self) -> Self {
        Self(self.0 | o.0)
    }

    /// Each profile of the set.
    pub fn each(self) -> impl Iterator<Item = Self> {
        let each = Self::EACH.iter().map(|(p, _)| *p);
        each.filter(move |p| p.intersects(self))
    }

    /// The name of a single profile.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        let named = Self::EACH.iter().find(|(p, _)| *p == self);
        named.map(|(_, name)| *name)
    }

    /// The profiles for people: `private and public profiles`.
    #[must_use]
    pub fn told(self) -> String {
        let each = Self::EACH.iter().filter(|(p, _)| p.intersects(self));
        let names: Vec<&str> = each.map(|(_, n)| *n).collect();
        match names.as_slice() {
            [first @ .., last] if !first.is_empty() => {
                format!("{} and {last} profiles", first.join(", "))
            }
            _ => format!("{} profile", names.concat()),
        }
    }
}

/// A Windows profile's inbound policy.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum InboundPolicy {
    /// `BlockInbound`: what no rule allows is blocked.
    Block,
    /// `AllowInbound`.
    Allow,
    /// `BlockInboundAlways`: everything is blocked, whatever the rules say.
    BlockAlways,
}

/// What `netsh advfirewall show allprofiles` says of one profile. `None`: not printed, or `NotConfigured`.
#[derive(Clone, Debug, PartialEq, Eq, std::default::Default)]
pub struct ProfileSettings {
    /// The profile's block of text.
    pub span: Span,
    /// `State ON/OFF` and its place.
    pub enabled: Option<(bool, Span)>,
    /// `Firewall Policy`, first half.
    pub inbound: Option<(InboundPolicy, Span)>,
    /// `Firewall Policy`, second half: true is `AllowOutbound`.
    pub outbound_allow: Option<(bool, Span)>,
    /// `LocalFirewallRules`: false if Group Policy disables rules that are not its own.
    pub local_rules: Option<(bool, Span)>,
}

impl ProfileSettings {
    /// What they decide of inbound or outbound packets beside the rules.
    #[must_use]
    pub fn overrides(&self, inbound: bool) -> Overrides {
        let off = self.enabled.filter(|(on, _)| !on);
        let always = |(policy, _): &(InboundPolicy, Span)| *policy == InboundPolicy::BlockAlways;
        let closed = self.inbound.filter(|p| inbound && always(p));
        let passes = |(policy, span)| (policy == InboundPolicy::Allow, span);
        Overrides {
            all: match (off, closed) {
                (Some((_, span)), _) => Some((true, span)),
                (None, Some((_, span))) => Some((false, span)),
                (None, None) => None,
            },
            rest: if inbound {
                self.inbound.map(passes)
            } else {
                self.outbound_allow
            },
        }
    }

    /// With what these do not say taken from others.
    #[must_use]
    pub fn or(self, o: Self) -> Self {
        Self {
            span: self.span,
            enabled: self.enabled.or(o.enabled),
            inbound: self.inbound.or(o.inbound),
            outbound_allow: self.outbound_allow.or(o.outbound_allow),
            local_rules: self.local_rules.or(o.local_rules),
        }
    }

    /// Whether both say the same, wherever it stands.
    #[must_use]
    pub fn agree(&self, o: &Self) -> bool {
        fn value<T>(setting: Option<(T, Span)>) -> Option<T> {
            setting.map(|(v, _)| v)
        }
        value(self.enabled) == value(o.enabled)
            && value(self.inbound) == value(o.inbound)
            && value(self.outbound_allow) == value(o.outbound_allow)
            && value(self.local_rules) == value(o.local_rules)
    }
}

/// What the settings of a firewall decide beside its rules, in one direction. Each says whether packets pass, and the place
/// of the setting.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Overrides {
    /// Of every packet, whatever the rules say.
    pub all: Option<(bool, Span)>,
    /// Of the packets that no rule decides.
    pub rest: Option<(bool, Span)>,
}

/// Why a rule does not act.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotInForce {
    /// The rule is disabled.
    Disabled,
    /// It is for other profiles.
    OtherProfile,
    /// Policy disables the rules that are not its own, by the setting at this place.
    LocalRulesDisabled(Span),
}

/// The profiles in which a point is judged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Active {
    /// Which.
    pub profiles: Profiles,
    /// Who says so.
    pub source: ActiveSource,
}

/// Who says which profiles are active.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ActiveSource {
    /// The caller: the site file, or an option.
    Caller,
    /// The export, at this place.
    Export(Span),
    /// Nobody: the domain profile is an assumption.
    Assumed,
    /// The point has no profiles.
    NoProfiles,
}

impl Active {
    /// Whether nobody says which profile is active.
    #[must_use]
    pub fn is_assumed(self) -> bool {
        self.source == ActiveSource::Assumed
    }

    /// The profiles to judge one after the other; a point without profiles is judged once.
    #[must_use]
    pub fn passes(self) -> Vec<Profiles> {
        match self.source {
            ActiveSource::NoProfiles => vec![self.profiles],
            ActiveSource::Caller | ActiveSource::Export(_) | ActiveSource::Assumed => {
                self.profiles.each().collect()
            }
        }
    }
}

/// Which store of a Windows firewall settings were read from. The order is that of precedence: where two say different things
/// of one setting, the later store wins (\[MS-GPFAS\] 3.2.5; NetSecurity, `-PolicyStore`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, std::default::Default)]
pub enum Store {
    /// The host's own.
    #[default]
    Local,
    /// That of Group Policy or of device management.
    Policy,
    /// What is in effect, whatever it comes from.
    Effective,
}

/// Which rules of a Windows firewall an export shows, as a bit set: local 1, policy 2.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, std::default::Default)]
pub struct Stores(pub u8);

impl Stores {
    /// The host's own rules.
    pub const LOCAL: Self = Self(1);
    /// The rules of Group Policy and of device management.
    pub const POLICY: Self = Self(2);
    /// Both.
    pub const BOTH: Self = Self(3);

    /// Whether every store of another set is in this one.
    #[must_use]
    pub const fn has(self, o: Self) -> bool {
        self.0 & o.0 == o.0
    }

    /// The stores of both sets.
    #[must_use]
    pub const fn union(self, o: Self) -> Self {
        Self(self.0 | o.0)
    }
}

/// The settings of a host's profiles, in the order domain, private, public.
#[derive(Clone, Debug, PartialEq, Eq, std::default::Default)]
pub struct WindowsProfiles {
    /// `None`: not in the export.
    pub profiles: [Option<ProfileSettings>; 3],
    /// Profiles that the export says are active (`currentprofile`, monitor), with the place.
    pub active: Option<(Profiles, Span)>,
    /// The whole section.
    pub span: Span,
    /// The store that the settings are of.
    pub store: Store,
}

impl WindowsProfiles {
    /// Takes in what another store says: of each setting that both have, the store that wins decides, except that no store
    /// takes back that another blocks all inbound packets. The active profiles are those of the first that names any.
    #[must_use]
    pub fn merge(self, o: Self) -> Self {
        let (winner, other) = match o.store > self.store {
            true => (o, self),
            false => (self, o),
        };
        // The host's own and policy's "allow no exceptions" add up (\[MS-FASP\] `FW_PROFILE_CONFIG_SHIELDED`: true wins).
        let sum = winner.store == Store::Policy && other.store == Store::Local;
        let both =
            |own: Option<ProfileSettings>, theirs: Option<ProfileSettings>| match (own, theirs) {
                (Some(own), Some(theirs)) => {
                    let always = theirs
                        .inbound
                        .filter(|(p, _)| *p == InboundPolicy::BlockAlways);
                    let mut all = own.or(theirs);
                    all.inbound = always.filter(|_| sum).or(all.inbound);
                    Some(all)
                }
                (own, theirs) => own.or(theirs),
            };
        let ([a, b, c], [x, y, z]) = (winner.profiles, other.profiles);
        let profiles = [both(a, x), both(b, y), both(c, z)];
        Self {
            profiles,
            active: winner.active.or(other.active),
            ..winner
        }
    }

    /// Whether it tells nothing but which profiles are active.
    #[must_use]
    pub fn only_active(&self) -> bool {
        self.profiles.iter().all(Option::is_none)
    }

    /// Lets the rules decide in a profile that blocks all inbound packets whatever they say.
    pub fn let_rules_decide(&mut self, profile: Profiles) {
        let own = Profiles::EACH.iter().zip(&mut self.profiles);
        let mut own = own.filter(|((p, _), _)| *p == profile);
        if let Some((_, Some(settings))) = own.next()
            && let Some((policy, _)) = &mut settings.inbound
            && *policy == InboundPolicy::BlockAlways
        {
            *policy = InboundPolicy::Block;
        }
    }

    /// Whether the rules that are not of policy are disabled in every profile.
    #[must_use]
    pub fn disables_local_rules(&self) -> bool {
        let off = |p: &ProfileSettings| matches!(p.local_rules, Some((false, _)));
        self.profiles.iter().all(|p| p.as_ref().is_some_and(off))
    }

    /// The settings of a profile, of several the first one's; `None` if they are not in the export.
    #[must_use]
    pub fn settings(&self, profiles: Profiles) -> Option<&ProfileSettings> {
        let mut slots = Profiles::EACH.iter().zip(&self.profiles);
        let first = slots.find(|((p, _), _)| p.intersects(profiles));
        first?.1.as_ref()
    }
}
