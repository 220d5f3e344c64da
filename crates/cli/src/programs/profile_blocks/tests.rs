//! Tests with unusual AWS configs.

use credentials::{ProfileName, RoleArn};

use super::*;

/// Files that people have. All their bytes must be kept.
const FILES: [(&str, &[u8]); 30] = [
    ("empty", b""),
    ("an empty line", b"\n"),
    ("empty lines", b"\n\n\n"),
    ("an empty line of Windows", b"\r\n"),
    ("blanks alone", b"  \t "),
    ("a byte-order mark alone", b"\xef\xbb\xbf"),
    ("a byte-order mark", b"\xef\xbb\xbf[default]\nregion = eu-west-1\n"),
    ("plain", b"[default]\nregion = eu-west-1\n"),
    ("no line end", b"[default]\nregion = eu-west-1"),
    ("one word", b"x"),
    ("an empty last line", b"[default]\nregion = eu-west-1\n\n"),
    ("many empty last lines", b"[default]\n\n\n\n\n"),
    ("blanks in the last line", b"[default]\nregion = eu-west-1\n   "),
    ("of Windows", b"[default]\r\nregion = eu-west-1\r\n"),
    ("of Windows without a line end", b"[default]\r\nregion = eu-west-1"),
    ("of Windows with an empty last line", b"[default]\r\n\r\n"),
    ("half of Windows", b"[default]\r\nregion = eu-west-1\noutput = json\n"),
    ("half of Unix", b"[default]\nregion = eu-west-1\r\noutput = json\r\n"),
    ("a carriage return at the end", b"[default]\nregion = x\r"),
    ("of the old Macintosh", b"[default]\rregion = x\r"),
    ("of Windows, with a carriage return at the end", b"[default]\r\nregion = x\r"),
    ("tabs", b"[default]\n\tregion\t=\teu-west-1\t\n"),
    ("comments", b"# one\n; two\n[default] # three\nregion = x ; four\n"),
    ("the same section twice", b"[profile a]\nregion = x\n[profile a]\noutput = json\n"),
    ("nested values", b"[profile a]\ns3 =\n  max_concurrent_requests = 20\n\nregion = x\n"),
    ("not UTF-8", b"[profile \xff\xfe]\nregion = \x80\n"),
    ("control characters", b"[profile \x1b[31m]\n\x00\x01\x0c\n"),
    ("no section", b"region = eu-west-1\n"),
    (
        "almost markers",
        b"#BEGIN_AWS_SSO_CLI\n# BEGIN_AWS_SSO\n# END_AWS_SSO_CLIENT\nx # END_AWS_SSO_CLI\n",
    ),
    ("sections that are none", b"[\n[]\n[profile]\n[profile \n]\n[[profile a]]\n"),
];

fn name(text: &str) -> InstanceName {
    InstanceName::parse(text).unwrap()
}

