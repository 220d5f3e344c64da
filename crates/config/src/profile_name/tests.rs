//! Limits of templates, their error messages, and the time that a name takes.

use std::hint::black_box;
use std::time::Instant;

use super::{Fields, ProfileFormat, golden::with_fields};

#[track_caller]
fn render(template: &str) -> Result<String, String> {
    let name = with_fields(|fields| ProfileFormat::parse(template)?.render(fields));
    name.map(|name| name.to_string()).map_err(|error| error.to_string())
}

#[test]
fn a_missing_and_an_empty_profile_format_have_different_defaults() {
    for (format, name) in [
        (None, "Prod Account:AdministratorAccess"),
        (Some(""), "012345670123:AdministratorAccess"),
        (Some("{{ .SSO }}"), "Default"),
    ] {
        let format = ProfileFormat::of_config(format).unwrap();
        assert_eq!(with_fields(|fields| format.render(fields)).unwrap().as_str(), name);
    }
}

#[test]
fn errors_name_the_wrong_part() {
    for (template, message) in [
        ("{{ .Nope }}", "must not use the field .Nope, which does not exist"),
        (
            "{{ if .SSO }}a{{ else }}{{ .Nope }}{{ end }}",
            "must not use the field .Nope, which does not exist",
        ),
        ("{{ nope 1 }}", "must not use the function nope, which does not exist"),
        ("{{ .SSO | env }}", "must not use the function env, which does not exist"),
        ("a\n{{ .SSO", "must be a template; at line 2 column 8: unclosed action"),
        ("{{ if .SSO }}x", "must be a template; at line 1 column 15: unexpected EOF"),
        ("{{ upper 1 }}", "must work for every role; `upper 1` needs a text as an argument"),
        ("{{ trunc 5 }}", "must work for every role; `trunc 5` needs 2 arguments and was given 1"),
        (
            "{{ .Via }}",
            "must give names; a name must be 1 to 512 bytes of UTF-8 without control characters",
        ),
        (
            "a\nb",
            "must give names; a name must be 1 to 512 bytes of UTF-8 without control characters",
        ),
    ] {
        assert_eq!(render(template).unwrap_err(), message, "{template}");
    }
}

#[test]
fn errors_do_not_contain_the_role() {
    for template in
        ["{{ .Nope }}", "{{ index .Tags 1 2 }}", "{{ .Tags | lower }}", "{{ range .SSO }}{{ end }}"]
    {
        let message = render(template).unwrap_err();
        assert!(!message.contains("root@example.com") && message.len() < 200, "{message}");
    }
}

#[test]
fn no_template_hangs_or_exhausts_the_memory() {
    let nested = format!("{}{}", "{{ if .SSO }}".repeat(300), "{{ end }}".repeat(300));
    let paren = format!("{{{{ {}.SSO{} }}}}", "(".repeat(2000), ")".repeat(2000));
    let chain = format!("{{{{ if 0 }}}}{}{{{{ end }}}}", "{{ else if 0 }}".repeat(250));
    let field = format!("{{{{ .SSO{} }}}}", ".a".repeat(2000));
    let pipe = format!("{{{{ .SSO{} }}}}", " | lower 1".repeat(400));
    let long = "x".repeat(5000);
    for template in [
        "{{ .SSO",
        "{{",
        "{{ \"",
        "{{/*",
        r#"{{ "\x" }}"#,
        r#"{{ "\u1" }}"#,
        r"{{ '\x' }}",
        r#"{{ "\xaüü" }}"#,
        "{{ repeat 1000000000 \"x\" }}",
        "{{ replace \"\" (repeat 10000 \"x\") (repeat 10000 \"y\") }}",
        "{{ regexReplaceAll \"\" (repeat 10000 \"y\") (repeat 10000 \"x\") }}",
        "{{ regexReplaceAll \"(((a{100}){100}){100}){100}\" \"a\" \"b\" }}",
        "{{ range 1000000000 }}{{ end }}",
        "{{ range 1000 }}{{ range 1000 }}{{ end }}{{ end }}",
        "{{ printf \"%999999d\" 1 }}",
        "{{ define \"r\" }}{{ template \"r\" . }}{{ end }}{{ template \"r\" . }}",
        "{{ define \"r\" }}{{ if gt . 0 }}{{ template \"r\" (sub . 1) }}{{ template \"r\" (sub . 1) }}{{ end }}{{ end }}\
         {{ template \"r\" 60 }}",
        "{{ $x := list 1 }}{{ range 1000 }}{{ $x = list $x $x }}{{ end }}",
        "{{ $x := \"ab\" }}{{ range 1000 }}{{ $x = cat $x $x }}{{ end }}",
        &nested,
        &paren,
        &chain,
        &field,
        &pipe,
        &long,
    ] {
        assert!(render(template).is_err(), "{template}");
    }
}

