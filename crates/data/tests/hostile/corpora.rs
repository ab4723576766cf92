//! The corpora of the fuzz targets: the seeds of the mutation tests, written where `scripts/fuzz.sh` asks for them.

/// Holds the seeds of all targets to a size, and writes them below the directory that `ANUVADA_FUZZ_CORPUS` names, if it does.
pub(crate) fn are_small(all: Vec<(&'static str, Vec<Vec<u8>>)>) {
    let bytes: usize = all.iter().flat_map(|(_, seeds)| seeds).map(Vec::len).sum();
    assert!(bytes < 200_000, "{bytes}");
    let Some(place) = std::env::var_os("ANUVADA_FUZZ_CORPUS") else { return };
    for (name, seeds) in all {
        let dir = std::path::Path::new(&place).join(name);
        std::fs::create_dir_all(&dir).expect("the corpus can be written");
        for (number, seed) in seeds.iter().enumerate() {
            std::fs::write(dir.join(format!("seed-{number}")), seed).expect("the corpus can be written");
        }
    }
}
