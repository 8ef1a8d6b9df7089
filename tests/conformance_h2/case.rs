//! A case: the frames that are sent, and the reactions that are right.

use crate::frames::{Code, PROTOCOL_ERROR, Step, kind, split};

/// One thing that a server is asked to do right.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// The demand that it tries, as a short phrase.
    pub(crate) name: String,
    /// Where a standard says so.
    pub(crate) section: &'static str,
    /// The steps of the client, in order, after it greeted the server.
    pub(crate) steps: Vec<Step>,
    /// Any of these is right. The first is waited for.
    pub(crate) expected: Vec<Reaction>,
    pub(crate) manner: Manner,
    /// Whether it pins a choice of this project, and no standard demands it.
    pub(crate) ours: bool,
}

/// How the client behaves beside its steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// It exchanges prefaces first, and pings when its steps are done: what was sent before is
    /// then dealt with.
    Polite,
    /// It sends no preface of its own; the steps do.
    Abrupt,
    /// It does not ping in the end, but waits for the server to close.
    Silent,
}

/// A reaction of a server to a case.
#[derive(Clone, Debug)]
pub(crate) enum Reaction {
    /// The connection ends, and if a GOAWAY says why, then with one of these codes (§5.4.1).
    ConnectionError(Vec<Code>),
    /// The stream is reset with one of these codes (§5.4.2), and the connection lives. A server
    /// may always treat it as a connection error, instead (§5.4).
    StreamError(u32, Vec<Code>),
    /// A whole response, and the connection lives.
    Answer(Answer),
    /// A whole response, after which the stream is reset because its content does not matter
    /// (§8.1).
    Declined(u32),
    /// A whole response, and the connection may end.
    Finished(u32),
    /// So many bytes of DATA on these streams together, not one more, and the connection lives.
    Received(Vec<u32>, usize),
    /// The settings are acknowledged so many times, and the connection lives.
    Acknowledged(usize),
    /// These pings are answered, in order, no others, and the connection lives.
    Pongs(Vec<[u8; 8]>),
    /// Nothing happens: no stream is reset, nothing is answered, and the connection lives.
    Ignored,
}

#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) stream: u32,
    /// Any of these.
    pub(crate) statuses: Vec<u16>,
    /// A field is this, or contains what follows a `~`.
    pub(crate) fields: Vec<(&'static str, String)>,
    /// The body is this slice of a file.
    pub(crate) body: Option<(&'static str, usize, usize)>,
}

pub(crate) fn case(name: &str, section: &'static str, steps: impl Into<Vec<Step>>) -> Case {
    Case {
        name: name.to_owned(),
        section,
        steps: steps.into(),
        expected: Vec::new(),
        manner: Manner::Polite,
        ours: false,
    }
}

impl Case {
    pub(crate) fn or(mut self, reaction: Reaction) -> Self {
        self.expected.push(reaction);
        self
    }

    pub(crate) fn connection_error(self, codes: &[Code]) -> Self {
        self.or(Reaction::ConnectionError(codes.to_vec()))
    }

    pub(crate) fn stream_error(self, stream: u32, codes: &[Code]) -> Self {
        self.or(Reaction::StreamError(stream, codes.to_vec()))
    }

    /// A stream error; but a server may first say so in a response (§8.1.1).
    pub(crate) fn malformed(self, stream: u32) -> Self {
        self.stream_error(stream, &[PROTOCOL_ERROR]).answer(stream, &[400])
    }

    pub(crate) fn answer(self, stream: u32, statuses: &[u16]) -> Self {
        let statuses = statuses.to_vec();
        self.or(Reaction::Answer(Answer { stream, statuses, fields: Vec::new(), body: None }))
    }

    /// The stream asked for `/one.txt`, and gets it.
    pub(crate) fn served(self, stream: u32) -> Self {
        self.answer(stream, &[200]).body("one.txt", 0, 1)
    }

    /// Fields of the last answer.
    pub(crate) fn fields(mut self, fields: &[(&'static str, &str)]) -> Self {
        let fields = fields.iter().map(|(name, value)| (*name, (*value).to_owned()));
        self.last().fields.extend(fields);
        self
    }

    pub(crate) fn body(mut self, file: &'static str, start: usize, end: usize) -> Self {
        self.last().body = Some((file, start, end));
        self
    }

    pub(crate) fn received(self, streams: &[u32], bytes: usize) -> Self {
        self.or(Reaction::Received(streams.to_vec(), bytes))
    }

    pub(crate) fn ignored(self) -> Self {
        self.or(Reaction::Ignored)
    }

    pub(crate) fn manner(mut self, manner: Manner) -> Self {
        self.manner = manner;
        self
    }

    pub(crate) fn ours(mut self) -> Self {
        self.ours = true;
        self
    }

    /// Whether the size of the connection's window matters: it is changed, or the bytes of DATA are counted.
    pub(crate) fn is_about_windows(&self) -> bool {
        let is_counted = |reaction: &Reaction| matches!(reaction, Reaction::Received(..));
        let is_changed = |step: &Step| match step {
            Step::Send(bytes) => {
                split(bytes).iter().any(|frame| frame.0 == kind::WINDOW_UPDATE && frame.2 == 0)
            }
            _ => false,
        };
        self.expected.iter().any(is_counted) || self.steps.iter().any(is_changed)
    }

    fn last(&mut self) -> &mut Answer {
        match self.expected.last_mut() {
            Some(Reaction::Answer(answer)) => answer,
            other => panic!("an answer comes first, not {other:?}"),
        }
    }
}
