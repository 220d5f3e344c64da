//! The commands in a page: in its code, indented or fenced or within a line.

/// An `aws-sso …` of a page.
#[derive(Debug)]
pub(super) struct Typed {
    /// As it stands there, for who has to find it.
    pub(super) text: String,
    /// Its words, up to where the shell ends the command. What is optional (`[--flag]`) is taken as given.
    pub(super) words: Vec<String>,
}

/// All of them.
pub(super) fn typed_in(page: &str) -> Vec<Typed> {
    codes(page).iter().flat_map(|code| commands(code)).collect()
}

/// The code of a page: lines of blocks, those that a backslash continues in one, and what is between backquotes.
fn codes(page: &str) -> Vec<String> {
    let (mut codes, mut paragraph, mut continued) = (Vec::new(), String::new(), String::new());
    let mut is_fenced = false;
    for line in page.lines().chain([""]) {
        let is_fence = line.trim_start().starts_with("```");
        is_fenced ^= is_fence;
        if is_fence || line.trim().is_empty() {
            codes.extend(paragraph.split('`').skip(1).step_by(2).map(str::to_owned));
            paragraph.clear();
        } else if is_fenced || line.starts_with("    ") {
            continued += line;
            match continued.strip_suffix('\\') {
                Some(start) => continued = start.to_owned(),
                None => codes.push(std::mem::take(&mut continued)),
            }
        } else {
            paragraph += line;
            paragraph.push(' ');
        }
    }
    codes
}

/// The commands in a piece of code: where a shell would begin one, or a message names one.
fn commands(code: &str) -> Vec<Typed> {
    let code = code.split("# ").next().unwrap_or_default();
    let mut found = Vec::new();
    for (at, _) in code.match_indices(NAME) {
        let (before, after) = (&code[..at], &code[at + NAME.len()..]);
        let begins = before.is_empty() || before.ends_with([' ', '(', '"', '\'', '`']);
        let begins = begins || before.ends_with("bin/");
        // `aws-sso/config.yaml` and `aws-sso.service` are files.
        let ends = after.is_empty() || after.starts_with([' ', ')', '"', '\'', '`', ',']);
        // After `-alias` it is a value.
        let last = before.trim_end().rsplit(' ').next().unwrap_or_default();
        let is_a_value = last.starts_with('-') && last != "--";
        // What `ecs status` says of itself.
        let is_a_version = after.starts_with(" 0.");
        if begins && ends && !is_a_value && !is_a_version {
            let (words, length) = words(after);
            found.push(Typed { text: format!("{NAME}{}", &after[..length]), words });
        }
    }
    found
}

/// The words of a command, and how long they are together.
fn words(text: &str) -> (Vec<String>, usize) {
    let (mut words, mut word) = (Vec::new(), String::new());
    let (mut quote, mut optional) = (None, 0);
    let mut length = text.len();
    for (at, c) in text.char_indices() {
        match c {
            _ if quote == Some(c) => quote = None,
            _ if quote.is_some() => word.push('x'),
            '\'' | '"' => quote = Some(c),
            '[' => optional += 1,
            ']' => optional -= 1,
            '|' if optional > 0 => {}
            // In a table a pipe is `\|`.
            '`' | '|' | ';' | '&' | '<' | '>' | '(' | ')' | '\\' => {
                length = at;
                break;
            }
            ' ' => words.push(std::mem::take(&mut word)),
            _ => word.push(c),
        }
    }
    words.push(word);
    // A sentence may go on after it.
    let words =
        words.iter().map(|word| word.trim_end_matches([',', '.', ':'])).filter(|w| !w.is_empty());
    (words.map(str::to_owned).collect(), length)
}

const NAME: &str = "aws-sso";
