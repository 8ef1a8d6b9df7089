//! A client that sends any frames, keeps account of all that comes back, and judges it.

use std::{
    collections::BTreeMap,
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
    io::{ErrorKind, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
};

use crate::{
    case::{Answer, Case, Manner, Reaction},
    frames::{Code, NO_ERROR, PREFACE, Settings, Step, bytes, flag, kind, setting, split},
    harness::{Files, connect},
    hpack::{Decoder, Field},
};

/// The most that a server may send in one frame, as it was not told otherwise (§4.2).
const MOST: usize = 16_384;

/// How often the client pings in the end. A frame is dealt with when the first ping is answered;
/// what it brings about, as a response that another task makes, may be on its way still.
pub(crate) const ROUNDS: usize = 3;

/// How the pings begin that are the client's own, and no case's.
const OWN: [u8; 6] = *b"settle";

/// A running server, and the files that it serves.
pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    pub(crate) files: Files,
    /// Whether each client begins with a wide window for its connection.
    pub(crate) is_wide: bool,
}

/// By how much it is wider then.
const WIDE: u32 = 1 << 20;

/// The outcome of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Passes,
    /// The reaction is right, but for the code of the error.
    OtherCode(String),
    /// The expected reaction, and the one that came.
    Fails(String),
    /// The server's settings leave nothing to try.
    NotApplicable,
}

impl Site {
    pub(crate) fn try_case(&self, case: &Case) -> Verdict {
        match self.played(case) {
            Ok(Some(seen)) => self.verdict(case, &seen),
            Ok(None) => Verdict::NotApplicable,
            Err(error) => Verdict::Fails(error),
        }
    }

    /// The reaction of the server to a case, unless its settings leave nothing to try.
    fn played(&self, case: &Case) -> Result<Option<Seen>, String> {
        let mut wire = Wire::connect(self.address, case.manner)?;
        if case.manner != Manner::Abrupt {
            wire.greet()?;
        }
        if self.is_wide && case.manner == Manner::Polite && !case.is_about_windows() {
            wire.widen();
        }
        if !wire.take(&case.steps)? {
            return Ok(None);
        }
        case.expected.first().map_or(Ok(()), |reaction| wire.await_reaction(reaction))?;
        if case.manner != Manner::Silent {
            (0..ROUNDS).try_for_each(|_| wire.settle())?;
        }
        if case.manner == Manner::Silent || wire.seen.go_away.is_some() {
            wire.until(|_| false)?;
        }
        Ok(Some(wire.seen))
    }

    fn verdict(&self, case: &Case, seen: &Seen) -> Verdict {
        let judge = |reaction: &Reaction| self.judge(reaction, seen).err();
        let Some(errors) = case.expected.iter().map(judge).collect::<Option<Vec<_>>>() else {
            return Verdict::Passes;
        };
        let error = format!("{}; {seen}", errors.join("; nor: "));
        if case.expected.iter().any(|reaction| seen.is_of_kind(reaction)) {
            Verdict::OtherCode(error)
        } else {
            Verdict::Fails(error)
        }
    }

    fn judge(&self, reaction: &Reaction, seen: &Seen) -> Result<(), String> {
        let fits = match reaction {
            Reaction::ConnectionError(codes) => seen.is_connection_error(codes),
            Reaction::StreamError(stream, codes) => {
                let is_reset = seen.reset(*stream).is_some_and(|code| codes.contains(&code));
                is_reset && seen.lives() || seen.is_connection_error(codes)
            }
            Reaction::Answer(answer) => return self.judge_answer(answer, seen),
            Reaction::Declined(stream) => {
                seen.is_whole(*stream) && seen.reset(*stream) == Some(NO_ERROR)
            }
            Reaction::Finished(stream) => seen.is_whole(*stream),
            Reaction::Received(streams, bytes) => seen.bytes_of(streams) == *bytes && seen.lives(),
            Reaction::Acknowledged(times) => seen.acknowledged == *times && seen.lives(),
            Reaction::Pongs(pongs) => seen.pongs == *pongs && seen.lives(),
            Reaction::Ignored => {
                let is_touched = |stream: &Stream| stream.reset.is_some() || stream.ended;
                !seen.streams.values().any(is_touched) && seen.lives()
            }
        };
        if fits { Ok(()) } else { Err(format!("not {reaction:?}")) }
    }

