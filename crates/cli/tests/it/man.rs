//! `aws-sso man`

use std::fs;

use fakes::needs_program;

use crate::world;

#[test]
fn every_command_has_a_page_that_man_shows_without_a_warning() {
    let world = world();
    let written = world.run(&["man", "manual"]);
    assert_eq!(written.code, Some(0), "{}", written.stderr);
    assert!(written.stderr.contains("To read them: man -M manual aws-sso"), "{}", written.stderr);
    let folder = world.home().join("manual/man1");
    let mut pages: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|page| page.unwrap().file_name().into_string().unwrap())
        .collect();
    pages.sort();
    for page in ["aws-sso.1", "aws-sso-ecs-load.1", "aws-sso-ecs-token-create.1", "aws-sso-man.1"] {
        assert!(pages.contains(&page.to_owned()), "{page} is not in {pages:?}");
    }
    assert!(!pages.iter().any(|page| page.contains("help") || page.starts_with('.')), "{pages:?}");
    for page in &pages {
        let text = fs::read_to_string(folder.join(page)).unwrap();
        for section in [".TH ", ".SH NAME", ".SH SYNOPSIS", ".SH DESCRIPTION"] {
            assert!(text.contains(section), "{section} is not in {page}");
        }
    }
    if !needs_program("groff") {
        return;
    }
    for page in &pages {
        let mut groff = world.command("groff");
        groff.args(["-man", "-ww", "-z", "-Tutf8", "-k"]).arg(folder.join(page));
        let shown = world.finish(groff, "");
        assert_eq!((shown.code, shown.stderr.as_str()), (Some(0), ""), "{page}");
    }
    let again = world.run(&["man", "manual"]);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
}

#[test]
fn a_file_in_place_of_the_folder_is_named_in_the_error() {
    let world = world();
    world.write("file", "");
    let refused = world.run(&["man", "file"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""));
    assert!(refused.stderr.contains("file/man1 cannot be written"), "{}", refused.stderr);
}
