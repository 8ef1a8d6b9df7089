//! The certificate's files. The supervisor reads and watches them; the worker has no right to.

use std::{fs, path::Path, time::SystemTime};

use anyhow::{Context, Result};
use hardtack_serve::{channel::Pem, tls};

use crate::settings::CertificateFiles;

/// The files of a certificate and its key.
#[derive(Debug)]
pub(crate) struct Files {
    paths: CertificateFiles,
    seen: State,
}

/// By what a change is noticed. Tools that renew certificates replace files or links.
type State = [Option<(SystemTime, u64)>; 2];

impl Files {
    pub(crate) fn of(paths: CertificateFiles) -> Self {
        Self { paths, seen: State::default() }
    }

    /// Reads both, and checks that they belong together.
    pub(crate) fn read(&mut self) -> Result<Pem> {
        self.seen = self.state();
        let CertificateFiles { chain, key } = &self.paths;
        let pem = Pem { chain: read(chain)?, key: read(key)? };
        tls::certified_key(&pem)
            .with_context(|| format!("{} and {}", chain.display(), key.display()))?;
        Ok(pem)
    }

    /// Whether the files have changed since they were read.
    pub(crate) fn have_changed(&self) -> bool {
        let state = self.state();
        state != self.seen && state.iter().all(Option::is_some)
    }

    fn state(&self) -> State {
        [&self.paths.chain, &self.paths.key].map(|path| {
            let found = fs::metadata(path).ok()?;
            Some((found.modified().ok()?, found.len()))
        })
    }
}

fn read(path: &Path) -> Result<String> {
    let text = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    String::from_utf8(text).with_context(|| {
        format!("{} is not PEM, which is text that begins with -----BEGIN", path.display())
    })
}
