//! Pages of the AWS console: of a service by its name, or by a URL that is checked.

use credentials::{Failure, Invalid, Partition, Problem};
use url::{Host, Url};

use super::hosts;

/// A service of the console, by a name that people use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service(String);

impl Service {
    /// Parses the name of a service, in upper or lower case.
    ///
    /// # Errors
    /// The text is no 1 to 40 letters, digits and dashes.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let name = text.to_ascii_lowercase();
        let is_word = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        match is_word && (1..=40).contains(&name.len()) {
            true => Ok(Self(name)),
            false => Err(Invalid("the name of a service, such as ec2 or s3")),
        }
    }

    /// The URL of the service's page, in a region if one is given. A name that is not in the tables is taken for the path of the
    /// service, as it is for most of them.
    ///
    /// # Errors
    /// The address of the console in this partition is unknown.
    pub fn page(&self, partition: &Partition, region: Option<&str>) -> Result<String, Failure> {
        let host = hosts(partition)?.console;
        let find = |table: &'static [(&str, &str)]| {
            table.iter().find(|(names, _)| names.split(' ').any(|name| name == self.0))
        };
        if let Some((_, path)) = find(&GLOBAL) {
            return Ok(format!("https://{host}/{path}"));
        }
        let usual = format!("{}/home", self.0);
        let path = find(&REGIONAL).map_or(usual.as_str(), |(_, path)| path);
        let (path, fragment) = path.split_once('#').map_or((path, None), |(p, f)| (p, Some(f)));
        let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
        Ok(match region {
            Some(region) => {
                format!("https://{region}.{host}/{path}?region={region}{fragment}")
            }
            None => format!("https://{host}/{path}{fragment}"),
        })
    }
}

/// The URL of a page of AWS that a browser may be sent to after it was signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination(Url);

impl Destination {
    /// Parses the URL of a page. What a person types is refused if browsers could read it in another way than we do.
    ///
    /// # Errors
    /// The text is not a plain https URL on a host of AWS's consoles.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        const MUST_BE: Invalid =
            Invalid("the https:// URL of a console page, without user and port");
        const OF_AWS: Invalid = Invalid(
            "a page of AWS, which is on a host such as console.aws.amazon.com, because the browser is signed in there",
        );
        let authority = text.strip_prefix("https://").ok_or(MUST_BE)?;
        let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
        let is_odd = |c: char| c == '\\' || c.is_control() || c.is_whitespace();
        if text.len() > MAX_BYTES || text.contains(is_odd) || authority.contains(['@', ':']) {
            return Err(MUST_BE);
        }
        let url = Url::parse(text).map_err(|_| MUST_BE)?;
        // Anything else was decoded, and is not what the person sees.
        if !url.host_str().is_some_and(|host| host.eq_ignore_ascii_case(authority)) {
            return Err(MUST_BE);
        }
        let page = Self(url);
        match DOMAINS.iter().any(|(_, domain)| page.is_below(domain)) {
            true => Ok(page),
            false => Err(OF_AWS),
        }
    }

    /// The URL, if it is on the hosts of this partition. Credentials of one partition mean nothing in another.
    ///
    /// # Errors
    /// It is a page of another partition.
    pub fn in_partition(&self, partition: &Partition) -> Result<&str, Failure> {
        let of_partition = DOMAINS.iter().find(|(name, _)| *name == partition.as_str());
        match of_partition {
            Some((_, domain)) if self.is_below(domain) => Ok(self.0.as_str()),
            _ => {
                let host = self.0.host_str().unwrap_or_default();
                let partition = partition.as_str();
                let text = format!(
                    "the page is on {host}, but the role is in the partition {partition}, which has another console"
                );
                Err(Failure::new(Problem::Usage, text)
                    .with_hint("Leave out --destination, or name a page with --service"))
            }
        }
    }

    /// Whether the host is this domain, or below it.
    fn is_below(&self, domain: &str) -> bool {
        let Some(Host::Domain(host)) = self.0.host() else { return false };
        let below = host.strip_suffix(domain);
        below.is_some_and(|below| below.is_empty() || below.ends_with('.'))
    }
}

/// Sign-in URLs have at most some kilobytes.
const MAX_BYTES: usize = 2048;

