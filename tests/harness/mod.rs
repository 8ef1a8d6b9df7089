//! The harness of both suites of conformance: a site, the server under test and others on it, and
//! tables of how they fare. The suites have the cases, and a client that tries them.

pub(crate) mod peer;
mod table;

use std::{
    collections::BTreeMap,
    net::{SocketAddr, TcpStream},
    path::Path,
    time::Duration,
};

pub(crate) use self::{
    peer::Peer,
    table::{case_name, table},
};
use crate::common::{Packed, Server, folder, pack};

/// How long a server may be silent.
const PATIENCE: Duration = Duration::from_secs(5);

/// The files of a site, by their names.
pub(crate) type Files = BTreeMap<&'static str, Vec<u8>>;

/// A file of 300,000 bytes that no content coding makes smaller.
pub(crate) fn large_file() -> Vec<u8> {
    (0..75_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_769).to_be_bytes()).collect()
}

/// The executable under test with the files baked into it, by these settings.
pub(crate) fn packed(files: &Files, settings: &[(&str, &str)]) -> Packed {
    let content: Vec<_> = files.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
    pack(folder(&content).path(), settings)
}

/// The server under test. It goes when this goes.
pub(crate) struct Running {
    pub(crate) server: Server,
    _packed: Packed,
}

impl Running {
    pub(crate) fn start(packed: Packed, options: &[&str]) -> Self {
        let server = Server::of(packed.command().args(options));
        Self { server, _packed: packed }
    }
}

/// A connection on which neither side waits for ever.
pub(crate) fn connect(address: SocketAddr) -> Result<TcpStream, String> {
    let stream = TcpStream::connect(address).map_err(|error| error.to_string())?;
    stream.set_nodelay(true).ok();
    stream.set_read_timeout(Some(PATIENCE)).expect("a valid duration");
    stream.set_write_timeout(Some(PATIENCE)).expect("a valid duration");
    Ok(stream)
}

/// Fails with all complaints about cases, if there is any.
#[track_caller]
pub(crate) fn all_pass<C>(cases: &[C], complaint: impl Fn(&C) -> Option<String>) {
    let failed: Vec<_> = cases.iter().filter_map(complaint).collect();
    let (count, of) = (failed.len(), cases.len());
    assert!(failed.is_empty(), "{count} of {of} failed\n\n{}", failed.join("\n"));
}

/// Fails if a name is there twice: two cases of one name would be one line in the tables.
#[track_caller]
pub(crate) fn each_is_there_once(mut names: Vec<String>) {
    names.sort_unstable();
    let twice: Vec<_> =
        names.windows(2).filter(|two| two[0] == two[1]).map(|two| &two[0]).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

/// Writes a page of the documentation.
pub(crate) fn write_page(name: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    std::fs::write(file, text).expect("docs is a folder");
}
