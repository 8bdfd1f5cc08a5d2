//! Service tags: words that stand for addresses.

/// Names of the documented tags, and of three that occur in real groups of managed SQL instances. Regional tags add a
/// suffix: `Storage.WestEurope`. Only the spelling and the note on unknown words depend on the list.
pub(super) const KNOWN: &[&str] = &[
    "ActionGroup",
    "ApiManagement",
    "AppConfiguration",
    "AppService",
    "AppServiceManagement",
    "ApplicationInsightsAvailability",
    "AutonomousDevelopmentPlatform",
    "AzureActiveDirectory",
    "AzureActiveDirectoryDomainServices",
    "AzureAdvancedThreatProtection",
    "AzureArcInfrastructure",
    "AzureAttestation",
    "AzureBackup",
    "AzureBotService",
    "AzureCloud",
    "AzureCognitiveSearch",
    "AzureConnectors",
    "AzureContainerAppsService",
    "AzureContainerRegistry",
    "AzureCosmosDB",
    "AzureDatabricks",
    "AzureDataExplorerManagement",
    "AzureDeviceUpdate",
    "AzureDevOps",
    "AzureDigitalTwins",
    "AzureEventGrid",
    "AzureFrontDoor",
    "AzureHealthcareAPIs",
    "AzureInformationProtection",
    "AzureIoTHub",
    "AzureKeyVault",
    "AzureLoadBalancer",
    "AzureMachineLearning",
    "AzureMachineLearningInference",
    "AzureManagedGrafana",
    "AzureMonitor",
    "AzureMonitorForSAP",
    "AzureOpenDatasets",
    "AzurePlatformDNS",
    "AzurePlatformIMDS",
    "AzurePlatformLKM",
    "AzureResourceManager",
    "AzureSentinel",
    "AzureSignalR",
    "AzureSiteRecovery",
    "AzureSphere",
    "AzureSpringCloud",
    "AzureStack",
    "AzureTrafficManager",
    "AzureUpdateDelivery",
    "AzureVideoIndexer",
    "AzureVirtualDesktop",
    "AzureWebPubSub",
    "BatchNodeManagement",
    "ChaosStudio",
    "CognitiveServicesFrontend",
    "CognitiveServicesManagement",
    "CorpNetPublic",
    "CorpNetSaw",
    "DataFactory",
    "DataFactoryManagement",
    "Dynamics365BusinessCentral",
    "Dynamics365ForMarketingEmail",
    "EOPExternalPublishedIPs",
    "EventHub",
    "GatewayManager",
    "GenevaActions",
    "Grafana",
    "GuestAndHybridManagement",
    "HDInsight",
    "Internet",
    "KustoAnalytics",
    "LogicApps",
    "LogicAppsManagement",
    "M365ManagementActivityApi",
    "M365ManagementActivityApiWebhook",
    "MicrosoftAzureFluidRelay",
    "MicrosoftCloudAppSecurity",
    "MicrosoftContainerRegistry",
    "MicrosoftDefenderForEndpoint",
    "MicrosoftPurviewPolicyDistribution",
    "OneDsAnalytics",
    "OneDsCollector",
    "PowerBI",
    "PowerPlatformInfra",
    "PowerPlatformPlex",
    "PowerQueryOnline",
    "SCCservice",
    "Scuba",
    "SecurityCopilot",
    "SerialConsole",
    "ServiceBus",
    "ServiceFabric",
    "Sql",
    "SqlManagement",
    "Storage",
    "StorageMover",
    "StorageSyncService",
    "VideoIndexer",
    "VirtualNetwork",
    "WindowsAdminCenter",
    "WindowsVirtualDesktop",
];

/// Spellings of the classic deployment model.
pub(super) const CLASSIC: &[(&str, &str)] = &[
    ("VIRTUAL_NETWORK", "VirtualNetwork"),
    ("INTERNET", "Internet"),
    ("AZURE_LOADBALANCER", "AzureLoadBalancer"),
];

/// A tag's name in the documented spelling, or `None` if the word is not known.
pub(super) fn known(word: &str) -> Option<String> {
    if let Some((_, name)) = CLASSIC.iter().find(|(w, _)| w.eq_ignore_ascii_case(word)) {
        return Some((*name).to_owned());
    }
    let (base, region) = match word.find('.') {
        Some(n) => word.split_at(n),
        None => (word, ""),
    };
    KNOWN
        .iter()
        .find(|k| k.eq_ignore_ascii_case(base))
        .map(|k| format!("{k}{region}"))
}

/// Whether a word can be a tag at all.
pub(super) fn is_word(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic())
        && word
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_is_the_documented_one_whatever_the_case() {
        for (word, want) in [
            ("virtualnetwork", Some("VirtualNetwork")),
            ("VIRTUAL_NETWORK", Some("VirtualNetwork")),
            ("STORAGE.WestEurope", Some("Storage.WestEurope")),
            ("NoSuchTag", None),
        ] {
            assert_eq!(known(word).as_deref(), want);
        }
        assert!(is_word("AzureFrontDoor.Backend"));
        assert!(!is_word("10.0.0.0/8") && !is_word("a b") && !is_word("fe80::1"));
    }
}
