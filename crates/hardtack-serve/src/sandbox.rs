//! The rights that the worker gives up before it accepts a connection: files, other programs, other
//! processes, and, unless there is an application behind it, connections of its own.
//!
//! Three locks, each of which holds by itself: no new privileges (prctl(2)), Landlock without any
//! right (landlock(7)), and a list of the system calls that are left (seccomp(2)).

use std::{error::Error, fmt};

use crate::{descriptors::Shared, settings::Sandbox, upstream::Resolved};

/// The rights that were given up, in words.
#[derive(Clone, Debug)]
pub(crate) struct InForce(String);

impl fmt::Display for InForce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A part of the sandbox that the system cannot do.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct SandboxError {
    message: String,
    source: Option<Cause>,
}

/// An error of one of the three locks.
type Cause = Box<dyn Error + Send + Sync>;

impl SandboxError {
    fn new(message: impl Into<String>, source: impl Into<Option<Cause>>) -> Self {
        Self { message: message.into(), source: source.into() }
    }
}

/// Gives up the rights that the process does not need. The calling thread has to be the only one;
/// later threads inherit its sandbox. The listeners are at descriptors of their own.
///
/// # Errors
///
/// If all of it was asked for, and the system cannot do that.
pub(crate) fn enter(
    sandbox: Sandbox,
    upstream: Option<&Resolved>,
    shared: Shared,
) -> Result<InForce, SandboxError> {
    let parts = match sandbox {
        Sandbox::Off => return Ok(InForce("off".to_owned())),
        Sandbox::BestEffort => system::best_effort(upstream, shared)?,
        Sandbox::Strict => system::strict(upstream, shared)?,
    };
    let text =
        if parts.is_empty() { "none: this system has none".to_owned() } else { parts.join(", ") };
    Ok(InForce(text))
}

#[cfg(not(target_os = "linux"))]
mod system {
    use super::{Resolved, SandboxError, Shared};

    pub(super) fn best_effort(
        _: Option<&Resolved>,
        _: Shared,
    ) -> Result<Vec<String>, SandboxError> {
        Ok(Vec::new())
    }

