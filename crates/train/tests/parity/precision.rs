//! Half precisions where a device has them, refusals where it has not.

use crate::outcome::{assert_close, compute};
use crate::{others, tolerance};
use model::Precision;
use train::config::BackendConfig;
use train::device::{Backend, open};

#[test]
fn half_precisions_are_near_float32_or_refused() {
    let expected = compute(Backend::Cpu, Precision::F32);
    for backend in others() {
        for (precision, allowed) in
            [(Precision::Bf16, tolerance::BFLOAT16), (Precision::F16, tolerance::FLOAT16)]
        {
            let config = BackendConfig { kind: backend.name().into(), device: 0, precision };
            let what = format!("{} in {}", backend.name(), precision.name());
            if let Err(error) = open(&config) {
                assert_eq!(error.exit_code(), 69, "{what}");
                assert!(error.to_string().contains("set backend.precision = \"f32\""), "{error}");
                eprintln!("not tested: {error}");
                continue;
            }
            let got = compute(backend, precision);
            assert_close(&format!("{what}: logits"), &got.logits, &expected.logits, allowed);
            assert_close(&format!("{what}: losses"), &got.losses, &expected.losses, allowed);
            assert_ne!(got.logits, expected.logits, "{what}: nothing is computed in it");
        }
    }
}
