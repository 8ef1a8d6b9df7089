//! Content that is stored before the application is asked, so that it never waits for a slow client.

use std::io;

use bytes::{Buf, Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::{
    failure::Failure,
    paced::{Paced, Slow},
};
use crate::room::{Room, Share};

/// Most bytes of a request's content that are kept in this process's memory. The rest is in a file of
/// its own in memory, which gives everything back when it is closed.
const IN_MEMORY: usize = 64 * 1024;
/// Bytes that are read back from the file at once.
const PIECE: usize = 64 * 1024;

/// The whole content of a request.
#[derive(Default)]
pub(super) struct Stored {
    memory: BytesMut,
    file: Option<(file::File, Share)>,
    /// Bytes of the file, and how many of them have been read back.
    in_file: u64,
    read: u64,
    _share: Share,
}

impl Stored {
    /// Receives the whole content.
    ///
    /// # Errors
    ///
    /// If it is longer than so many bytes, there is no room for it, or the client does not send it.
    pub(super) async fn receive(
        mut body: Paced<Incoming>,
        most: u64,
        room: &Room,
    ) -> Result<Self, Failure> {
        if http_body::Body::size_hint(&body).lower() > most {
            return Err(Failure::ContentIsLong);
        }
        let mut stored = Self::default();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| {
                if error.is::<Slow>() { Failure::ContentIsSlow } else { Failure::ContentIsCut }
            })?;
            // Trailers of requests are discarded.
            if let Ok(data) = frame.into_data() {
                stored.push(&data, most, room)?;
            }
        }
        Ok(stored)
    }

    pub(super) fn len(&self) -> u64 {
        self.memory.len() as u64 + self.in_file - self.read
    }

    fn push(&mut self, data: &Bytes, most: u64, room: &Room) -> Result<(), Failure> {
        if self.len() + data.len() as u64 > most {
            return Err(Failure::ContentIsLong);
        }
        self._share.grow(room.share(data.len()).ok_or(Failure::NoRoom)?);
        let fits = self.file.is_none() && self.memory.len() + data.len() <= IN_MEMORY;
        if fits {
            self.memory.extend_from_slice(data);
            return Ok(());
        }
        let not_stored = |error: io::Error| Failure::NotStored(error.to_string());
        let (file, _) = match &mut self.file {
            Some(file) => file,
            none => {
                let share = room.file().ok_or(Failure::NoRoom)?;
                none.insert((file::File::new().map_err(not_stored)?, share))
            }
        };
        file.write_all_at(data, self.in_file).map_err(not_stored)?;
        self.in_file += data.len() as u64;
        Ok(())
    }

    /// The next piece; none at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Bytes>> {
        if self.memory.has_remaining() {
            return Ok(Some(self.memory.split().freeze()));
        }
        let left = self.in_file - self.read;
        let Some((file, _)) = self.file.as_ref().filter(|_| left > 0) else { return Ok(None) };
        let mut piece = vec![0; PIECE.min(usize::try_from(left).unwrap_or(PIECE))];
        let read = file.read_at(&mut piece, self.read)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        piece.truncate(read);
        self.read += read as u64;
        Ok(Some(piece.into()))
    }
}

/// Files without a name, in memory (memfd_create(2)).
#[cfg(target_os = "linux")]
mod file {
    use std::{io, os::fd::OwnedFd};

    use rustix::{
        fs::{MemfdFlags, memfd_create},
        io::{pread, pwrite},
    };

    pub(super) struct File(OwnedFd);

    impl File {
        pub(super) fn new() -> io::Result<Self> {
            Ok(Self(memfd_create(c"hardtack-content", MemfdFlags::CLOEXEC)?))
        }

        pub(super) fn write_all_at(&self, mut bytes: &[u8], mut at: u64) -> io::Result<()> {
            while !bytes.is_empty() {
                let written = pwrite(&self.0, bytes, at)?;
                bytes = &bytes[written..];
                at += written as u64;
            }
            Ok(())
        }

