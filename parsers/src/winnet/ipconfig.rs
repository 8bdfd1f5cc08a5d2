//! `ipconfig` and `ipconfig /all`, in any language.
//!
//! What is translated is told by its place: an own address is the one whose label holds `IPv4` or `IPv6`, or, before Vista,
//! the one before a mask; a DNS server stands under a label that holds `DNS`; the host's name is the first field of all.

use super::lines::{Command, Line, Tool};
use super::words::{self, Meaning};
use hylint_model::{Families, HostInterface, HostInterfaces, Span};
use hylint_space::{AddrSet, class};
use std::net::{IpAddr, Ipv4Addr};

/// Tunnels that Windows makes by itself, by names that no language translates.
const TUNNELS: [&str; 5] = ["teredo", "isatap", "6to4", "ip-https", "iphttps"];

/// What the last field of an adapter is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Last {
    #[default]
    Other,
    Own(IpAddr),
    /// An own address that no packet may use.
    Unused,
    Gateway,
    Dns,
}

/// Interfaces that are being read.
#[derive(Default)]
pub(super) struct IpConfig {
    interfaces: Vec<HostInterface>,
    host: Option<(String, Span)>,
    span: Option<Span>,
    last: Last,
    /// Fields of the block that is being read.
    fields: usize,
    /// An adapter's block is being read.
    in_adapter: bool,
    /// Its medium is not connected.
    disconnected: bool,
    open: bool,
    /// Lines of adapters without their headings.
    part: bool,
    /// The word behind the first address that is in use, in lower case: each language has one.
    usual: Option<String>,
}

/// The label and the value of a field. Dots lead from one to the other, and the label itself may hold a colon.
pub(super) fn field<'a>(line: &Line<'a>) -> Option<(&'a str, &'a str)> {
    let text = line.text;
    let led = |at: usize| {
        let label = text.get(..at).unwrap_or_default().trim_end();
        label.ends_with(" .") || label.ends_with('.') && label.contains(". .")
    };
    let colons = || text.match_indices(':').map(|(at, _)| at);
    let at = colons().find(|at| led(*at))?;
    let label = text.get(..at)?.trim().trim_end_matches(['.', ' ']);
    Some((label, text.get(at + 1..)?.trim()))
}

/// Whether an address cannot have another digit: something stands behind it, or its last number would be too large.
fn is_ended(value: &str) -> bool {
    let last = value.rsplit('.').next().unwrap_or_default();
    let full = |n: u32| n * 10 > 255;
    value.ends_with([')', '\u{ff09}']) || last.parse().is_ok_and(full)
}

/// The same without dots, as long labels are printed.
fn bare_field<'a>(line: &Line<'a>) -> Option<(&'a str, &'a str)> {
    let (label, value) = line.text.split_once(':')?;
    Some((label.trim(), value.trim()))
}

/// The address of a value: `10.0.2.15(Preferred)`, `fe80::1%14`, with the number of its zone.
fn address(value: &str) -> Option<(IpAddr, Option<u32>)> {
    let plain = value
        .split(['(', '\u{ff08}'])
        .next()
        .unwrap_or(value)
        .trim();
    let (addr, zone) = match plain.split_once('%') {
        Some((addr, zone)) => (addr, zone.parse().ok()),
        None => (plain, None),
    };
    Some((addr.parse().ok()?, zone))
}

/// The word behind an address: `10.0.2.15(Preferred)`.
fn state(value: &str) -> Option<&str> {
    let (_, word) = value.split_once(['(', '\u{ff08}'])?;
    Some(word.trim().trim_end_matches([')', '\u{ff09}']).trim())
}

/// The length of a prefix that a mask stands for.
pub(super) fn mask(text: &str) -> Option<u8> {
    let bits = u32::from(text.trim().parse::<Ipv4Addr>().ok()?);
    let len = bits.leading_ones();
    (len + bits.trailing_zeros() == 32 || bits == u32::MAX || bits == 0)
        .then(|| u8::try_from(len).unwrap_or(32))
}

