//! What commands print instead of an export when they fail, in the words of several languages; and what hylint itself
//! writes.

use super::form::Standing::{Other, Refusal};
use super::form::{Form, HEAD, Text};

pub(super) const REPORTS: &[Form] = &[Form::new(
    Other,
    own,
    "a report or a baseline of hylint",
    "write reports to a folder of their own",
)];

const ADMIN: &str =
    "run the command in a window that was opened with `Run as administrator`, and export again";
const ROOT: &str = "run the command as root (sudo), and export again";
const COMMAND: &str = "the command that should have written the export failed: run it on the host itself, look at what it \
    prints, and export again";
const CLOUD: &str = "sign in with an account that may read the firewalls (`aws sso login`, `az login`), and export again";

pub(super) const FORMS: &[Form] = &[
    Form::new(
        Refusal,
        elevation,
        "the refusal of a command that was not run as administrator",
        ADMIN,
    ),
    Form::new(
        Refusal,
        root,
        "the refusal of a command that was not run as root",
        ROOT,
    ),
    Form::new(
        Refusal,
        cloud,
        "an error of a cloud's command or API in place of what it should print",
        CLOUD,
    ),
    Form::new(
        Refusal,
        not_found,
        "an error text: the command was not found",
        COMMAND,
    ),
    Form::new(
        Refusal,
        failed,
        "an error text in place of an export",
        COMMAND,
    ),
    Form::new(
        Refusal,
        pointer,
        "a pointer of Git LFS or git-annex in place of the file itself",
        "fetch the file (`git lfs pull`, `git annex get`), and run hylint again",
    ),
    Form::new(
        Refusal,
        encrypted,
        "an encrypted file",
        "decrypt it, and run hylint again",
    ),
    Form::new(Refusal, page, "a web page in place of an export", COMMAND),
];

/// An error text is short: longer ones hold something else beside it.
const LONGEST: usize = 4096;
/// Lines that are not blank.
const LINES: usize = 12;

/// The lines of a text that is short enough to be nothing but an error.
fn short<'t>(t: &Text<'t>) -> Option<Vec<&'t str>> {
    let text = t.whole.trim();
    if text.len() > LONGEST {
        return None;
    }
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty())
        .collect();
    (!lines.is_empty() && lines.len() <= LINES).then_some(lines)
}

fn says(t: &Text<'_>, words: &[&str]) -> bool {
    let Some(lines) = short(t) else { return false };
    let mut lines = lines.into_iter().map(str::to_lowercase);
    lines.any(|l| words.iter().any(|w| l.contains(w)))
}

/// `Run as administrator` in parentheses, as netsh ends its refusal in every language (ERROR_ELEVATION_REQUIRED), by the
/// word for the administrator; and the refusals of other commands.
fn elevation(t: &Text<'_>) -> bool {
    const ADMINS: [&str; 18] = [
        "administrator",
        "administrateur",
        "administrador",
        "amministratore",
        "administratör",
        "admin",
        "администратор",
        "адміністратор",
        "správce",
        "správca",
        "yönetici",
        "järjestelmänvalvoja",
        "rendszergazda",
        "διαχειριστ",
        "管理者",
        "管理员",
        "管理員",
        "관리자",
    ];
    let Some(lines) = short(t) else { return false };
    let named = |part: &str| {
        let part = part.to_lowercase();
        ADMINS.iter().any(|a| part.contains(a))
    };
    let parenthesis = |l: &&str| {
        let open = l.rfind(['(', '（']);
        let closes = l.trim_end_matches(['.', '。']).ends_with([')', '）']);
        closes && open.is_some_and(|at| l.get(at..).is_some_and(named))
    };
    lines.len() <= 3 && lines.iter().any(parenthesis)
        || says(
            t,
            &[
                "requires elevation",
                "erfordert erhöhte rechte",
                "run as administrator",
                "access is denied",
                "accessdenied,",
                "zugriff verweigert",
                "accès refusé",
                "acceso denegado",
                "accesso negato",
                "acesso negado",
                "отказано в доступе",
                "odmowa dostępu",
                "toegang geweigerd",
                "åtkomst nekad",
                "přístup byl odepřen",
                "erişim engellendi",
                "アクセスが拒否されました",
                "拒绝访问",
                "存取被拒",
                "액세스가 거부되었습니다",
            ],
        )
}

fn root(t: &Text<'_>) -> bool {
    says(
        t,
        &[
            "you must be root",
            "need to be root",
            "must be run as root",
            "operation not permitted",
            "permission denied",
            "a password is required",
            "a terminal is required",
            "is not in the sudoers file",
            "authorization failed",
            "keine berechtigung",
            "vorgang nicht zulässig",
            "permission non accordée",
            "opération non permise",
            "permiso denegado",
            "operación no permitida",
            "permesso negato",
            "operazione non permessa",
            "permissão negada",
            "операция не позволена",
            "brak dostępu",
            "toegang geweigerd",
            "許可がありません",
            "许可被拒绝",
            "权限不够",
            "허가 거부",
        ],
    )
}