/// A test has a stack of 2 MiB and frames that are not optimized. The program has four times the stack and needs an eighth of
/// it.
#[test]
fn the_deepest_allowed_templates_fit_on_the_stack() {
    for (open, close, deepest) in [
        ("{{ range 1 }}", "{{ end }}", 48),
        ("{{ if 1 }}", "{{ end }}", 48),
        ("{{ with 1 }}", "{{ end }}", 48),
        ("{{ if 0 }}{{ else }}", "{{ end }}", 24),
    ] {
        let template = format!("{}x{}", open.repeat(deepest), close.repeat(deepest));
        assert_eq!(render(&template).unwrap(), "x");
        assert!(render(&format!("{template}{{{{ (1) }}}}")).is_err());
    }
    let calls = format!("{}$.SSO{}", "(lower ".repeat(48), ")".repeat(48));
    assert_eq!(render(&format!("{{{{ {calls} }}}}")).unwrap(), "default");
    let chain = format!("{{{{ if 0 }}}}{}{{{{ end }}}}x", "{{ else if 0 }}".repeat(23));
    assert_eq!(render(&chain).unwrap(), "x");
    let calls = format!("{}.{}", "(sub ".repeat(46), " 0)".repeat(46));
    let recursive = "{{ define \"r\" }}{{ template \"r\" CALLS }}{{ end }}{{ template \"r\" 1 }}";
    let message = render(&recursive.replace("CALLS", &calls)).unwrap_err();
    assert!(message.contains("nesting depth"), "{message}");
}

#[test]
fn texts_are_cut_between_characters() {
    assert_eq!(
        render("{{ trunc 1 \"üx\" }}x{{ trunc -2 \"xäb\" }}{{ substr 1 3 \"aüb\" }}").unwrap(),
        "xbü"
    );
    assert_eq!(render("{{ abbrev 5 \"aüüüü\" }}").unwrap(), "a...");
}

#[test]
fn a_missing_tag_is_an_empty_text() {
    assert_eq!(render("{{ lower .Tags.None }}{{ FirstItem .Tags.None .SSO }}").unwrap(), "Default");
}

/// Run it with: cargo test --release -p config -- --ignored --nocapture time_for_a_name
#[test]
#[ignore = "a measurement"]
#[expect(clippy::print_stderr, reason = "it prints the measurement")]
fn time_for_a_name() {
    const NAMES: u32 = 5_000;
    for template in [
        super::DEFAULT_FORMAT,
        super::PLAIN_FORMAT,
        "{{ AccountIdStr .AccountId }}:{{ .RoleName }}",
        "{{ .AccountName | lower | replace \" \" \"-\" | trunc 20 }}/{{ .RoleName | kebabcase }}{{ with .Tags.Team }}-{{ . }}{{ end }}",
    ] {
        let format = ProfileFormat::parse(template).unwrap();
        let batch = |fields: &Fields<'_>| {
            let start = Instant::now();
            for _ in 0..NAMES {
                black_box(format.render(black_box(fields)).unwrap());
            }
            start.elapsed() / NAMES
        };
        // The minimum of many, because other programs use the machine too.
        let best = with_fields(|fields| (0..40).map(|_| batch(fields)).min());
        eprintln!("{best:?} for each name: {template}");
    }
}
