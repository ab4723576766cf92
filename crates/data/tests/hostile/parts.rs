//! Several files as one, so that a mutant may spoil any of them.

/// Stands between files that a target takes as one.
pub(crate) const CUT: &[u8] = b"\n\xFF\xFEcut\n";

/// The files of bytes with [`CUT`]s between them; empty ones for those that are missing.
pub(crate) fn files<const N: usize>(bytes: &[u8]) -> [&[u8]; N] {
    let mut rest = Some(bytes);
    [(); N].map(|()| {
        let all = rest.take().unwrap_or_default();
        let cut = all.windows(CUT.len()).position(|window| window == CUT);
        let (file, after) = cut.map_or((all, None), |at| (&all[..at], Some(&all[at + CUT.len()..])));
        rest = after;
        file
    })
}
