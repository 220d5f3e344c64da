//! Linux: a folder for additional certificates, and a program that builds the store from it.

use std::path::{Path, PathBuf};

use super::Step;
use crate::programs::trust::{Authority, roots};

/// The store of this distribution.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SystemStore {
    /// The folder for additional certificates.
    folder: &'static str,
    /// The program that builds the store.
    program: &'static str,
}

impl SystemStore {
    /// The store of this machine; `None` on an unknown distribution.
    pub(crate) fn of_this_system() -> Option<Self> {
        STORES
            .into_iter()
            .find(|store| Path::new(store.folder).is_dir() && Path::new(store.program).exists())
    }

    /// The steps that add the certificate. It replaces an older one of the same user.
    pub(crate) fn to_install(self, _: &Authority) -> Vec<Step> {
        let user = rustix::process::getuid().as_raw();
        let path = Path::new(self.folder).join(format!("{PREFIX}{user}.crt"));
        vec![Step::Copy(path), self.rebuild()]
    }

    /// The steps that remove the certificate; none if it is not there. Only our files with exactly this certificate are
    /// removed.
    pub(crate) fn to_uninstall(self, authority: &Authority) -> Vec<Step> {
        let is_it = |path: &PathBuf| roots::of_file(path) == [authority.certificate.clone()];
        let mut steps: Vec<Step> = installed_in(Path::new(self.folder))
            .into_iter()
            .filter(is_it)
            .map(Step::Remove)
            .collect();
        if !steps.is_empty() {
            steps.push(self.rebuild());
        }
        steps
    }

    fn rebuild(self) -> Step {
        Step::Run(vec![self.program.to_owned()])
    }
}

/// The files that aws-sso may have written, for any user.
fn installed_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let is_ours = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(".crt"))
    };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).filter(is_ours).collect();
    paths.sort_unstable();
    paths
}

/// Whether this process can run the steps.
pub(crate) fn may_change_system() -> bool {
    rustix::process::geteuid().is_root()
}

/// Why it cannot, and the prefix of each command.
pub(crate) const WHY_NOT: &str = "only root changes the system's store";
pub(super) const AS_ROOT: &str = "sudo ";

const PREFIX: &str = "aws-sso-";

const STORES: [SystemStore; 4] = [
    // Debian, Ubuntu, Alpine
    SystemStore {
        folder: "/usr/local/share/ca-certificates",
        program: "/usr/sbin/update-ca-certificates",
    },
    // Fedora, RHEL
    SystemStore { folder: "/etc/pki/ca-trust/source/anchors", program: "/usr/bin/update-ca-trust" },
    // Arch
    SystemStore {
        folder: "/etc/ca-certificates/trust-source/anchors",
        program: "/usr/bin/update-ca-trust",
    },
    // openSUSE
    SystemStore { folder: "/etc/pki/trust/anchors", program: "/usr/sbin/update-ca-certificates" },
];

#[cfg(test)]
mod tests {
    use super::*;
    use credentials::{Failure, shell_word};

    /// Any bytes: nothing here looks into a certificate.
    fn authority(folder: &Path, bytes: &[u8]) -> Authority {
        let path = folder.join("it's ours.pem");
        std::fs::write(&path, pem(bytes)).unwrap();
        Authority::read(path).unwrap().unwrap()
    }

    fn pem(bytes: &[u8]) -> String {
        crate::programs::trust::pem_of(&bytes.to_vec().into())
    }

    fn store(folder: &Path) -> SystemStore {
        let folder = folder.to_str().unwrap().to_owned().leak();
        SystemStore { folder, program: "/usr/sbin/update" }
    }

    #[test]
    fn what_is_shown_can_be_typed() {
        let home = tempfile::tempdir().unwrap();
        let authority = authority(home.path(), b"ours");
        let steps = store(Path::new("/anchors")).to_install(&authority);
        let typed: Vec<_> = steps.iter().map(|step| step.in_shell(&authority)).collect();
        let user = rustix::process::getuid().as_raw();
        let path = authority.path().display().to_string();
        let path = shell_word(&path);
        assert_eq!(
            typed,
            [
                format!("sudo install -m 644 {path} /anchors/aws-sso-{user}.crt"),
                "sudo /usr/sbin/update".into()
            ]
        );
    }

    #[test]
    fn only_this_very_certificate_is_removed() -> Result<(), Failure> {
        let home = tempfile::tempdir().unwrap();
        let authority = authority(home.path(), b"ours");
        let anchors = home.path().join("anchors");
        std::fs::create_dir(&anchors).unwrap();
        for (name, contents) in [
            ("aws-sso-1.crt", pem(b"ours")),
            ("aws-sso-2.crt", pem(b"another's")),
            ("aws-sso-3.crt", pem(b"ours") + &pem(b"another's")),
            ("company.crt", pem(b"ours")),
            ("aws-sso-4.crt", "nonsense".to_owned()),
        ] {
            std::fs::write(anchors.join(name), contents).unwrap();
        }
        let steps = store(&anchors).to_uninstall(&authority);
        assert_eq!(steps[0], Step::Remove(anchors.join("aws-sso-1.crt")));
        assert_eq!(steps[1..], [Step::Run(vec!["/usr/sbin/update".to_owned()])]);
        steps[0].take(&authority)?;
        assert_eq!(store(&anchors).to_uninstall(&authority), []);
        Ok(())
    }
}
