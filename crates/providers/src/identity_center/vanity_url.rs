//! Start URLs on a company's own domain that lead to the access portal by a redirect. AWS knows only its own URLs, so a sign-in
//! looks where the redirect leads, as the AWS CLI does from 2.35.13 on.

use std::time::Duration;

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use credentials::{Failure, StartUrl};
use tokio::time::timeout;
use tracing::debug;
use url::Url;

use super::IdentityCenter;
use crate::{failure, http_client};

impl IdentityCenter {
    /// The URL under which AWS knows the access portal: where the start URL leads. If it leads to no URL of AWS, AWS is asked for
    /// the start URL itself, and says whether it knows it.
    pub(crate) async fn portal_url(&self) -> StartUrl {
        let start_url = &self.instance().start_url;
        if is_of_aws(start_url) {
            return start_url.clone();
        }
        match timeout(TIME_LIMIT, self.follow(start_url)).await {
            Ok(Ok(Some(portal))) => return portal,
            Ok(Ok(None)) => {
                debug!("the start URL is no access portal, and does not redirect to one")
            }
            Ok(Err(failure)) => debug!("the start URL cannot be followed: {failure}"),
            Err(_) => debug!("the start URL cannot be followed in time"),
        }
        start_url.clone()
    }

    async fn follow(&self, start_url: &StartUrl) -> Result<Option<StartUrl>, Failure> {
        let settings =
            HttpConnectorSettings::builder().connect_timeout(http_client::CONNECT_TIMEOUT).build();
        let connector = http_client::connector(self.0.aws.ca_bundle(), settings)?;
        let mut url = Url::parse(start_url.as_str()).map_err(Failure::failed)?;
        for _ in 0..MAX_REDIRECTS {
            let mut request = HttpRequest::new(SdkBody::empty());
            request.set_uri(url.as_str()).map_err(Failure::failed)?;
            let answer = connector.call(request).await;
            let answer = answer.map_err(|error| failure::of_connector(&error))?;
            let location = answer.headers().get("location");
            let next = location.filter(|_| answer.status().as_u16() / 100 == 3);
            let next = next.and_then(|location| url.join(location).ok());
            // A start URL is an https:// URL, so no redirect leaves HTTPS.
            let next = next.and_then(|next| StartUrl::parse(next.as_str()).ok());
            match next {
                Some(portal) if is_of_aws(&portal) => return Ok(Some(portal)),
                Some(next) => url = Url::parse(next.as_str()).map_err(Failure::failed)?,
                None => break,
            }
        }
        Ok(None)
    }
}

/// Whether the host belongs to AWS.
fn is_of_aws(start_url: &StartUrl) -> bool {
    let host = Url::parse(start_url.as_str()).ok();
    let host = host.as_ref().and_then(Url::host_str).unwrap_or_default();
    OF_AWS.iter().any(|domain| {
        host.strip_suffix(domain).is_some_and(|before| before.ends_with('.') && before.len() > 1)
    })
}

/// The domains of access portals: of the classic portal, of the newer ones, and of their partitions.
const OF_AWS: [&str; 7] = [
    "awsapps.com",
    "awsapps.cn",
    "app.aws",
    "amazonaws.com",
    "amazonaws.cn",
    "amazonaws.com.cn",
    "amazonaws-us-gov.com",
];
const MAX_REDIRECTS: usize = 5;
const TIME_LIMIT: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hosts_of_aws_are_portals() {
        for (url, expected) in [
            ("https://corp.awsapps.com/start", true),
            ("https://ssoins-1.portal.eu-west-1.app.aws", true),
            ("https://start.us-gov-home.awsapps.com/directory/corp", true),
            ("https://start.home.awsapps.cn/directory/corp", true),
            ("https://corp.eu-west-1.portal.amazonaws.com", true),
            ("https://awsapps.com/start", false),
            ("https://evilawsapps.com/start", false),
            ("https://corp.awsapps.com.evil.example/start", false),
            ("https://aws.example.com", false),
            ("http://localhost:1/start", false),
        ] {
            assert_eq!(is_of_aws(&StartUrl::parse(url).unwrap()), expected, "{url}");
        }
    }
}