    fn judge_answer(&self, answer: &Answer, seen: &Seen) -> Result<(), String> {
        let stream = seen.streams.get(&answer.stream).ok_or("there is no response")?;
        let status = stream.field(":status").and_then(|status| status.parse().ok());
        if !status.is_some_and(|status| answer.statuses.contains(&status)) {
            return Err(format!("the status is {status:?}, not {:?}", answer.statuses));
        }
        if !seen.is_whole(answer.stream) || !seen.lives() {
            return Err("the response is cut off".to_owned());
        }
        let wrong = answer.fields.iter().find(|(name, value)| !stream.has(name, value));
        if let Some((name, value)) = wrong {
            return Err(format!("{name} is {:?}, not {value:?}", stream.field(name)));
        }
        match answer.body {
            Some((file, start, end)) if self.files[file][start..end] != stream.data => {
                Err(format!("the body is not {file} from {start} to {end}"))
            }
            _ => Ok(()),
        }
    }
}

/// All that a server did.
#[derive(Default)]
pub(crate) struct Seen {
    settings: Option<Settings>,
    /// How often it acknowledged settings after the greeting.
    acknowledged: usize,
    /// Answers to pings of the case.
    pongs: Vec<[u8; 8]>,
    /// Answers to the client's own.
    settled: usize,
    /// By how much it widened the connection's window, and how much of it was taken.
    window: usize,
    sent: usize,
    pub(crate) go_away: Option<Code>,
    /// The last stream that it says it has looked at.
    pub(crate) last: Option<u32>,
    pub(crate) closed: bool,
    /// Nothing came for a long time.
    stalled: bool,
    /// It does not speak HTTP/2.
    foreign: bool,
    pub(crate) streams: BTreeMap<u32, Stream>,
}

#[derive(Default)]
pub(crate) struct Stream {
    head: Vec<Field>,
    pub(crate) data: Vec<u8>,
    ended: bool,
    reset: Option<Code>,
}

impl Stream {
    fn field(&self, name: &str) -> Option<&str> {
        self.head.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// Whether a field is this, or contains what follows a `~`.
    fn has(&self, name: &str, value: &str) -> bool {
        let found = self.field(name).unwrap_or_default();
        value.strip_prefix('~').map_or(found == value, |part| found.contains(part))
    }

    /// Whether it ended with as many bytes as it said, or with none, as after HEAD.
    fn is_whole(&self) -> bool {
        let length = self.field("content-length").and_then(|length| length.parse::<usize>().ok());
        let is_long_enough = length.is_none_or(|length| length == self.data.len());
        self.ended && (is_long_enough || self.data.is_empty())
    }
}

impl Seen {
    fn is_connection_error(&self, codes: &[Code]) -> bool {
        self.closed && self.go_away.is_none_or(|code| codes.contains(&code))
    }

    /// Whether an error is of that kind, whatever its code says.
    fn is_of_kind(&self, reaction: &Reaction) -> bool {
        let is_error = |code: Option<Code>| code.is_some_and(|code| code != NO_ERROR);
        let is_connection_error = self.closed && is_error(self.go_away);
        match *reaction {
            Reaction::ConnectionError(_) => is_connection_error,
            Reaction::StreamError(stream, _) => {
                is_connection_error || is_error(self.reset(stream)) && self.lives()
            }
            _ => false,
        }
    }

    fn lives(&self) -> bool {
        !self.closed && !self.stalled && self.go_away.is_none() && self.settled >= ROUNDS
    }

    fn reset(&self, stream: u32) -> Option<Code> {
        self.streams.get(&stream).and_then(|stream| stream.reset)
    }

    /// Whether a response came to its end, and was not taken back.
    pub(crate) fn is_whole(&self, stream: u32) -> bool {
        self.streams.get(&stream).is_some_and(Stream::is_whole)
            && matches!(self.reset(stream), None | Some(NO_ERROR))
    }

    fn bytes(&self, stream: u32) -> usize {
        self.streams.get(&stream).map_or(0, |stream| stream.data.len())
    }

    fn bytes_of(&self, streams: &[u32]) -> usize {
        streams.iter().map(|stream| self.bytes(*stream)).sum()
    }

