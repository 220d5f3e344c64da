//! Containers of Firefox: tabs that share no cookies with others, so that several roles can be open at once.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// The container that a page is opened in.
pub(crate) struct Container<'a> {
    name: &'a str,
    colour: &'static str,
    icon: &'static str,
}

impl<'a> Container<'a> {
    /// The container for signing in to an instance, as in aws-sso-cli.
    pub(crate) fn of_sign_in(instance: &'a str) -> Self {
        Self { name: instance, colour: "blue", icon: ICON }
    }

    /// The container of a role. Its tags `Color` and `Icon` count if Firefox knows their values. Without a colour, the name of
    /// the role gives one, always the same.
    pub(crate) fn of_role(name: &'a str, tags: &[(String, String)]) -> Self {
        let tag = |key: &str, known: &[&'static str]| {
            let (_, value) = tags.iter().find(|(tag, _)| tag.eq_ignore_ascii_case(key))?;
            known.iter().find(|known| known.eq_ignore_ascii_case(value)).copied()
        };
        let colour = tag("Color", &COLOURS).unwrap_or_else(|| colour_of(name));
        Self { name, colour, icon: tag("Icon", &ICONS).unwrap_or(ICON) }
    }

    /// The URL that the extension with this scheme opens in the container.
    pub(super) fn url(&self, scheme: &str, url: &str) -> String {
        let Self { name, colour, icon } = self;
        let encoded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
        let (name, url) = (encoded(name), encoded(url));
        format!("ext+{scheme}:name={name}&url={url}&color={colour}&icon={icon}")
    }
}

/// FNV-1a of the name, because a container keeps its colour in all versions of this program.
fn colour_of(name: &str) -> &'static str {
    let hash = name
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    // Its high bits are mixed best.
    let at = usize::try_from(hash >> 27).unwrap_or_default() % COLOURS.len();
    COLOURS.get(at).copied().unwrap_or("blue")
}

/// The colours of containers in Firefox (contextualIdentities API, `ContextualIdentity.color`).
const COLOURS: [&str; 8] =
    ["blue", "turquoise", "green", "yellow", "orange", "red", "pink", "purple"];
/// Their icons.
const ICONS: [&str; 13] = [
    "fingerprint",
    "briefcase",
    "dollar",
    "cart",
    "vacation",
    "gift",
    "food",
    "fruit",
    "pet",
    "tree",
    "chill",
    "circle",
    "fence",
];
const ICON: &str = "fingerprint";

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(key: &str, value: &str) -> (String, String) {
        (key.to_owned(), value.to_owned())
    }

    #[test]
    fn the_url_escapes_the_url_and_the_name_in_it() {
        assert_eq!(
            Container::of_sign_in("My Corp").url("container", "https://a/b?c=d&e=f"),
            "ext+container:name=My%20Corp&url=https%3A%2F%2Fa%2Fb%3Fc%3Dd%26e%3Df&color=blue&icon=fingerprint"
        );
    }

    #[test]
    fn tags_choose_colour_and_icon_if_firefox_knows_them() {
        let tags = [tag("Color", "Red"), tag("icon", "briefcase")];
        let url = Container::of_role("prod", &tags).url("container", "u");
        assert_eq!(url, "ext+container:name=prod&url=u&color=red&icon=briefcase");
        let tags = [tag("Color", "red&url=evil"), tag("Icon", "skull")];
        let url = Container::of_role("prod", &tags).url("container", "u");
        assert_eq!(url, Container::of_role("prod", &[]).url("container", "u"));
    }

    #[test]
    fn a_role_has_the_same_colour_each_time_and_roles_differ() {
        let colour = |name| Container::of_role(name, &[]).colour;
        // These are in the browsers of people.
        assert_eq!([colour("prod:Admin"), colour("dev:Admin")], ["orange", "blue"]);
        let names: Vec<String> = (0..100).map(|number| format!("account{number}:Admin")).collect();
        let different: std::collections::HashSet<_> =
            names.iter().map(|name| colour(name)).collect();
        assert_eq!(different.len(), COLOURS.len());
    }
}
