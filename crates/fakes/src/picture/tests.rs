use std::io::Write;
use std::num::NonZeroU16;
use std::process::{Command, Stdio};

use super::*;

/// The screen after a program has written this.
fn screen(written: &str) -> vt100::Screen {
    let mut emulator =
        vt100::Parser::new(NonZeroU16::new(6).unwrap(), NonZeroU16::new(40).unwrap(), 0);
    emulator.process(written.as_bytes());
    emulator.screen().clone()
}

/// The picture's text as an XML parser reads it, one line a `<text>`; the window's title comes first.
fn text_of(svg: &str) -> String {
    let reader = "import sys,xml.etree.ElementTree as tree
root = tree.fromstring(sys.stdin.buffer.read())
for text in root.iter('{http://www.w3.org/2000/svg}text'): sys.stdout.buffer.write(((text.text or '') + '\\n').encode())";
    let mut python = Command::new("python3")
        .args(["-c", reader])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    python.stdin.take().unwrap().write_all(svg.as_bytes()).unwrap();
    let read = python.wait_with_output().unwrap();
    assert!(read.status.success(), "this is no XML: {svg}");
    String::from_utf8(read.stdout).unwrap()
}

#[test]
fn a_picture_is_xml_and_has_the_text_of_the_screen() {
    let written =
        "plain \x1b[1;31mbold & <red>\x1b[0m \"quoted\"\r\n\x1b[7mreverse\x1b[0m ]]>&amp;\r\n";
    let text = text_of(&svg(&screen(written), "a <title> & more"));
    assert_eq!(text, "a <title> & more\nplain\nbold & <red>\n\"quoted\"\nreverse\n]]>&amp;\n");
}

#[test]
fn wide_characters_stand_in_their_columns() {
    let picture = svg(&screen("\x1b[?25la東京 é!"), "");
    for (text, column) in [("a", 0), ("東", 1), ("京", 3), ("é", 6)] {
        let at = format!("<text x=\"{:.1}\"", x(column));
        let line = picture.lines().find(|line| line.contains(&format!(">{text}<"))).unwrap();
        assert!(line.starts_with(&at), "{line}");
    }
    assert_eq!(text_of(&picture).replace(['\n', ' '], ""), "a東京é!");
}

#[test]
fn looks_are_kept() {
    let bar = svg(&screen("\x1b[?25l\x1b[32m█▌░│\x1b[0m"), "");
    assert_eq!(text_of(&bar).trim(), "", "lines and blocks are drawn");
    assert_eq!(bar.matches("#98c379").count(), 4, "{bar}");
    let looks = svg(&screen("\x1b[1mb\x1b[0;2md\x1b[0;3mi\x1b[0;4mu\x1b[0;44mbackground"), "");
    for look in ["font-weight=\"bold\"", "opacity=\"0.6\"", "font-style", "underline", "#61afef"] {
        assert!(looks.contains(look), "{look} is not in {looks}");
    }
}

#[test]
fn a_hidden_cursor_is_not_drawn() {
    let [seen, hidden] = ["> ", "\x1b[?25l> "].map(|written| svg(&screen(written), ""));
    assert!(seen.contains("opacity=\"0.5\"") && !hidden.contains("opacity=\"0.5\""));
}

#[test]
fn nothing_in_a_picture_is_fetched_or_run() {
    let picture = svg(&screen("<script>alert(1)</script> <image href=\"x\"/>"), "<script>");
    for forbidden in ["<script", "<image", "<style", "href=\"", "@import", "url("] {
        assert!(!picture.contains(forbidden), "{forbidden} is in {picture}");
    }
}