    /// All that came on streams but these, without dates: heads, hashes of bodies, errors. Of a connection
    /// that ended in an error, how it ended: other responses may have been on their way.
    pub(crate) fn told(&self, without: &[u32]) -> String {
        let mut told = format!("GOAWAY {:?}, closed {}\n", self.go_away, self.closed);
        if self.closed {
            return told;
        }
        for (number, stream) in &self.streams {
            if !without.contains(number) {
                let mut head = stream.head.clone();
                head.retain(|(name, _)| name != "date");
                head.sort();
                let mut hasher = DefaultHasher::new();
                stream.data.hash(&mut hasher);
                let (body, reset) = (hasher.finish(), stream.reset);
                told += &format!("{number}: {head:?}, body {body:x}, reset {reset:?}\n");
            }
        }
        told
    }

    pub(crate) fn is_over(&self, stream: u32) -> bool {
        let is_over = |stream: &Stream| stream.ended || stream.reset.is_some();
        self.streams.get(&stream).is_some_and(is_over)
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "came: ")?;
        for (number, stream) in self.streams.iter().take(5) {
            write!(f, "stream {number}: status {:?}, ", stream.field(":status"))?;
            write!(f, "{} bytes, ended {}, ", stream.data.len(), stream.ended)?;
            write!(f, "reset {:?}; ", stream.reset)?;
        }
        write!(f, "{} acks, {} pongs, ", self.acknowledged, self.pongs.len() + self.settled)?;
        write!(f, "GOAWAY {:?}, closed {}, stalled {}", self.go_away, self.closed, self.stalled)?;
        if self.foreign { write!(f, ", not HTTP/2") } else { Ok(()) }
    }
}

/// A connection, and what was received but not yet understood.
pub(crate) struct Wire {
    stream: TcpStream,
    manner: Manner,
    received: Vec<u8>,
    /// The bytes to be sent with the next step that waits.
    unsent: Vec<u8>,
    decoder: Decoder,
    /// A header section that is not complete: its stream, its first flags, its block.
    block: Option<(u32, u8, Vec<u8>)>,
    /// The sizes of the header table that the server has yet to acknowledge.
    table_sizes: Vec<Option<u32>>,
    pings: u8,
    pub(crate) seen: Seen,
}

impl Wire {
    pub(crate) fn connect(address: SocketAddr, manner: Manner) -> Result<Self, String> {
        Ok(Self {
            stream: connect(address)?,
            manner,
            received: Vec::new(),
            unsent: Vec::new(),
            decoder: Decoder::default(),
            block: None,
            table_sizes: Vec::new(),
            pings: 0,
            seen: Seen::default(),
        })
    }

    /// Exchanges prefaces (§3.4).
    pub(crate) fn greet(&mut self) -> Result<(), String> {
        self.unsent.extend_from_slice(PREFACE);
        self.unsent.extend(bytes(kind::SETTINGS, flag::NONE, 0, &[]));
        self.table_sizes.push(None);
        self.until(|seen| seen.acknowledged > 0 && seen.settings.is_some())?;
        self.seen.acknowledged = 0;
        let is_greeted = self.seen.settings.is_some() && !self.seen.closed && !self.seen.stalled;
        if is_greeted { Ok(()) } else { Err(format!("no greeting; {}", self.seen)) }
    }

    /// Widens the window of the connection, with what is sent next.
    pub(crate) fn widen(&mut self) {
        self.unsent.extend(bytes(kind::WINDOW_UPDATE, flag::NONE, 0, &WIDE.to_be_bytes()));
    }

    /// Takes the steps; false if there is none to take on this server.
    pub(crate) fn take(&mut self, steps: &[Step]) -> Result<bool, String> {
        for step in steps {
            match *step {
                Step::Send(ref bytes) => self.queue(bytes),
                Step::SendByteByByte(ref bytes) => {
                    bytes.chunks(1).for_each(|byte| self.write(byte));
                }
                Step::Fitting(fit) => {
                    match fit(self.seen.settings.as_ref().unwrap_or(&Settings::new())) {
                        Some(bytes) => self.queue(&bytes),
                        None => return Ok(false),
                    }
                }
                Step::AwaitHead(stream) => {
                    self.until(|seen| seen.streams.contains_key(&stream))?;
                }
                Step::AwaitEnd(stream) => self.until(|seen| seen.is_over(stream))?,
                Step::AwaitData(stream, bytes) => self.until(|seen| seen.bytes(stream) >= bytes)?,
                Step::AwaitWindow(bytes) => {
                    self.until(|seen| 65_535 + seen.window >= seen.sent + bytes)?;
                }
                Step::Settle => self.settle()?,
                Step::HalfClose => {
                    self.flush();
                    self.stream.shutdown(Shutdown::Write).ok();
                }
            }
        }
        self.flush();
        Ok(true)
    }

