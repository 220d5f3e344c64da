//! What the values of an argument are, for completion.

use clap::builder::ArgExt;

/// What an argument names. Attached to the argument: `add = Values::Profiles`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Values {
    /// Roles by their names, and profiles of the AWS config.
    Profiles,
    /// Named slots of the server.
    Slots,
    Accounts,
    /// The names of roles: those of the account that is named already, or all.
    Roles,
    Arns,
    Instances,
    /// Serials of authorization tokens.
    Tokens,
}

impl ArgExt for Values {}
