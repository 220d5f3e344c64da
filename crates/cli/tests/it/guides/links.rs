//! The links of a page to other pages and pictures of the repository.

use std::path::Path;

/// All of them that are not to another site; none that stand in code.
pub(super) fn relative_in(page: &str) -> Vec<String> {
    let mut links = Vec::new();
    for paragraph in prose(page) {
        let text: String = paragraph.split('`').step_by(2).collect();
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        links.extend(targets.filter(|target| !target.contains("://")).map(str::to_owned));
    }
    links
}

/// Whether there is such a file and, after `#`, such a heading in it.
pub(super) fn follow(page: &Path, link: &str) -> Result<(), String> {
    let (file, heading) = link.split_once('#').unwrap_or((link, ""));
    let target = match file {
        "" => page.to_owned(),
        _ => page.parent().unwrap().join(file),
    };
    if !target.exists() {
        return Err("there is no such file".to_owned());
    }
    if heading.is_empty() {
        return Ok(());
    }
    let text = std::fs::read_to_string(target).map_err(|error| error.to_string())?;
    let mut headings = text.lines().filter(|line| line.starts_with('#')).map(anchor);
    headings.any(|anchor| anchor == heading).then_some(()).ok_or("no such heading".to_owned())
}

/// What a heading is called in a link: small letters, no punctuation, a hyphen for each space.
fn anchor(heading: &str) -> String {
    let heading = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// A page's paragraphs without its blocks of code.
fn prose(page: &str) -> Vec<String> {
    let (mut paragraphs, mut is_fenced) = (vec![String::new()], false);
    for line in page.lines() {
        let is_fence = line.trim_start().starts_with("```");
        is_fenced ^= is_fence;
        if line.trim().is_empty() {
            paragraphs.push(String::new());
        } else if let Some(paragraph) = paragraphs.last_mut()
            && !(is_fence || is_fenced || line.starts_with("    "))
        {
            *paragraph += line;
            paragraph.push('\n');
        }
    }
    paragraphs
}