    pub(super) fn strict(_: Option<&Resolved>, _: Shared) -> Result<Vec<String>, SandboxError> {
        let message = "there is a sandbox on Linux only: use --sandbox=best-effort";
        Err(SandboxError::new(message, None))
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::collections::BTreeMap;

    use landlock::{
        ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, NetPort, Ruleset, RulesetAttr,
        RulesetCreatedAttr, RulesetStatus, Scope,
    };
    use seccompiler::{
        BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
        SeccompRule, apply_filter,
    };

    use super::{Cause, Resolved, SandboxError, Shared, calls};

    type Result<T> = std::result::Result<T, Cause>;

    pub(super) fn best_effort(
        upstream: Option<&Resolved>,
        shared: Shared,
    ) -> std::result::Result<Vec<String>, SandboxError> {
        let mut parts = vec!["no new privileges".to_owned()];
        no_new_privileges()?;
        let status = landlock(upstream, CompatLevel::BestEffort)
            .map_err(|error| SandboxError::new("cannot use Landlock", error))?;
        match status {
            RulesetStatus::FullyEnforced => parts.push(landlock_in_words(upstream, "")),
            RulesetStatus::PartiallyEnforced => {
                parts.push(landlock_in_words(upstream, "in part: "))
            }
            RulesetStatus::NotEnforced => {}
        }
        match seccomp(upstream, shared) {
            Ok(()) => parts.push("seccomp".to_owned()),
            Err(error) => tracing::warn!("no system calls are given up: {error}"),
        }
        Ok(parts)
    }

    pub(super) fn strict(
        upstream: Option<&Resolved>,
        shared: Shared,
    ) -> std::result::Result<Vec<String>, SandboxError> {
        const REMEDY: &str = "use a newer Linux, or --sandbox=best-effort";
        let not_whole = |cause: Option<Cause>| {
            let message = format!("this system's Landlock cannot do it all: {REMEDY}");
            SandboxError::new(message, cause)
        };
        no_new_privileges()?;
        let status = landlock(upstream, CompatLevel::HardRequirement);
        if status.map_err(|error| not_whole(Some(error)))? != RulesetStatus::FullyEnforced {
            return Err(not_whole(None));
        }
        seccomp(upstream, shared).map_err(|error| SandboxError::new(REMEDY, error))?;
        let landlock = landlock_in_words(upstream, "");
        Ok(vec!["no new privileges".to_owned(), landlock, "seccomp".to_owned()])
    }

    fn no_new_privileges() -> std::result::Result<(), SandboxError> {
        let given_up = rustix::thread::set_no_new_privs(true);
        given_up
            .map_err(|error| SandboxError::new("cannot give up new privileges", Cause::from(error)))
    }

    fn landlock_in_words(upstream: Option<&Resolved>, how: &str) -> String {
        match upstream.and_then(Resolved::port) {
            None => format!("Landlock ({how}no files, no TCP of its own)"),
            Some(port) => format!("Landlock ({how}no files, no TCP of its own but to port {port})"),
        }
    }

    /// Nothing of the file system, no TCP port but the application's, no other process's signals
    /// and abstract sockets.
    fn landlock(upstream: Option<&Resolved>, level: CompatLevel) -> Result<RulesetStatus> {
        let mut ruleset = Ruleset::default()
            .set_compatibility(level)
            .handle_access(AccessFs::from_all(ABI::V5))?
            .handle_access(AccessNet::from_all(ABI::V4))?
            .scope(Scope::from_all(ABI::V6))?
            .create()?;
        if let Some(port) = upstream.and_then(Resolved::port) {
            ruleset = ruleset.add_rule(NetPort::new(port, AccessNet::ConnectTcp))?;
        }
        Ok(ruleset.restrict_self()?.ruleset)
    }

    /// All system calls but the listed ones fail with `EPERM`.
    fn seccomp(upstream: Option<&Resolved>, shared: Shared) -> Result<()> {
        let arch = std::env::consts::ARCH.try_into()?;
        // How the C library starts threads cannot be told from other uses of clone3(2), but it
        // takes clone(2) where there is no such call.
        let absent = SeccompAction::Errno(libc::ENOSYS.cast_unsigned());
        let hidden = [(libc::SYS_clone3, Vec::new())].into();
        let hide = SeccompFilter::new(hidden, SeccompAction::Allow, absent, arch)?;
        let denied = SeccompAction::Errno(libc::EPERM.cast_unsigned());
        let allow =
            SeccompFilter::new(allowed(upstream, shared)?, denied, SeccompAction::Allow, arch)?;
        for filter in [hide, allow] {
            apply_filter(&BpfProgram::try_from(filter)?)?;
        }
        Ok(())
    }

    /// The calls that are left, and for which arguments, if not for all.
    fn allowed(
        upstream: Option<&Resolved>,
        shared: Shared,
    ) -> Result<BTreeMap<i64, Vec<SeccompRule>>> {
        let mut allowed: BTreeMap<_, _> =
            calls::ALWAYS.iter().map(|call| (*call, Vec::new())).collect();
        allowed.insert(libc::SYS_socketpair, vec![stream(libc::AF_UNIX)?]);
        for call in calls::OF_OTHERS_THAN_LOGS {
            allowed.insert(*call, vec![no_log()?]);
        }
        if let Some(upstream) = upstream {
            allowed.extend(to_the_application(upstream, shared)?);
        }
        // To send can be to connect, of which Landlock does not know.
        let no_connect = SeccompCmpOp::MaskedEq(libc::MSG_FASTOPEN as u64);
        allowed.insert(libc::SYS_sendto, vec![rule(3, no_connect, 0)?]);
        // Signals go to this process's own threads, as abort(3) sends one.
        let own = rustix::process::getpid().as_raw_nonzero().get() as u64;
        allowed.insert(libc::SYS_tgkill, vec![rule(0, SeccompCmpOp::Eq, own)?]);
        for (call, argument, values) in calls::WITH_ARGUMENT {
            let rules = values.iter().map(|value| rule(*argument, SeccompCmpOp::Eq, *value));
            allowed.insert(*call, rules.collect::<Result<_>>()?);
        }
        let flags = calls::DESCRIPTOR_FLAGS.iter().map(|it| rule(1, SeccompCmpOp::Eq, *it));
        let mut fcntl = flags.collect::<Result<Vec<_>>>()?;
        fcntl.push(own_only(shared, &[(1, libc::F_DUPFD_CLOEXEC)])?);
        allowed.insert(libc::SYS_fcntl, fcntl);
        let options = calls::SOCKET_OPTIONS.iter();
        let options = options.map(|(level, name)| own_only(shared, &[(1, *level), (2, *name)]));
        allowed.insert(libc::SYS_setsockopt, options.collect::<Result<_>>()?);
        let threads = SeccompCmpOp::MaskedEq(calls::THREAD);
        allowed.insert(libc::SYS_clone, vec![rule(0, threads, calls::THREAD)?]);
        // Memory is never made executable.
        let no_code = SeccompCmpOp::MaskedEq(calls::EXECUTABLE);
        for call in [libc::SYS_mmap, libc::SYS_mprotect] {
            allowed.insert(call, vec![rule(2, no_code.clone(), 0)?]);
        }
        Ok(allowed)
    }

    /// The calls that open connections to the application, and keep content for it.
    fn to_the_application(
        upstream: &Resolved,
        shared: Shared,
    ) -> Result<Vec<(i64, Vec<SeccompRule>)>> {
        let domains = match upstream.port() {
            Some(_) => &[libc::AF_INET, libc::AF_INET6][..],
            None => &[libc::AF_UNIX],
        };
        let sockets = domains.iter().map(|domain| stream(*domain));
        // Content for the application that is too much for memory is in files without a name.
        let flags = u64::from(libc::MFD_CLOEXEC);
        Ok(vec![
            // A listener that is connected, if only to nothing (AF_UNSPEC), listens no more.
            (libc::SYS_connect, vec![own_only(shared, &[])?]),
            (libc::SYS_socket, sockets.collect::<Result<_>>()?),
            (libc::SYS_memfd_create, vec![rule(1, SeccompCmpOp::Eq, flags)?]),
            (libc::SYS_pread64, vec![no_log()?]),
            (libc::SYS_pwrite64, vec![no_log()?]),
        ])
    }

    /// A descriptor, the first argument, that no other process shares, and these further arguments.
    fn own_only(shared: Shared, arguments: &[(u8, i32)]) -> Result<SeccompRule> {
        let own = condition(0, SeccompCmpOp::Lt, shared.first().into())?;
        let others = arguments
            .iter()
            .map(|(argument, value)| condition(*argument, SeccompCmpOp::Eq, *value as u64));
        Ok(SeccompRule::new(std::iter::once(Ok(own)).chain(others).collect::<Result<_>>()?)?)
    }

    /// A descriptor, the first argument, that is neither standard output nor standard error.
    fn no_log() -> Result<SeccompRule> {
        let logs = [libc::STDOUT_FILENO, libc::STDERR_FILENO];
        let others = logs.map(|log| condition(0, SeccompCmpOp::Ne, log as u64));
        Ok(SeccompRule::new(others.into_iter().collect::<Result<_>>()?)?)
    }

    fn rule(argument: u8, operator: SeccompCmpOp, value: u64) -> Result<SeccompRule> {
        Ok(SeccompRule::new(vec![condition(argument, operator, value)?])?)
    }

    /// A socket of this domain that is a stream, by its usual protocol. One for datagrams needs no
    /// connect(2) to reach anybody, and of other protocols Landlock knows nothing.
    fn stream(domain: i32) -> Result<SeccompRule> {
        let conditions = vec![
            condition(0, SeccompCmpOp::Eq, domain as u64)?,
            condition(1, SeccompCmpOp::MaskedEq(calls::SOCKET_TYPE), libc::SOCK_STREAM as u64)?,
            condition(2, SeccompCmpOp::Eq, 0)?,
        ];
        Ok(SeccompRule::new(conditions)?)
    }

    fn condition(argument: u8, operator: SeccompCmpOp, value: u64) -> Result<SeccompCondition> {
        Ok(SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)?)
    }
}

