//! The basis of all other modules: environment, paths, clock, terminal, processes.

pub(crate) mod arguments;
pub(crate) mod clock;
pub(crate) mod env;
pub(crate) mod exit_code;
pub(crate) mod paths;
pub(crate) mod process;
pub(crate) mod ui;
pub(crate) mod values;
