//! The role of an asset: at which paths it is served.

/// At which paths an asset is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// At its hashed path for good, and at its plain path.
    Hashed,
    /// At its own path, whatever its content, because it was made to be found there.
    EntryPoint,
    /// At its own path for good: the name has a hash of the content already. Never rewritten.
    Prehashed,
    /// At its plain path alone, because its name stands somewhere where it cannot be rewritten.
    Pinned,
}
