//! Memory that a thread takes, counted where it is asked for: also what was asked for and never touched.
#![allow(unsafe_code, reason = "whoever gives out memory is unsafe to write")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

#[global_allocator]
static COUNTING: Counting = Counting;

thread_local! {
    /// Bytes that this thread holds since counting began, and the most it held at once.
    static HELD: Cell<(i64, i64)> = const { Cell::new((0, 0)) };
}

struct Counting;

fn count(bytes: i64) {
    // A thread that is ending has none of its own any more.
    let _ = HELD.try_with(|held| {
        let now = held.get().0 + bytes;
        held.set((now, held.get().1.max(now)));
    });
}

// SAFETY: memory comes from the system's own allocator, with the same arguments; beside that only numbers are changed.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        count(-(layout.size() as i64));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as i64 - layout.size() as i64);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.realloc(place, layout, size) }
    }
}

/// Does some work, and tells the most bytes that this thread held at once during it, beyond those that it held before.
pub(super) fn most_during<T>(work: impl FnOnce() -> T) -> (T, u64) {
    HELD.set((0, 0));
    let done = work();
    (done, HELD.get().1.unsigned_abs())
}

#[test]
fn memory_is_counted_while_it_is_held() {
    let (_, most) = most_during(|| {
        drop(vec![1_u8; 1000]);
        drop(vec![1_u8; 3000]);
    });
    assert_eq!(most, 3000);
}
