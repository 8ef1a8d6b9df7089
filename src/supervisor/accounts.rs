//! Users and groups of this machine, by name or number.

use anyhow::{Context, Result};
use nix::unistd::{Gid, Group, Uid, User};

/// The user of a name.
pub(crate) fn find_user(name: &str) -> Result<User> {
    let found = User::from_name(name).with_context(|| format!("cannot look up the user {name}"))?;
    found.with_context(|| format!("there is no user {name}: name one of this machine"))
}

/// The id of a user, by name or number.
pub(crate) fn user_id(name: &str) -> Result<Uid> {
    match name.parse() {
        Ok(number) => Ok(Uid::from_raw(number)),
        Err(_) => find_user(name).map(|user| user.uid),
    }
}

/// The id of a group, by name or number.
pub(crate) fn group_id(name: &str) -> Result<Gid> {
    if let Ok(number) = name.parse() {
        return Ok(Gid::from_raw(number));
    }
    let found =
        Group::from_name(name).with_context(|| format!("cannot look up the group {name}"))?;
    let found =
        found.with_context(|| format!("there is no group {name}: name one of this machine"));
    found.map(|group| group.gid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is<T>(found: Result<T>, number: impl Fn(T) -> u32, expected: Result<u32, &str>) {
        match (found.map(number), expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected),
            (Err(error), Err(expected)) => assert!(error.to_string().contains(expected), "{error}"),
            (found, expected) => panic!("{found:?}, not {expected:?}"),
        }
    }

    #[test]
    fn names_and_numbers() {
        is(user_id("root"), Uid::as_raw, Ok(0));
        is(user_id("4294"), Uid::as_raw, Ok(4294));
        is(user_id("no-such-user"), Uid::as_raw, Err("there is no user no-such-user"));
        is(user_id("-1"), Uid::as_raw, Err("there is no user -1"));
        is(group_id("33"), Gid::as_raw, Ok(33));
        is(group_id("no-such-group"), Gid::as_raw, Err("there is no group no-such-group"));
    }
}
