//! What files of a person say: config.yaml, and the names that it gives to roles.
//!
//! No environment, no clock, no network: where the files and the home folder are is passed in.

mod config_file;
pub mod profile_name;

pub use config_file::{
    Account, AuthWorkflow, ConfigError, ConfigFile, InstanceSection, Role, SecureStore, UrlAction,
};
