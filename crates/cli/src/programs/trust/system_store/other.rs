//! macOS and Windows: commands to type. They are untested.

use super::Step;
use crate::programs::trust::Authority;

/// The store of this user.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SystemStore;

impl SystemStore {
    pub(crate) fn of_this_system() -> Option<Self> {
        Some(Self)
    }

    pub(crate) fn to_install(self, authority: &Authority) -> Vec<Step> {
        let path = authority.path().display().to_string();
        #[cfg(target_os = "macos")]
        let words = ["security", "add-trusted-cert", "-r", "trustRoot", "-p", "ssl"];
        #[cfg(not(target_os = "macos"))]
        let words = ["certutil", "-user", "-addstore", "Root"];
        run(&words, path)
    }

    pub(crate) fn to_uninstall(self, authority: &Authority) -> Vec<Step> {
        #[cfg(target_os = "macos")]
        return run(&["security", "remove-trusted-cert"], authority.path().display().to_string());
        #[cfg(not(target_os = "macos"))]
        {
            use sha1::{Digest, Sha1};
            let digest = Sha1::digest(&authority.certificate);
            run(
                &["certutil", "-user", "-delstore", "Root"],
                data_encoding::HEXUPPER.encode(&digest),
            )
        }
    }
}

fn run(words: &[&str], last: String) -> Vec<Step> {
    vec![Step::Run(words.iter().map(|word| (*word).to_owned()).chain([last]).collect())]
}

/// The steps are only shown, never run.
pub(crate) fn may_change_system() -> bool {
    false
}

/// Why they are not run, and the prefix of each command.
pub(crate) const WHY_NOT: &str = "aws-sso does not change the store of this system itself";
pub(super) const AS_ROOT: &str = "";
