//! The instances of both files as one list.

use config::ConfigFile;
use config::aws_config::PortalName;
use credentials::{Instance, InstanceName};

use super::ConfiguredInstance;

/// Merges the instances of both files. One start URL is one sign-in, whatever the files call it. A name of the AWS config that
/// config.yaml gives to another start URL is replaced by one that is free.
pub(super) fn merge(
    config: &ConfigFile,
    of_aws: Vec<(Instance, PortalName)>,
) -> Vec<ConfiguredInstance> {
    let of_config = config.instances.iter().map(|instance| ConfiguredInstance {
        instance: instance.instance.clone(),
        default_region: instance.default_region.clone(),
        auth_url_action: instance.auth_url_action,
        accounts: instance.accounts.clone(),
        sso_sessions: Vec::new(),
    });
    let mut instances: Vec<_> = of_config.collect();
    let is_broken = |instance: &Instance| {
        config.broken_instances.iter().any(|broken| broken.name == instance.name)
    };
    let of_config = instances.len();
    for (instance, named_by) in of_aws.into_iter().filter(|(instance, _)| !is_broken(instance)) {
        let session = match named_by {
            PortalName::SsoSession => vec![instance.name.clone()],
            PortalName::StartUrl => Vec::new(),
        };
        if let Some(known) = same_sign_in(&mut instances, of_config, &instance) {
            known.sso_sessions.extend(session);
            continue;
        }
        let name = free_name(&instances, &instance);
        instances.push(ConfiguredInstance {
            instance: Instance { name, ..instance },
            default_region: None,
            auth_url_action: None,
            accounts: Vec::new(),
            sso_sessions: session,
        });
    }
    instances
}

/// The instance of config.yaml that an instance of the AWS config is: the one of its start URL, if there is only one or if it
/// has the same name. Two of one start URL in one file are two identities.
fn same_sign_in<'a>(
    instances: &'a mut [ConfiguredInstance],
    of_config: usize,
    portal: &Instance,
) -> Option<&'a mut ConfiguredInstance> {
    let of_config = instances.get_mut(..of_config)?;
    let has_url = |known: &ConfiguredInstance| known.instance.start_url == portal.start_url;
    let is_only = of_config.iter().filter(|known| has_url(known)).count() == 1;
    let is_same = |known: &ConfiguredInstance| is_only || known.instance.name == portal.name;
    of_config.iter_mut().find(|known| has_url(known) && is_same(known))
}

fn free_name(instances: &[ConfiguredInstance], portal: &Instance) -> InstanceName {
    let is_free = |name: &InstanceName| instances.iter().all(|known| known.instance.name != *name);
    let numbered = |number: usize| {
        let name: String = portal.name.as_str().chars().take(60).collect();
        InstanceName::parse(&format!("{name}-{number}")).ok()
    };
    let mut names = std::iter::once(portal.name.clone()).chain((2..1000).filter_map(numbered));
    names.find(is_free).unwrap_or_else(|| portal.name.clone())
}