/// The system calls that are left.
#[cfg(target_os = "linux")]
mod calls {
    /// The calls of a thread that serves open sockets, with Tokio, the C library and its allocator.
    pub(super) const ALWAYS: &[i64] = &[
        // Sockets that are there, and those that they accept.
        libc::SYS_accept4,
        libc::SYS_getpeername,
        libc::SYS_getsockname,
        libc::SYS_getsockopt,
        libc::SYS_recvfrom,
        // Open files: the sockets, and where the logs go.
        libc::SYS_close,
        libc::SYS_fstat,
        libc::SYS_write,
        libc::SYS_writev,
        // Waiting.
        libc::SYS_clock_gettime,
        libc::SYS_clock_nanosleep,
        libc::SYS_epoll_create1,
        libc::SYS_epoll_ctl,
        libc::SYS_epoll_pwait,
        libc::SYS_eventfd2,
        libc::SYS_futex,
        libc::SYS_nanosleep,
        libc::SYS_ppoll,
        libc::SYS_restart_syscall,
        libc::SYS_sched_yield,
        // Memory.
        libc::SYS_brk,
        libc::SYS_madvise,
        libc::SYS_mremap,
        libc::SYS_munmap,
        // Threads and signals of this process.
        libc::SYS_clone3,
        libc::SYS_exit,
        libc::SYS_exit_group,
        libc::SYS_getpid,
        libc::SYS_getrandom,
        libc::SYS_gettid,
        libc::SYS_rseq,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_sched_getaffinity,
        libc::SYS_set_robust_list,
        libc::SYS_sigaltstack,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_epoll_wait,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_poll,
    ];

