//! A folder of hosts that the built-in matrix knows.

use super::flow::{Flow, prefix};
use super::realistic;
use super::text::Format;
use hylint::rules::matrix::{Matrix, Presence, RoleIx};
use std::fmt::Write as _;
use std::io;
use std::path::Path;

/// One host.
struct Host {
    name: String,
    role: RoleIx,
    addr: u32,
}

/// Writes `n` exports of `rules` rules each.
///
/// # Errors
/// A file cannot be written, or the format has no words for a rule.
pub(crate) fn write(
    folder: &Path,
    format: Format,
    n: usize,
    rules: usize,
    seed: u64,
    config: bool,
) -> io::Result<()> {
    let matrix = hylint::site::load_matrix(&hylint::load::Disk, "hyworks", Path::new(""))
        .map_err(|_| io::Error::other("the built-in matrix does not load"))?;
    std::fs::create_dir_all(folder)?;
    let hosts = hosts(&matrix, n);
    for (i, h) in hosts.iter().enumerate() {
        let mut rng = fastrand::Rng::with_seed(seed.wrapping_mul(1_000_003) ^ i as u64);
        let mut flows = needed(&matrix, h.role);
        let rest = rules.saturating_sub(flows.len());
        // A deny behind the needed flows cannot break one where the first match decides.
        let noise = realistic::flows(&mut rng, rest, realistic::Noise::Tidy);
        flows.extend(
            noise
                .into_iter()
                .filter(|f| f.allow || format != Format::Netsh),
        );
        let text = format.text(&h.name, &flows).map_err(io::Error::other)?;
        std::fs::write(
            folder.join(&h.name).with_extension(format.extension()),
            text,
        )?;
    }
    if config {
        let text = site(&matrix, &hosts, format);
        std::fs::write(folder.join("hylint.toml"), text)?;
    }
    Ok(())
}

/// Roles that have hosts of their own, one host each at first; all further hosts are session hosts.
fn hosts(matrix: &Matrix, n: usize) -> Vec<Host> {
    let mut all = Vec::with_capacity(n);
    let own = matrix.roles.iter().enumerate().filter(|(_, r)| {
        r.presence == Presence::Core && r.lives_on.is_none() && r.id != "workspace-client"
    });
    let own: Vec<(RoleIx, &str)> = own
        .map(|(i, r)| (RoleIx(u16::try_from(i).unwrap_or(0)), r.id.as_str()))
        .collect();
    let many = matrix.role_ix("session-host").unwrap_or(RoleIx(0));
    for i in 0..n {
        let (role, id) = own.get(i).copied().unwrap_or((many, "session-host"));
        let addr = u32::try_from(i).unwrap_or(0) + 10;
        all.push(Host {
            name: format!("{id}-{i:05}"),
            role,
            addr: net(role) + addr,
        });
    }
    all
}

/// The network of a role's hosts: a /16 each.
fn net(role: RoleIx) -> u32 {
    0x0A40_0000 + u32::from(role.0) * 0x1_0000
}

fn needed(matrix: &Matrix, role: RoleIx) -> Vec<Flow> {
    let mut out = Vec::new();
    for r in &matrix.requirements {
        for (mine, other, inbound) in [(&r.to, &r.from, true), (&r.from, &r.to, false)] {
            if !mine.roles.contains(&role) {
                continue;
            }
            for peer in &other.roles {
                let ports = r.ports.iter().map(|p| (*p, *p)).collect();
                let peer = prefix(net(*peer), 16);
                let flow = Flow::allow(r.id.clone(), r.transport.number(), peer, ports);
                out.push(Flow { inbound, ..flow });
            }
        }
    }
    out
}

fn site(matrix: &Matrix, hosts: &[Host], format: Format) -> String {
    let mut out =
        String::from("# A generated fleet.\n[site]\nname = \"fleet\"\nmatrix = \"hyworks\"\n\n");
    out.push_str("[deployment]\naccess = \"direct\"\n\n[roles]\nworkspace-client = [\"");
    let clients = matrix.role_ix("workspace-client").unwrap_or(RoleIx(0));
    let _ = writeln!(out, "{}\"]", prefix(net(clients), 16));
    for h in hosts {
        let role = matrix.role(h.role).map_or("", |r| r.id.as_str());
        let [a, b, c, d] = h.addr.to_be_bytes();
        let _ = write!(
            out,
            "\n[[host]]\nname = \"{name}\"\naddresses = [\"{a}.{b}.{c}.{d}\"]\nroles = [\"{role}\"]\nexports = [\"{name}.{}\"]\n",
            format.extension(),
            name = h.name,
        );
    }
    out
}