/// The domain of each partition, below which are AWS's own pages alone.
const DOMAINS: [(&str, &str); 4] = [
    ("aws", "aws.amazon.com"),
    ("aws-cn", "amazonaws.cn"),
    ("aws-us-gov", "amazonaws-us-gov.com"),
    ("aws-eusc", "amazonaws-eusc.eu"),
];

/// Services whose pages have no region.
const GLOBAL: [(&str, &str); 11] = [
    ("iam", "iam/home"),
    ("billing", "billing/home"),
    ("costs ce cost-explorer costexplorer", "costmanagement/home"),
    ("organizations org orgs", "organizations/v2/home"),
    ("route53 r53", "route53/v2/home"),
    ("cloudfront cf", "cloudfront/v4/home"),
    ("globalaccelerator", "globalaccelerator/home"),
    ("shield", "wafv2/shieldv2"),
    ("support", "support/home"),
    ("health phd", "health/home"),
    ("trustedadvisor ta", "trustedadvisor/home"),
];

/// Services whose path is not their name, or that have other names.
const REGIONAL: [(&str, &str); 48] = [
    ("acm certificates", "acm/home"),
    ("ami amis", "ec2/home#Images:"),
    ("apigateway apigw api-gateway", "apigateway/main/apis"),
    ("asg autoscaling", "ec2/home#AutoScalingGroups:"),
    ("beanstalk eb", "elasticbeanstalk/home"),
    ("cloudformation cfn stacks", "cloudformation/home"),
    ("cloudtrail trail", "cloudtrailv2/home"),
    ("cloudwatch cw", "cloudwatch/home"),
    ("codeartifact", "codesuite/codeartifact/repositories"),
    ("codebuild", "codesuite/codebuild/projects"),
    ("codecommit", "codesuite/codecommit/repositories"),
    ("codedeploy", "codesuite/codedeploy/applications"),
    ("codepipeline", "codesuite/codepipeline/pipelines"),
    ("cognito", "cognito/v2/home"),
    ("directconnect dx", "directconnect/v2/home"),
    ("dms", "dms/v2/home"),
    ("dynamodb ddb dynamo", "dynamodbv2/home"),
    ("ebs volumes", "ec2/home#Volumes:"),
    ("ecr", "ecr/private-registry/repositories"),
    ("ecs", "ecs/v2/home"),
    ("eks", "eks/clusters"),
    ("elb alb nlb loadbalancers", "ec2/home#LoadBalancers:"),
    ("eventbridge events", "events/home"),
    ("identitycenter identity-center sso", "singlesignon/home"),
    ("inspector", "inspector/v2/home"),
    ("instances", "ec2/home#Instances:"),
    ("kinesis", "kinesis/home"),
    ("lambda functions", "lambda/home"),
    ("logs cwl", "cloudwatch/home#logsV2:log-groups"),
    ("mq", "amazon-mq/home"),
    ("opensearch elasticsearch es", "aos/home"),
    ("params parameterstore parameter-store", "systems-manager/parameters"),
    ("quotas service-quotas", "servicequotas/home"),
    ("rds", "rds/home"),
    ("redshift", "redshiftv2/home"),
    ("resource-groups tags", "resource-groups/home"),
    ("secretsmanager secrets secrets-manager sm", "secretsmanager/listsecrets"),
    ("securitygroups sg", "ec2/home#SecurityGroups:"),
    ("session-manager sessions", "systems-manager/session-manager"),
    ("sns", "sns/v3/home"),
    ("spot", "ec2/home#SpotInstances:"),
    ("sqs", "sqs/v3/home"),
    ("ssm systemsmanager systems-manager", "systems-manager/home"),
    ("stepfunctions sfn step-functions", "states/home"),
    ("subnets", "vpcconsole/home#subnets:"),
    ("vpc", "vpcconsole/home"),
    ("waf wafv2", "wafv2/homev2"),
    ("workspaces", "workspaces/v2/home"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_has_a_page_in_each_partition() {
        for (name, region, page) in [
            (
                "EC2",
                "eu-central-1",
                "https://eu-central-1.console.aws.amazon.com/ec2/home?region=eu-central-1",
            ),
            (
                "ddb",
                "cn-north-1",
                "https://cn-north-1.console.amazonaws.cn/dynamodbv2/home?region=cn-north-1",
            ),
            (
                "logs",
                "us-gov-west-1",
                "https://us-gov-west-1.console.amazonaws-us-gov.com/cloudwatch/home?region=us-gov-west-1#logsV2:log-groups",
            ),
            ("iam", "eu-west-1", "https://console.aws.amazon.com/iam/home"),
            (
                "not-known-yet",
                "us-east-1",
                "https://us-east-1.console.aws.amazon.com/not-known-yet/home?region=us-east-1",
            ),
        ] {
            let service = Service::parse(name).unwrap();
            let partition = Partition::of_region(region);
            assert_eq!(service.page(&partition, Some(region)).unwrap(), page);
        }
        let page = Service::parse("s3").unwrap().page(&Partition::default(), None).unwrap();
        assert_eq!(page, "https://console.aws.amazon.com/s3/home");
    }

    #[test]
    fn no_name_is_in_the_tables_twice_and_every_name_is_one() {
        let names: Vec<&str> =
            GLOBAL.iter().chain(&REGIONAL).flat_map(|(names, _)| names.split(' ')).collect();
        let different: std::collections::HashSet<_> = names.iter().collect();
        assert_eq!(different.len(), names.len());
        assert!(names.iter().all(|name| Service::parse(name).is_ok()));
    }

    #[test]
    fn a_name_that_is_no_word_is_refused() {
        for refused in ["", "a b", "../x", "ec2/home", "x?y", "é", &"a".repeat(41)] {
            assert!(Service::parse(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn a_page_of_the_roles_console_can_be_the_destination() {
        for (page, partition) in [
            ("https://console.aws.amazon.com/s3/home?region=eu-central-1#a&b", "us-east-1"),
            ("https://eu-west-1.console.aws.amazon.com/ec2/home", "us-east-1"),
            ("https://lightsail.aws.amazon.com/ls/webapp", "us-east-1"),
            ("https://CONSOLE.aws.amazon.com", "us-east-1"),
            ("https://console.amazonaws.cn/", "cn-north-1"),
            ("https://us-gov-west-1.console.amazonaws-us-gov.com/x", "us-gov-west-1"),
            ("https://console.amazonaws-eusc.eu/x", "eusc-de-east-1"),
        ] {
            let destination = Destination::parse(page).unwrap();
            assert!(destination.in_partition(&Partition::of_region(partition)).is_ok(), "{page}");
            let other = if partition == "us-east-1" { "cn-north-1" } else { "us-east-1" };
            let refused = destination.in_partition(&Partition::of_region(other)).unwrap_err();
            assert_eq!(refused.problem, Problem::Usage);
        }
    }

    #[test]
    fn a_page_that_is_not_of_aws_is_refused_however_it_is_written() {
        for refused in [
            "",
            "console.aws.amazon.com",
            "http://console.aws.amazon.com/",
            "HTTPS://console.aws.amazon.com/",
            "javascript:alert(1)",
            "https:console.aws.amazon.com",
            "https:///console.aws.amazon.com",
            "https://evil.example/",
            "https://evil.example/console.aws.amazon.com",
            "https://evil.example?x=console.aws.amazon.com",
            "https://evil.example#.aws.amazon.com",
            "https://console.aws.amazon.com.evil.example/",
            "https://evilaws.amazon.com/",
            "https://amazon.com/",
            "https://aws.amazon.com./",
            "https://amazonaws.com/",
            "https://bucket.s3.amazonaws.com/",
            "https://bucket.s3.cn-north-1.amazonaws.com.cn/",
            "https://console.aws.amazon.com@evil.example/",
            "https://user@console.aws.amazon.com/",
            "https://console.aws.amazon.com:8443/",
            "https://console.aws.amazon.com:443/",
            "https://evil.example\\.aws.amazon.com/",
            "https://evil.example\\@console.aws.amazon.com/",
            "https://console.aws.amazon.com/\\evil.example",
            "https://console.aws.amazon.com/\n",
            " https://console.aws.amazon.com/",
            "https://evil.example%2f.aws.amazon.com/",
            "https://[::1]/",
            "https://127.0.0.1/",
            "https://console.aws.amazon.ｃom.evil.example/",
        ] {
            assert!(Destination::parse(refused).is_err(), "{refused:?}");
        }
        assert!(
            Destination::parse(&format!("https://aws.amazon.com/{}", "a".repeat(2048))).is_err()
        );
    }
}