    /// Waits for what takes time.
    fn await_reaction(&mut self, reaction: &Reaction) -> Result<(), String> {
        match *reaction {
            Reaction::Answer(Answer { stream, .. }) | Reaction::Finished(stream) => {
                self.until(|seen| seen.is_over(stream))
            }
            Reaction::Received(ref streams, bytes) => {
                self.until(|seen| seen.bytes_of(streams) >= bytes)
            }
            _ => Ok(()),
        }
    }

    /// Pings, and waits for the answer.
    pub(crate) fn settle(&mut self) -> Result<(), String> {
        self.pings += 1;
        let payload = [&OWN[..], &[0, self.pings]].concat();
        self.unsent.extend(bytes(kind::PING, flag::NONE, 0, &payload));
        let before = self.seen.settled;
        self.until(|seen| seen.settled > before)
    }

    /// Sends it with what follows, and remembers what it says of the header table, and how much of
    /// the connection's window it takes.
    fn queue(&mut self, bytes: &[u8]) {
        for (kind, flags, stream, payload) in split(bytes) {
            match (kind, flags, stream) {
                (kind::SETTINGS, flag::NONE, 0) => {
                    let size = parameters(payload).remove(&setting::HEADER_TABLE_SIZE);
                    self.table_sizes.push(size);
                }
                (kind::DATA, ..) => self.seen.sent += payload.len(),
                _ => {}
            }
        }
        self.unsent.extend_from_slice(bytes);
    }

