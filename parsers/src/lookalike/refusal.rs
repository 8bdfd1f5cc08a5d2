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
        api_error,
        "an error of an API in place of an export",
        COMMAND,
    ),
    Form::new(
        Refusal,
        nothing,
        "an empty JSON value: the command found nothing",
        "look at whether the query asks for the right account, region and group, and export again",
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
const LINES: usize = 24;

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
    // netsh writes two blanks where a name is left out.
    let single = |l: &str| l.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut lines = lines.into_iter().map(|l| single(l).to_lowercase());
    lines.any(|l| words.iter().any(|w| l.contains(w)))
}

/// Whether a line begins with the name of a program and goes on with a sentence: `ssh:` alone is a key of YAML.
fn complains(t: &Text<'_>, programs: &[&str]) -> bool {
    let Some(lines) = short(t) else { return false };
    let fits = |l: &&str| {
        let rest = programs.iter().find_map(|p| l.strip_prefix(p));
        rest.is_some_and(|r| r.split_whitespace().count() >= 2)
    };
    lines.first().is_some_and(fits)
}

/// `Run as administrator` in parentheses, as netsh ends its refusal in every language (ERROR_ELEVATION_REQUIRED), by the
/// word for the administrator; and the refusals of other commands.
/// Whether a text is what a command of Windows prints instead of its output when it fails.
pub(crate) fn is_of_windows(text: &str) -> bool {
    let t = &Text::new(text);
    // `Ok.` is what it says when it does not.
    (elevation(t) || failed(t)) && !alone(t, &["ok.", "ok"])
}

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
                "error loading sso token",
                "the config profile (",
                "to sign in, use a web browser",
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
    ) || complains(t, &["bash: ", "sh: ", "-bash: ", "zsh: ", "ksh: "])
}

fn starts(t: &Text<'_>, words: &[&str]) -> bool {
    short(t).is_some_and(|l| {
        l.first()
            .is_some_and(|first| words.iter().any(|w| first.starts_with(w)))
    })
}

fn failed(t: &Text<'_>) -> bool {
    complains(
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
            "timeout:",
            "Traceback (most recent",
            "Exception in thread",
            "ERROR:",
            "Error:",
            "error:",
            "FATAL:",
            "Fatal:",
            "fatal:",
            "usage:",
            "Usage:",
            "FirewallD is",
        ],
    ) || says(
        t,
        &[
            "host key verification failed",
            "remote host identification has changed",
            "connection refused",
            "connection timed out",
            "connection closed by",
            "connection reset by",
            "no route to host",
            "network path was not found",
            "could not resolve host",
            "no such file or directory",
            "firewalld is not running",
            "xtables lock",
            "running firewall service",
            "contact the windows firewall service",
            "contact the windows defender firewall service",
            "the rpc server is unavailable",
            "the service has not been started",
            "connecting to remote server",
            "winrm cannot",
            "unreachable! =>",
            "failed! =>",
            "non-zero return code",
            "error response from daemon",
            "error from server (",
            "the connection to the server",
            "segmentation fault",
        ],
    ) || alone(t, &["killed", "terminated", "ok.", "ok"])
        || http_status(t)
}

/// Whether the text is one of these words.
fn alone(t: &Text<'_>, words: &[&str]) -> bool {
    let Some(lines) = short(t) else { return false };
    matches!(lines.as_slice(), [one] if words.contains(&one.to_lowercase().as_str()))
}

/// `404: Not Found`, `403 Forbidden`: what a download that failed leaves (RFC 9110, 15.5 and 15.6).
fn http_status(t: &Text<'_>) -> bool {
    const CODES: [&str; 14] = [
        "400", "401", "403", "404", "405", "407", "408", "410", "429", "500", "501", "502", "503",
        "504",
    ];
    let Some(lines) = short(t) else { return false };
    let status = |l: &&str| {
        let l = l.strip_prefix("HTTP/1.1 ").unwrap_or(l);
        let code = l.get(..3).unwrap_or("");
        let rest = l.get(3..).unwrap_or("");
        CODES.contains(&code)
            && rest.starts_with([':', ' '])
            && rest
                .trim_start_matches([':', ' '])
                .starts_with(char::is_alphabetic)
    };
    lines.len() <= 3 && lines.first().is_some_and(status)
}

/// An object that says nothing but what went wrong, as APIs answer.
fn api_error(t: &Text<'_>) -> bool {
    const KEYS: [&str; 8] = [
        "error",
        "errors",
        "Error",
        "message",
        "Message",
        "errorMessage",
        "fault",
        "msg",
    ];
    short(t).is_some() && t.first_key().is_some_and(|k| KEYS.contains(&k))
}