    /// Calls for all descriptors but those of the logs: a log may be a terminal, or a file that was
    /// opened for reading too.
    pub(super) const OF_OTHERS_THAN_LOGS: &[i64] = &[libc::SYS_read, libc::SYS_readv];

    /// Calls whose argument of this number selects an operation, and the operations that are left.
    pub(super) const WITH_ARGUMENT: &[(i64, u8, &[u64])] = &[
        // Whether something is a terminal. That a socket waits, is a property which its holders share.
        (libc::SYS_ioctl, 1, &[libc::TCGETS]),
        // The end of a response; the other way would end a listener, which others share.
        (libc::SYS_shutdown, 1, &[libc::SHUT_WR as u64]),
        // The name of a thread.
        (libc::SYS_prctl, 0, &[libc::PR_SET_NAME as u64]),
    ];

    /// The operations of fcntl(2) on any descriptor; beside them, one of the process's own may be
    /// copied.
    pub(super) const DESCRIPTOR_FLAGS: &[u64] =
        &[libc::F_GETFD as u64, libc::F_SETFD as u64, libc::F_GETFL as u64];

    /// The options of connections that are left, as level and name: a connection that is reset, and
    /// one that sends small segments at once.
    pub(super) const SOCKET_OPTIONS: &[(i32, i32)] =
        &[(libc::SOL_SOCKET, libc::SO_LINGER), (libc::IPPROTO_TCP, libc::TCP_NODELAY)];

    /// The flags of clone(2) without which a new process would come of it.
    pub(super) const THREAD: u64 = (libc::CLONE_THREAD | libc::CLONE_VM) as u64;

    pub(super) const EXECUTABLE: u64 = libc::PROT_EXEC as u64;

    /// The bits of the type in socket(2), beside flags (`SOCK_TYPE_MASK` in linux/net.h).
    pub(super) const SOCKET_TYPE: u64 = 0xf;
}

/// The attempts of an attacker in a worker; for tests only.
#[cfg(any(test, feature = "break-out"))]
#[expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the sandbox has to stop it"
)]
pub(crate) mod break_out {
    use std::{
        fs, io,
        net::{Shutdown, SocketAddr, TcpStream, UdpSocket},
        os::unix::net::{UnixDatagram, UnixStream},
        process::Command,
        sync::OnceLock,
    };

    use rustix::process::Pid;
    use socket2::Socket;

