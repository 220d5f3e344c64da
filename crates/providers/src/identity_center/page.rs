//! Which URL of an answer may be opened in a browser.

use url::{Host, Url};

/// The URL of a page for a browser; `None` if it must not be opened. Other schemes could start another program, and a text that is
/// no URL could be an option. Plain HTTP is accepted on this host alone: elsewhere, anybody on the way could change the page.
pub(crate) fn url(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let is_local = match url.host()? {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    let may_open = url.scheme() == "https" || (url.scheme() == "http" && is_local);
    may_open.then(|| url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_without_tls_is_opened_on_this_host_alone() {
        for good in [
            "https://device.sso.eu-central-1.amazonaws.com/?user_code=ABCD-EFGH",
            "http://localhost:8080/device",
            "http://127.0.0.1:8080/device",
            "http://[::1]:8080/device",
        ] {
            assert_eq!(url(good).as_deref(), Some(good));
        }
        for bad in [
            "http://device.sso.eu-central-1.amazonaws.com/",
            "http://10.0.0.1/",
            "http://localhost.evil.example/",
            "http://127.0.0.1@evil.example/",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "--version",
        ] {
            assert_eq!(url(bad), None, "{bad}");
        }
    }
}
