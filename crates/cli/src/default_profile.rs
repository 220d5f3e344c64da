//! The `[default]` profile of the AWS config, which most SDKs look at before they ask a container endpoint.

use crate::{env, ui};

/// Says so when it would be used instead of `what`.
pub(crate) async fn warn(what: &str) {
    let keys = match providers::before_containers().await {
        Ok(keys) => keys,
        Err(error) => return ui::note(&format!("warning: {}.", ui::printable(&error.to_string()))),
    };
    let variables = ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"];
    for ((key, variable), file) in keys.into_iter().zip(variables).zip(env::aws_config_files()) {
        let Some(key) = key else { continue };
        let file = file.display().to_string();
        ui::note(&format!(
            "warning: SDKs use the [default] profile of {} before {what}, because it has {key}. \
             Rename it, or point {variable} at another file.",
            ui::printable(&file)
        ));
    }
}