impl IpConfig {
    /// Takes the line; false if it is none of the listing. `rest` are the lines behind it.
    pub(super) fn line(
        &mut self,
        line: &Line<'_>,
        rest: &[Line<'_>],
        command: Option<&Command>,
    ) -> bool {
        if let Some((label, value)) = field(line) {
            self.field(line, label, value, command);
            return true;
        }
        let text = line.text.trim();
        if let Some(name) = text.strip_suffix(':')
            && heads_fields(line, rest)
        {
            self.adapter(line, name.trim());
            return true;
        }
        if !self.open {
            return false;
        }
        if line.indent() > 16
            && let Some((addr, _)) = address(text)
        {
            self.more(addr);
            return true;
        }
        if line.indent() > 0 && bare_field(line).is_some() {
            self.fields += 1;
            self.last = Last::Other;
            return true;
        }
        line.indent() > 16
    }

    fn adapter(&mut self, line: &Line<'_>, name: &str) {
        let span = line.span();
        self.span = Some(self.span.map_or(span, |s| s.to(span)));
        self.open = true;
        self.in_adapter = true;
        self.disconnected = false;
        self.fields = 0;
        self.last = Last::Other;
        self.interfaces.push(HostInterface {
            name: words::adapter_name(name).into(),
            tunnel: is_tunnel(name),
            up: Some(false),
            span,
            ..HostInterface::default()
        });
    }

    fn field(&mut self, line: &Line<'_>, label: &str, value: &str, command: Option<&Command>) {
        let span = line.span();
        self.span = Some(self.span.map_or(span, |s| s.to(span)));
        let filtered = command.is_some_and(|c| c.tool == Tool::IpConfig && c.filtered);
        self.part |= filtered;
        self.open = true;
        self.fields += 1;
        if !self.in_adapter && (address(value).is_some() || mask(value).is_some()) {
            // Lines that `findstr` let through.
            self.part = true;
            self.in_adapter = true;
            self.interfaces.push(HostInterface {
                span,
                up: Some(false),
                ..HostInterface::default()
            });
        }
        if !self.in_adapter {
            let first = self.fields == 1 && self.host.is_none();
            let name = !value.is_empty() && !value.contains(char::is_whitespace);
            if first && name {
                let at = line.place(value);
                self.host = Some((value.to_owned(), at));
            }
            return;
        }
        let before = std::mem::take(&mut self.last);
        let Some(interface) = self.interfaces.last_mut() else {
            return;
        };
        interface.tunnel |= is_tunnel(value);
        if words::is(value, Meaning::Disconnected) {
            self.disconnected = true;
            return;
        }
        if before == Last::Unused && mask(value).is_some() {
            return;
        }
        if let (Last::Own(addr), Some(len)) = (before, mask(value)) {
            own(interface, addr, Some(len));
            if self.disconnected {
                interface.up = Some(false);
            }
            return;
        }
        if words::is(label, Meaning::Gateway) {
            self.last = Last::Gateway;
        } else if label.contains("DNS") {
            self.last = Last::Dns;
        }
        let Some((addr, zone)) = address(value) else {
            return;
        };
        let named = ["IPv4", "IPv6"].iter().any(|f| label.contains(f));
        let is_own = named && !label.contains("DHCPv6") && self.last == Last::Other;
        match self.last {
            Last::Gateway | Last::Dns => self.more(addr),
            Last::Other if is_own => {
                match in_use(&mut self.usual, state(value)) {
                    Some(true) => own(interface, addr, None),
                    Some(false) => {
                        self.last = Last::Unused;
                        return;
                    }
                    // Its network may be one of the host's.
                    None => {
                        own(interface, addr, None);
                        self.last = Last::Unused;
                        return;
                    }
                }
                if self.disconnected {
                    interface.up = Some(false);
                }
                if class::link_local().contains(addr) && addr.is_ipv6() {
                    interface.index = interface.index.or(zone);
                }
                self.last = Last::Own(addr);
            }
            // Before Vista: it is an own one if a mask follows.
            Last::Other | Last::Own(_) | Last::Unused => self.last = Last::Own(addr),
        }
    }

    /// A further value of the last field.
    fn more(&mut self, addr: IpAddr) {
        let set = AddrSet::host(addr);
        let Some(i) = self.interfaces.last_mut() else {
            return;
        };
        match self.last {
            // Teredo and others print `::` for none.
            _ if addr.is_unspecified() => {}
            Last::Gateway => i.gateways = i.gateways.union(&set),
            Last::Dns => i.dns = i.dns.union(&set),
            Last::Own(_) | Last::Unused | Last::Other => {}
        }
    }

    /// Whether the last line of a file, which has no end, may be a part of one: an address or a label that is cut, or a field
    /// behind which addresses of its adapter stand. Then it is not to be read, and the listing is a part.
    pub(super) fn is_part(&mut self, line: &Line<'_>) -> bool {
        if !self.open {
            return false;
        }
        let whole = match field(line) {
            Some((label, value)) => self.ends_with(label, value),
            // A further address.
            None => {
                line.indent() > 16
                    && address(line.text.trim()).is_none_or(|_| is_ended(line.text.trim()))
            }
        };
        self.part |= !whole;
        !whole
    }

    /// Whether a field may be the last one of all, and is whole.
    fn ends_with(&self, label: &str, value: &str) -> bool {
        if self.last_is_own() && mask(value).is_some() {
            return true;
        }
        let digits = |c: char| c.is_ascii_hexdigit() || matches!(c, '.' | ':' | '%');
        if address(value).is_some() || !value.is_empty() && value.chars().all(digits) {
            return address(value).is_some() && is_ended(value);
        }
        let own = ["IPv4", "IPv6"].iter().any(|f| label.contains(f));
        let has = |i: &HostInterface| !i.addrs.is_empty();
        let addressed = self.interfaces.last().is_some_and(has);
        let disconnected = self.disconnected || words::is(value, Meaning::Disconnected);
        !own && self.in_adapter && (addressed || disconnected)
    }

    fn last_is_own(&self) -> bool {
        matches!(self.last, Last::Own(_) | Last::Unused)
    }

    /// Lines of it are left out.
    pub(super) fn leaves_out(&mut self) {
        self.part = true;
    }

    /// Nothing more of this listing follows.
    pub(super) fn close(&mut self) {
        self.open = false;
        self.in_adapter = false;
        self.fields = 0;
    }

    /// The host's name, if it is printed.
    pub(super) fn host(&mut self) -> Option<(String, Span)> {
        self.host.take()
    }

    pub(super) fn finish(mut self) -> Option<HostInterfaces> {
        let whole = !self.part;
        // The addresses of the last adapter may stand behind the end of the text.
        if let Some(last) = self.interfaces.last_mut()
            && last.addrs.is_empty()
            && !self.disconnected
        {
            last.up = None;
        }
        Some(HostInterfaces {
            families: Families::BOTH,
            whole,
            span: self.span.filter(|_| !self.interfaces.is_empty())?,
            interfaces: self.interfaces,
        })
    }
}

/// Fields below a heading of which one has dots, as the first one need not have them.
const FIRST: usize = 4;

/// Whether fields stand below a line.
fn heads_fields(line: &Line<'_>, rest: &[Line<'_>]) -> bool {
    let below = rest.iter().filter(|l| !l.is_blank()).take(FIRST);
    let mut below = below.take_while(|l| l.indent() > line.indent());
    below.any(|l| field(l).is_some())
}

