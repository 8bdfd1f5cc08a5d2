//! `hylint collect windows|linux|aws|azure`: the script that makes complete exports of a platform.

use super::fail::Failure;
use super::{Exit, output};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// What the script exports
    #[arg(value_enum)]
    platform: Platform,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug)]
enum Platform {
    /// Windows Firewall, of this host or of others over remoting (PowerShell)
    Windows,
    /// nftables and iptables of a Linux host (sh)
    Linux,
    /// Security groups and network ACLs of an AWS account (sh, AWS CLI)
    Aws,
    /// Network security groups of an Azure subscription (sh, Azure CLI)
    Azure,
}

impl Platform {
    /// The script, in ASCII: consoles of every code page save it as it is.
    const fn script(self) -> &'static str {
        match self {
            Self::Windows => include_str!("collect/windows.ps1"),
            Self::Linux => include_str!("collect/linux.sh"),
            Self::Aws => include_str!("collect/aws.sh"),
            Self::Azure => include_str!("collect/azure.sh"),
        }
    }
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    output::stdout(|out| out.write_all(args.platform.script().as_bytes()))?;
    Ok(Exit::Clean)
}

#[cfg(test)]
mod tests {
    use super::Platform;
    use clap::ValueEnum;

    /// A redirected console writes other letters in its own code page, and a script with them may not run.
    #[test]
    fn scripts_are_ascii() {
        for platform in Platform::value_variants() {
            assert!(platform.script().is_ascii(), "{platform:?}");
        }
    }
}
