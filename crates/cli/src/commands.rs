//! One file a command, mirroring what a person types.

pub(crate) mod cache;
pub(crate) mod completions;
pub(crate) mod console;
pub(crate) mod doctor;
pub(crate) mod ecs;
pub(crate) mod eval;
pub(crate) mod exec;
pub(crate) mod list;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod man;
pub(crate) mod process;
pub(crate) mod setup;
pub(crate) mod tags;
pub(crate) mod time;
pub(crate) mod whoami;
