//! A list of roles from which a person chooses one: rows, a query and a screen as values.
//!
//! [`Rows`] are made once from plain data. [`State`] changes with each event of a terminal, and [`draw()`] draws all of it. This
//! crate knows neither AWS nor the server, and uses no file, environment variable, clock or terminal: a frame is passed in.

mod columns;
mod draw;
mod keys;
mod layout;
mod matching;
mod narrowing;
mod query;
mod rows;
mod state;
#[cfg(test)]
mod tests;
mod texts;
mod used;

pub use draw::{Look, Notes, draw};
pub use rows::{Entry, Row, Rows, shown_tags};
pub use state::{Kept, State, Step};
pub use used::Used;
