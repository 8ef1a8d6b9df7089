//! The earlier releases of a bake, by the setting `previous`.

use std::path::{Path, PathBuf};

use hardtack_bundle::Bundle;

use crate::{Error, Problem, ProblemKind, door};

/// A file with the bundle of an earlier release in it.
#[derive(Debug)]
pub(crate) struct Previous {
    file: PathBuf,
    bytes: Vec<u8>,
}

impl Previous {
    /// Reads the files. Nothing in them is run.
    ///
    /// # Errors
    ///
    /// If some of them cannot be read.
    pub(crate) fn read(files: &[PathBuf]) -> Result<Vec<Self>, Error> {
        all(files.iter().map(|file| {
            let bytes = door::read(file).map_err(|kind| match kind {
                ProblemKind::Io(error) => problem(file, &error.to_string()),
                _ => problem(file, "it is not a file"),
            })?;
            Ok(Self { file: file.clone(), bytes })
        }))
    }

    /// The bundles in the files, verified.
    ///
    /// # Errors
    ///
    /// If some of the files have none, or one of another format version, or a damaged one.
    pub(crate) fn bundles(files: &[Self]) -> Result<Vec<Bundle<'_>>, Error> {
        all(files.iter().map(|Self { file, bytes }| {
            Bundle::find(bytes).map_err(|error| problem(file, &error.to_string()))
        }))
    }
}

fn problem(file: &Path, fault: &str) -> Problem {
    let message = format!(
        "as an earlier release: {fault}. Name a program or a bundle file that Hardtack baked, or \
         leave this one out of `previous` and HARDTACK_PREVIOUS"
    );
    ProblemKind::Previous(message).of(file)
}

/// All results, or all problems.
fn all<T>(results: impl Iterator<Item = Result<T, Problem>>) -> Result<Vec<T>, Error> {
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(one) => found.push(one),
            Err(problem) => problems.push(problem),
        }
    }
    Error::unless_none(problems)?;
    Ok(found)
}