/// Whether an address is in use, by the word behind it; `None` where the word is not known.
fn in_use(usual: &mut Option<String>, state: Option<&str>) -> Option<bool> {
    let Some(word) = state else { return Some(true) };
    if words::is(word, Meaning::Unused) {
        return Some(false);
    }
    let lower = word.to_lowercase();
    let first = usual.get_or_insert_with(|| lower.clone());
    (words::is(word, Meaning::InUse) || *first == lower).then_some(true)
}

/// Adds an own address of an interface, which has one while its medium is connected.
fn own(interface: &mut HostInterface, addr: IpAddr, len: Option<u8>) {
    interface.addrs = interface.addrs.union(&AddrSet::host(addr));
    interface.up = Some(true);
    let len = match (len, addr) {
        (Some(len), _) => Some(len),
        // Every interface has the link-local network, whose prefix is fixed.
        (None, IpAddr::V6(_)) if class::link_local().contains(addr) => Some(64),
        (None, _) => None,
    };
    if let Some(network) = len.and_then(|n| AddrSet::cidr(addr, n)) {
        interface.networks = interface.networks.union(&network);
    }
}

pub(crate) fn is_tunnel(text: &str) -> bool {
    let lower = text.to_lowercase();
    TUNNELS.iter().any(|t| lower.contains(t))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::winnet::lines::lines;

    fn read(text: &str) -> (HostInterfaces, Option<String>) {
        let all: Vec<Line<'_>> = lines(text, 0)
            .into_iter()
            .filter(|l| !l.is_blank())
            .collect();
        let mut ip = IpConfig::default();
        for (n, line) in all.iter().enumerate() {
            ip.line(line, &all[n + 1..], None);
        }
        let host = ip.host().map(|(h, _)| h);
        (ip.finish().unwrap(), host)
    }

    fn told(i: &HostInterface) -> (String, String, String) {
        let list = |s: &AddrSet| s.texts().collect::<Vec<_>>().join(" ");
        (i.name.to_string(), list(&i.addrs), list(&i.networks))
    }

    // Each text in the words and the layout of a public capture of that language.
    #[test]
    fn addresses_and_masks_are_found_in_every_language() {
        let texts = [
            (
                "Ethernet adapter Ethernet:\n\n   Connection-specific DNS Suffix  . : \n   Link-local IPv6 Address . . . . . : fe80::1%6(Preferred) \n   IPv4 Address. . . . . . . . . . . : 10.0.2.15(Preferred) \n   Subnet Mask . . . . . . . . . . . : 255.255.255.0\n   Default Gateway . . . . . . . . . : fe80::2%6\n                                       10.0.2.2\n   DNS Servers . . . . . . . . . . . : 192.168.1.1\n",
                "Ethernet",
            ),
            (
                "Ethernet-Adapter Ethernet:\n\n   Verbindungsspezifisches DNS-Suffix: fritz.box\n   Verbindungslokale IPv6-Adresse  . : fe80::1%6(Bevorzugt) \n   IPv4-Adresse  . . . . . . . . . . : 10.0.2.15(Bevorzugt) \n   Subnetzmaske  . . . . . . . . . . : 255.255.255.0\n   Standardgateway . . . . . . . . . : 10.0.2.2\n   DNS-Server  . . . . . . . . . . . : 192.168.1.1\n",
                "Ethernet",
            ),
            (
                "Carte Ethernet Ethernet 2 :\n\n   Suffixe DNS propre à la connexion. . . :\n   Adresse IPv6 de liaison locale. . . . .: fe80::1%6\n   Adresse IPv4. . . . . . . . . . . . . .: 10.0.2.15\n   Masque de sous-réseau. . . . . . . . . : 255.255.255.0\n   Passerelle par défaut. . . . . . . . . : 10.0.2.2\n   Serveurs DNS. . .  . . . . . . . . . . : 192.168.1.1\n",
                "Ethernet 2",
            ),
            (
                "Adaptador de Ethernet Ethernet:\n\n   Sufijo DNS específico para la conexión. . :\n   Vínculo: dirección IPv6 local. . . : fe80::1%6(Preferido)\n   Dirección IPv4. . . . . . . . . . . . . . : 10.0.2.15(Preferido)\n   Máscara de subred . . . . . . . . . . . . : 255.255.255.0\n   Puerta de enlace predeterminada . . . . . : 10.0.2.2\n   Servidores DNS. . . . . . . . . . . . . . : 192.168.1.1\n",
                "Ethernet",
            ),
            (
                "Scheda Ethernet Ethernet:\n\n   Suffisso DNS specifico per connessione: fortechance.it\n   Indirizzo IPv6 locale rispetto al collegamento . : fe80::1%6\n   Indirizzo IPv4. . . . . . . . . . . . : 10.0.2.15\n   Subnet mask . . . . . . . . . . . . . : 255.255.255.0\n   Gateway predefinito . . . . . . . . . : 10.0.2.2\n   Server DNS . . . . . . . . . . . . .  : 192.168.1.1\n",
                "Ethernet",
            ),
            (
                "Adaptador Ethernet Ethernet:\n\n   Sufixo DNS específico de conexão. . . . . . :\n   Endereço IPv6 de link local . . . . . . . . : fe80::1%6(Preferencial)\n   Endereço IPv4. . . . . . . .  . . . . . . . : 10.0.2.15(Preferencial)\n   Máscara de Sub-rede . . . . . . . . . . . . : 255.255.255.0\n   Gateway Padrão. . . . . . . . . . . . . . . : 10.0.2.2\n   Servidores DNS. . . . . . . . . . . . . . . : 192.168.1.1\n",
                "Ethernet",
            ),
            (
                "Адаптер Ethernet Ethernet:\n\n   DNS-суффикс подключения . . . . . :\n   Локальный IPv6-адрес канала . . . : fe80::1%6(Основной)\n   IPv4-адрес. . . . . . . . . . . . : 10.0.2.15(Основной)\n   Маска подсети . . . . . . . . . . : 255.255.255.0\n   Основной шлюз. . . . . . . . . : 10.0.2.2\n   DNS-серверы. . . . . . . . . . . : 192.168.1.1\n",
                "Ethernet",
            ),
            (
                "以太网适配器 以太网:\n\n   连接特定的 DNS 后缀 . . . . . . . :\n   本地链接 IPv6 地址. . . . . . . . : fe80::1%6(首选)\n   IPv4 地址 . . . . . . . . . . . . : 10.0.2.15(首选)\n   子网掩码  . . . . . . . . . . . . : 255.255.255.0\n   默认网关. . . . . . . . . . . . . : 10.0.2.2\n   DNS 服务器  . . . . . . . . . . . : 192.168.1.1\n",
                "以太网",
            ),
            (
                "イーサネット アダプター イーサネット 4:\n\n   接続固有の DNS サフィックス . . . . .: future.co.jp\n   リンクローカル IPv6 アドレス. . . . .: fe80::1%6\n   IPv4 アドレス . . . . . . . . . . . .: 10.0.2.15\n   サブネット マスク . . . . . . . . . .: 255.255.255.0\n   デフォルト ゲートウェイ . . . . . . .: 10.0.2.2\n   DNS サーバー. . . . . . . . . . . . .: 192.168.1.1\n",
                "イーサネット 4",
            ),
        ];
        for (text, name) in texts {
            let (listing, _) = read(text);
            assert_eq!(listing.interfaces.len(), 1, "{text}");
            let i = &listing.interfaces[0];
            let want = (
                name.to_owned(),
                "10.0.2.15 fe80::1".to_owned(),
                "10.0.2.0/24 fe80::/64".to_owned(),
            );
            assert_eq!(told(i), want, "{text}");
            assert_eq!(i.index, Some(6), "{text}");
            let v4 = i.gateways.texts().find(|t| t.contains('.'));
            assert_eq!(v4.as_deref(), Some("10.0.2.2"), "{text}");
            assert_eq!(i.dns.texts().collect::<Vec<_>>(), ["192.168.1.1"], "{text}");
        }
    }

    #[test]
    fn an_old_or_unknown_language_is_read_by_shape() {
        let (listing, host) = read(
            "Konfiguracja IP systemu Windows\n\n        Nazwa hosta . . . . . . . . . . . : 231210f\n        Sufiks podstawowej domeny DNS . . . . . . :\n\nKarta Ethernet Polaczenie lokalne:\n\n        Opis . . . . . . . . . . . . . . :  AirLive\n        DHCP wlaczone . . . . . . . . . . : Tak\n        Adres IP. . . . . . . . . . . . . : 192.168.2.10\n        Maska podsieci. . . . . . . . . . : 255.255.255.0\n        Brama. . . . . . . . . . . . . . . : 192.168.2.1\n        Serwer DHCP . . . . . . . . . . . : 192.168.100.252\n",
        );
        assert_eq!(host.as_deref(), Some("231210f"));
        let want = (
            "Polaczenie lokalne".to_owned(),
            String::new(),
            "192.168.2.0/24".to_owned(),
        );
        let (name, addrs, networks) = told(&listing.interfaces[0]);
        assert_eq!((name, networks), (want.0, want.2));
        assert_eq!(addrs, "192.168.2.10");
    }

    #[test]
    fn tunnels_and_disconnected_media_are_told_apart() {
        let (listing, host) = read(
            "Windows IP Configuration\n\n   Host Name . . . . . . . . . . . . : WIN-WEB\n   Primary Dns Suffix  . . . . . . . : corp.example\n\nTunnel adapter Teredo Tunneling Pseudo-Interface:\n\n   IPv6 Address. . . . . . . . . . . : 2001:0:348b:fb58:4f2:1ea1:d89c:7294\n   Default Gateway . . . . . . . . . : ::\n\nTunnel adapter isatap.{7901C223-3BC4-42B0-BD21-258AA6858209}:\n\n   Media State . . . . . . . . . . . : Media disconnected\n   Connection-specific DNS Suffix  . : \n",
        );
        assert_eq!(host.as_deref(), Some("WIN-WEB"));
        let told: Vec<_> = listing
            .interfaces
            .iter()
            .map(|i| (i.tunnel, i.up))
            .collect();
        assert_eq!(told, [(true, Some(true)), (true, Some(false))]);
        assert!(listing.interfaces[0].gateways.is_empty());
    }

    #[test]
    fn filtered_lines_prove_no_absence() {
        let (listing, _) = read(
            "   IPv4 Address. . . . . . . . . . . : 192.168.1.5\n   IPv4 Address. . . . . . . . . . . : 10.1.1.5\n",
        );
        assert!(!listing.whole);
        assert_eq!(listing.interfaces.len(), 1);
        assert_eq!(told(&listing.interfaces[0]).1, "10.1.1.5 192.168.1.5");
    }
}
