//! The descriptors that were open in the process that started this one, such as a deployment's log or
//! its lock. No child gets them.

/// Has the system close all descriptors but standard input, output and error when a child becomes
/// another executable. Descriptors that this process opens later are closed then anyway.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
pub(super) fn keep_from_children() {
    let flags = libc::CLOSE_RANGE_CLOEXEC.cast_signed();
    // SAFETY: no descriptor is closed here, and none changes its meaning. The arguments are numbers.
    if unsafe { libc::close_range(3, libc::c_uint::MAX, flags) } != 0 {
        let error = std::io::Error::last_os_error();
        tracing::warn!(
            "workers inherit all open files of the process that started this one: \
             close_range(2), which Linux has since 5.11, fails: {error}"
        );
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn keep_from_children() {}
