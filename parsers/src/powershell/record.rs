//! One object that PowerShell printed, whatever the form: its properties with their places.

use super::cell::{Cell, Word};
use super::props::{Known, Part, Prop, known};
use super::words;
use hylint_model::Span;
use std::borrow::Cow;

/// What an object is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// A rule, perhaps with the properties of its filters.
    Rule,
    /// Filters of a rule.
    Filter,
    /// Settings of a profile.
    Profile,
    /// A connection security rule.
    Ipsec,
    /// The firewall's global settings.
    Setting,
    /// A network that the host is connected to.
    Connection,
    /// An address of the host.
    Address,
    /// A socket.
    Socket,
    /// A process.
    Process,
    /// A service with its process.
    Service,
    /// A route.
    Route,
    /// A network adapter.
    Adapter,
    /// A connection that the host passes on to another one.
    Proxy,
    /// A command that failed.
    Failed,
    /// Something else.
    Other,
}

/// A name that the reader does not know, with a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Odd<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) span: Span,
}

/// An object.
#[derive(Clone, Debug, Default)]
pub(super) struct Record<'a> {
    /// Its text.
    pub(super) span: Span,
    /// The properties that are taken, in the order of the text; of one with several names the first that says something.
    cells: Vec<(Prop, Cell<'a>)>,
    pub(super) odd: Vec<Odd<'a>>,
    /// Properties that occur twice with different values.
    pub(super) repeated: Vec<(Prop, Span)>,
    set: u128,
    /// Which view of which host it is part of.
    pub(super) context: usize,
    /// Its text ends before it does.
    pub(super) cut: bool,
    /// Something of it was printed as an object in one line: what else it holds is lost.
    pub(super) lost: Option<Span>,
    /// It stands below a rule whose filter it is.
    pub(super) of_last: bool,
}

impl<'a> Record<'a> {
    pub(super) fn new(span: Span, context: usize) -> Self {
        Self {
            span,
            context,
            ..Self::default()
        }
    }

    /// Adds a property. What is empty gives way to what is not, as CIM repeats some properties by other names.
    pub(super) fn add(&mut self, prop: Prop, cell: Cell<'a>) {
        let bit = 1 << prop as u128;
        if self.set & bit == 0 {
            self.set |= bit;
            self.cells.push((prop, cell));
            return;
        }
        let Some((_, before)) = self.cells.iter_mut().find(|(p, _)| *p == prop) else {
            return;
        };
        if before.is_empty() || before.is_lost() && !cell.is_empty() {
            *before = cell;
        } else if prop.decides() && !cell.is_empty() && !same(prop, before, &cell) {
            self.repeated.push((prop, cell.span));
        }
    }

    /// Puts a value in the place of the one that a property has.
    pub(super) fn replace(&mut self, prop: Prop, cell: Cell<'a>) {
        match self.cells.iter_mut().find(|(p, _)| *p == prop) {
            Some((_, slot)) => *slot = cell,
            None => self.add(prop, cell),
        }
    }

    /// Adds what stands under a name.
    pub(super) fn add_named(
        &mut self,
        name: Cow<'a, str>,
        at: Span,
        text: Cow<'a, str>,
        span: Span,
    ) {
        match known(&name) {
            Known::Prop(prop) => self.add_text(prop, text, span),
            Known::Inert => {}
            Known::Unknown if text.trim().is_empty() => {}
            Known::Unknown => self.odd.push(Odd { name, span: at }),
        }
    }

    /// Adds a property that is printed as text.
    pub(super) fn add_text(&mut self, prop: Prop, text: Cow<'a, str>, span: Span) {
        self.add(prop, Cell::of_text(prop, text, span));
    }

    pub(super) fn has(&self, prop: Prop) -> bool {
        self.set & (1 << prop as u128) != 0
    }

