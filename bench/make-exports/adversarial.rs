//! Lists that are hard to analyse: each defeats a way in which rules are compared.

use super::flow::{Flow, any_v4, prefix, v4};
use fastrand::Rng;
use hylint_space::{AddrSet, PortSet, proto};

/// How a list is built.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(crate) enum Shape {
    /// Rules of any source in front of many narrow ones, in falling generality: whoever looks for the first match by
    /// prefix length meets every length, and each narrow rule has all the wide ones before it.
    Falling,
    /// Every second port for any source, then every second network for any port: what is left of any packet set is the
    /// product of the two combs.
    Stripes,
    /// Boxes of addresses and ports that overlap by half in each dimension.
    Boxes,
    /// Each rule is hidden by the union of the two halves before it, and every eighth is hidden but for one address.
    Halves,
    /// Half of the rules name sources and half destinations, in every pair of prefix lengths.
    Lengths,
}

impl Shape {
    /// `n` rules, `wide` of them of any source where the shape has such.
    pub(crate) fn flows(self, rng: &mut Rng, n: usize, wide: usize) -> Vec<Flow> {
        let mut flows: Vec<Flow> = match self {
            Self::Falling => falling(rng, n, wide.min(n)),
            Self::Stripes => stripes(n),
            Self::Boxes => (0..n).map(|i| overlapping(rng, i)).collect(),
            Self::Halves => (0..n).map(halves).collect(),
            Self::Lengths => (0..n).map(|i| lengths(rng, i)).collect(),
        };
        for (i, f) in flows.iter_mut().enumerate() {
            f.name = format!("r{i}");
        }
        flows
    }
}

fn rule(peer: AddrSet, own: AddrSet, ports: PortSet) -> Flow {
    Flow {
        own,
        ..Flow::allow(String::new(), proto::TCP, peer, ports)
    }
}

fn at(i: usize) -> u32 {
    u32::try_from(i).unwrap_or(u32::MAX)
}

fn port(i: usize) -> u16 {
    u16::try_from(i % 65_535 + 1).unwrap_or(1)
}

fn falling(rng: &mut Rng, n: usize, wide: usize) -> Vec<Flow> {
    (0..n)
        .map(|i| {
            let ports = PortSet::single(port(i));
            if i < wide {
                // Every other one denies, so that neither kind hides the other kind's rules.
                let mut flow = rule(any_v4(), any_v4(), ports);
                flow.allow = i % 2 == 0;
                return flow;
            }
            let done = (i - wide) * 24 / (n - wide).max(1);
            let len = 8 + at(done).min(24);
            let ports = PortSet::single(port(rng.usize(..wide.max(1) * 2)));
            let mut flow = rule(prefix(rng.u32(..), len), any_v4(), ports);
            flow.allow = rng.bool();
            flow
        })
        .collect()
}

fn stripes(n: usize) -> Vec<Flow> {
    (0..n)
        .map(|i| {
            let k = i / 2;
            if i % 2 == 0 {
                rule(any_v4(), any_v4(), PortSet::single(port(2 * k)))
            } else {
                let net = 0x0A00_0000 + at(k) * 512;
                let mut flow = rule(prefix(net, 24), any_v4(), PortSet::full());
                flow.allow = false;
                flow
            }
        })
        .collect()
}

fn overlapping(rng: &mut Rng, i: usize) -> Flow {
    let mut side = |base: u32| {
        let lo = base + (rng.u32(..0x40_0000) & !0xFF);
        v4(lo, lo + 0x20_0000 - 1)
    };
    let (peer, own) = (side(0x0A00_0000), side(0xC0A8_0000));
    let lo = rng.u16(1..32_000);
    let mut flow = rule(peer, own, PortSet::range(lo, lo + 16_000));
    flow.allow = !i.is_multiple_of(3);
    flow
}

fn halves(i: usize) -> Flow {
    let (k, part) = (i / 3, i % 3);
    let net = 0x0A00_0000 + at(k) * 256;
    let peer = match part {
        0 if k % 8 == 7 => v4(net + 1, net + 127),
        0 => prefix(net, 25),
        1 => prefix(net + 128, 25),
        _ => prefix(net, 24),
    };
    rule(peer, any_v4(), PortSet::single(443))
}

fn lengths(rng: &mut Rng, i: usize) -> Flow {
    let (a, b) = (at(i) % 25 + 8, at(i) / 25 % 25 + 8);
    let ports = match rng.u32(..3) {
        0 => PortSet::full(),
        1 => PortSet::single(rng.u16(1..)),
        _ => PortSet::range(1024, rng.u16(1025..)),
    };
    let mut flow = rule(prefix(rng.u32(..), a), prefix(rng.u32(..), b), ports);
    flow.allow = rng.bool();
    flow
}