    /// A server may close before it was sent everything.
    fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).ok();
    }

    fn flush(&mut self) {
        let unsent = std::mem::take(&mut self.unsent);
        self.write(&unsent);
    }

    /// Receives until that holds, or nothing more comes.
    pub(crate) fn until(&mut self, is_enough: impl Fn(&Seen) -> bool) -> Result<(), String> {
        self.flush();
        while !is_enough(&self.seen) && !self.seen.closed && !self.seen.stalled {
            match self.frame() {
                Some((kind, flags, stream, payload)) => {
                    self.note(kind, flags, stream, &payload)?;
                    self.flush();
                }
                None => self.more(),
            }
        }
        Ok(())
    }

    fn more(&mut self) {
        let mut buffer = [0; 65536];
        match self.stream.read(&mut buffer) {
            Ok(0) => self.seen.closed = true,
            Ok(count) => self.received.extend_from_slice(&buffer[..count]),
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut => self.seen.stalled = true,
                ErrorKind::Interrupted => {}
                _ => self.seen.closed = true,
            },
        }
    }

    /// The next frame, if it was received whole.
    fn frame(&mut self) -> Option<(u8, u8, u32, Vec<u8>)> {
        let head = self.received.get(..9)?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let (kind, flags) = (head[3], head[4]);
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        if self.seen.settings.is_none() && kind != kind::SETTINGS || self.seen.foreign {
            self.seen.foreign = true;
            return None;
        }
        let payload = self.received.get(9..9 + length)?.to_vec();
        self.received.drain(..9 + length);
        Some((kind, flags, stream, payload))
    }

    /// Keeps account of a frame. The error is one that no server may make.
    fn note(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Result<(), String> {
        if payload.len() > MOST {
            return Err(format!("a frame of {} bytes came", payload.len()));
        }
        if self.block.is_some() && kind != kind::CONTINUATION {
            return Err("a header section was broken".to_owned());
        }
        match kind {
            kind::DATA => self.note_data(flags, stream, payload)?,
            kind::HEADERS => {
                self.block = Some((stream, flags, unpadded(flags, payload)?.to_vec()));
                self.end_headers(flags)?;
            }
            kind::CONTINUATION => {
                let (_, _, block) = self.block.as_mut().ok_or("a CONTINUATION of nothing")?;
                block.extend_from_slice(payload);
                self.end_headers(flags)?;
            }
            kind::RST_STREAM => {
                self.seen.streams.entry(stream).or_default().reset = Some(code(payload)?);
            }
            kind::SETTINGS => self.note_settings(flags, payload),
            kind::PING => self.note_ping(flags, payload)?,
            kind::GOAWAY => {
                self.seen.last = Some(number(payload)?);
                self.seen.go_away = Some(code(payload.get(4..).unwrap_or_default())?);
            }
            kind::WINDOW_UPDATE if stream == 0 => self.seen.window += number(payload)? as usize,
            kind::PUSH_PROMISE => return Err("a push came".to_owned()),
            _ => {}
        }
        Ok(())
    }

    fn note_data(&mut self, flags: u8, stream: u32, payload: &[u8]) -> Result<(), String> {
        let payload = unpadded(flags, payload)?;
        let stream = self.seen.streams.get_mut(&stream).ok_or("DATA came before HEADERS")?;
        if stream.ended || stream.reset.is_some() {
            return Err("DATA came after the end".to_owned());
        }
        stream.data.extend_from_slice(payload);
        stream.ended |= flags & flag::END_STREAM != 0;
        Ok(())
    }

    fn note_settings(&mut self, flags: u8, payload: &[u8]) {
        if flags & flag::ACK == 0 {
            self.seen.settings.get_or_insert_default().extend(parameters(payload));
            if self.manner != Manner::Abrupt {
                self.unsent.extend(bytes(kind::SETTINGS, flag::ACK, 0, &[]));
            }
            return;
        }
        self.seen.acknowledged += 1;
        if !self.table_sizes.is_empty()
            && let Some(size) = self.table_sizes.remove(0)
        {
            self.decoder.set_limit(size as usize);
        }
    }

    fn note_ping(&mut self, flags: u8, payload: &[u8]) -> Result<(), String> {
        let payload: [u8; 8] = payload.try_into().map_err(|_| "a PING of another length came")?;
        if flags & flag::ACK == 0 {
            self.unsent.extend(bytes(kind::PING, flag::ACK, 0, &payload));
        } else if payload.starts_with(&OWN) {
            self.seen.settled += 1;
        } else {
            self.seen.pongs.push(payload);
        }
        Ok(())
    }

    fn end_headers(&mut self, flags: u8) -> Result<(), String> {
        if flags & flag::END_HEADERS == 0 {
            return Ok(());
        }
        let (number, first, block) = self.block.take().expect("it was just put there");
        let fields = self.decoder.decode(&block)?;
        let stream = self.seen.streams.entry(number).or_default();
        if stream.head.is_empty() {
            check_head(&fields)?;
            stream.head = fields;
        }
        stream.ended |= first & flag::END_STREAM != 0;
        Ok(())
    }
}

/// The demands on every response (§8.2, §8.3.2).
fn check_head(fields: &[Field]) -> Result<(), String> {
    const FORBIDDEN: [&str; 5] =
        ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];
    let pseudo = fields.iter().filter(|(name, _)| name.starts_with(':')).count();
    let is_right = |name: &str| name == name.to_ascii_lowercase() && !FORBIDDEN.contains(&name);
    match fields.iter().find(|(name, _)| !is_right(name)) {
        Some((name, _)) => Err(format!("the response has a field {name:?}")),
        None if pseudo == 1 && fields[0].0 == ":status" => Ok(()),
        None => Err(format!("the response's pseudo-fields are wrong: {fields:?}")),
    }
}

fn parameters(payload: &[u8]) -> Settings {
    let parameter = |six: &[u8]| {
        (u16::from_be_bytes([six[0], six[1]]), u32::from_be_bytes([six[2], six[3], six[4], six[5]]))
    };
    payload.chunks_exact(6).map(parameter).collect()
}

fn unpadded(flags: u8, payload: &[u8]) -> Result<&[u8], String> {
    if flags & flag::PADDED == 0 {
        return Ok(payload);
    }
    let (length, rest) = payload.split_first().ok_or("a padded frame is empty")?;
    let end = rest.len().checked_sub(usize::from(*length)).ok_or("the padding is too long")?;
    Ok(&rest[..end])
}

fn code(payload: &[u8]) -> Result<Code, String> {
    number(payload).map(Code)
}

fn number(payload: &[u8]) -> Result<u32, String> {
    let number = payload.get(..4).and_then(|number| number.try_into().ok());
    number.map(u32::from_be_bytes).ok_or_else(|| "a frame is too short".to_owned())
}