/// A block with a profile of each name.
fn with_block<T>(instance: &str, names: &[&str], action: impl FnOnce(Block<'_>) -> T) -> T {
    let instance = name(instance);
    let process = ProcessLine::of(&["/bin/aws-sso", "process"]).unwrap();
    let names: Vec<_> = names.iter().map(|name| ProfileName::parse(name).unwrap()).collect();
    let sections = names.iter().map(|name| Section {
        name,
        arn: RoleArn::parse("arn:aws:iam::000001111111:role/Admin").unwrap(),
        region: Some("eu-west-1"),
        process: &process,
        variables: &[],
    });
    let sections = sections.collect();
    action(Block { instance: &instance, sections })
}

fn written(file: &[u8], instance: &str, names: &[&str]) -> Vec<u8> {
    with_block(instance, names, |block| Layout::of(file).unwrap().with(&[block]))
}

fn removed(file: &[u8]) -> Vec<u8> {
    Layout::of(file).unwrap().without(None)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[track_caller]
fn assert_same(what: &str, left: &[u8], right: &[u8]) {
    assert!(left == right, "{what}:\n{:?}\nis not\n{:?}", text(left), text(right));
}

#[test]
fn writing_and_removing_a_block_keeps_every_other_byte() {
    for (what, file) in FILES {
        let one = written(file, "Default", &["a"]);
        assert!(one.starts_with(file), "{what}");
        assert_same(what, &removed(&one), file);
        let two = written(&one, "corp", &["b"]);
        assert!(two.starts_with(&one), "{what}");
        assert_same(what, &removed(&two), file);
        let first = Layout::of(&two).unwrap().without(Some(&name("default")));
        assert!(text(&first).contains("BEGIN_AWS_SSO_CLI_corp"), "{what}");
        assert!(!text(&first).contains("# BEGIN_AWS_SSO_CLI\n"), "{what}");
        assert_same(what, &removed(&first), file);
        let last = Layout::of(&two).unwrap().without(Some(&name("CORP")));
        assert_same(what, &last, &one);
    }
}

#[test]
fn a_block_that_is_written_again_is_replaced_in_place() {
    for (what, file) in FILES {
        let one = written(file, "Default", &["a", "b"]);
        assert_same(what, &written(&one, "Default", &["a", "b"]), &one);
        let other = written(&one, "Default", &["c"]);
        assert_same(what, &written(file, "Default", &["c"]), &other);
        assert_same(what, &removed(&other), file);
        // Lines that a person writes below the block stay below it.
        let below = [&one[..], b"[profile z]\nregion = x"].concat();
        let again = written(&below, "Default", &["c"]);
        assert!(again.ends_with(b"[profile z]\nregion = x"), "{what}");
        assert!(again.starts_with(file), "{what}");
        let left = removed(&below);
        assert!(left.starts_with(file) && left.ends_with(b"[profile z]\nregion = x"), "{what}");
        assert!(!text(&left).contains(NOTE), "{what}: {}", text(&left));
        // Without profiles there is no block.
        assert_same(what, &written(&one, "Default", &[]), file);
    }
}

#[test]
fn the_block_has_the_line_ends_of_the_file() {
    let file = b"[default]\r\nregion = x\r\n";
    let new = text(&written(file, "Default", &["a"]));
    assert_eq!(new.matches('\n').count(), new.matches("\r\n").count());
    let file = text(&written(b"", "Default", &["a b"]));
    assert_eq!(
        file,
        "# BEGIN_AWS_SSO_CLI\n\
         # Written by aws-sso setup profiles, which replaces everything between these lines.\n\
         [profile \"a b\"]\n\
         credential_process = /bin/aws-sso process --arn arn:aws:iam::000001111111:role/Admin\n\
         region = eu-west-1\n\
         # END_AWS_SSO_CLI\n"
    );
}

#[test]
fn a_block_of_the_reference_is_replaced_and_the_text_around_it_stays() {
    let block = "# BEGIN_AWS_SSO_CLI_corp\n\n[profile old]\ncredential_process = aws-sso\n\n# END_AWS_SSO_CLI_corp\n";
    for (before, after) in [
        ("", ""),
        ("[default]\n", ""),
        ("[default]\n\n", ""),
        ("[default]\n", "[profile z]\n"),
        ("[default]\n\n", "\n[profile z]"),
    ] {
        let file = format!("{before}{block}{after}");
        let new = written(file.as_bytes(), "Corp", &["new"]);
        let shown = text(&new);
        assert!(shown.starts_with(before) && shown.ends_with(after), "{shown}");
        assert!(shown.contains("[profile new]") && !shown.contains("old"), "{shown}");
        let left = text(&removed(&new));
        assert_eq!(left, format!("{before}{after}"));
        assert_eq!(text(&removed(file.as_bytes())), format!("{before}{after}"));
    }
}

#[test]
fn unmatched_markers_are_refused_with_their_lines() {
    use Malformed::*;
    let (begin, end) = ("# BEGIN_AWS_SSO_CLI\n", "# END_AWS_SSO_CLI\n");
    let (begin_x, end_x) = ("# BEGIN_AWS_SSO_CLI_x\n", "  # END_AWS_SSO_CLI_X  \r\n");
    for (parts, expected) in [
        (&[begin][..], NotEnded { open: 1 }),
        (&["a\n", begin, "b"], NotEnded { open: 2 }),
        (&[end], NotBegun { line: 1 }),
        (&[begin, end, end], NotBegun { line: 3 }),
        (&[begin, begin, end], Nested { line: 2, open: 1 }),
        (&[begin, begin_x, end_x, end], Nested { line: 2, open: 1 }),
        (&[begin, end_x], Crossed { line: 2, open: 1 }),
        (&[begin, end, begin, end], Doubled { line: 3, first: 1 }),
        (&[begin, end, "# BEGIN_AWS_SSO_CLI_default\n", end], Doubled { line: 3, first: 1 }),
    ] {
        assert_eq!(Layout::of(parts.concat().as_bytes()).err(), Some(expected), "{parts:?}");
    }
    assert!(Layout::of([begin, end, begin_x, end_x].concat().as_bytes()).is_ok());
    assert!(Layout::of(format!("\u{feff}{begin}{end}").as_bytes()).is_ok());
}

#[test]
fn profiles_outside_the_block_are_found_in_every_notation() {
    let file = [
        "\u{feff}[profile bom]\r\n",
        "[default] # the default\n",
        "  [profile  indented ]\n",
        "[profile \"in quotes\"]\n[profile 'single']\n",
        "[profile\ttab]\n",
        "[sso-session corp]\n[services x]\n[profilex]\n[plain]\n",
        "# [profile comment]\n",
        "# BEGIN_AWS_SSO_CLI\n[profile ours]\n# END_AWS_SSO_CLI\n",
        "# BEGIN_AWS_SSO_CLI_x\n[profile theirs]\n# END_AWS_SSO_CLI_x\n",
    ]
    .concat();
    let names = Layout::of(file.as_bytes()).unwrap().profiles_outside(&[&name("Default")]);
    let mut names: Vec<_> = names.iter().map(String::as_str).collect();
    names.sort_unstable();
    let expected = ["bom", "default", "in quotes", "indented", "single", "tab", "theirs"];
    assert_eq!(names, expected);
}

#[test]
fn each_name_has_its_degree_of_support_in_sdks() {
    for (name, fit) in [
        ("prod:Admin", Fit::Everybody),
        ("a/b.c%d@e+f_g-h", Fit::Everybody),
        ("with space", Fit::Some),
        ("Zürich", Fit::Some),
        ("a,b", Fit::Some),
        ("a]", Fit::Nobody),
        ("[a", Fit::Nobody),
        ("a\"b", Fit::Nobody),
        ("it's", Fit::Nobody),
        ("a\\b", Fit::Nobody),
        ("a#b", Fit::Nobody),
        ("a;b", Fit::Nobody),
        ("a\u{2028}b", Fit::Nobody),
        ("__proto__", Fit::Nobody),
    ] {
        assert_eq!(Fit::of(&ProfileName::parse(name).unwrap()), fit, "{name}");
    }
}

#[cfg(unix)]
#[test]
fn variables_come_last_and_never_repeat_the_region() {
    let process = ProcessLine::of(&["/bin/aws-sso", "process"]).unwrap();
    let pair = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
    let variables = [("output", "json"), ("Region", "us-east-1")].map(pair);
    let name = ProfileName::parse("a").unwrap();
    let written = |region| {
        let arn = RoleArn::parse("arn:aws:iam::000001111111:role/Admin").unwrap();
        Section { name: &name, arn, region, process: &process, variables: &variables }.to_string()
    };
    assert!(written(Some("eu-west-1")).ends_with("\nregion = eu-west-1\noutput = json\n"));
    assert!(written(None).ends_with("\noutput = json\nRegion = us-east-1\n"));
}

#[test]
fn a_path_is_quoted_so_that_shells_and_botocore_split_it_alike() {
    for path in ["/usr/bin/aws-sso", "/my apps/aws-sso", "/it's/$HOME/aws-sso", "/a#b/aws-sso"] {
        let process = ProcessLine::of(&[path, "process"]).unwrap();
        let name = ProfileName::parse("a").unwrap();
        let arn = RoleArn::parse("arn:aws:iam::000001111111:role/Admin").unwrap();
        let section = Section { name: &name, arn, region: None, process: &process, variables: &[] }
            .to_string();
        let line = section.lines().find_map(|line| line.strip_prefix("credential_process = "));
        let words = shlex::split(line.unwrap()).unwrap();
        let expected = [path, "process", "--arn", "arn:aws:iam::000001111111:role/Admin"];
        assert_eq!(words, expected, "{section}");
    }
    for path in ["/a #b/aws-sso", "/a ;b/aws-sso", "/a\nb/aws-sso"] {
        assert!(ProcessLine::of(&[path]).is_err(), "{path:?}");
    }
}
