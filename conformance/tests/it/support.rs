//! The table of docs/reference/sdk-support.md. The test of each client compares its row with the behaviour of the client.
//! `UPDATE=1 cargo test -p conformance sdks` writes the rows.

use std::sync::Mutex;

use crate::clients::Client;

/// A row of the table.
pub(crate) struct Row {
    cells: Vec<String>,
    /// The client's answers, for the message of a failure.
    seen: Vec<String>,
}

impl Row {
    pub(crate) fn new(client: &Client, version: String) -> Self {
        Self { cells: vec![client.name.to_owned(), version], seen: Vec::new() }
    }

    /// Adds `yes` if the client's answer is the expected one, otherwise `no`.
    pub(crate) fn add(&mut self, said: String, wanted: &str) {
        self.cells.push(if said == wanted { "yes" } else { "no" }.to_owned());
        self.seen.push(said);
    }

    /// Adds a cell with this text.
    pub(crate) fn add_words(&mut self, words: &str, said: &str) {
        self.cells.push(words.to_owned());
        self.seen.push(said.to_owned());
    }

    /// Compares the row with the page, or writes it there.
    pub(crate) fn check(self) {
        static PAGE: Mutex<()> = Mutex::new(());
        let _nobody_else = PAGE.lock();
        let page = std::fs::read_to_string(PATH).unwrap();
        let row = format!("| {} |", self.cells.join(" | "));
        let start = format!("| {} |", self.cells.first().unwrap());
        let present = page.lines().find(|line| line.starts_with(&start)).unwrap();
        if option_env!("UPDATE").is_some() {
            std::fs::write(PATH, page.replace(present, &row)).unwrap();
        } else {
            assert_eq!(present, row, "docs/reference/sdk-support.md; seen: {:#?}", self.seen);
        }
    }
}

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/reference/sdk-support.md");
