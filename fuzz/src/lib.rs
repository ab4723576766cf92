//! The bodies of the fuzz targets: those of the mutation tests.

use model::weights;

#[path = "../../crates/data/tests/hostile/targets.rs"]
mod of_data;
#[path = "../../crates/train/tests/hostile/targets.rs"]
mod of_train;
#[path = "../../crates/data/tests/hostile/parts.rs"]
#[allow(dead_code, reason = "what cuts files apart is used, what joins them is not")]
mod parts;
#[path = "../../crates/train/tests/hostile/seeds.rs"]
#[allow(dead_code, reason = "corpora are written by the mutation tests")]
mod seeds;

macro_rules! targets {
    ($($module:ident: $($name:ident)*;)*) => {
        $($(
            #[doc = concat!("`", stringify!($name), "` of a stranger.")]
            pub fn $name(bytes: &[u8]) {
                $module::$name(bytes).ok();
            }
        )*)*
    };
}

targets! {
    of_data: tokenizer shards lock recipe tmx jsonl csv tsv text gz zst xz zip tar tar_gz tsv_zst;
    of_train: experiment set model config manifest state run split;
}

/// A safetensors file of a stranger, for a model of two tensors.
pub fn safetensors(bytes: &[u8]) {
    let path = std::path::Path::new("model.safetensors");
    let expected = [("a".to_owned(), vec![2, 3]), ("b".to_owned(), vec![3])].into();
    let any = weights::from_safetensors(bytes, path);
    if let Ok(ours) = weights::read_safetensors(bytes, &expected, path) {
        // As bytes: a number may be NaN.
        let bytes = |arrays: &weights::Arrays| weights::to_safetensors(arrays, [].into());
        assert_eq!(bytes(&any.expect("what is ours is a file")), bytes(&ours));
        let again = weights::read_safetensors(&bytes(&ours), &expected, path).expect("our own file");
        assert_eq!(bytes(&again), bytes(&ours));
    }
}
