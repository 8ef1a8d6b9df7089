//! Unix sockets: the file of one, and the users that may connect to it (unix(7)).

use std::{
    fs, io,
    io::ErrorKind,
    os::unix::{
        fs::{FileTypeExt, PermissionsExt, chown},
        net::UnixStream,
    },
    path::Path,
};

use anyhow::{Context, Result};
use hardtack_serve::channel::Protocol;
use nix::unistd::{Gid, Uid};
use socket2::{Domain, SockAddr, Socket, Type};

use super::accounts;
use crate::settings::UnixSockets;

/// Clients connect to the site: by default, every user may, as a front end is another user.
const MODE_OF_SITE: u32 = 0o666;
/// Operators connect to the admin listener: by default, the owner and the group may.
const MODE_OF_ADMIN: u32 = 0o660;

/// The permissions of a Unix socket's file. To connect is to write.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access {
    mode: u32,
    owner: Option<Uid>,
    group: Option<Gid>,
}

impl Access {
    /// The permissions by the settings, for a listener of this protocol.
    ///
    /// # Errors
    ///
    /// If there is no such user or group.
    pub(crate) fn of(settings: &UnixSockets, protocol: Protocol) -> Result<Self> {
        let default = if protocol == Protocol::Admin { MODE_OF_ADMIN } else { MODE_OF_SITE };
        let owner = settings.owner.as_deref().map(accounts::user_id).transpose();
        let group = settings.group.as_deref().map(accounts::group_id).transpose();
        Ok(Self {
            mode: settings.mode.unwrap_or(default),
            owner: owner.context("--unix-socket-owner")?,
            group: group.context("--unix-socket-group")?,
        })
    }

    /// Sets the permissions; the umask does not count.
    fn apply(self, path: &Path) -> io::Result<()> {
        let (owner, group) = (self.owner.map(Uid::as_raw), self.group.map(Gid::as_raw));
        if owner.or(group).is_some() {
            chown(path, owner, group)?;
        }
        fs::set_permissions(path, fs::Permissions::from_mode(self.mode))
    }
}

/// Listens at a path. A stale socket file is removed; a socket that accepts is an error.
pub(crate) fn listen(path: &Path, backlog: i32, access: Access) -> io::Result<Socket> {
    remove_stale(path)?;
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.bind(&SockAddr::unix(path)?)?;
    // Until it listens, nobody can connect, whatever the permissions are.
    let listening = access.apply(path).and_then(|()| socket.listen(backlog));
    if let Err(error) = listening.and_then(|()| socket.set_nonblocking(true)) {
        fs::remove_file(path).ok();
        return Err(error);
    }
    Ok(socket)
}

fn remove_stale(path: &Path) -> io::Result<()> {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket());
    if !is_socket {
        return Ok(());
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => fs::remove_file(path),
        _ => Err(ErrorKind::AddrInUse.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    /// The mode of the file for these settings, and its owner if there is one of another.
    #[track_caller]
    fn mode(settings: UnixSockets, protocol: Protocol, expected: u32) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("site.sock");
        let access = Access::of(&settings, protocol).unwrap();
        let _socket = listen(&path, 1, access).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, expected, "{settings:?}");
        UnixStream::connect(&path).unwrap();
    }

    #[test]
    fn modes() {
        mode(UnixSockets::default(), Protocol::Http, 0o666);
        mode(UnixSockets::default(), Protocol::Https, 0o666);
        mode(UnixSockets::default(), Protocol::Admin, 0o660);
        let narrow = UnixSockets { mode: Some(0o600), ..UnixSockets::default() };
        mode(narrow.clone(), Protocol::Http, 0o600);
        mode(narrow, Protocol::Admin, 0o600);
    }

    #[test]
    fn a_socket_that_cannot_be_given_away_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("site.sock");
        let access = Access { mode: 0o666, owner: None, group: Some(Gid::from_raw(u32::MAX - 1)) };
        if listen(&path, 1, access).is_err() {
            assert!(!path.exists());
        }
    }

    #[test]
    fn users_that_do_not_exist() {
        let nobody = Some("no-such-account".to_owned());
        let owner = UnixSockets { owner: nobody.clone(), ..UnixSockets::default() };
        let group = UnixSockets { group: nobody, ..UnixSockets::default() };
        for (settings, option) in [(owner, "--unix-socket-owner"), (group, "--unix-socket-group")] {
            let error = format!("{:#}", Access::of(&settings, Protocol::Http).unwrap_err());
            assert!(error.contains(option) && error.contains("no-such-account"), "{error}");
        }
    }
}
