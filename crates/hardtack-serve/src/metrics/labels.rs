//! The labels of metrics: enums, each of whose variants has a name that a metric shows.

/// Defines enums whose variants number counters, and have names.
macro_rules! labels {
    ($(
        $(#[$about:meta])*
        pub(crate) enum $label:ident {
            $($(#[$about_variant:meta])* $variant:ident = $name:literal,)+
        }
    )+) => {$(
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum $label {
            $($(#[$about_variant])* $variant,)+
        }

        impl $label {
            /// All of them, in the order of their counters.
            pub(crate) const ALL: &[Self] = &[$(Self::$variant),+];

            /// Their names, in the same order.
            pub(crate) const NAMES: &[&str] = &[$($name),+];
        }
    )+};
}

labels! {
    /// How the body of a response is coded.
    pub(crate) enum Coding {
        /// It has no representation: 304, a redirect.
        None = "none",
        Identity = "identity",
        Gzip = "gzip",
        Br = "br",
        Zstd = "zstd",
        Dcb = "dcb",
        Dcz = "dcz",
        /// Several, or one that only an upstream knows.
        Other = "other",
    }

    /// How long a cache may keep a response.
    pub(crate) enum Policy {
        /// Not at all, or nothing is said of it.
        None = "none",
        /// For a while, then it is revalidated.
        Revalidate = "revalidate",
        Immutable = "immutable",
    }

    /// The version of HTTP of a request.
    pub(crate) enum HttpVersion {
        Http1 = "http/1",
        H2 = "h2",
    }

    /// The reason to close a connection before its first request.
    pub(crate) enum Refusal {
        /// As many are open from its address as may be.
        PerAddress = "per_address",
        /// Its PROXY protocol header is malformed, or missing where it is required.
        ProxyHeader = "proxy_header",
    }

    /// The outcome of a TLS handshake.
    pub(crate) enum Handshake {
        Ok = "ok",
        Failed = "failed",
    }

    /// The action that a client took too long for.
    pub(crate) enum Timeout {
        /// To send a request's header.
        Header = "header",
        /// To send another request.
        Idle = "idle",
        /// To take a response.
        Write = "write",
    }

    /// The outcome of a request to the upstream.
    pub(crate) enum Upstream {
        /// There was a response, of any status.
        Answered = "answered",
        /// No connection, or one that broke before the response.
        Failed = "failed",
        TimedOut = "timed_out",
        /// It was not asked: as many requests were with it as may be.
        Refused = "refused",
    }
}

impl Coding {
    /// The value of the label.
    pub(crate) const fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

impl Policy {
    /// The value of the label.
    pub(crate) const fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Labels count by their discriminants, and a series has one name.
    macro_rules! assert_consistent {
        ($($label:ident)+) => {$(
            for (index, label) in $label::ALL.iter().enumerate() {
                assert_eq!(*label as usize, index);
                let name = $label::NAMES[index];
                let namesakes = $label::NAMES.iter().filter(|other| **other == name);
                assert_eq!(namesakes.count(), 1, "{name}");
            }
        )+};
    }

    #[test]
    fn numbers_and_names() {
        assert_consistent!(Coding Policy HttpVersion Refusal Handshake Timeout Upstream);
    }
}