/// JSON without anything in it: a query that found nothing, or a command that failed.
fn nothing(t: &Text<'_>) -> bool {
    if t.whole.len() > LONGEST {
        return false;
    }
    let text: String = t.whole.split_whitespace().collect();
    matches!(text.as_str(), "[]" | "{}" | "null" | "[[]]" | "\"\"")
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
        || first.starts_with("age-encryption.org/")
        // `openssl enc -a`: base64 of `Salted__`.
        || first.starts_with("U2FsdGVkX1")
        || t.json(&["sops", "mac", "data"])
        || t.field("sops", &[]) && t.has("ENC[AES256_GCM,")
}

/// HTML, whatever declarations and comments stand before its first element.
fn page(t: &Text<'_>) -> bool {
    let mut lines = t.lines().filter(|l| !l.is_empty()).take(24);
    let opens = |l: &str| {
        let l = l.to_ascii_lowercase();
        l.contains("<!doctype html") || l.contains("<html")
    };
    t.first().starts_with('<') && lines.any(opens)
}

/// The first keys of what hylint writes as JSON.
const OWN_KEYS: [&str; 7] = [
    "schema_version",
    "kind",
    "$schema",
    "format",
    "description",
    "packet",
    "id",
];

/// The marks of the formats that hylint writes, each of which names the tool in its first lines, or says the word of the
/// gate in its last. Each is asked of the place where hylint writes it: an export may quote any of them.
fn own(t: &Text<'_>) -> bool {
    let first_key = t.first_key();
    let json = t.json(&["schema_version", "tool", "evaluated_at"]) && t.has("\"hylint\"")
        || t.json(&["format", "findings"]) && t.has("\"hylint-baseline\"")
        || t.json(&["version", "runs"]) && t.has("\"hylint\"") && t.has("sarif")
        || t.json(&["check_name", "fingerprint", "location", "severity"])
        // `inspect`, `trace` and `matrix list`.
        || t.json(&["format", "encoding", "points", "stateful"])
        || t.json(&["packet", "verdict", "conditions"])
        || t.json(&["row", "transport", "application_protocol"]);
    let first = t.first();
    let heads = [
        "record,row,requirement,from,to,status,",
        "## ✅ hylint:",
        "## ❌ hylint:",
        "## ✅ hylint diff:",
        "## ❌ hylint diff:",
    ];
    let markup = first.starts_with('<')
        && (t.has("<testsuites name=\"hylint\"")
            || t.has("<meta name=\"generator\" content=\"hylint"));
    json && first_key.is_some_and(|k| OWN_KEYS.contains(&k))
        || heads.iter().any(|h| first.starts_with(h))
        || first.starts_with("::") && first.contains("title=hylint ")
        || markup
        || ends_as_report(t.whole)
}

/// Whether a text may be one at all: most exports are not looked through for it.
pub(super) fn may_be_own(text: &str) -> bool {
    const MARKS: [&str; 3] = ["hylint", "check_name", "record,row,"];
    const JSON: [&str; 3] = ["\"encoding\"", "\"verdict\"", "\"application_protocol\""];
    let is_json = text.trim_start().starts_with(['{', '[']);
    let end = text.len().min(HEAD);
    let head = text.as_bytes().get(..end).unwrap_or_default();
    let marked = |m: &&str| memchr::memmem::find(head, m.as_bytes()).is_some();
    MARKS.iter().any(marked) || is_json && JSON.iter().any(marked) || ends_as_report(text)
}

/// A report for people ends with the word of the gate and counts.
fn ends_as_report(text: &str) -> bool {
    const WORDS: [&str; 5] = ["PASSED", "FAILED:", "NOT RUN:", "NOTHING TO CHECK:", "OK ·"];
    let last = text.trim_end().lines().next_back().unwrap_or("");
    let plain = uncoloured(last);
    let has = |nouns: &[&str]| nouns.iter().all(|noun| plain.contains(noun));
    WORDS.iter().any(|w| plain.starts_with(w))
        && has(&[" · ", "export", "rule"])
        && (has(&["error", "warning", "note"]) || has(&[" file", " differ"]))
}

/// A line without the colours before its first word (ECMA-48, select graphic rendition).
fn uncoloured(line: &str) -> &str {
    let mut rest = line.trim_start();
    while let Some((code, after)) = rest.strip_prefix("\u{1b}[").and_then(|r| r.split_once('m')) {
        if !code.bytes().all(|b| b.is_ascii_digit() || b == b';') {
            break;
        }
        rest = after;
    }
    rest
}
