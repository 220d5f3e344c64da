//! The paths of our files: in the home folder, or where the XDG variables point.

use std::path::PathBuf;

use crate::ground::env;

/// The config file: in `~/.aws-sso` if that exists, otherwise in the XDG folder.
pub(crate) fn config_file() -> PathBuf {
    let of_reference = env::home().join(".aws-sso");
    let folder = match of_reference.is_dir() {
        true => of_reference,
        false => env::xdg_folder("XDG_CONFIG_HOME", ".config").join("aws-sso"),
    };
    folder.join("config.yaml")
}

/// The folder of sign-ins and other secret files.
pub(crate) fn sign_ins() -> PathBuf {
    env::xdg_folder("XDG_STATE_HOME", ".local/state").join("aws-sso")
}

/// The file with the slots of the server on this port.
pub(crate) fn slot_list(port: u16) -> PathBuf {
    sign_ins().join(format!("slots-{port}.json"))
}

/// The certificate of our authority for HTTPS.
pub(crate) fn authority_certificate() -> PathBuf {
    sign_ins().join("ecs-authority.pem")
}

/// The certificate together with the system's roots.
pub(crate) fn authority_bundle() -> PathBuf {
    sign_ins().join("ecs-authority-bundle.pem")
}

/// The same certificates as a Java trust store.
pub(crate) fn authority_trust_store() -> PathBuf {
    sign_ins().join("ecs-authority-bundle.jks")
}

/// The root key and the list of authorization tokens.
pub(crate) fn token_store() -> PathBuf {
    sign_ins().join("ecs.tokens.json")
}

/// The history of used roles.
pub(crate) fn history() -> PathBuf {
    // No instance's file has a name with a second dot.
    sign_ins().join("selector.history.json")
}

/// The folder of catalogues.
pub(crate) fn catalogues() -> PathBuf {
    env::xdg_folder("XDG_CACHE_HOME", ".cache").join("aws-sso")
}

/// The AWS CLI's folder of sign-ins.
pub(crate) fn aws_cli_sign_ins() -> PathBuf {
    env::home().join(".aws/sso/cache")
}
