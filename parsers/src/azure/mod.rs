//! Azure network security groups as JSON: `az`, the REST interface, PowerShell, ARM templates.
//!
//! The forms differ in nesting (`properties` or flat), in the case of keys and in what stands around the groups, so the
//! reader looks for the objects by their shape, wherever they are, and reads each in the same way.
//!
//! A key of a rule that is not known may narrow it, so a rule that sets one is a rule that may match or not. A key whose
//! value is that of a feature not in use (`null`, `""`, `[]`, `{}`, `false`, `0`) changes nothing, and keys known not to
//! matter stand on a list. So a new field of the service makes a verdict uncertain only where somebody uses it.
//!
//! Sources: the REST reference of `Microsoft.Network/networkSecurityGroups` (`SecurityRulePropertiesFormat`,
//! `EffectiveNetworkSecurityGroup`), "Network security groups" and "Virtual network service tags" of the Azure
//! documentation.

mod addr;
pub mod catalog;
mod command;
mod companion;
mod context;
mod defaults;
mod draft;
mod group;
mod keys;
mod ports;
mod rule;
mod tags;
mod template;
mod values;
mod walk;
pub mod write;

use crate::input::{Depth, FormatSpec, Input, Score};
use crate::json::Json;
use context::Context;
use hylint_model::{Export, Span};

/// The format's registration.
pub const FORMAT: FormatSpec = FormatSpec {
    id: "azure",
    name: "Azure NSG JSON",
    command: "az network nsg list",
    detect,
    read,
    edit: None,
    commands: Some(command::commands),
};

fn detect(input: &Input<'_>) -> Score {
    let Some(json) = input.json() else { return 0 };
    json.documents().map(walk::score).max().unwrap_or(0)
}

fn read(input: &Input<'_>) -> Export {
    let mut cx = Context::new(input.depth == Depth::Heads);
    if let Some(json) = input.json() {
        document(&mut cx, json);
        for (span, inner) in std::mem::take(&mut cx.embedded) {
            cx.objects.within = Some(span);
            document(&mut cx, &Json::parse(&inner));
        }
        cx.objects.within = None;
    }
    let mut export = Export {
        format: FORMAT.id,
        rules_in_file: cx.rules_in_file,
        ..Export::default()
    };
    if let Some(json) = input.json() {
        let text = |span: &Span| input.source.slice(*span).to_owned();
        export.annotations = json.notes.iter().map(|s| (text(s), *s)).collect();
    }
    export.points = group::points(&mut cx);
    export.companions = companion::finish(&mut cx);
    export.problems = cx.objects.problems;
    export.problems.sort_by_key(|p| p.span);
    export
}

/// Reads every document of a text. Groups, rules and companions gather in the context.
fn document(cx: &mut Context, json: &Json<'_>) {
    cx.errors = json.errors.iter().map(|e| e.span).collect();
    let help = "export the file again; do not edit it by hand";
    cx.objects.errors(json, Some(help));
    walk::read(cx, json);
}

#[cfg(test)]
mod tests;
