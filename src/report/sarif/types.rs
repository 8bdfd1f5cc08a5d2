//! The objects of SARIF 2.1.0 (section 3) with the properties that hylint writes. `tests/reports` holds the log to the schema.

use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Objects whose properties are left out where there is no value.
macro_rules! objects {
    ($($(#[$about:meta])* $name:ident { $($property:ident: $type:ty,)+ })+) => {
        $(
            $(#[$about])*
            #[derive(Serialize, Default)]
            #[serde(rename_all = "camelCase")]
            pub(in crate::report) struct $name {
                $(#[serde(skip_serializing_if = "Option::is_none")]
                pub(in crate::report) $property: Option<$type>,)+
            }
        )+
    };
}

/// The log: 3.13.
#[derive(Serialize)]
pub(in crate::report) struct Sarif {
    #[serde(rename = "$schema")]
    pub(in crate::report) schema: &'static str,
    pub(in crate::report) runs: Vec<Run>,
    pub(in crate::report) version: &'static str,
}

objects! {
    /// 3.14.
    Run {
        artifacts: Vec<Artifact>,
        automation_details: RunAutomationDetails,
        column_kind: &'static str,
        invocations: Vec<Invocation>,
        newline_sequences: Vec<&'static str>,
        original_uri_base_ids: BTreeMap<&'static str, ArtifactLocation>,
        properties: PropertyBag,
        results: Vec<SarifResult>,
        tool: Tool,
    }
    /// 3.17.
    RunAutomationDetails {
        id: String,
    }
    /// 3.18.
    Tool {
        driver: ToolComponent,
    }
    /// 3.19.
    ToolComponent {
        name: &'static str,
        notifications: Vec<ReportingDescriptor>,
        rules: Vec<ReportingDescriptor>,
        semantic_version: &'static str,
        short_description: MultiformatMessageString,
        version: &'static str,
    }
    /// 3.49.
    ReportingDescriptor {
        default_configuration: ReportingConfiguration,
        full_description: MultiformatMessageString,
        help: MultiformatMessageString,
        id: &'static str,
        name: String,
        properties: PropertyBag,
        short_description: MultiformatMessageString,
    }
    /// 3.50.
    ReportingConfiguration {
        level: &'static str,
    }
    /// 3.12.
    MultiformatMessageString {
        markdown: String,
        text: String,
    }
    /// 3.20.
    Invocation {
        execution_successful: bool,
        exit_code: i64,
        exit_code_description: String,
        tool_execution_notifications: Vec<Notification>,
    }
    /// 3.58.
    Notification {
        associated_rule: ReportingDescriptorReference,
        descriptor: ReportingDescriptorReference,
        level: &'static str,
        locations: Vec<Location>,
        message: Message,
    }
    /// 3.52.
    ReportingDescriptorReference {
        id: String,
        index: i64,
    }
    /// 3.24.
    Artifact {
        encoding: String,
        hashes: BTreeMap<&'static str, String>,
        length: i64,
        location: ArtifactLocation,
        roles: Vec<&'static str>,
    }
    /// 3.4.
    ArtifactLocation {
        description: Message,
        index: i64,
        uri: String,
        uri_base_id: &'static str,
    }
    /// 3.28.
    Location {
        id: i64,
        logical_locations: Vec<LogicalLocation>,
        message: Message,
        physical_location: PhysicalLocation,
    }
    /// 3.29.
    PhysicalLocation {
        artifact_location: ArtifactLocation,
        region: Region,
    }
    /// 3.30.
    Region {
        end_column: i64,
        end_line: i64,
        snippet: ArtifactContent,
        start_column: i64,
        start_line: i64,
    }
    /// 3.3.
    ArtifactContent {
        text: String,
    }
    /// 3.33.
    LogicalLocation {
        fully_qualified_name: String,
        kind: &'static str,
        name: String,
    }
    /// 3.11.
    Message {
        text: String,
    }
    /// 3.27.
    SarifResult {
        baseline_state: &'static str,
        level: &'static str,
        locations: Vec<Location>,
        message: Message,
        partial_fingerprints: BTreeMap<&'static str, String>,
        properties: PropertyBag,
        related_locations: Vec<Location>,
        rule_id: &'static str,
        rule_index: i64,
        suppressions: Vec<Suppression>,
    }
    /// 3.35.
    Suppression {
        justification: String,
        kind: &'static str,
        location: Location,
        properties: PropertyBag,
        status: &'static str,
    }
}

/// 3.8: tags, and properties of hylint's own.
#[derive(Serialize, Default)]
pub(in crate::report) struct PropertyBag {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::report) tags: Vec<&'static str>,
    #[serde(flatten)]
    pub(in crate::report) more: BTreeMap<&'static str, Value>,
}