    pub(super) fn get(&self, prop: Prop) -> Option<&Cell<'a>> {
        let found = self.cells.iter().find(|(p, _)| *p == prop);
        found.map(|(_, cell)| cell)
    }

    /// The only word of a property.
    pub(super) fn one(&self, prop: Prop) -> Option<&Word<'a>> {
        self.get(prop)?.one()
    }

    pub(super) fn cells(&self) -> impl Iterator<Item = (Prop, &Cell<'a>)> {
        self.cells.iter().map(|(prop, cell)| (*prop, cell))
    }

    pub(super) fn is_blank(&self) -> bool {
        self.cells.is_empty() && self.odd.is_empty()
    }

    pub(super) fn has_any(&self, props: &[Prop]) -> bool {
        props.iter().any(|p| self.has(*p))
    }

    fn has_part(&self, part: Part) -> bool {
        self.cells.iter().any(|(p, _)| p.part() == part)
    }

    /// What the object is, from its properties.
    pub(super) fn kind(&self) -> Kind {
        use Prop::{
            Action, ActiveProfile, Category, Direction, Edge, IpAddress, LocalOnly, LooseSource,
        };
        if let Some(kind) = self.of_network() {
            return kind;
        }
        match () {
            () if self.is_com() && !self.is_of_cmdlet() => Kind::Other,
            () if self.has(Prop::ListenPort) && self.has(Prop::ConnectPort) => Kind::Proxy,
            () if self.has(Prop::Command) && self.has(Prop::Failure) => Kind::Failed,
            () if self.has_any(&[Prop::InboundSecurity, Prop::OutboundSecurity]) => Kind::Ipsec,
            () if self.has_part(Part::Settings) => Kind::Profile,
            () if self.has(ActiveProfile) => Kind::Setting,
            () if self.has_any(&[Direction, Action, Edge, LooseSource, LocalOnly]) => Kind::Rule,
            () if self.has(Category) => Kind::Connection,
            () if self.has(IpAddress) => Kind::Address,
            () if self.has(Prop::Alias) && self.has_any(&[Prop::Dns, Prop::Gateway]) => {
                Kind::Address
            }
            () if self.is_profile() => Kind::Profile,
            () if self.is_bare_rule() => Kind::Rule,
            () if self.has_part(Part::Filter) => Kind::Filter,
            () => Kind::Other,
        }
    }

    /// What it is of the host's network and processes, by properties that rules do not have.
    fn of_network(&self) -> Option<Kind> {
        use Prop::{
            Action, Destination, Direction, DisplayName, Id, IfIndex, LocalPort, Mac, Name,
            NextHop, PathName, Process, ProcessId, ProcessName, RemotePort, State,
        };
        if self.has_any(&[Direction, Action]) {
            return None;
        }
        let number = |p| {
            let word = self.one(p).map(|w| w.text.trim().to_owned());
            word.is_some_and(|w| w.parse::<u32>().is_ok())
        };
        let named = || self.has(ProcessName) || self.has(Name);
        match () {
            () if self.has(LocalPort) && self.has(Process) => Some(Kind::Socket),
            () if self.has(LocalPort) && self.has(RemotePort) && self.has(State) => {
                Some(Kind::Socket)
            }
            () if self.has(Destination) && self.has(NextHop) => Some(Kind::Route),
            () if number(ProcessId)
                && (self.has(PathName) || self.has(State) && self.has(Name)) =>
            {
                Some(Kind::Service)
            }
            () if self.is_endpoint() => Some(Kind::Socket),
            () if self.has(DisplayName) => None,
            () if number(ProcessId) && named() => Some(Kind::Process),
            () if number(Id) && named() => Some(Kind::Process),
            () if self.has(Mac) && self.has(IfIndex) && self.has(Name) => Some(Kind::Adapter),
            () => None,
        }
    }

    /// Whether it is an address and a port and nothing else, which `Get-NetUDPEndpoint` prints where nothing is selected.
    fn is_endpoint(&self) -> bool {
        let text = |p| self.one(p).map(|w| w.text.trim().to_owned());
        let address = text(Prop::LocalAddress).is_some_and(|t| {
            let plain = t.split('%').next().unwrap_or_default();
            plain.parse::<std::net::IpAddr>().is_ok()
        });
        let port = text(Prop::LocalPort).is_some_and(|t| t.parse::<u16>().is_ok());
        self.cells.len() == 2 && address && port
    }

    /// Whether it has properties of INetFwRule (netfw.h), whose numbers mean something else, or of sockets.
    pub(super) fn is_com(&self) -> bool {
        use Prop::{ComEdge, ComIcmp, ComName, Process};
        self.has_any(&[ComName, ComIcmp, ComEdge, Process])
    }

    /// Whether it is a rule of the cmdlets, whatever columns stand beside theirs.
    fn is_of_cmdlet(&self) -> bool {
        let own = [Prop::InstanceId, Prop::StoreType, Prop::PrimaryStatus];
        self.has(Prop::DisplayName) && self.has(Prop::Direction) && self.has_any(&own)
    }

    /// Whether it is a rule of which no more was selected: other objects have a display name and may be enabled, too. CIM has
    /// properties of rules without a value in filters.
    fn is_bare_rule(&self) -> bool {
        use Prop::{
            DisplayGroup, DisplayName, Enabled, Group, InstanceId, LocalAddress, LocalPort,
            PrimaryStatus, Profile, Protocol, RemoteAddress, RemotePort, StoreType,
        };
        let said = |p: &Prop| self.get(*p).is_some_and(|c| !c.is_empty());
        let of_rule = [DisplayGroup, Group, InstanceId, Profile, StoreType];
        let filters = [LocalAddress, LocalPort, Protocol, RemoteAddress, RemotePort];
        let named = said(&DisplayName);
        named && self.has(Enabled) && of_rule.iter().any(|p| self.has(*p))
            || named && filters.iter().any(|p| self.has(*p))
            || said(&PrimaryStatus) && said(&StoreType)
            || named && self.has(DisplayGroup)
    }

    /// Whether a profile is named and switched on or off: `Get-NetFirewallProfile | Select-Object Name, Enabled`.
    fn is_profile(&self) -> bool {
        let named = self.one(Prop::Name).or_else(|| self.one(Prop::Profile));
        self.has(Prop::Enabled)
            && !self.has(Prop::DisplayName)
            && named.is_some_and(|w| words::profile(&w.text).is_some())
    }

    /// What identifies the object, or the object whose filter it is.
    pub(super) fn id(&self) -> Option<&str> {
        let class = self.one(Prop::Class).and_then(|w| of_class(&w.text));
        let id = self.one(Prop::InstanceId).map(|w| &*w.text);
        let id = id.map(|id| of_class(id).unwrap_or(id));
        // The name of a rule is its id; filters have none.
        id.or(class)
            .or_else(|| self.one(Prop::Name).map(|w| &*w.text))
            .or_else(|| self.one(Prop::Id).map(|w| &*w.text))
            .filter(|id| !id.is_empty())
    }

    /// Takes what a filter object says.
    pub(super) fn take_filters(&mut self, from: &Record<'a>) {
        for (prop, cell) in &from.cells {
            if prop.part() == Part::Filter {
                self.add(*prop, cell.clone());
            }
        }
        self.repeated.extend(from.repeated.iter().copied());
        self.odd.extend(from.odd.iter().cloned());
        self.lost = self.lost.or(from.lost);
        self.cut |= from.cut;
    }
}