    /// A listener of the worker.
    static LISTENER: OnceLock<Socket> = OnceLock::new();

    /// Makes a listener known to the attempts.
    #[cfg(feature = "break-out")]
    pub(crate) fn know(listener: &std::os::fd::OwnedFd, shared: crate::descriptors::Shared) {
        let copy = listener.try_clone().and_then(|copy| shared.take(copy));
        LISTENER.set(copy.expect("a free descriptor").into()).ok();
    }

    /// The answer to a request that asks for it.
    #[cfg(feature = "break-out")]
    pub(crate) fn answer(word: &str) -> hyper::Response<hardtack::Body> {
        let text: &'static str = Box::leak(try_to(word).into_boxed_str());
        let response = hyper::Response::builder().header("content-length", text.len());
        response.body(hardtack::Body::from_static(text.as_bytes())).expect("a valid header")
    }

    /// Makes the attempt of that name, and returns its outcome.
    pub(crate) fn try_to(what: &str) -> String {
        let outcome = match what {
            "open" => fs::File::open("/etc/passwd").map(drop),
            "list" => fs::read_dir("/").map(drop),
            "create" => fs::File::create("/tmp/hardtack-broke-out").map(drop),
            "connect" => TcpStream::connect("127.0.0.1:1").map(drop),
            "datagram" => UdpSocket::bind("127.0.0.1:0").map(drop),
            "datagram-unix" => send_unconnected(),
            "connect-unix" => UnixStream::connect("/run/hardtack-nobody").map(drop),
            "exec" => Command::new("/bin/true").spawn().map(drop),
            "kill" => rustix::process::test_kill_process(Pid::INIT).map_err(io::Error::from),
            _ if what.starts_with("log-") => misuse_log(what),
            _ if what.starts_with("listener-") => {
                LISTENER.get().ok_or(io::ErrorKind::NotFound.into()).and_then(|it| misuse(it, what))
            }
            _ => match what.strip_prefix("connect-").and_then(|port| port.parse().ok()) {
                Some(port) => TcpStream::connect(("127.0.0.1", port)).map(drop),
                None => Err(io::Error::other("an unknown word")),
            },
        };
        outcome.map_or_else(|error| format!("{:?}", error.kind()), |()| "done".to_owned())
    }

    /// Does something to the file of a log but to write at its end.
    fn misuse_log(how: &str) -> io::Result<()> {
        use rustix::{fs, io::*};
        let log = io::stdout();
        match how {
            "log-read" => read(&log, &mut [0]).map(drop),
            "log-read-at" => pread(&log, &mut [0], 0).map(drop),
            "log-seek" => fs::seek(&log, fs::SeekFrom::Start(0)).map(drop),
            "log-overwrite" => pwrite(&log, b"x", 0).map(drop),
            "log-truncate" => fs::ftruncate(&log, 0),
            "log-wait" => fs::fcntl_setfl(&log, fs::OFlags::NONBLOCK),
            "log-ioctl" => ioctl_fionread(&log).map(drop),
            _ => Err(Errno::INVAL),
        }
        .map_err(io::Error::from)
    }

