//! Makes firewall exports to measure and to test with: the same arguments give the same bytes.
//!
//!     cargo run --release --example make-exports -- list --format iptables --rules 10000 -o list.rules
//!     cargo run --release --example make-exports -- fleet --format netsh --hosts 100 --rules 1000 --config -o DIR
//!     cargo run --release --example make-exports -- adversarial --shape stripes --rules 2000 -o bad.rules
//!
//! `list` is one realistic list, `fleet` a folder of hosts named after their roles, which has every flow that the
//! built-in matrix needs and unrelated rules beside (with `--config`, a hylint.toml that says who is where), and
//! `adversarial` a list that is built to be hard; see [`adversarial::Shape`].

mod adversarial;
mod fleet;
mod flow;
mod realistic;
mod text;

use clap::{Args, Parser, Subcommand};
use std::io::{self, Write};
use std::path::PathBuf;
use text::Format;

#[derive(Parser)]
#[command(about = "Makes firewall exports to measure and to test with")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// One realistic list
    List(ListArgs),
    /// A folder of hosts, one export each
    Fleet {
        #[command(flatten)]
        list: ListArgs,
        /// How many hosts
        #[arg(long, default_value_t = 100)]
        hosts: usize,
        /// Write the hylint.toml that fits
        #[arg(long)]
        config: bool,
    },
    /// One list that is hard to analyse
    Adversarial {
        #[command(flatten)]
        list: ListArgs,
        /// How it is built
        #[arg(long, value_enum)]
        shape: adversarial::Shape,
        /// Rules of any source in front, where the shape has some
        #[arg(long, default_value_t = 100)]
        wide: usize,
    },
}

#[derive(Args)]
struct ListArgs {
    /// Format of the exports
    #[arg(long, value_enum, default_value_t = Format::Iptables)]
    format: Format,
    /// Rules of each export
    #[arg(long, default_value_t = 1000)]
    rules: usize,
    /// Another number, other exports
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// File or folder [default: standard output]
    #[arg(short, long)]
    output: Option<PathBuf>,
}

fn main() -> io::Result<()> {
    match Cli::parse().command {
        Command::List(a) => {
            let mut rng = fastrand::Rng::with_seed(a.seed);
            emit(
                &a,
                &realistic::flows(&mut rng, a.rules, realistic::Noise::Careless),
            )
        }
        Command::Adversarial { list, shape, wide } => {
            let mut rng = fastrand::Rng::with_seed(list.seed);
            emit(&list, &shape.flows(&mut rng, list.rules, wide))
        }
        Command::Fleet {
            list,
            hosts,
            config,
        } => {
            let folder = list.output.clone().unwrap_or_else(|| "fleet".into());
            fleet::write(&folder, list.format, hosts, list.rules, list.seed, config)
        }
    }
}

fn emit(args: &ListArgs, flows: &[flow::Flow]) -> io::Result<()> {
    let text = args.format.text("list", flows).map_err(io::Error::other)?;
    match &args.output {
        Some(path) => std::fs::write(path, text),
        None => io::stdout().lock().write_all(text.as_bytes()),
    }
}