/// Whether two values of a property say the same: CIM prints some by two names, one as a number and one as a word.
fn same(prop: Prop, a: &Cell<'_>, b: &Cell<'_>) -> bool {
    if a.is_lost() || b.is_lost() {
        return true;
    }
    let texts = |c: &Cell<'_>| {
        let mut all: Vec<String> = c.words().iter().map(|w| w.text.to_lowercase()).collect();
        all.sort_unstable();
        all.dedup();
        all
    };
    let number = |c: &Cell<'_>| c.words().iter().all(|w| w.text.parse::<u32>().is_ok());
    let read = |c: &Cell<'_>| {
        let word = c.one().map_or("", |w| &*w.text);
        match prop {
            Prop::Profile => {
                words::profiles(c.words()).map(|p| words::profile_words(p).into_owned())
            }
            Prop::InterfaceType => words::interface_types(c),
            Prop::Enabled => words::enabled(word).map(str::to_owned),
            Prop::Direction => words::direction(word).map(str::to_owned),
            Prop::Action => words::action(word).map(str::to_owned),
            _ => None,
        }
    };
    let one_number = prop == Prop::Dynamic && number(a) != number(b);
    one_number || texts(a) == texts(b) || read(a).is_some_and(|x| read(b) == Some(x))
}

/// The id in the name of a class: `MSFT|FW|FirewallRule|{id}`.
fn of_class(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("MSFT|FW|")?;
    rest.split_once('|').map(|(_, id)| id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(fields: &[(&'static str, &'static str)]) -> Record<'static> {
        let mut r = Record::default();
        for (name, text) in fields {
            r.add_named(
                (*name).into(),
                Span::default(),
                (*text).into(),
                Span::default(),
            );
        }
        r
    }

    // Fails if an object is taken for another one: filters for rules, profiles for rules, sockets or COM rules for either.
    #[test]
    fn objects_are_told_apart_by_their_properties() {
        let kind = |fields: &[(&'static str, &'static str)]| record(fields).kind();
        let rule = kind(&[("DisplayName", "x"), ("Direction", "1"), ("Action", "2")]);
        assert_eq!(rule, Kind::Rule);
        // A list of linked policies has both; so have services and tasks.
        let link = [("DisplayName", "x"), ("GpoId", "y"), ("Enabled", "True")];
        assert_eq!(kind(&link), Kind::Other);
        let bare = [("DisplayName", "x"), ("Enabled", "1"), ("Profile", "0")];
        assert_eq!(kind(&bare), Kind::Rule);
        // As `ConvertTo-Json` prints a filter whole.
        let whole = [
            ("Protocol", "TCP"),
            ("PrimaryStatus", ""),
            ("ElementName", ""),
            ("InstanceID", "x"),
        ];
        assert_eq!(kind(&whole), Kind::Filter);
        let filter = [
            ("InstanceID", "x"),
            ("Protocol", "TCP"),
            ("LocalPort", "80"),
        ];
        assert_eq!(kind(&filter), Kind::Filter);
        assert_eq!(
            kind(&[("InstanceID", "x"), ("InterfaceAlias", "WLAN")]),
            Kind::Filter
        );
        let profile = [
            ("Name", "Domain"),
            ("Enabled", "1"),
            ("DefaultInboundAction", "4"),
        ];
        assert_eq!(kind(&profile), Kind::Profile);
        assert_eq!(
            kind(&[("Name", "Public"), ("Enabled", "False")]),
            Kind::Profile
        );
        let connection = [
            ("Name", "corp"),
            ("InterfaceAlias", "x"),
            ("NetworkCategory", "2"),
        ];
        assert_eq!(kind(&connection), Kind::Connection);
        let address = [("IPAddress", "10.0.0.1"), ("InterfaceAlias", "x")];
        assert_eq!(kind(&address), Kind::Address);
        let socket = [
            ("LocalAddress", "::"),
            ("LocalPort", "1"),
            ("OwningProcess", "4"),
        ];
        assert_eq!(kind(&socket), Kind::Socket);
        let process = [("Id", "4"), ("ProcessName", "System"), ("Path", "")];
        assert_eq!(kind(&process), Kind::Process);
        let service = [("Name", "W3SVC"), ("ProcessId", "4"), ("PathName", "x")];
        assert_eq!(kind(&service), Kind::Service);
        let com = [("Name", "x"), ("Direction", "1"), ("ApplicationName", "")];
        assert_eq!(kind(&com), Kind::Other);
    }

    // Fails if filters are not found by the id that their rule has, or if an empty value hides one under another name.
    #[test]
    fn an_id_is_found_by_each_of_its_names() {
        for (name, text) in [
            ("InstanceID", "{A}"),
            ("CreationClassName", "MSFT|FW|FirewallRule|{A}"),
            ("InstanceID", "MSFT|FW|FirewallRule|{A}"),
            ("Name", "{A}"),
        ] {
            assert_eq!(record(&[(name, text)]).id(), Some("{A}"), "{name} {text}");
        }
        let group = record(&[("Group", ""), ("RuleGroup", "x")]);
        assert_eq!(group.one(Prop::Group).map(|w| &*w.text), Some("x"));
    }
}
