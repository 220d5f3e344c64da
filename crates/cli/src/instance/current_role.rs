//! The current role: what `exec` and `console` use when nobody names a role.
//!
//! It is the role of the shell (`AWS_SSO_PROFILE`, `AWS_PROFILE`), or that of the slot to which the shell's programs are pointed.
//! A person who has neither chooses a role. Without a terminal, the default slot of the running server decides.

use credentials::{Failure, Fetched, Problem, Profile, ProfileName, SlotName};
use server::AuthorizationToken;

use crate::client::Client;
use crate::client::address::ServerAddress;
use crate::client::arguments::ServerArguments;
use crate::ground::env;
use crate::ground::ui::{self, Screen};
use crate::instance::arguments::{RoleArguments, Wanted};
use crate::instance::obtain::chained::{ChainArguments, obtain};
use crate::instance::obtain::{Resolved, resolve};
use crate::instance::settings::Settings;
use crate::instance::which_role::chosen_role;

/// Obtains the credentials of the named role, or else of the current one. `client` asks the server which slots it has, for
/// the list on the terminal.
pub(crate) async fn obtain_named_or_current(
    (role, chain): (RoleArguments, ChainArguments),
    settings: &mut Settings,
    server: &ServerArguments,
    client: Option<&Client>,
    command: &str,
) -> Result<Profile, Failure> {
    if let Some(wanted) = role.wanted() {
        return obtain(settings, wanted, chain).await;
    }
    if let Some((variable, name)) = env::current_profile() {
        let name = ProfileName::parse(&name).map_err(env::wrong(variable))?;
        ui::note(&format!("Using the role `{name}` of {variable}."));
        // A role at the end of a --chain has a name that only its own `exec` knows.
        let is_known =
            !matches!(resolve(settings, Wanted::Profile(name.clone()))?, Resolved::UnknownName(_));
        if !is_known
            && chain.chain.is_empty()
            && let Some(profile) = of_endpoint(&name).await
        {
            return Ok(profile);
        }
        return obtain(settings, Wanted::Profile(name), chain).await;
    }
    let address = server.address.address()?;
    let slot = env::full_uri().and_then(|uri| slot_of(&uri, &address));
    let slot = slot.or_else(|| (!Screen::is_possible()).then_some(SlotName::Default));
    if let Some(slot) = slot
        && let Some(profile) = loaded(server, &slot).await
    {
        if !chain.chain.is_empty() {
            let text = format!("--chain needs a named role to start from, not the one in {slot}");
            return Err(Failure::new(Problem::Usage, text).with_hint(format!(
                "Name it: {command} --profile {}",
                credentials::shell_word(profile.name.as_str())
            )));
        }
        ui::note(&format!("Using the role `{}` in {slot}.", profile.name));
        return Ok(profile);
    }
    let wanted = chosen_role(settings, client, command).await?;
    obtain(settings, wanted, chain).await
}

/// The role of the `aws-sso exec` that we run in, from its endpoint. `None`: we run in none.
async fn of_endpoint(name: &ProfileName) -> Option<Profile> {
    let (uri, token) = env::exec_endpoint()?;
    let address = ServerAddress::of_sdks(&uri)?;
    let client = Client::with_token(address, AuthorizationToken::parse(token).ok()?);
    let asked = client.credentials(&SlotName::Default).await;
    let asked = asked.inspect_err(|error| tracing::debug!(%error, "no role from the endpoint"));
    let Fetched { principal, credentials } = asked.ok()?;
    Some(Profile { name: name.clone(), principal, credentials, source: None })
}

/// The profile in a slot of the server. `None`: it is empty, or the server does not run, is not ours or refuses.
async fn loaded(server: &ServerArguments, slot: &SlotName) -> Option<Profile> {
    let ask = async {
        let client = Client::new(server)?;
        let profile = client.profile_in(slot).await?;
        let source = profile.source();
        let fetched = match &source {
            Some(source) => client.credentials_of(source).await?,
            None => Some(client.credentials(slot).await?),
        };
        let name = ProfileName::parse(&profile.profile_name).map_err(Failure::failed)?;
        Ok(fetched.map(|Fetched { principal, credentials }| Profile {
            name,
            principal,
            credentials,
            source,
        }))
    };
    let asked: Result<_, Failure> = ask.await;
    let failed = asked.inspect_err(|error| tracing::debug!(%error, "no role from the server"));
    failed.ok().flatten()
}

/// The slot of this server that a URI for SDKs names.
fn slot_of(uri: &str, server: &ServerAddress) -> Option<SlotName> {
    let (address, rest) = ServerAddress::of_uri(uri)?;
    let is_server = address.is_on_this_host() && server.is_on_this_host();
    let is_server = is_server && address.port == server.port;
    is_server.then(|| ServerAddress::slot_in(rest)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_slot_of_this_server_is_the_current_one() {
        let server = ServerAddress::default();
        let named = SlotName::Named(ProfileName::parse("a b").unwrap());
        for (uri, slot) in [
            ("http://127.0.0.1:4144/creds", Some(SlotName::Default)),
            ("http://localhost:4144/", Some(SlotName::Default)),
            ("https://[::1]:4144/s/YSBi", Some(named.clone())),
            ("http://127.0.0.1:4144/slot/a%20b", Some(named)),
            ("http://127.0.0.1:4145/creds", None),
            ("http://169.254.170.23/v1/credentials", None),
            ("http://dev.example:4144/creds", None),
            ("http://127.0.0.1:4144/status", None),
            ("stale", None),
        ] {
            assert_eq!(slot_of(uri, &server), slot, "{uri}");
        }
    }
}
