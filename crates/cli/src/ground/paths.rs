//! Where our files are: one place for each kind, below the home folder or where XDG's variables say.

use std::path::PathBuf;

use crate::ground::env;

/// The config file: in the reference's folder, if that is there; else in XDG's.
pub(crate) fn config_file() -> PathBuf {
    let of_reference = env::home().join(".aws-sso");
    let folder = match of_reference.is_dir() {
        true => of_reference,
        false => env::xdg_folder("XDG_CONFIG_HOME", ".config").join("aws-sso"),
    };
    folder.join("config.yaml")
}

/// Sign-ins, and what else must stay secret.
pub(crate) fn sign_ins() -> PathBuf {
    env::xdg_folder("XDG_STATE_HOME", ".local/state").join("aws-sso")
}

/// The list of slots of the server on that port.
pub(crate) fn slot_list(port: u16) -> PathBuf {
    sign_ins().join(format!("slots-{port}.json"))
}

/// The certificate authority of servers that speak HTTPS: its certificate.
pub(crate) fn authority_certificate() -> PathBuf {
    sign_ins().join("ecs-authority.pem")
}

/// It with the system's roots.
pub(crate) fn authority_bundle() -> PathBuf {
    sign_ins().join("ecs-authority-bundle.pem")
}

/// The same as a trust store of Java.
pub(crate) fn authority_trust_store() -> PathBuf {
    sign_ins().join("ecs-authority-bundle.jks")
}

/// The key of authorization tokens, and which there are.
pub(crate) fn token_store() -> PathBuf {
    sign_ins().join("ecs.tokens.json")
}

/// Which roles were used, and when.
pub(crate) fn history() -> PathBuf {
    // No instance's file has a name with a second dot.
    sign_ins().join("selector.history.json")
}

/// Copies of what AWS tells.
pub(crate) fn catalogues() -> PathBuf {
    env::xdg_folder("XDG_CACHE_HOME", ".cache").join("aws-sso")
}

/// What the AWS CLI keeps of its sign-ins.
pub(crate) fn aws_cli_sign_ins() -> PathBuf {
    env::home().join(".aws/sso/cache")
}
