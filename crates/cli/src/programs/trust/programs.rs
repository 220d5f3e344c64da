//! The programs that trust our certificate authority in the current environment. There is no common rule: what each
//! of them reads was found by running it.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use providers::child;
use serde::Serialize;
use tokio::process::Command;
use tokio::time::timeout;

use super::{Authority, roots};
use crate::ground::env;
use crate::programs::exports::TRUST_STORE;

/// The current values of the trust variables of runtimes.
#[derive(Default)]
pub(crate) struct TrustVariables {
    /// `SSL_CERT_FILE`
    pub(crate) ssl_cert_file: Option<PathBuf>,
    /// `AWS_CA_BUNDLE`
    pub(crate) aws_ca_bundle: Option<PathBuf>,
    /// `NODE_EXTRA_CA_CERTS`
    pub(crate) node_extra_ca_certs: Option<PathBuf>,
    /// `JAVA_TOOL_OPTIONS`
    pub(crate) java_tool_options: Option<String>,
}

impl TrustVariables {
    pub(crate) fn now() -> Self {
        Self {
            ssl_cert_file: env::path("SSL_CERT_FILE"),
            aws_ca_bundle: env::ca_bundle(),
            node_extra_ca_certs: env::path("NODE_EXTRA_CA_CERTS"),
            java_tool_options: env::text("JAVA_TOOL_OPTIONS"),
        }
    }
}

/// A program, and whether it trusts the authority.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Program {
    pub(crate) program: &'static str,
    /// Absent if unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) trusts: Option<bool>,
    /// The source of its roots.
    pub(crate) reads: &'static str,
}

/// The source of a program's roots.
#[derive(Clone, Copy)]
enum Roots {
    /// `SSL_CERT_FILE`, which replaces the system's store if it is set.
    CertFile,
    /// The same, or `AWS_CA_BUNDLE`.
    CertFileOrAwsBundle,
    /// The system's store.
    System,
    /// Node's own, and `NODE_EXTRA_CA_CERTS`.
    Node,
    /// The trust store that an option names, else Java's own.
    Java,
    /// certifi's, else botocore's.
    Python,
    /// Its own copy of botocore's.
    AwsCli,
}

impl Roots {
    fn described(self) -> &'static str {
        match self {
            Self::CertFile => "SSL_CERT_FILE, else the system's store",
            Self::CertFileOrAwsBundle => "SSL_CERT_FILE, else the system's store; or AWS_CA_BUNDLE",
            Self::System => "the system's store",
            Self::Node => "NODE_EXTRA_CA_CERTS",
            Self::Java => "JAVA_TOOL_OPTIONS, else Java's cacerts",
            Self::Python => "cacert.pem of certifi, else of botocore; no variable",
            Self::AwsCli => "cacert.pem of its own; no variable",
        }
    }
}

/// All known programs, and whether they trust the authority. `python` is the file of [`roots_of_python`].
pub(crate) fn programs(
    authority: &Authority,
    environment: &TrustVariables,
    python: Option<&Path>,
) -> Vec<Program> {
    let has_pem = |path: &PathBuf| roots::of_file(path).contains(&authority.certificate);
    let system = roots::of_system().contains(&authority.certificate);
    let cert_file = environment.ssl_cert_file.as_ref().map_or(system, has_pem);
    let trusts = |roots| match roots {
        Roots::CertFile => Some(cert_file),
        Roots::CertFileOrAwsBundle => {
            Some(cert_file || environment.aws_ca_bundle.as_ref().is_some_and(has_pem))
        }
        Roots::System => Some(system),
        Roots::Node => Some(environment.node_extra_ca_certs.as_ref().is_some_and(has_pem)),
        Roots::Java => Some(has_bytes(&java_trust_store(environment), &authority.certificate)),
        Roots::Python => python.map(Path::to_path_buf).as_ref().map(has_pem),
        Roots::AwsCli => None,
    };
    let program = |(program, roots): (&'static str, Roots)| Program {
        program,
        trusts: trusts(roots),
        reads: roots.described(),
    };
    PROGRAMS.into_iter().map(program).collect()
}

/// The file that `-Djavax.net.ssl.trustStore` names, else the one that Debian's Java has.
fn java_trust_store(environment: &TrustVariables) -> PathBuf {
    let options = environment.java_tool_options.as_deref().unwrap_or_default();
    let Some((_, value)) = options.rsplit_once(TRUST_STORE) else {
        return PathBuf::from(JAVA_CACERTS);
    };
    let quoted =
        ['\'', '"'].into_iter().find_map(|quote| value.strip_prefix(quote)?.split(quote).next());
    PathBuf::from(quoted.or_else(|| value.split_whitespace().next()).unwrap_or_default())
}

/// Java's stores have certificates as they are, in either format, unless they are encrypted.
fn has_bytes(file: &Path, bytes: &[u8]) -> bool {
    files::read(file, MAX_STORE_BYTES)
        .is_ok_and(|store| store.windows(bytes.len()).any(|part| part == bytes))
}

/// The roots of boto3 in the `python3` of PATH.
pub(crate) async fn roots_of_python() -> Option<PathBuf> {
    let mut command = child::command("python3");
    command.args(["-c", PYTHON]);
    let mut command = Command::from(command);
    command.stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let output = timeout(PYTHON_TIMEOUT, command.output()).await.ok()?.ok()?;
    let path = String::from_utf8(output.stdout).ok()?;
    Some(PathBuf::from(path.trim_end_matches(['\r', '\n']))).filter(|path| path.is_file())
}

/// Does not import from the working folder, because a certifi.py there can be from anyone.
const PYTHON: &str = "\
import sys
sys.path = [folder for folder in sys.path if folder]
import importlib.util, os
certifi = importlib.util.find_spec('certifi')
if certifi:
    import certifi
    print(certifi.where())
else:
    botocore = importlib.util.find_spec('botocore')
    print(os.path.join(os.path.dirname(botocore.origin), 'cacert.pem'))
";
const PYTHON_TIMEOUT: Duration = Duration::from_secs(5);
/// Java's store of a distribution has 200 KB.
const MAX_STORE_BYTES: u64 = 64 * 1024 * 1024;
const JAVA_CACERTS: &str = "/etc/ssl/certs/java/cacerts";

const PROGRAMS: [(&str, Roots); 15] = [
    ("AWS SDK for C++", Roots::CertFile),
    ("AWS SDK for Go v1", Roots::CertFileOrAwsBundle),
    ("AWS SDK for Go v2, Terraform", Roots::CertFile),
    ("AWS SDK for Java", Roots::Java),
    ("AWS SDK for JavaScript", Roots::Node),
    ("AWS SDK for Python (boto3)", Roots::Python),
    ("AWS SDK for Ruby", Roots::CertFile),
    ("AWS SDK for Rust", Roots::CertFile),
    ("AWS CLI", Roots::AwsCli),
    ("AWS Common Runtime", Roots::CertFile),
    ("aiobotocore", Roots::Python),
    ("async-aws (PHP)", Roots::System),
    ("MinIO for Python", Roots::CertFile),
    ("object_store", Roots::CertFile),
    ("OpenDAL", Roots::CertFile),
];
