//! The frames of a stream of bytes (RFC 9113 §4.1), and the preface before them.

/// The first bytes of a connection of HTTP/2 (RFC 9113 §3.4).
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Bytes before the payload of each frame.
pub(super) const HEAD: usize = 9;

/// Longest payload that a frame of the client may have (RFC 9113 §4.2): it is told of no other.
pub(super) const LONGEST: usize = 16_384;

/// The window of a connection and of its streams, until the client says otherwise (RFC 9113 §6.9.2).
pub(super) const FIRST_WINDOW: u32 = 65_535;
/// The largest window (RFC 9113 §6.9.1).
pub(super) const LARGEST_WINDOW: u32 = 0x7fff_ffff;

// Types (RFC 9113 §6).
pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const PRIORITY: u8 = 2;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
pub(super) const WINDOW_UPDATE: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;

// Flags.
pub(super) const ACK: u8 = 1;
pub(super) const END_STREAM: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;
pub(super) const PADDED: u8 = 8;
pub(super) const HAS_PRIORITY: u8 = 32;

/// Why a connection ends (RFC 9113 §7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum ErrorCode {
    Protocol = 1,
    FlowControl = 3,
    StreamClosed = 5,
    FrameSize = 6,
    Compression = 9,
    EnhanceYourCalm = 11,
}

/// The head of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHead {
    /// Of the payload, in bytes.
    pub(super) length: usize,
    pub(super) kind: u8,
    pub(super) flags: u8,
    /// 0 is the connection.
    pub(super) stream: u32,
}

impl FrameHead {
    pub(super) fn new(length: usize, kind: u8, flags: u8, stream: u32) -> Self {
        Self { length, kind, flags, stream }
    }

    /// The head that bytes begin with. None if it is not all there.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let [a, b, c, kind, flags, stream @ ..] = *bytes.first_chunk::<HEAD>()?;
        let length = u32::from_be_bytes([0, a, b, c]) as usize;
        Some(Self { length, kind, flags, stream: u32::from_be_bytes(stream) & 0x7fff_ffff })
    }

    /// Whether a frame of this type has a payload of this length (RFC 9113 §4.2, §6).
    pub(super) fn check_length(self) -> Result<(), ErrorCode> {
        let Self { length, kind, flags, .. } = self;
        let is_right = match kind {
            PRIORITY => length == 5,
            RST_STREAM | WINDOW_UPDATE => length == 4,
            PING => length == 8,
            SETTINGS if flags & ACK != 0 => length == 0,
            SETTINGS => length.is_multiple_of(6),
            GOAWAY => length >= 8,
            DATA if flags & PADDED != 0 => length > 0,
            _ => true,
        };
        if is_right && length <= LONGEST { Ok(()) } else { Err(ErrorCode::FrameSize) }
    }

    pub(super) fn to_bytes(self) -> [u8; HEAD] {
        let [_, a, b, c] = u32::try_from(self.length).unwrap_or(u32::MAX).to_be_bytes();
        let [d, e, f, g] = self.stream.to_be_bytes();
        [a, b, c, self.kind, self.flags, d, e, f, g]
    }

    pub(super) fn write(self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.to_bytes());
    }
}

/// Which part of a frame comes next.
#[derive(Clone, Debug, Default)]
pub(super) struct Frames {
    /// The bytes of a head that have come.
    head: [u8; HEAD],
    known: usize,
    /// Bytes that are missing of a payload.
    payload: usize,
}

impl Frames {
    /// Bytes pass. The state is shown after each part of a frame.
    pub(super) fn pass(&mut self, mut bytes: &[u8], mut step: impl FnMut(&Self)) {
        while !bytes.is_empty() {
            let taken = if self.payload > 0 { self.skip(bytes) } else { self.begin(bytes) };
            bytes = &bytes[taken..];
            step(self);
        }
    }

    /// Type and flags of the last frame whose head has come.
    pub(super) fn kind_and_flags(&self) -> (u8, u8) {
        (self.head[3], self.head[4])
    }

    /// Bytes that are missing of a frame; none is known while its head comes.
    pub(super) fn rest(&self) -> Option<usize> {
        (self.known == 0).then_some(self.payload)
    }

    /// Takes bytes of a payload.
    fn skip(&mut self, bytes: &[u8]) -> usize {
        let taken = self.payload.min(bytes.len());
        self.payload -= taken;
        taken
    }

    /// Takes bytes of a head.
    fn begin(&mut self, bytes: &[u8]) -> usize {
        let taken = (HEAD - self.known).min(bytes.len());
        self.head[self.known..][..taken].copy_from_slice(&bytes[..taken]);
        self.known += taken;
        if self.known == HEAD {
            let [a, b, c, ..] = self.head;
            self.known = 0;
            self.payload = u32::from_be_bytes([0, a, b, c]) as usize;
        }
        taken
    }
}
