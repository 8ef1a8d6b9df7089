//! A case: what is sent, and what is expected.

/// One thing that a server is asked to do right.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// The demand that it tries, as a short phrase.
    pub(crate) name: String,
    /// Where a standard says so.
    pub(crate) section: &'static str,
    /// The bytes that are sent, with placeholders in braces: see [`crate::client::Site::fill`].
    pub(crate) send: String,
    /// The responses, in order.
    pub(crate) expected: Vec<Expected>,
    /// Whether the connection is closed after them, if that matters.
    pub(crate) closed: Option<bool>,
    /// How the bytes are sent.
    pub(crate) manner: Manner,
    /// Whether it pins a choice of this project, and no standard demands it.
    pub(crate) ours: bool,
}

/// How bytes are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    AtOnce,
    ByteByByte,
    /// And then the client says that nothing more follows.
    ThenHalfClosed,
}

/// The demands on one response.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    /// The method that is answered: `HEAD` has no body.
    pub(crate) method: String,
    /// Any of these; none is any but 5xx.
    pub(crate) statuses: Vec<u16>,
    pub(crate) fields: Vec<(String, Field)>,
    pub(crate) body: Body,
}

#[derive(Clone, Debug)]
pub(crate) enum Field {
    Is(String),
    Contains(String),
    Absent,
}

#[derive(Clone, Debug)]
pub(crate) enum Body {
    Any,
    Empty,
    /// The file's bytes, after the content coding was undone.
    File(&'static str),
    /// These bytes of the file, under the identity coding.
    Slice(&'static str, usize, usize),
    /// Parts, each of which is the slice that its `Content-Range` says.
    Parts(&'static str, usize),
}

/// A `GET` with more header fields.
pub(crate) fn get(name: &str, section: &'static str, target: &str, fields: &[&str]) -> Case {
    request(name, section, "GET", target, fields)
}

/// A well-formed request.
pub(crate) fn request(
    name: &str,
    section: &'static str,
    method: &str,
    target: &str,
    fields: &[&str],
) -> Case {
    let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
    raw(name, section, &format!("{method} {target} HTTP/1.1\r\nHost: {{host}}\r\n{fields}\r\n"))
}

/// Any bytes.
pub(crate) fn raw(name: &str, section: &'static str, send: &str) -> Case {
    Case {
        name: name.to_owned(),
        section,
        send: send.to_owned(),
        expected: Vec::new(),
        closed: None,
        manner: Manner::AtOnce,
        ours: false,
    }
}

impl Case {
    /// One more response, with one of these statuses.
    pub(crate) fn status(mut self, statuses: &[u16]) -> Self {
        let method = self.send.split(' ').next().unwrap_or_default().to_owned();
        let statuses = statuses.to_vec();
        self.expected.push(Expected { method, statuses, fields: Vec::new(), body: Body::Any });
        self
    }

    pub(crate) fn ok(self, fields: &[(&str, &str)]) -> Self {
        self.status(&[200]).fields(fields)
    }

    /// Fields of the last response: an empty value is absent, `~x` contains x.
    pub(crate) fn fields(mut self, fields: &[(&str, &str)]) -> Self {
        let last = self.expected.last_mut().expect("a status comes first");
        last.fields.extend(fields.iter().map(|(name, value)| {
            let field = match (*value, value.strip_prefix('~')) {
                ("", _) => Field::Absent,
                (_, Some(part)) => Field::Contains(part.to_owned()),
                (whole, None) => Field::Is(whole.to_owned()),
            };
            ((*name).to_owned(), field)
        }));
        self
    }

    pub(crate) fn body(mut self, body: Body) -> Self {
        self.expected.last_mut().expect("a status comes first").body = body;
        self
    }

    /// 400, and nothing more is read from the connection.
    pub(crate) fn refused(self) -> Self {
        self.status(&[400]).closed()
    }

    pub(crate) fn closed(mut self) -> Self {
        self.closed = Some(true);
        self
    }

    pub(crate) fn kept(mut self) -> Self {
        self.closed = Some(false);
        self
    }

    pub(crate) fn manner(mut self, manner: Manner) -> Self {
        self.manner = manner;
        self
    }

    pub(crate) fn ours(mut self) -> Self {
        self.ours = true;
        self
    }
}
