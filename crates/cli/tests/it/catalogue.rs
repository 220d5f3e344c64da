//! Catalogues as a refresh leaves them, where it takes no sign-in to look at what is made of them.

use fakes::TestEnv;
use serde_json::json;

/// Says that an instance is configured, and what a refresh has found there: accounts with a name and roles.
pub(crate) fn write(world: &TestEnv, instance: &str, accounts: &[(&str, &str, &[&str])]) {
    let start_url = start_url(instance);
    let accounts = accounts.iter().map(|(id, name, roles)| {
        json!({"id": id, "name": name, "email": null, "roles": roles, "fetched_at": 1})
    });
    let catalogue = json!({
        "version": 1,
        "start_url": start_url,
        "region": "eu-central-1",
        "refreshed_at": 1_700_000_000_000_i64,
        "refreshing_since": null,
        "accounts": accounts.collect::<Vec<_>>(),
    });
    world.write(&format!(".cache/aws-sso/{instance}.json"), &catalogue.to_string());
}

/// The lines of config.yaml below `SSOConfig`.
pub(crate) fn configuration(instance: &str) -> String {
    format!("  {instance}:\n    SSORegion: eu-central-1\n    StartUrl: {}\n", start_url(instance))
}

/// Names as AWS has them, with what is odd in them.
pub(crate) const FORMAT: &str = "ProfileFormat: '{{ .AccountAlias }}:{{ .RoleName }}'\n";

fn start_url(instance: &str) -> String {
    format!("https://{instance}.awsapps.com/start")
}
