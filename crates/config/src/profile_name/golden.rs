//! Templates and their results in Go, from text/template of Go 1.19 with sprig 3.2.3 and the functions of aws-sso-cli. `None` is an
//! error.

use credentials::AccountId;

use super::{Fields, ProfileFormat, TemplateError};

const GOLDEN: &[(&str, Option<&str>)] = &[
    (r"plain text", Some(r"plain text")),
    (
        r"{{ FirstItem .AccountName (.AccountAlias | nospace) }}:{{ .RoleName }}",
        Some(r"Prod Account:AdministratorAccess"),
    ),
    (
        r"{{ FirstItem .Profile (.AccountAlias | nospace) }}:{{ .RoleName }}",
        Some(r"myalias:AdministratorAccess"),
    ),
    (r"{{.AccountIdPad}}:{{.RoleName}}", Some(r"012345670123:AdministratorAccess")),
    (r"{{ AccountIdStr .AccountId }}:{{ .RoleName }}", Some(r"012345670123:AdministratorAccess")),
    (r"{{ .AccountId }}-{{ .Id }}-{{ .ExpiresEpoch }}-{{ .Expires }}|", Some(r"12345670123-7-0-|")),
    (
        r"{{ .EmailAddress }} {{ .Arn }} {{ .Profile }} {{ .DefaultRegion }} {{ .SSO }} {{ .SSORegion }} {{ .StartUrl }} {{ .Via }}|",
        Some(
            r"root@example.com arn:aws:iam::012345670123:role/AdministratorAccess  eu-west-1 Default eu-central-1 https://x.awsapps.com/start |",
        ),
    ),
    (
        r#"{{ StringsJoin "/" .AccountName .Profile .RoleName }}"#,
        Some(r#"Prod Account/AdministratorAccess"#),
    ),
    (r#"{{ StringsJoin "/" }}|"#, Some(r#"|"#)),
    (r#"{{ FirstItem "" "" }}|{{ FirstItem }}|"#, Some(r#"||"#)),
    (r#"{{ StringReplace " " "-" .AccountName }}"#, Some(r#"Prod-Account"#)),
    (r#"{{ .AccountName | StringReplace "o" "0" }}"#, Some(r#"Pr0d Acc0unt"#)),
    (r"{{ if EmptyString .Profile }}none{{ else }}some{{ end }}", Some(r"none")),
    (r"{{ if .Profile }}a{{ else if .AccountName }}b{{ else }}c{{ end }}", Some(r"b")),
    (r"{{ with .Tags }}{{ .Color }}{{ end }}", Some(r"red")),
    (r"{{ range $k, $v := .Tags }}{{ $k }}={{ $v }};{{ end }}", Some(r"Color=red;Team=Über uns;")),
    (r"{{ .Tags.Color }}-{{ .Tags.Team }}-{{ .Tags.None }}", Some(r"red-Über uns-<no value>")),
    (r#"{{ index .Tags "Color" }}-{{ index .Tags "None" }}|"#, Some(r#"red-|"#)),
    (
        r#"{{ default "x" .Tags.None }} {{ default "x" (index .Tags "None") }} {{ .Tags.Color | default "x" }} {{ "" | default "d" }}"#,
        Some(r#"x x red d"#),
    ),
    (r"{{ $a := .AccountName -}} {{ $a }} {{- /* c */ -}} .", Some(r"Prod Account.")),
    (
        r#"{{ printf "%012d/%s/%q/%v/%5s/%-5s|" .AccountId .RoleName .SSO .Id "a" "b" }}"#,
        Some(r#"012345670123/AdministratorAccess/"Default"/7/    a/b    |"#),
    ),
    (
        r#"{{ printf "%d" 5 }} {{ print 1 2 "a" "b" 3 }} {{ len .RoleName }} {{ len .Tags }}"#,
        Some(r#"5 1 2ab3 19 2"#),
    ),
    (
        r#"{{ .RoleName | lower }} {{ .RoleName | upper }} {{ upper "straße ǆ ŉ" }} {{ lower "ÄİΣ ΑΣ" }}"#,
        Some(r#"administratoraccess ADMINISTRATORACCESS STRAßE Ǆ ŉ äiσ ασ"#),
    ),
    (
        r#"{{ title "hello wOrld-foo_bar it's 1a éa" }} {{ untitle "Hello World Foo-Bar" }}"#,
        Some(r#"Hello WOrld-Foo_bar It'S 1a Éa hello world foo-Bar"#),
    ),
    (
        r#"{{ trim "  a b  " }}|{{ trimAll "-" "--a-b--" }}|{{ trimAll "ab" "abcba" }}|{{ trimPrefix "a" "aab" }}|{{ trimSuffix "b" "abb" }}|{{ trimall "$" "$x$" }}"#,
        Some(r#"a b|a-b|c|ab|ab|x"#),
    ),
    (
        r#"{{ nospace "a b	c d" }} {{ replace "a" "b" "banana" }} {{ replace "" "-" "abc" }} {{ "I Am" | replace " " "-" }}"#,
        Some(r#"abcd bbnbnb -a-b-c- I-Am"#),
    ),
    (
        r#"{{ substr 0 5 "hello world" }}|{{ substr -1 3 "hello" }}|{{ substr 2 -1 "hello" }}|{{ substr 2 99 "hello" }}|{{ substr 5 5 "hello" }}|"#,
        Some(r#"hello|hel|llo|llo||"#),
    ),
    (r#"{{ substr 9 12 "hello" }}"#, None),
    (r#"{{ substr 3 2 "hello" }}"#, None),
    (
        r#"{{ trunc 5 "hello world" }}|{{ trunc -5 "hello world" }}|{{ trunc 50 "hello" }}|{{ trunc -50 "hello" }}|{{ trunc 0 "hello" }}|{{ trunc -5 "hello" }}"#,
        Some(r#"hello|world|hello|hello||hello"#),
    ),
    (
        r#"{{ abbrev 8 "hello world" }}|{{ abbrev 3 "hello" }}|{{ abbrev 5 "hello" }}|{{ abbrev 4 "hello" }}"#,
        Some(r#"hello...|hello|hello|h..."#),
    ),
    (
        r#"{{ list "a" "b" 3 | join "-" }} {{ join "-" "x" }} {{ join "," (list) }}|{{ splitList "-" "a-b-c" | join "+" }} {{ splitList "" "abc" }} {{ splitList "," "" | len }}"#,
        Some(r#"a-b-3 x |a+b+c [a b c] 1"#),
    ),
    (
        r#"{{ $p := split "-" "a-b-c" }}{{ $p._0 }}{{ $p._2 }}{{ $p._9 }}{{ index $p "_1" }}{{ (split "@" .EmailAddress)._1 }}"#,
        Some(r#"ac<no value>bexample.com"#),
    ),
    (
        r#"{{ empty "" }} {{ empty 0 }} {{ empty "a" }} {{ empty .Tags }} {{ empty false }} {{ empty (list) }}"#,
        Some(r#"true true false false true true"#),
    ),
    (
        r#"{{ coalesce "" 0 "c" "d" }} {{ coalesce .Profile .AccountName }} {{ coalesce "" "" }}"#,
        Some(r#"c Prod Account <no value>"#),
    ),
    (
        r#"{{ ternary "yes" "no" true }} {{ false | ternary "yes" "no" }} {{ contains "ins" .RoleName | ternary 1 2 }}"#,
        Some(r#"yes no 2"#),
    ),
    (
        r#"{{ contains "min" .RoleName }} {{ hasPrefix "Adm" .RoleName }} {{ hasSuffix "x" .RoleName }} {{ .RoleName | hasSuffix "Access" }}"#,
        Some(r#"true true false true"#),
    ),
    (r#"{{ repeat 3 "ab" }} {{ "x" | repeat 0 }}|"#, Some(r#"ababab |"#)),
    (r#"{{ repeat -1 "ab" }}"#, None),
    (
        r#"{{ initials "first try here" }} {{ initials " a  bc" }} {{ initials "" }}|"#,
        Some(r#"fth ab |"#),
    ),
    (
        r#"{{ snakecase "FirstName" }} {{ snakecase "HTTPServer" }} {{ snakecase "NoHTTPS" }} {{ snakecase "GO_PATH" }} {{ snakecase "GO PATH" }} {{ snakecase "GO-PATH" }} {{ snakecase "http2xx" }} {{ snakecase "HTTP20xOK" }} {{ snakecase "Duration2m3s" }} {{ snakecase "Bld4Floor3rd" }}"#,
        Some(
            r#"first_name http_server no_https go_path go_path go_path http_2xx http_20x_ok duration_2m3s bld4_floor_3rd"#,
        ),
    ),
    (
        r#"{{ snakecase "prod1" }} {{ snakecase "AWS2Prod" }} {{ snakecase "AWSReadOnlyAccess" }} {{ snakecase "a  b--c" }} {{ snakecase "-a-" }} {{ snakecase "2xA" }} {{ snakecase "a.B" }} {{ snakecase "ABC123DEF" }} {{ snakecase "x1Y2z3" }} {{ snakecase "" }}|{{ snakecase "My Company Dev 12" }} {{ snakecase "prod-eu1" }} {{ snakecase "A1" }} {{ snakecase "aB" }} {{ snakecase "123" }} {{ snakecase "a/b C(d)" }}"#,
        Some(
            r#"prod1 aws2_prod aws_read_only_access a__b__c _a_ 2x_a a.b abc123_def x1_y_2z3 |my_company_dev_12 prod_eu1 a1 a_b 123 a/b_c(d)"#,
        ),
    ),
    (
        r#"{{ kebabcase "FirstName" }} {{ kebabcase "AWSAdministratorAccess" }} {{ kebabcase "My Prod_Account" }} {{ kebabcase "team.One@Two" }} {{ kebabcase "9Lives" }} {{ kebabcase "ÜberUns" }}"#,
        Some(
            r#"first-name aws-administrator-access my-prod-account team.one@two 9-lives über-uns"#,
        ),
    ),
    (
        r#"{{ camelcase "some_words" }} {{ camelcase "http_server" }} {{ camelcase "_complex__case_" }} {{ camelcase "some words" }} {{ camelcase "a" }} {{ camelcase "fooBar-baz" }} {{ camelcase "a__b" }} {{ camelcase "a_" }} {{ camelcase "Prod EU 1" }} {{ camelcase "" }}|{{ camelcase "ab---" }}"#,
        Some(r#"SomeWords HttpServer _Complex_Case_ SomeWords A FoobarBaz A_B A_ ProdEu1 |Ab---"#),
    ),
    (
        r#"{{ quote "a\"b" 1 true }} {{ squote "a" 2 }} {{ quote }}|{{ cat "a" 1 "b" }} {{ cat }}"#,
        Some(r#""a\"b" "1" "true" 'a' '2' |a 1 b "#),
    ),
    (
        r#"{{ toString 5 }}{{ toString "a" }}{{ toString true }} {{ toString .Tags }}"#,
        Some(r#"5atrue map[Color:red Team:Über uns]"#),
    ),
    (
        r#"{{ int "12" }} {{ int64 "12" }} {{ int "abc" }} {{ int true }} {{ int 3.9 }} {{ int .AccountId }} {{ int64 "" }} {{ int " 5" }} {{ int "-7" }}"#,
        Some(r#"12 12 0 1 3 12345670123 0 0 -7"#),
    ),
    (
        r#"{{ int "012" }} {{ int "0x10" }} {{ int64 "0089" }} {{ int "1.5" }} {{ int .AccountIdPad }} {{ atoi "012" }} {{ atoi "x" }}"#,
        Some(r#"10 16 0 0 1402433619 12 0"#),
    ),
    (
        r#"{{ add 1 2 3 }} {{ sub 5 7 }} {{ mul 2 3 4 }} {{ div 7 2 }} {{ div -7 2 }} {{ mod 7 3 }} {{ mod -7 3 }} {{ max 1 5 3 }} {{ min 4 2 9 }} {{ add1 4 }} {{ add }} {{ add "3" 4 }} {{ mul 2 }} {{ max 2 }}"#,
        Some(r#"6 -2 24 3 -3 1 -1 5 2 5 0 7 2 2"#),
    ),
    (r"{{ div 1 0 }}", None),
    (r"{{ mod 1 0 }}", None),
    (
        r#"{{ list 1 2 "a" }} {{ first (list 1 2) }} {{ last (list 1 2) }} {{ rest (list 1 2 3) }} {{ initial (list 1 2 3) }} {{ has 2 (list 1 2) }} {{ has "x" (list "a") }} {{ len (list 1 2) }} {{ index (list "a" "b") 1 }}"#,
        Some(r#"[1 2 a] 1 2 [2 3] [1 2] true false 2 b"#),
    ),
    (
        r#"{{ first (list) }}|{{ rest (list) }}|{{ last (splitList "-" "a-b") }} {{ first (splitList " " .AccountName) }} {{ splitList " " .AccountName | last | upper }} {{ reverse (list 1 2 3) }} {{ rest (splitList "-" "a-b-c") | join "-" }}"#,
        Some(r#"<no value>|[]|b Prod ACCOUNT [3 2 1] b-c"#),
    ),
    (r#"{{ first "abc" }}"#, None),
    (r#"{{ has "a" "abc" }}"#, None),
    (r#"{{ join "-" 5 }} {{ join "-" .Profile }}|"#, Some(r#"5 |"#)),
    (
        r#"{{ eq .SSO "Default" }} {{ ne .SSO "x" }} {{ eq .SSO "a" "Default" }} {{ lt 1 2 }} {{ le 2 2 }} {{ gt 1 2 }} {{ ge 2 2 }} {{ lt "a" "b" }} {{ and .SSO .Profile }}|{{ or .Profile .SSO }} {{ not .Profile }} {{ and true "x" }}"#,
        Some(r#"true true true true true false true true |Default true x"#),
    ),
    (r#"{{ if and (eq .SSO "Default") (hasPrefix "Admin" .RoleName) }}A{{ end }}"#, Some(r#"A"#)),
    (
        r#"{{ if eq .RoleName "AdministratorAccess" }}admin{{ else }}{{ .RoleName | lower }}{{ end }}"#,
        Some(r#"admin"#),
    ),
    (
        r#"{{ .AccountName | lower | replace " " "-" | trunc 6 | trimSuffix "-" }}"#,
        Some(r#"prod-a"#),
    ),
    (r"{{- .SSO -}}  /  {{- .RoleName -}}", Some(r"Default/AdministratorAccess")),
    (r"{{ lower .AccountId }}", None),
    (r"{{ AccountIdStr .AccountIdPad }}", None),
    (r"{{ upper }}", None),
    (r#"{{ lower "a" "b" }}"#, None),
    (r#"{{ trunc "5" "a" }}"#, None),
    (r"{{ trunc 5 }}", None),
    (r"{{ .Nope }}", None),
    (r"{{ nope 1 }}", None),
    (r"{{ .RoleName", None),
    (r"{{ if .RoleName }}x", None),
    (r"{{ end }}", None),
    (r"{{ .RoleName.X }}", None),
    (r#"{{ block "x" . }}{{ .SSO }}{{ end }}"#, Some(r#"Default"#)),
    (r#"{{ define "y" }}[{{ .SSO }}]{{ end }}{{ template "y" . }}"#, Some(r#"[Default]"#)),
    (
        r#"{{ "quoted" }} {{ 'a' }} {{ `raw` }} {{ 1.50 }} {{ true }} {{ 0x10 }}"#,
        Some(r#"quoted 97 raw 1.5 true 16"#),
    ),
    (
        r#"{{ (index (splitList "-" "a-b-c") 1) }}{{ range splitList "-" "x-y" }}<{{ . }}>{{ else }}none{{ end }}{{ range $i, $p := list "a" "b" }}{{ if $i }},{{ end }}{{ $p }}{{ end }}"#,
        Some(r#"b<x><y>a,b"#),
    ),
    (
        r#"{{ default "x" 0 }} {{ default "x" .Tags }} {{ default 5 "" }} {{ default "x" }} {{ 0 | default 7 }}"#,
        Some(r#"x map[Color:red Team:Über uns] 5 x 7"#),
    ),
    (
        r#"{{ max "3" 2 }} {{ substr 0 3 "äbc" | len }} {{ contains "" "a" }} {{ repeat 2 .SSO }} {{ title "ADMIN access" }} {{ title (lower .RoleName) }}"#,
        Some(r#"3 3 true DefaultDefault ADMIN Access Administratoraccess"#),
    ),
    (
        r#"{{ .AccountAlias | nospace | FirstItem "" }} {{ .Via | default .SSO | lower }} {{ trunc 3 .RoleName }}"#,
        Some(r#"myalias default Adm"#),
    ),
    (r#"{{ html "<a>" }} {{ urlquery "a b&c" }}"#, Some(r#"&lt;a&gt; a+b%26c"#)),
    (
        r#"{{ add 1.9 "x" }} {{ len "ü" }} {{ nospace .AccountName | abbrev 7 }} {{ trimPrefix "" "a" }}"#,
        Some(r#"1 2 Prod... a"#),
    ),
    (
        r#"{{ cat .SSO .Profile "x" }}| {{ quote .Profile }} {{ quote .Tags.None }}| {{ toString .Tags.None }}"#,
        Some(r#"Default  x| "" | <nil>"#),
    ),
    (
        r#"{{ regexReplaceAll "[^a-z]+" "a1b2" "-" }} {{ regexReplaceAll "a(x*)b" "-ab-axxb-" "${1}W" }} {{ regexReplaceAll "a(x*)b" "-ab-axxb-" "$1W" }}|{{ regexMatch "^Admin" .RoleName }} {{ regexMatch "x$" .RoleName }} {{ regexFind "[A-Z][a-z]+" .RoleName }} {{ regexFind "x" "y" }}| {{ mustRegexReplaceAll "\\W+" .AccountName "_" }}"#,
        Some(r#"a-b- -W-xxW- ---|true false Administrator | Prod_Account"#),
    ),
    (
        r"{{ $x := . }}{{ $x.SSO }} {{ $.RoleName }} {{ with .Tags }}{{ $.SSO }}{{ end }}",
        Some(r"Default AdministratorAccess Default"),
    ),
    (
        r#"{{ if or (eq .DefaultRegion "eu-west-1") (contains "eu" .SSORegion) }}EU{{ else }}US{{ end }}-{{ .AccountIdPad | trunc -4 }}"#,
        Some(r#"EU-0123"#),
    ),
    (
        r#"{{ printf "%s-%s" (.AccountName | lower | nospace) (.RoleName | lower) | trunc 20 }}"#,
        Some(r#"prodaccount-administ"#),
    ),
    (
        r#"{{ .AccountName | replace " " "_" | lower }}/{{ regexReplaceAll "(Administrator|PowerUser)Access" .RoleName "$1" | lower }}"#,
        Some(r#"prod_account/administrator"#),
    ),
    (
        r#"{{ ternary "prod" "dev" (hasPrefix "Prod" .AccountName) }}:{{ .RoleName | snakecase }}"#,
        Some(r#"prod:administrator_access"#),
    ),
    (
        r#"{{ index (splitList "@" .EmailAddress) 0 }} {{ (splitList "." .EmailAddress) | last }} {{ index .Tags "Color" | default "none" | upper }}"#,
        Some(r#"root com RED"#),
    ),
    (
        r#"{{ printf "%v %t %x %5d|%-5d|%05d %c %U %%" 1 true 255 42 42 42 65 65 }}"#,
        Some(r#"1 true ff    42|42   |00042 A U+0041 %"#),
    ),
    (r#"{{/* only a comment */}}x{{""}}"#, Some(r#"x"#)),
    (r#"{{ index .Tags "Color" "x" }}"#, None),
    (r#"{{ template "none" . }}"#, None),
    (r"{{ .RoleName | nosuch }}", None),
    (r"{{ $undefined }}", None),
    (r"{{ break }}", None),
    (r"{{ first .RoleName }}", None),
    (r"{{ .AccountName.Foo.Bar }}", None),
    (r#"{{ "unclosed }}"#, None),
    (r#"{{ lt 1 "a" }}"#, None),
    (r"{{ index (list 1) 5 }}", None),
];

pub(super) fn with_fields<T>(use_them: impl FnOnce(&Fields<'_>) -> T) -> T {
    let pair = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
    use_them(&Fields {
        id: 7,
        account_id: &AccountId::parse("12345670123").unwrap(),
        account_name: "Prod Account",
        account_alias: "my alias",
        email_address: "root@example.com",
        expires: "",
        expires_epoch: 0,
        arn: "arn:aws:iam::012345670123:role/AdministratorAccess",
        role_name: "AdministratorAccess",
        profile: "",
        default_region: "eu-west-1",
        sso: "Default",
        sso_region: "eu-central-1",
        start_url: "https://x.awsapps.com/start",
        tags: &[("Color", "red"), ("Team", "Über uns")].map(pair),
        via: "",
    })
}

fn render(template: &str) -> Result<String, TemplateError> {
    with_fields(|fields| ProfileFormat::parse(template)?.fill(fields))
}

#[test]
fn templates_give_the_same_results_as_in_go() {
    let wrong: Vec<_> = GOLDEN
        .iter()
        .map(|(template, expected)| (template, expected, render(template)))
        .filter(|(_, expected, got)| got.as_deref().ok() != **expected)
        .map(|(template, expected, got)| {
            format!("{template}\n  Go:   {expected:?}\n  here: {got:?}")
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
