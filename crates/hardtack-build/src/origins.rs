//! The setting `cors`: the origins that may use the assets (WHATWG Fetch §3.2).

use serde::{Deserialize, Deserializer, de::Error};

/// The origins that may use the assets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origins {
    /// The site's own origin alone.
    None,
    /// Every origin.
    Any,
    /// These origins, as browsers send them in `Origin`, e.g. `https://www.example`.
    Listed(Vec<String>),
}

impl Origins {
    /// The text of the origins in a bundle.
    pub(crate) fn to_text(&self) -> String {
        match self {
            Self::None => String::new(),
            Self::Any => "*".to_owned(),
            Self::Listed(origins) => origins.join(" "),
        }
    }
}

impl<'de> Deserialize<'de> for Origins {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "`cors` is true, false, or a list of origins")]
        enum Setting {
            Switch(bool),
            List(Vec<String>),
        }
        match Setting::deserialize(deserializer)? {
            Setting::Switch(false) => Ok(Self::None),
            Setting::Switch(true) => Ok(Self::Any),
            Setting::List(origins) => match origins.iter().find(|origin| !is_origin(origin)) {
                None if origins.is_empty() => Ok(Self::None),
                None => Ok(Self::Listed(origins)),
                Some(other) => Err(D::Error::custom(format!(
                    "{other:?} is no origin as browsers send it: scheme, host in small letters, \
                     a port if it is not the scheme's own, and no slash at the end, \
                     such as \"https://www.example\"",
                ))),
            },
        }
    }
}

/// RFC 6454 §6.2.
fn is_origin(text: &str) -> bool {
    let Some((scheme, authority)) = text.split_once("://") else { return false };
    let default_port = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => return false,
    };
    let is_small = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    !authority.is_empty()
        && authority.bytes().all(|byte| is_small(byte) || b".-:[]".contains(&byte))
        && !authority.ends_with(default_port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins() {
        for origin in ["https://www.example", "http://localhost:8000", "https://[::1]:8443"] {
            assert!(is_origin(origin), "{origin}");
        }
        for other in [
            "https://www.example/",
            "https://WWW.example",
            "https://www.example:443",
            "http://www.example:80",
            "www.example",
            "ftp://www.example",
            "https://",
            "https://a b",
            "null",
            "*",
        ] {
            assert!(!is_origin(other), "{other}");
        }
    }
}
