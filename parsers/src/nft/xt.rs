//! What nft shows of extensions of iptables: their names, and not what they ask (nft(8), "XT STATEMENT").

/// Whether the text of a rule names an extension of iptables: `xt match "x"`, without quotes before 1.0.7, `# xt_x` of a
/// version without the library, or the key of the JSON form.
#[must_use]
pub fn shows_xt(rule: &str) -> bool {
    let marks = ["xt match ", "xt target ", "# xt_"];
    let finds = |m: &str| memchr::memmem::find(rule.as_bytes(), m.as_bytes()).is_some();
    marks.into_iter().any(finds)
        || rule
            .split("\"xt\"")
            .skip(1)
            .any(|rest| rest.trim_start().starts_with(':'))
}

/// Whether nft wrote an extension in its own words: there it leaves two blanks, and drops what it has no words for.
#[must_use]
pub fn rewrites_xt(rule: &str) -> bool {
    let code = rule.split('"').step_by(2);
    code.into_iter().any(|c| c.trim().contains("  "))
}

#[cfg(test)]
mod tests {
    use super::{rewrites_xt, shows_xt};

    #[test]
    fn two_blanks_outside_of_strings_are_left_by_an_extension() {
        assert!(rewrites_xt(
            "tcp dport 53  counter packets 1 bytes 2 accept"
        ));
        assert!(!rewrites_xt("tcp dport 53 accept comment \"a  b\"\t\t"));
    }

    // Fails if one of the forms is missed, or a rule without an extension has one.
    #[test]
    fn extensions_are_shown_by_each_form() {
        for text in [
            "xt match \"addrtype\" counter jump DOCKER",
            "counter xt target \"TCPMSS\"",
            "tcp dport 9 xt match string counter log",
            "ip saddr 10.0.0.1 # xt_recent",
            "{\"xt\" : {\"type\": \"match\", \"name\": \"addrtype\"}}",
            "{\"xt\":null}",
        ] {
            assert!(shows_xt(text), "{text}");
        }
        for text in [
            "ip saddr 10.0.0.1 accept",
            "{\"comment\": \"xt\"}",
            "oifname \"xt0\" accept",
        ] {
            assert!(!shows_xt(text), "{text}");
        }
    }
}
