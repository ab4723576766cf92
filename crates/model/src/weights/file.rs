//! Safetensors files of strangers: nothing is allocated for a tensor before its name, its type and its shape are known
//! to be those of the model.
//!
//! The reference crate checks offsets, overlaps, holes and products of extents; its own limit of a header is 100 MB.

use crate::ModelError;
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// A longer header of a safetensors file is refused, in bytes: room for the names of some ten thousand tensors.
pub const MAX_HEADER_BYTES: u64 = 4 << 20;

/// A parameter on the host, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// The extent of each axis.
    pub shape: Vec<usize>,
    /// The product of the extents many numbers.
    pub values: Vec<f32>,
}

/// Named arrays in the order of their names.
pub type Arrays = BTreeMap<String, Array>;

/// Names and shapes of arrays.
pub type Shapes = BTreeMap<String, Vec<usize>>;

/// The bytes of a safetensors file with these arrays.
///
/// # Panics
///
/// If an array's values do not fill its shape.
pub fn to_safetensors(arrays: &Arrays, metadata: BTreeMap<String, String>) -> Vec<u8> {
    let bytes: Vec<(&str, &[usize], Vec<u8>)> = arrays
        .iter()
        .map(|(name, array)| {
            let numbers: Vec<[u8; 4]> = array.values.iter().map(|value| value.to_le_bytes()).collect();
            (name.as_str(), array.shape.as_slice(), numbers.into_flattened())
        })
        .collect();
    let views = bytes.iter().map(|(name, shape, bytes)| {
        let view = TensorView::new(Dtype::F32, shape.to_vec(), bytes).expect("values fill the shape");
        (*name, view)
    });
    serialize(views, Some(metadata.into_iter().collect())).expect("names are unique and views are valid")
}

/// The arrays of a safetensors file's bytes, whatever their names. `path` is for messages.
///
/// # Errors
///
/// Damaged bytes, a header beyond [`MAX_HEADER_BYTES`], or a tensor that is not float32.
pub fn from_safetensors(bytes: &[u8], path: &Path) -> Result<Arrays, ModelError> {
    let file = parse(bytes, path)?;
    float32(&file, path)?;
    Ok(arrays(&file))
}

/// The arrays of a safetensors file's bytes, which must have these names and shapes; none is copied before all are
/// checked. `path` is for messages.
///
/// # Errors
///
/// As [`from_safetensors`]; a name that is missing or too much, or a shape that differs.
pub fn read_safetensors(bytes: &[u8], expected: &Shapes, path: &Path) -> Result<Arrays, ModelError> {
    let file = parse(bytes, path)?;
    float32(&file, path)?;
    for (name, view) in sorted(&file) {
        let path = path.into();
        let name = name.to_owned();
        match expected.get(&name) {
            None => return Err(ModelError::UnknownTensor { path, name }),
            Some(shape) if shape != view.shape() => {
                let (expected, got) = (shape.clone(), view.shape().to_vec());
                return Err(ModelError::TensorShape { path, name, expected, got });
            }
            Some(_) => {}
        }
    }
    match expected.keys().find(|name| file.tensor(name).is_err()) {
        Some(name) => Err(ModelError::MissingTensor { path: path.into(), name: name.clone() }),
        None => Ok(arrays(&file)),
    }
}

fn parse<'a>(bytes: &'a [u8], path: &Path) -> Result<SafeTensors<'a>, ModelError> {
    let damaged = |reason: String| ModelError::Damaged { path: path.into(), reason };
    let header = bytes.first_chunk().map_or(0, |length| u64::from_le_bytes(*length));
    if header > MAX_HEADER_BYTES {
        return Err(damaged(format!("its header has {header} bytes, more than {MAX_HEADER_BYTES}")));
    }
    SafeTensors::deserialize(bytes).map_err(|error| damaged(error.to_string()))
}

/// The tensors by name, so that of several faults the same one is told each time.
fn sorted<'a>(file: &'a SafeTensors<'a>) -> BTreeMap<&'a str, TensorView<'a>> {
    file.iter().collect()
}

fn float32(file: &SafeTensors, path: &Path) -> Result<(), ModelError> {
    for (name, view) in sorted(file) {
        if view.dtype() != Dtype::F32 {
            let got = format!("{:?}", view.dtype());
            return Err(ModelError::TensorType { path: path.into(), name: name.into(), got });
        }
    }
    Ok(())
}

fn arrays(file: &SafeTensors) -> Arrays {
    let array = |view: &TensorView| {
        let bytes = view.data().chunks_exact(4);
        let values = bytes.map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        Array { shape: view.shape().to_vec(), values }
    };
    file.iter().map(|(name, view)| (name.to_owned(), array(&view))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(header: &str, data: usize) -> Vec<u8> {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.extend(vec![0; data]);
        bytes
    }

    fn refusal(bytes: &[u8]) -> String {
        let expected = [("a".to_owned(), vec![2, 3]), ("b".to_owned(), vec![3])].into();
        read_safetensors(bytes, &expected, Path::new("m")).expect_err("a bad file").to_string()
    }

    #[test]
    fn names_types_and_shapes_are_those_of_the_model() {
        let a = r#""a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}"#;
        let b = r#""b":{"dtype":"F32","shape":[3],"data_offsets":[24,36]}"#;
        let good = file(&format!("{{{a},{b}}}"), 36);
        let expected = [("a".to_owned(), vec![2, 3]), ("b".to_owned(), vec![3])].into();
        let read = read_safetensors(&good, &expected, Path::new("m")).expect("what is asked for");
        assert_eq!(read, from_safetensors(&good, Path::new("m")).expect("a file"));
        for (header, data, said) in [
            (format!("{{{a}}}"), 24, "m has no tensor 'b'"),
            (
                format!("{{{a},{b},{}}}", b.replace("\"b\"", "\"c\"").replace("24,36", "36,48")),
                48,
                "'c' that",
            ),
            (format!("{{{a},{}}}", b.replace("[3]", "[1,3]")), 36, "'b' has shape [1, 3]"),
            (format!("{{{a},{}}}", b.replace("F32", "I32")), 36, "'b' is I32, expected F32"),
            (format!("{{{a},{}}}", b.replace("\"b\"", "\"a\"")), 36, "m is damaged"),
            (format!("{{{},{b}}}", a.replace("[2,3]", "[9223372036854775807,3]")), 36, "m is damaged"),
            (format!("{{{},{b}}}", a.replace("[2,3]", "[4294967296,4294967296,0]")), 36, "m is damaged"),
            (format!("{{{a},{b}}}"), 35, "m is damaged"),
            (format!("{{{a},{b}}}"), 37, "m is damaged"),
        ] {
            let got = refusal(&file(&header, data));
            assert!(got.contains(said), "{header}: {got}");
        }
    }

    #[test]
    fn a_long_header_is_not_parsed() {
        let names = " ".repeat(MAX_HEADER_BYTES as usize);
        let got = refusal(&file(&format!("{{}}{names}"), 0));
        assert_eq!(
            got,
            "m is damaged: its header has 4194306 bytes, more than 4194304; restore it from a copy or train again"
        );
        assert!(refusal(&u64::MAX.to_le_bytes()).contains("18446744073709551615 bytes"));
        for short in [&b""[..], b"\x08", b"\x00\0\0\0\0\0\0", b"\x08\0\0\0\0\0\0\0"] {
            assert!(refusal(short).contains("m is damaged"), "{short:?}");
        }
    }
}
