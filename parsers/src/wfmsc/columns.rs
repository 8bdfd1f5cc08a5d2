//! The columns of a list, by their headings and by their place.

/// What a column says of a rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Column {
    Name,
    Group,
    Profile,
    Enabled,
    Action,
    /// Whether the rule overrides blocks.
    Override,
    Program,
    LocalAddress,
    RemoteAddress,
    Protocol,
    LocalPort,
    RemotePort,
    Users,
    Computers,
    /// Local accounts whose programs the rule is for.
    Principals,
    Owner,
    Package,
    /// Only below Monitoring.
    Direction,
    Source,
    Description,
    Service,
    Interfaces,
    Edge,
}

use Column::{
    Action, Computers, Description, Direction, Edge, Enabled, Group, Interfaces, LocalAddress,
    LocalPort, Name, Override, Owner, Package, Principals, Profile, Program, Protocol,
    RemoteAddress, RemotePort, Service, Source, Users,
};

/// The columns as the console shows them until the user chooses others: since Windows 8, and in Windows 7.
pub(super) const LAYOUTS: [&[Column]; 2] = [
    &[
        Name,
        Group,
        Profile,
        Enabled,
        Action,
        Override,
        Program,
        LocalAddress,
        RemoteAddress,
        Protocol,
        LocalPort,
        RemotePort,
        Users,
        Computers,
        Principals,
        Owner,
        Package,
    ],
    &[
        Name,
        Group,
        Profile,
        Enabled,
        Action,
        Override,
        Program,
        LocalAddress,
        RemoteAddress,
        Protocol,
        LocalPort,
        RemotePort,
        Users,
        Computers,
    ],
];

/// Headings in English, as public lists show them.
const ENGLISH: &[(&str, Column)] = &[
    ("name", Name),
    ("group", Group),
    ("profile", Profile),
    ("enabled", Enabled),
    ("action", Action),
    ("override", Override),
    ("program", Program),
    ("local address", LocalAddress),
    ("remote address", RemoteAddress),
    ("protocol", Protocol),
    ("local port", LocalPort),
    ("remote port", RemotePort),
    ("authorized users", Users),
    ("allowed users", Users),
    ("authorized computers", Computers),
    ("allowed computers", Computers),
    ("authorized local principals", Principals),
    ("local user owner", Owner),
    ("application package", Package),
    ("direction", Direction),
    ("rule source", Source),
    ("description", Description),
    ("service", Service),
    ("interface type", Interfaces),
    ("interface types", Interfaces),
    ("edge traversal", Edge),
];

/// Translations of headings that no public list confirms: German, French, Spanish, Italian, Portuguese, Russian, Chinese,
/// Japanese.
const TRANSLATED: &[(Column, &[&str])] = &[
    (Name, &["nom", "nombre", "nome", "имя", "名称", "名前"]),
    (
        Group,
        &[
            "gruppe",
            "groupe",
            "grupo",
            "gruppo",
            "группа",
            "组",
            "グループ",
        ],
    ),
    (
        Profile,
        &[
            "profil",
            "perfil",
            "profilo",
            "профиль",
            "配置文件",
            "プロファイル",
        ],
    ),
    (
        Enabled,
        &[
            "aktiviert",
            "activé",
            "habilitado",
            "habilitada",
            "abilitata",
            "attivata",
            "включено",
            "已启用",
            "有効",
        ],
    ),
    (
        Action,
        &["aktion", "acción", "azione", "ação", "действие", "操作"],
    ),
    (
        Program,
        &[
            "programm",
            "programme",
            "programa",
            "programma",
            "программа",
            "程序",
            "プログラム",
        ],
    ),
    (
        LocalAddress,
        &[
            "lokale adresse",
            "adresse locale",
            "dirección local",
            "indirizzo locale",
            "endereço local",
            "локальный адрес",
            "本地地址",
            "ローカル アドレス",
        ],
    ),
    (
        RemoteAddress,
        &[
            "remoteadresse",
            "adresse distante",
            "dirección remota",
            "indirizzo remoto",
            "endereço remoto",
            "удаленный адрес",
            "远程地址",
            "リモート アドレス",
        ],
    ),
    (
        Protocol,
        &[
            "protokoll",
            "protocole",
            "protocolo",
            "protocollo",
            "протокол",
            "协议",
            "プロトコル",
        ],
    ),
    (
        LocalPort,
        &[
            "lokaler port",
            "port local",
            "puerto local",
            "porta locale",
            "porta local",
            "локальный порт",
            "本地端口",
            "ローカル ポート",
        ],
    ),
    (
        RemotePort,
        &[
            "remoteport",
            "port distant",
            "puerto remoto",
            "porta remota",
            "удаленный порт",
            "远程端口",
            "リモート ポート",
        ],
    ),
];

/// The column of an English heading.
pub(super) fn english(heading: &str) -> Option<Column> {
    let heading = heading.to_lowercase();
    let found = ENGLISH.iter().find(|(text, _)| *text == heading);
    found.map(|(_, column)| *column)
}

/// The column of a heading by a translation.
pub(super) fn translated(heading: &str) -> Option<Column> {
    let heading = heading.to_lowercase();
    let found = TRANSLATED
        .iter()
        .find(|(_, texts)| texts.contains(&&*heading));
    found.map(|(column, _)| *column)
}

impl Column {
    /// What the console calls it in English.
    pub(super) fn heading(self) -> &'static str {
        match self {
            Name => "Name",
            Group => "Group",
            Profile => "Profile",
            Enabled => "Enabled",
            Action => "Action",
            Override => "Override",
            Program => "Program",
            LocalAddress => "Local Address",
            RemoteAddress => "Remote Address",
            Protocol => "Protocol",
            LocalPort => "Local Port",
            RemotePort => "Remote Port",
            Users => "Authorized Users",
            Computers => "Authorized Computers",
            Principals => "Authorized Local Principals",
            Owner => "Local User Owner",
            Package => "Application Package",
            Direction => "Direction",
            Source => "Rule Source",
            Description => "Description",
            Service => "Service",
            Interfaces => "Interface Types",
            Edge => "Edge Traversal",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_is_a_column_by_its_words() {
        assert_eq!(english("Local Port"), Some(LocalPort));
        assert_eq!(english("LocalPort"), None, "a property of PowerShell");
        assert_eq!(translated("Remoteadresse"), Some(RemoteAddress));
        for (text, column) in ENGLISH {
            assert_eq!(translated(text), None, "{text}");
            assert_eq!(english(column.heading()), Some(*column));
        }
    }
}
