//! A minimal browser for sign-ins. It does not follow redirects by itself.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use url::Url;

pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) body: String,
}

pub(crate) fn open(url: &str) -> Page {
    request("GET", url, "").unwrap()
}

pub(crate) fn post(url: &str, form: &str) -> Page {
    request("POST", url, form).unwrap()
}

/// # Errors
/// Nobody listens there.
pub(crate) fn request(method: &str, url: &str, form: &str) -> io::Result<Page> {
    let url = Url::parse(url).unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", url.port().unwrap()))?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let length = form.len();
    write!(
        stream,
        "{method} {target} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n\r\n{form}"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
    let location = head.lines().find_map(|line| line.strip_prefix("location: "));
    Ok(Page {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        location: location.map(str::to_owned),
        body: body.to_owned(),
    })
}

/// The value of a query's parameter.
pub(crate) fn parameter(url: &str, name: &str) -> String {
    let url = Url::parse(url).unwrap();
    let mut pairs = url.query_pairs();
    pairs.find(|(key, _)| key == name).unwrap().1.into_owned()
}

/// The URL with another value of a parameter.
pub(crate) fn with_parameter(url: &str, name: &str, value: &str) -> String {
    let mut url = Url::parse(url).unwrap();
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let changed = |(key, old): (String, String)| {
        let value = if key == name { value.to_owned() } else { old };
        (key, value)
    };
    url.query_pairs_mut().clear().extend_pairs(pairs.into_iter().map(changed));
    url.into()
}
