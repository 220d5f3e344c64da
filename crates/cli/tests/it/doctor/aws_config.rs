//! What doctor tells of the AWS config.

use super::{assert_healthy, found, healthy, sick};

#[test]
fn doctor_tells_what_botocore_refuses_with_both_lines() {
    let (world, _server) = healthy();
    let config = b"[default]\nregion = a\n[profile default]\nregion = b\nregion = c\n[dev]\n\
                   role_arn = x\n[profile ops]\ncaf\xe9 = 1\n[profile ops]\n[ profile odd]\n";
    std::fs::create_dir_all(world.home().join(".aws")).unwrap();
    std::fs::write(world.home().join(".aws/config"), config).unwrap();
    let refuses = "the AWS CLI, boto3 and all that uses botocore refuse the whole file";
    for (level, line, text) in [
        (
            "warning",
            3,
            "begins the profile `default`, which line 1 begins too: the AWS CLI and boto3 take the last one",
        ),
        ("problem", 5, &format!("has region, which line 4 has too: {refuses}")),
        ("warning", 6, "begins [dev], which is not a profile: [profile dev] is one"),
        ("problem", 9, &format!("is not UTF-8: {refuses}")),
        ("problem", 10, &format!("begins [profile ops], which line 8 begins too: {refuses}")),
        ("warning", 11, "begins [ profile odd] with white space before the word"),
    ] {
        let mend = found(&world, level, &format!("/.aws/config line {line} {text}"));
        let file = world.home().join(".aws/config");
        assert_eq!(mend, format!("${{EDITOR:-vi}} +{line} {}", file.display()));
    }
    assert_eq!(sick(&world).len(), 7, "and that no instance is configured");
}

#[test]
fn what_our_own_profiles_look_like_is_nothing_to_tell() {
    let (world, _server) = healthy();
    world.write(
        ".aws/config",
        "# BEGIN_AWS_SSO_CLI\n[profile \"Team 1 Dev: Read Only\"]\n\
         credential_process = aws-sso process --arn arn:aws:iam::000001111111:role/ReadOnly # ; \n\
         region = eu-west-1\n# END_AWS_SSO_CLI\n[profile 'single']\n  region = eu-west-1\n",
    );
    assert_healthy(&world);
}