        pub(super) fn read_at(&self, space: &mut [u8], at: u64) -> io::Result<usize> {
            Ok(pread(&self.0, space, at)?)
        }
    }
}

/// Other systems have no such files: the bytes stay in this process's memory.
#[cfg(not(target_os = "linux"))]
mod file {
    use std::io;

    pub(super) struct File(std::sync::Mutex<Vec<u8>>);

    impl File {
        pub(super) fn new() -> io::Result<Self> {
            Ok(Self(std::sync::Mutex::default()))
        }

        fn bytes(&self) -> std::sync::MutexGuard<'_, Vec<u8>> {
            self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
        }

        pub(super) fn write_all_at(&self, bytes: &[u8], _end: u64) -> io::Result<()> {
            self.bytes().extend_from_slice(bytes);
            Ok(())
        }

        pub(super) fn read_at(&self, space: &mut [u8], at: u64) -> io::Result<usize> {
            let bytes = self.bytes();
            let rest = &bytes[usize::try_from(at).map_err(io::Error::other)?..];
            let length = rest.len().min(space.len());
            space[..length].copy_from_slice(&rest[..length]);
            Ok(length)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(pieces: &[usize], most: u64, room: &Room) -> Result<Stored, Failure> {
        let mut stored = Stored::default();
        for (index, length) in pieces.iter().enumerate() {
            let letter = b'a' + u8::try_from(index).unwrap();
            stored.push(&vec![letter; *length].into(), most, room)?;
        }
        Ok(stored)
    }

    /// Stores pieces of these lengths, and reads them back.
    #[track_caller]
    fn comes_back(pieces: &[usize]) {
        let mut stored = store(pieces, u64::MAX, &Room::new(10_000_000, 1)).unwrap();
        let all = pieces.iter().sum::<usize>() as u64;
        assert_eq!(stored.len(), all);
        let mut read = Vec::new();
        while let Some(piece) = stored.next().unwrap() {
            read.extend_from_slice(&piece);
            assert_eq!(stored.len() + read.len() as u64, all);
        }
        let expected = pieces.iter().enumerate().flat_map(|(index, length)| {
            std::iter::repeat_n(b'a' + u8::try_from(index).unwrap(), *length)
        });
        assert!(read.into_iter().eq(expected), "{pieces:?}");
    }

    #[test]
    fn what_is_stored_comes_back() {
        comes_back(&[]);
        comes_back(&[1]);
        comes_back(&[IN_MEMORY]);
        comes_back(&[IN_MEMORY, 1, 2]);
        comes_back(&[IN_MEMORY - 1, 2, 1]);
        comes_back(&[5, 300_000, 1]);
        comes_back(&[3 * PIECE + 7]);
    }

    #[test]
    fn there_are_limits() {
        let room = Room::new(100, 1);
        let refusal =
            |pieces: &[usize], most| store(pieces, most, &room).err().map(|it| it.status());
        assert_eq!(refusal(&[50, 50], 100), None);
        assert_eq!(refusal(&[50, 51], 100).map(|status| status.as_u16()), Some(413));
        assert_eq!(refusal(&[50, 51], 1000).map(|status| status.as_u16()), Some(503));
        let kept = store(&[60], 100, &room).unwrap();
        assert_eq!(refusal(&[50], 100).map(|status| status.as_u16()), Some(503));
        drop(kept);
        assert_eq!(refusal(&[50], 100), None);

        let room = Room::new(10_000_000, 1);
        let large = || store(&[IN_MEMORY + 1], u64::MAX, &room);
        let kept = large().unwrap();
        assert_eq!(large().err().map(|it| it.status().as_u16()), Some(503));
        assert!(store(&[IN_MEMORY], u64::MAX, &room).is_ok());
        drop(kept);
        assert!(large().is_ok());
    }
}
