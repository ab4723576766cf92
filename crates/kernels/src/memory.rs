//! What the C allocator does with freed tensors.

/// Keeps freed memory in the process instead of returning it to the system, so that the tensors of the next step
/// land on pages that are already there. Without it a large share of a training step goes into page faults.
/// Call it once, first thing in `main`. It does something under glibc only.
pub fn keep_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        const TRIM_THRESHOLD: i32 = -1;
        const TOP_PAD: i32 = -2;
        const MMAP_MAX: i32 = -4;
        const ARENA_MAX: i32 = -8;
        const SIXTY_FOUR_MIB: i32 = 64 << 20;
        // -1 is the largest threshold: never trim. No mappings: large blocks come from the heap, too. One arena: the
        // heaps of the others are too small for large blocks.
        let settings = [(TRIM_THRESHOLD, -1), (TOP_PAD, SIXTY_FOUR_MIB), (MMAP_MAX, 0), (ARENA_MAX, 1)];
        for (parameter, value) in settings {
            // SAFETY: `mallopt` takes two integers; unknown ones are refused.
            unsafe { mallopt(parameter, value) };
        }
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
unsafe extern "C" {
    fn mallopt(parameter: i32, value: i32) -> i32;
}
