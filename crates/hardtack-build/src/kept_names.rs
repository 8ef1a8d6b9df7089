//! The assets that keep their names by the setting `rename`.

use crate::{
    Role,
    rename::{Rename, Renaming},
    scan::Scanned,
};

/// Pins these assets. It runs after the prehashed assets are
/// known, since these are not renamed in any case.
pub(crate) fn pin_by_setting(scanned: &mut Scanned, rename: &Rename) {
    for asset in &mut scanned.assets {
        if asset.role == Role::Hashed && rename.of(&asset.logical_path) == Renaming::Never {
            (asset.role, asset.why) = (Role::Pinned, "`rename` says so".to_owned());
        }
    }
}
