//! Counts allocations.

// An allocator of one's own is unsafe code by its nature. This one hands everything on to the system's.
#![allow(unsafe_code)]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

#[global_allocator]
static COUNTING: Counting = Counting { allocations: AtomicU64::new(0) };

struct Counting {
    allocations: AtomicU64,
}

/// The number of allocations during a call.
pub(crate) fn during(call: impl FnOnce()) -> u64 {
    let before = COUNTING.allocations.load(Relaxed);
    call();
    COUNTING.allocations.load(Relaxed) - before
}

// SAFETY: memory is that of `System`, which is asked with what the caller says.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.allocations.fetch_add(1, Relaxed);
        // SAFETY: as above.
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        self.allocations.fetch_add(1, Relaxed);
        // SAFETY: as above.
        unsafe { System.realloc(memory, layout, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allocations_are_counted() {
        // Another test may allocate meanwhile: the number is a least one.
        assert!(during(|| drop(std::hint::black_box(vec![1]))) >= 1);
        let mut grown = Vec::with_capacity(1);
        assert!(during(|| grown.extend_from_slice(std::hint::black_box(&[1, 2, 3]))) >= 1);
    }
}