/// Errors of the AWS, Azure, Google and Oracle command lines and APIs.
fn cloud(t: &Text<'_>) -> bool {
    const CODES: [&str; 26] = [
        "unauthorizedoperation",
        "accessdenied",
        "expiredtoken",
        "requestexpired",
        "authfailure",
        "invalidclienttokenid",
        "unrecognizedclientexception",
        "signaturedoesnotmatch",
        "optinrequired",
        "requestlimitexceeded",
        "throttling",
        "authorizationfailed",
        "authenticationfailed",
        "invalidauthenticationtoken",
        "expiredauthenticationtoken",
        "subscriptionnotfound",
        "resourcegroupnotfound",
        "resourcenotfound",
        "notauthorizedornotfound",
        "notauthenticated",
        "aadsts",
        "unable to locate credentials",
        "you must specify a region",
        "could not connect to the endpoint url",
        "please run 'az login'",
        "(gcloud.",
    ];
    let code = says(t, &CODES)
        || says(
            t,
            &[
                "when calling the describe",
                "token has expired",
                "token included in the request is",
                "sso session associated with this profile",
                "permission_denied",
                "unauthenticated",
                "could not be found in the subscription",
                "an error occurred (",
                "serviceerror",
                "az: error",
                "aws: error",
            ],
        );
    // A policy that names such a code is no error: an error stands alone, or in an object of its own.
    code && !(t.is_json() && t.has_any(&["\"Statement\"", "\"scripts\"", "\"$schema\""]))
}

fn not_found(t: &Text<'_>) -> bool {
    says(
        t,
        &[
            "command not found",
            "is not recognized as",
            "the following command was not found",
            "kommando nicht gefunden",
            "befehl nicht gefunden",
            "ist entweder falsch geschrieben",
            "konnte nicht gefunden werden",
            "commande introuvable",
            "n'est pas reconnu",
            "n’est pas reconnu",
            "orden no encontrada",
            "no se encontró la orden",
            "no se reconoce como",
            "comando non trovato",
            "non è riconosciuto",
            "comando não encontrado",
            "não é reconhecido",
            "команда не найдена",
            "не является внутренней или внешней",
            "не распознано",
            "nie znaleziono polecenia",
            "nie jest rozpoznawana",
            "opdracht niet gevonden",
            "wordt niet herkend",
            "kommandot finns inte",
            "komut bulunamadı",
            "コマンドが見つかりません",
            "として認識されていません",
            "未找到命令",
            "不是内部或外部命令",
            "명령어를 찾을 수 없음",
        ],
    ) || starts(t, &["bash: ", "sh: ", "-bash: ", "zsh: ", "ksh: "])
}

fn starts(t: &Text<'_>, words: &[&str]) -> bool {
    short(t).is_some_and(|l| {
        l.first()
            .is_some_and(|first| words.iter().any(|w| first.starts_with(w)))
    })
}

fn failed(t: &Text<'_>) -> bool {
    starts(
        t,
        &[
            "iptables-save:",
            "iptables-save v",
            "ip6tables-save:",
            "ip6tables-save v",
            "iptables:",
            "iptables v",
            "nft:",
            "sudo:",
            "ssh:",
            "Traceback (most recent call last)",
            "ERROR:",
            "Error:",
            "error:",
            "FATAL:",
            "fatal:",
            "FirewallD is not running",
        ],
    ) || says(
        t,
        &[
            "host key verification failed",
            "connection refused",
            "connection timed out",
            "no route to host",
            "could not resolve host",
            "no such file or directory",
            "firewalld is not running",
            "running firewall service",
            "contact the windows firewall service",
            "contact the windows defender firewall service",
            "the rpc server is unavailable",
            "the service has not been started",
            "connecting to remote server",
            "winrm cannot",
        ],
    )
}

fn pointer(t: &Text<'_>) -> bool {
    starts(
        t,
        &[
            "version https://git-lfs.github.com/spec/",
            "/annex/objects/",
        ],
    )
}

fn encrypted(t: &Text<'_>) -> bool {
    let first = t.first();
    first.starts_with("$ANSIBLE_VAULT;")
        || first.starts_with("-----BEGIN PGP MESSAGE")
        || first.starts_with("-----BEGIN AGE ENCRYPTED FILE")
        || t.json(&["sops", "mac", "data"])
}

fn page(t: &Text<'_>) -> bool {
    let first = t.first().to_ascii_lowercase();
    first.starts_with("<!doctype html") || first.starts_with("<html")
}

/// The marks of the formats that hylint writes, each of which names the tool in its first lines, or says the word of the
/// gate in its last.
fn own(t: &Text<'_>) -> bool {
    let json = t.json(&["schema_version", "tool", "evaluated_at"]) && t.has("\"hylint\"")
        || t.json(&["format", "findings"]) && t.has("\"hylint-baseline\"")
        || t.json(&["version", "runs"]) && t.has("\"hylint\"") && t.has("sarif")
        || t.json(&["check_name", "fingerprint", "location", "severity"]);
    let first = t.first();
    let heads = [
        "record,row,requirement,from,to,status,",
        "## ✅ hylint:",
        "## ❌ hylint:",
    ];
    json || heads.iter().any(|h| first.starts_with(h))
        || first.starts_with("::") && first.contains("title=hylint ")
        || t.has("<testsuites name=\"hylint\"")
        || t.has("<meta name=\"generator\" content=\"hylint")
        || ends_as_report(t.whole)
}

/// Whether a text may be one at all: most exports are not looked through for it.
pub(super) fn may_be_own(text: &str) -> bool {
    const MARKS: [&str; 3] = ["hylint", "check_name", "record,row,"];
    let end = text.len().min(HEAD);
    let head = text.as_bytes().get(..end).unwrap_or_default();
    let marked = |m: &&str| memchr::memmem::find(head, m.as_bytes()).is_some();
    MARKS.iter().any(marked) || ends_as_report(text)
}

/// A report for people ends with the word of the gate and counts.
fn ends_as_report(text: &str) -> bool {
    const WORDS: [&str; 5] = ["PASSED", "FAILED:", "NOT RUN:", "NOTHING TO CHECK:", "OK ·"];
    let last = text.trim_end().lines().next_back().unwrap_or("");
    // Colours stand before the word.
    let word = WORDS.iter().any(|w| last.contains(w));
    word && ["error", "warning", "note", "export", "rule"]
        .iter()
        .all(|noun| last.contains(noun))
}
