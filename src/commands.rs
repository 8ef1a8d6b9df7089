//! The commands, apart from `serve`: each is a module.

pub(crate) mod check;
pub(crate) mod check_config;
pub(crate) mod deploy;
pub(crate) mod diff;
pub(crate) mod export;
pub(crate) mod health;
pub(crate) mod list;
pub(crate) mod manual;
pub(crate) mod pack;
pub(crate) mod purge_list;
pub(crate) mod report;
pub(crate) mod verify;
pub(crate) mod warm;

mod reach;
