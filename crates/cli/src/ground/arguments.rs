//! Arguments that many commands share.

use clap::{Args, ValueEnum};
use jiff::{SignedDuration, Span, SpanRelativeTo};

/// A length of time: 90m, 8h, 30d.
pub(crate) fn duration(text: &str) -> Option<SignedDuration> {
    let span: Span = text.parse().ok()?;
    span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()
}

/// The format of the output.
#[derive(Args)]
pub(crate) struct OutputArguments {
    /// The format of the output
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Output::Text)]
    pub(crate) output: Output,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// A table or a sentence
    Text,
    /// JSON
    Json,
}
