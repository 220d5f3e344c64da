//! Programs that forward connections of others. To the kernel, such a connection belongs to the user who runs the
//! program.
//!
//! This is for people: it decides nothing. The name of a program is no proof, and a request would have to wait for the
//! search hundreds of times as long as for the look-up of its user.

/// Whether a program with this path is known to forward connections.
pub(super) fn is_forwarder(exe: &str) -> bool {
    let name = exe.rsplit('/').next().unwrap_or(exe);
    let name = name.strip_suffix(REPLACED).unwrap_or(name);
    FORWARDERS.contains(&name) || STARTS.iter().any(|start| name.starts_with(start))
}

/// What the kernel appends to the path of a program whose file was replaced (proc(5)).
const REPLACED: &str = " (deleted)";

const FORWARDERS: [&str; 8] = [
    "docker-proxy",
    "gvproxy",
    "rootlesskit",
    "rootlesskit-docker-proxy",
    "rootlessport",
    "slirp4netns",
    "socat",
    "ssh", // with `ssh -R`, the other machine asks
];

/// The starts of names: `pasta.avx2`, `com.docker.backend`, `vpnkit-bridge`, `sshd-session`, `qemu-system-x86_64`.
const STARTS: [&str; 6] = ["pasta", "passt", "com.docker.", "vpnkit", "sshd", "qemu-system-"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forwarders_are_known_by_the_names_of_their_programs() {
        for forwarder in [
            "/usr/bin/slirp4netns",
            "/usr/bin/pasta.avx2",
            "/usr/libexec/podman/rootlessport",
            "/opt/docker-desktop/bin/com.docker.backend",
            "/usr/lib/openssh/sshd-session",
            "/usr/bin/socat (deleted)",
            "ssh",
        ] {
            assert!(is_forwarder(forwarder), "{forwarder}");
        }
        for other in ["", "/usr/bin/python3.13", "/usr/bin/ssh-agent", "/socat/aws", "/bin/xsocat"]
        {
            assert!(!is_forwarder(other), "{other}");
        }
    }
}
