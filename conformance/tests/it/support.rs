//! docs/reference/sdk-support.md says what each client can do. Each client's test compares its row with what it has seen;
//! `UPDATE=1 cargo test -p conformance sdks` writes the rows anew.

use std::sync::Mutex;

use crate::clients::Client;

/// A row in the making.
pub(crate) struct Row {
    cells: Vec<String>,
    /// What the client said, for who wonders at a cell.
    seen: Vec<String>,
}

impl Row {
    pub(crate) fn new(client: &Client, version: String) -> Self {
        Self { cells: vec![client.name.to_owned(), version], seen: Vec::new() }
    }

    /// Adds `yes` if the client said what it should, else `no`.
    pub(crate) fn add(&mut self, said: String, wanted: &str) {
        self.cells.push(if said == wanted { "yes" } else { "no" }.to_owned());
        self.seen.push(said);
    }

    /// Adds a cell of other words.
    pub(crate) fn add_words(&mut self, words: &str, said: &str) {
        self.cells.push(words.to_owned());
        self.seen.push(said.to_owned());
    }

    /// The page has it so, or is made to.
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
