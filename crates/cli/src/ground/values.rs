//! The kinds of values of arguments, for completion.

use clap::builder::ArgExt;

/// The kind of an argument's values. Attached to the argument: `add = Values::Profiles`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Values {
    /// Roles by their names, and profiles of the AWS config.
    Profiles,
    /// Named slots of the server.
    Slots,
    Accounts,
    /// The names of roles: in the account on the command line, or in all accounts.
    Roles,
    Arns,
    Instances,
    /// Serials of authorization tokens.
    Tokens,
}

impl ArgExt for Values {}
