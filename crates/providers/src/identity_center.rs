//! IAM Identity Center: signing in, what one may use, and the credentials for it.

mod instance;

pub use instance::InstanceName;
