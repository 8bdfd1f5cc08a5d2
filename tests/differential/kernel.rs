//! The running Linux kernel, in a network namespace that `tests/kernel/lab.py` makes and asks.

use super::engine::way;
use super::row::Row;
use super::talk::{Place, Talk};
use super::{Answer, Case, Evaluator, Probe, Sight};
use hylint::session::trace::Verdict;
use hylint_engine::Direction;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A namespace for one direction, family and backend. It ends with the process that made it.
pub(crate) struct Kernel {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    /// What is loaded.
    rules: String,
    /// The tool, as the first line of a dump names it.
    pub(crate) tool: String,
}

/// Which namespace.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lab {
    pub(crate) direction: Direction,
    pub(crate) version: u8,
    pub(crate) backend: &'static str,
}

impl Lab {
    pub(crate) fn name(&self) -> String {
        format!(
            "{} IPv{} {}",
            way(self.direction),
            self.version,
            self.backend
        )
    }
}

/// A dump of iptables as commands of nft, loaded.
pub(crate) struct Translated {
    /// The dump without the rules that are left out; empty if it has none of the lab's family.
    pub(crate) rules: String,
    /// The commands.
    pub(crate) commands: String,
    /// The rules that the tools have no form for.
    pub(crate) left: Vec<String>,
}

/// What the lab's tool made of rules.
pub(crate) struct Loaded {
    pub(crate) rules: String,
    /// Those that this machine refuses.
    pub(crate) refused: Vec<String>,
}

impl Kernel {
    /// Makes the namespace, with the interfaces that these texts of rules name.
    pub(crate) fn begin(script: &str, lab: Lab, named_by: &[String]) -> Result<Self, String> {
        Self::begin_as(script, way(lab.direction), lab, named_by)
    }

    /// The same for conversations, which go both ways.
    pub(crate) fn begin_talks(script: &str, lab: Lab, named_by: &[String]) -> Result<Self, String> {
        Self::begin_as(script, "talk", lab, named_by)
    }

    fn begin_as(script: &str, way: &str, lab: Lab, named_by: &[String]) -> Result<Self, String> {
        let mut child = Command::new("unshare")
            .args(["--net", "python3", script, "serve", way])
            .args([lab.version.to_string().as_str(), lab.backend])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| format!("unshare cannot be run: {e}"))?;
        let (to, from) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let from = BufReader::new(from);
        let mut kernel = Self {
            child,
            to,
            from,
            rules: String::new(),
            tool: String::new(),
        };
        let answer = kernel.call(&json!({ "op": "begin", "named_by": named_by }))?;
        kernel.tool = text(&answer["tool"]);
        Ok(kernel)
    }

    /// One request to the lab.
    pub(crate) fn call(&mut self, request: &Value) -> Result<Value, String> {
        writeln!(self.to, "{request}").map_err(|e| format!("the lab broke off: {e}"))?;
        let mut line = String::new();
        self.from.read_line(&mut line).map_err(|e| e.to_string())?;
        let answer: Value =
            serde_json::from_str(&line).map_err(|_| "the lab broke off".to_owned())?;
        match answer["error"].as_str() {
            Some(e) => Err(e.to_owned()),
            None => Ok(answer),
        }
    }

    /// Loads rules, without those that this machine refuses.
    pub(crate) fn load(&mut self, rules: &str) -> Result<Loaded, String> {
        self.load_beside(rules, &[])
    }

    /// The same with what iptables-nft saved of each family, which it loads itself.
    pub(crate) fn load_beside(
        &mut self,
        rules: &str,
        saves: &[(u8, String)],
    ) -> Result<Loaded, String> {
        let answer = self.call(&json!({ "op": "load", "rules": rules, "saves": saves }))?;
        self.rules = text(&answer["loaded"]);
        let refused = answer["refused"].as_array().into_iter().flatten();
        let refused = refused.map(text).collect();
        Ok(Loaded {
            rules: self.rules.clone(),
            refused,
        })
    }
}

impl Kernel {
    /// Loads what iptables-restore-translate makes of a dump.
    pub(crate) fn translated(&mut self, path: &Path) -> Result<Translated, String> {
        let answer = self.call(&json!({ "op": "translated", "path": path }))?;
        self.rules = text(&answer["commands"]);
        let left = answer["left"].as_array().into_iter().flatten();
        Ok(Translated {
            rules: text(&answer["rules"]),
            commands: self.rules.clone(),
            left: left.map(text).collect(),
        })
    }
}

impl Drop for Kernel {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn text(v: &Value) -> String {
    v.as_str().unwrap_or_default().to_owned()
}

/// The filter table of a dump.
pub(crate) fn filter_table(rules: &str) -> String {
    let from = rules.lines().skip_while(|l| *l != "*filter");
    let mut out: String = from
        .take_while(|l| *l != "COMMIT")
        .flat_map(|l| [l, "\n"])
        .collect();
    out.push_str("COMMIT\n");
    out
}

impl Evaluator for Kernel {
    fn name(&self) -> &'static str {
        "kernel"
    }

    fn sight(&self) -> Sight {
        Sight::Once
    }

    fn answers(&mut self, case: &Case<'_>, probes: &[Probe]) -> Result<Vec<Answer>, String> {
        let dump = case.dump.ok_or("the kernel loads a dump")?;
        let wanted = if case.filter_only {
            filter_table(&dump.text)
        } else {
            dump.text.clone()
        };
        if self.rules != wanted {
            let refused = self.load(&wanted)?.refused;
            if !refused.is_empty() {
                return Err(format!("refused: {refused:?}"));
            }
        }
        let rows = probes
            .iter()
            .map(|p| p.row.clone().unwrap_or_else(|| Row::of(&p.packet)));
        let rows: Vec<_> = rows.map(|r| r.0).collect();
        let answer = self.call(&json!({ "op": "ask", "packets": rows }))?;
        let said = answer["answers"].as_array().into_iter().flatten();
        Ok(said.map(observed).collect())
    }

    fn talks(&mut self, _: &Case<'_>, _: &Place, talks: &[Talk]) -> Result<Vec<Answer>, String> {
        let answer = self.call(
            &json!({ "op": "talk", "talks": talks.iter().map(Talk::json).collect::<Vec<_>>() }),
        )?;
        let said = answer["answers"].as_array().into_iter().flatten();
        let one = |v: &Value| {
            let stopped = v.as_str().is_some_and(|w| w.starts_with("drop"));
            let answer = if stopped {
                Answer::of(Verdict::Deny)
            } else {
                observed(v)
            };
            Answer {
                by: text(v),
                ..answer
            }
        };
        Ok(said.map(one).collect())
    }
}

fn observed(said: &Value) -> Answer {
    let verdict = match said.as_str() {
        Some("accept") => Some(Verdict::Allow),
        Some("drop") => Some(Verdict::Deny),
        _ => None,
    };
    Answer {
        verdict,
        ..Answer::of(Verdict::Allow)
    }
}
