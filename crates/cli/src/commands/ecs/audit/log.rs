//! Reads a file of the audit log line by line. The use of memory does not depend on the size of the file or a line.

use std::io::{self, BufRead, BufReader, Read};

/// A reader of lines.
pub(super) struct Log<R> {
    reader: BufReader<R>,
    line: Vec<u8>,
}

impl<R: Read> Log<R> {
    pub(super) fn new(file: R) -> Self {
        Self { reader: BufReader::with_capacity(64 * 1024, file), line: Vec::new() }
    }

    /// The next line without its line break. A line that is too long or not UTF-8 is returned as empty.
    pub(super) fn next_line(&mut self) -> io::Result<Option<&str>> {
        self.line.clear();
        let limit = MAX_LINE_BYTES as u64;
        if self.reader.by_ref().take(limit).read_until(b'\n', &mut self.line)? == 0 {
            return Ok(None);
        }
        if self.line.pop_if(|byte| *byte == b'\n').is_none() && self.line.len() >= MAX_LINE_BYTES {
            self.line.clear();
            self.reader.skip_until(b'\n')?;
        }
        Ok(Some(std::str::from_utf8(&self.line).unwrap_or_default()))
    }
}

/// Ten times the length of the lines that we write.
const MAX_LINE_BYTES: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_long_and_invalid_lines_are_empty_and_the_next_line_is_read() {
        let long = "x".repeat(MAX_LINE_BYTES + 10);
        let just = "y".repeat(MAX_LINE_BYTES - 1);
        let text = [b"a\n\xff\xff\n", long.as_bytes(), b"\n", just.as_bytes(), b"\nend"].concat();
        let mut log = Log::new(&text[..]);
        let mut found = Vec::new();
        while let Some(line) = log.next_line().unwrap() {
            found.push(line.to_owned());
        }
        assert_eq!(found, ["a", "", "", &just, "end"]);
    }
}
