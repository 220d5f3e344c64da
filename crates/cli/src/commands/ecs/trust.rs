//! `aws-sso ecs trust`

use std::path::Path;

use clap::{ArgGroup, Args};
use serde::Serialize;
use server::{HostName, Names};

use crate::ground::arguments::{Output, OutputArguments};
use crate::ground::{paths, ui};
use crate::instance::arguments::InstanceArguments;
use crate::programs::trust::{self, Authority, Bundle, Program, Step, SystemStore, TrustVariables};
use crate::serve::authority;
use credentials::Failure;

/// Show which programs trust the server's certificate authority, and install it
///
/// It also updates the files that `aws-sso ecs env` names for an HTTPS server: the authority together with the system's
/// root certificates, as PEM and as a Java trust store.
#[derive(Args)]
#[command(after_help = "Example:\n  aws-sso ecs trust --install")]
#[command(group(ArgGroup::new("change")))]
pub(crate) struct Arguments {
    /// Install the certificate in the system's trust store; without root, the commands are shown
    #[arg(long, group = "change")]
    install: bool,
    /// Remove the certificate from the system's trust store
    #[arg(long, group = "change")]
    uninstall: bool,
    /// Replace the authority with a new one, which programs have to trust again; uninstall the old one first
    #[arg(long, group = "change")]
    renew: bool,
    /// An additional name or address for the new authority; repeatable
    #[arg(long, value_name = "NAME", requires = "renew", value_parser = HostName::parse)]
    tls_name: Vec<HostName>,
    #[command(flatten)]
    instance: InstanceArguments,
    #[command(flatten)]
    output: OutputArguments,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Shown<'a> {
    authority: &'a Path,
    fingerprint: String,
    bundle: &'a Path,
    java_trust_store: &'a Path,
    programs: &'a [Program],
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    if arguments.renew {
        let names = Names::with(arguments.tls_name);
        let path = authority::renew(&arguments.instance, &names).await?;
        ui::note(&format!(
            "Created a new certificate authority: {}. Restart servers that use --tls.",
            path.display()
        ));
    }
    let authority = Authority::read(paths::authority_certificate())?.ok_or_else(|| {
        Failure::failed("there is no certificate authority yet")
            .with_hint("The first server with HTTPS creates it: aws-sso ecs run --tls")
    })?;
    let bundle = trust::write_bundle(&authority)?;
    if arguments.install || arguments.uninstall {
        change(&authority, arguments.install)?;
    }
    let python = trust::roots_of_python().await;
    let programs = trust::programs(&authority, &TrustVariables::now(), python.as_deref());
    let fingerprint = authority.fingerprint();
    if arguments.output.output == Output::Json {
        let (bundle, java_trust_store) = (&bundle.pem, &bundle.java);
        let authority = authority.path();
        ui::json(&Shown { authority, fingerprint, bundle, java_trust_store, programs: &programs });
        return Ok(());
    }
    show(&programs);
    advise(&authority, &bundle, python.as_deref());
    Ok(())
}

/// Installs or uninstalls the authority. Without root, shows the commands for it.
fn change(authority: &Authority, install: bool) -> Result<(), Failure> {
    let store = SystemStore::of_this_system().ok_or_else(|| {
        Failure::failed("installing a certificate is not supported on this system").with_hint(
            format!(
                "Follow your system's manual. The certificate is {}",
                authority.path().display()
            ),
        )
    })?;
    let steps = match install {
        true => store.to_install(authority),
        false => store.to_uninstall(authority),
    };
    if steps.is_empty() {
        ui::note("The certificate is not in the system's store.");
        return Ok(());
    }
    if !trust::may_change_system() {
        return Err(Failure::failed(trust::WHY_NOT)
            .with_hint(format!("Run: {}", in_shell(&steps, authority))));
    }
    steps.iter().try_for_each(|step| step.take(authority))
}

fn in_shell(steps: &[Step], authority: &Authority) -> String {
    let commands = steps.iter().map(|step| step.in_shell(authority));
    commands.collect::<Vec<_>>().join(" && ")
}

fn show(programs: &[Program]) {
    let row = |program: &Program| {
        let trusts = match program.trusts {
            Some(true) => "yes",
            Some(false) => "no",
            None => "unknown",
        };
        vec![program.program.into(), trusts.into(), program.reads.into()]
    };
    ui::table(&["Program", "Trusts it", "By"], programs.iter().map(row));
}

/// Shows how to make the programs trust the authority.
fn advise(authority: &Authority, bundle: &Bundle, python: Option<&Path>) {
    let path = authority.path().display().to_string();
    ui::note(&format!("The certificate: {path}, SHA-256 {}", authority.fingerprint()));
    ui::note(&format!("With the system's roots: {}", bundle.pem.display()));
    ui::note("To set the variables: eval \"$(aws-sso ecs env --server https://127.0.0.1:4144)\"");
    ui::note(
        "For the system's store, and programs that are not started by a shell: aws-sso ecs trust --install",
    );
    let python =
        python.map_or_else(|| "their cacert.pem".into(), |path| path.display().to_string());
    ui::note(&format!(
        "boto3 and the AWS CLI ignore these variables. Use plain HTTP for them, or append the certificate \
         to {python}, and again after each of its updates."
    ));
}
