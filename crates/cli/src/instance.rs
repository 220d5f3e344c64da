//! An instance of IAM Identity Center with its store open: settings, sign-in, catalogue, roles, credentials.

pub(crate) mod access;
pub(crate) mod arguments;
pub(crate) mod catalogue;
pub(crate) mod choose;
pub(crate) mod current_role;
pub(crate) mod exported_tags;
pub(crate) mod history;
pub(crate) mod interruptible;
pub(crate) mod obtain;
mod own_browser;
pub(crate) mod roles;
pub(crate) mod settings;
pub(crate) mod sign_in;
pub(crate) mod store;
pub(crate) mod url_action;
pub(crate) mod which_role;