    /// Does something to a listener that is then so for all its holders: ends it, connects it to
    /// nothing or to an address, connects by sending (`MSG_FASTOPEN`, tcp(7)), sets options; or copies
    /// it, so that its number is another one.
    pub(crate) fn misuse(listener: &Socket, how: &str) -> io::Result<()> {
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 1)).into();
        match how {
            "listener-shutdown" => listener.shutdown(Shutdown::Both),
            "listener-disconnect" => rustix::net::connect_unspec(listener).map_err(Into::into),
            "listener-connect" => listener.connect(&nowhere),
            "listener-send" => {
                listener.send_to_with_flags(b"x", &nowhere, libc::MSG_FASTOPEN).map(drop)
            }
            "listener-wait" => listener.set_nonblocking(false),
            "listener-ioctl" => rustix::io::ioctl_fionbio(listener, false).map_err(Into::into),
            "listener-reuse" => listener.set_reuse_address(true),
            "listener-narrow" => listener.set_recv_buffer_size(1),
            "listener-linger" => listener.set_linger(None),
            "listener-nodelay" => listener.set_tcp_nodelay(true),
            "listener-listen" => listener.listen(1),
            "listener-copy" => listener.try_clone().map(drop),
            _ => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    /// A pair of sockets needs no `connect`, and one of them could send to others.
    fn send_unconnected() -> io::Result<()> {
        let (socket, _other) = UnixDatagram::pair()?;
        socket.send_to(b"x", "/run/hardtack-nobody").map(drop)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::{
        io::ErrorKind,
        net::{TcpListener, TcpStream},
    };

    use super::*;
    use crate::{descriptors::Division, upstream::Address};

    fn shared() -> Shared {
        Shared::above(Division { connections: 500, upstream: 0, admin: 0 }, 1, 10)
    }

    /// In a thread of its own, since there is no way back.
    #[track_caller]
    fn outcomes(sandbox: Sandbox, words: &'static [&'static str]) -> Vec<String> {
        let thread = std::thread::spawn(move || {
            enter(sandbox, None, shared()).unwrap();
            words.iter().map(|word| break_out::try_to(word)).collect()
        });
        thread.join().unwrap()
    }

    #[test]
    fn nothing_is_left_to_be_done() {
        let words = &[
            "open",
            "list",
            "create",
            "connect",
            "connect-unix",
            "datagram",
            "datagram-unix",
            "exec",
            "kill",
        ];
        assert_eq!(outcomes(Sandbox::Strict, words), ["PermissionDenied"; 9]);
        assert_eq!(outcomes(Sandbox::BestEffort, words), ["PermissionDenied"; 9]);
    }

    const MISUSES: [&str; 12] = [
        "listener-reuse",
        "listener-linger",
        "listener-nodelay",
        "listener-narrow",
        "listener-wait",
        "listener-ioctl",
        "listener-copy",
        "listener-listen",
        "listener-send",
        "listener-connect",
        "listener-shutdown",
        "listener-disconnect",
    ];

    /// The outcomes of [`MISUSES`] of a listener that was open before. A connection of the process's own
    /// may be used in these ways, as far as it needs them.
    #[track_caller]
    fn a_listener(sandbox: Sandbox, upstream: Option<&str>) -> Vec<Option<ErrorKind>> {
        let to = TcpListener::bind("127.0.0.1:0").unwrap();
        let upstream = upstream.map(|_| to.local_addr().unwrap().to_string());
        let upstream = upstream.map(|it| it.parse::<Address>().unwrap().resolve().unwrap());
        let own = TcpStream::connect(to.local_addr().unwrap()).unwrap();
        let listener = shared().take(TcpListener::bind("127.0.0.1:0").unwrap().into()).unwrap();
        let listener = socket2::Socket::from(listener);
        listener.set_nonblocking(true).unwrap();
        let thread = std::thread::spawn(move || {
            enter(sandbox, upstream.as_ref(), shared()).unwrap();
            own.try_clone().unwrap();
            own.set_nodelay(true).unwrap();
            if upstream.is_some() {
                TcpStream::connect(to.local_addr().unwrap()).unwrap();
            }
            let misused = MISUSES.map(|how| break_out::misuse(&listener, how).err());
            misused.into_iter().map(|error| error.map(|error| error.kind())).collect()
        });
        thread.join().unwrap()
    }

    #[test]
    fn a_listener_is_nothing_else() {
        let denied = Some(ErrorKind::PermissionDenied);
        for upstream in [None, Some("with an application")] {
            assert_eq!(a_listener(Sandbox::BestEffort, upstream), [denied; 12], "{upstream:?}");
        }
        assert!(!a_listener(Sandbox::Off, None).contains(&denied), "each means something");
    }

    #[test]
    fn without_it_these_attempts_mean_something() {
        let words =
            &["open", "list", "connect", "connect-unix", "datagram", "datagram-unix", "exec"];
        let free = ["done", "done", "ConnectionRefused", "NotFound", "done", "NotFound", "done"];
        assert_eq!(outcomes(Sandbox::Off, words), free);
    }
}
