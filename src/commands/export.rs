//! `hardtack export`

mod files;
mod folder;
mod objects;

use std::io::{self, Write};

use anyhow::{Context, Result};
use hardtack_bundle::{Size, manifest::Manifest};

use self::{files::Files, objects::Objects};
use crate::{cli::Export, release::Release, style::EMPHASIS};

/// Writes the files of a release into a folder, for servers and stores that serve folders.
pub(crate) fn export(options: &Export) -> Result<()> {
    folder::check(&options.folder)?;
    let release: &'static Release = Box::leak(Box::new(Release::read(options.file.as_ref())?));
    let bundle = release.bundle()?;
    let objects = Objects::of(&bundle)?;
    let mut files = Files::of(&objects.representations())?;
    let manifest = Manifest::of(&bundle)?;
    let staticfiles = hardtack_build::staticfiles(&manifest);
    files.add_beside("manifest.json", manifest.to_json());
    files.add_beside("staticfiles.json", staticfiles);
    files.add_beside(folder::MARK, objects.to_json()?);
    folder::write(&options.folder, &files)
        .with_context(|| format!("cannot write {}", options.folder.display()))?;
    let mut out = anstream::AutoStream::auto(io::stdout().lock());
    if options.json {
        let folder = options.folder.display().to_string();
        let (count, bytes) = (files.count(), files.bytes());
        let summary = serde_json::json!({
            "folder": folder, "release_id": manifest.release_id, "files": count, "bytes": bytes,
        });
        return Ok(writeln!(out, "{summary}")?);
    }
    let (folder, release) = (options.folder.display(), &manifest.release_id);
    let (count, size) = (files.count(), Size(files.bytes()));
    writeln!(out, "{EMPHASIS}{folder}{EMPHASIS:#}: {count} files, {size}, release {release:.12}")?;
    Ok(())
}
