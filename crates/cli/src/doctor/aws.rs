//! Checks that AWS answers, through the proxy if one is set, and compares the clocks. Uses no sign-in.

use providers::identity_center::IdentityCenter;

use super::finding::Finding;
use crate::instance::access;
use crate::instance::settings::Settings;

/// The findings about the region of each instance. All are asked at the same time.
pub(super) async fn look(settings: Option<&Settings>) -> Vec<Finding> {
    let Some(settings) = settings else { return Vec::new() };
    let mut asked = Vec::new();
    let mut regions = Vec::new();
    for instance in settings.instances() {
        let region = instance.instance.region.to_string();
        if regions.contains(&region) {
            continue;
        }
        regions.push(region);
        match access::open_without_sign_in(settings, instance) {
            Ok(center) => asked.push(tokio::spawn(ask(center))),
            Err(error) => return vec![Finding::of(error, "AWS cannot be asked")],
        }
    }
    let mut findings = Vec::new();
    for asked in asked {
        findings.extend(asked.await.into_iter().flatten());
    }
    findings
}

async fn ask(center: IdentityCenter) -> Vec<Finding> {
    let region = &center.instance().region;
    if let Err(error) = center.reach().await {
        let finding = format!("AWS does not answer for IAM Identity Center in {region}: {error}");
        let why = "nobody can sign in, and slots are not refreshed";
        return vec![
            Finding::problem(finding, why)
                .with_solution("env | grep -iE '_proxy=|^AWS_(ENDPOINT_URL|CA_BUNDLE|USE_)'"),
        ];
    }
    let clock = access::clock_difference(&center).map_or_else(
        || Finding::ok("this machine's clock is AWS's"),
        |off| {
            let why = "AWS refuses what is signed with it, and expirations are wrong";
            Finding::problem(off, why).with_solution(access::SET_CLOCK)
        },
    );
    vec![Finding::ok(format!("AWS answers for IAM Identity Center in {region}")), clock]
}
