//! A file of the audit log, line by line. However large the file or a line is, this takes the same memory.

use std::io::{self, BufRead, BufReader, Read};

/// Reads lines.
pub(super) struct Log<R> {
    reader: BufReader<R>,
    line: Vec<u8>,
}

impl<R: Read> Log<R> {
    pub(super) fn new(file: R) -> Self {
        Self { reader: BufReader::with_capacity(64 * 1024, file), line: Vec::new() }
    }

    /// The next line without its end. One that is too long, or no text, is empty: nobody can read it either.
    pub(super) fn next_line(&mut self) -> io::Result<Option<&str>> {
        self.line.clear();
        let limit = LONGEST as u64;
        if self.reader.by_ref().take(limit).read_until(b'\n', &mut self.line)? == 0 {
            return Ok(None);
        }
        if self.line.pop_if(|byte| *byte == b'\n').is_none() && self.line.len() >= LONGEST {
            self.line.clear();
            self.reader.skip_until(b'\n')?;
        }
        Ok(Some(std::str::from_utf8(&self.line).unwrap_or_default()))
    }
}

/// Ten times as long as we write them.
const LONGEST: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_are_too_long_or_no_text_are_empty_and_the_next_is_read() {
        let long = "x".repeat(LONGEST + 10);
        let just = "y".repeat(LONGEST - 1);
        let text = [b"a\n\xff\xff\n", long.as_bytes(), b"\n", just.as_bytes(), b"\nend"].concat();
        let mut log = Log::new(&text[..]);
        let mut found = Vec::new();
        while let Some(line) = log.next_line().unwrap() {
            found.push(line.to_owned());
        }
        assert_eq!(found, ["a", "", "", &just, "end"]);
    }
}
