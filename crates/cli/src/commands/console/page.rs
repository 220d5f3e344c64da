//! The page of the console that is opened.

use clap::Args;
use credentials::{Failure, Partition, Problem, Profile, RegionName};
use providers::{Destination, Service, console_home};

use crate::ground::env;
use crate::instance::obtain::default_region;
use crate::instance::settings::Settings;

/// What to open. The default is the home page.
#[derive(Args)]
pub(super) struct PageArguments {
    /// Open the page of this service, such as ec2, s3, iam or logs
    #[arg(short, long, value_name = "NAME", value_parser = Service::parse)]
    service: Option<Service>,
    /// The region of the page [default: AWS_REGION, else the role's default region]
    #[arg(long, value_name = "REGION", value_parser = RegionName::parse)]
    region: Option<RegionName>,
    /// Open this page, on a host of AWS's console
    #[arg(long, value_name = "URL", value_parser = Destination::parse,
          conflicts_with_all = ["service", "region"])]
    destination: Option<Destination>,
}

impl PageArguments {
    /// The role's partition, and the URL of the page there.
    pub(super) fn destination(
        &self,
        settings: &Settings,
        profile: &Profile,
    ) -> Result<(Partition, String), Failure> {
        let region = match &self.region {
            Some(region) => Some(region.clone()),
            None => match env::region().and_then(|region| RegionName::parse(&region).ok()) {
                Some(region) => Some(region),
                None => default_region(settings, profile)?,
            },
        };
        let partition = partition(profile, region.as_ref());
        let region = region_in(&partition, region.as_ref());
        if let Some(wanted) = self.region.as_ref().filter(|_| region.is_none()) {
            let text = format!(
                "the region {wanted} is not in the partition {} of the role `{}`",
                partition.as_str(),
                profile.name
            );
            return Err(Failure::new(Problem::Usage, text).with_hint("Leave out --region."));
        }
        let page = match (&self.destination, &self.service) {
            (Some(page), _) => page.in_partition(&partition)?.to_owned(),
            (None, Some(service)) => service.page(&partition, region)?,
            (None, None) => console_home(&partition, region)?,
        };
        Ok((partition, page))
    }
}

/// The role's partition, or else the partition of its region.
fn partition(profile: &Profile, region: Option<&RegionName>) -> Partition {
    match region.filter(|_| profile.principal.account_id.is_none()) {
        Some(region) => Partition::of_region(region.as_str()),
        None => profile.principal.partition.clone(),
    }
}

/// The region, if it is in this partition. The default region for all roles may be in another one.
fn region_in<'a>(partition: &Partition, region: Option<&'a RegionName>) -> Option<&'a str> {
    region.map(RegionName::as_str).filter(|region| Partition::of_region(region) == *partition)
}

#[cfg(test)]
mod tests {
    use credentials::Principal;

    use super::*;

    #[test]
    fn a_region_of_another_partition_is_left_out() {
        let region = RegionName::parse("us-gov-west-1").unwrap();
        let mut profile = fakes::profile("dev", "2026-11-22T21:16:31Z");
        let of_role = partition(&profile, Some(&region));
        assert_eq!(of_role, Partition::default());
        assert_eq!(region_in(&of_role, Some(&region)), None);
        profile.principal = Principal::default();
        let of_region = partition(&profile, Some(&region));
        assert_eq!(of_region.as_str(), "aws-us-gov");
        assert_eq!(region_in(&of_region, Some(&region)), Some("us-gov-west-1"));
    }
}
