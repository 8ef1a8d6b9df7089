//! The role of an asset.

use std::fmt;

/// The paths that an asset is served at.
///
/// The discriminant is the role's number in the bundle format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "manifest", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[repr(u32)]
pub enum Role {
    /// At its hashed path for good, and at its plain path.
    Hashed = 0,
    /// At its own path for good: the name has a hash of the content already. Never rewritten.
    Prehashed = 1,
    /// At its plain path alone, because its name stands somewhere where it cannot be rewritten.
    Pinned = 2,
    /// At its own path, whatever its content, because it was made to be found there.
    EntryPoint = 3,
}

impl Role {
    /// All roles, in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Hashed, Self::Prehashed, Self::Pinned, Self::EntryPoint];

    /// The role's name, for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hashed => "hashed",
            Self::Prehashed => "prehashed",
            Self::Pinned => "pinned",
            Self::EntryPoint => "entry point",
        }
    }

    /// The role of that number, if there is one.
    pub(crate) fn from_number(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|role| *role as u32 == number)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_roles_agree() {
        for (number, role) in Role::ALL.into_iter().enumerate() {
            assert_eq!(Role::from_number(number as u32), Some(role));
        }
        assert_eq!(Role::from_number(4), None);
    }
}
