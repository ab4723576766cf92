//! `.parquet`.

use std::sync::Arc;

use ::parquet::basic::{Compression, GzipLevel, ZstdLevel};
use ::parquet::data_type::{ByteArray, ByteArrayType};
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::parser::parse_message_type;

use super::*;

/// Columns of a table, each with its cells; an empty cell is null.
fn table(dir: &Dir, name: &str, schema: &str, columns: &[&[&str]], compression: Compression) -> PathBuf {
    let path = dir.0.path().join(name);
    let schema = Arc::new(parse_message_type(schema).expect("a schema"));
    let properties = Arc::new(WriterProperties::builder().set_compression(compression).build());
    let file = fs::File::create(&path).expect("the temporary directory can be written");
    let mut writer = SerializedFileWriter::new(file, schema, properties).expect("a writer");
    for _ in 0..2 {
        let mut rows = writer.next_row_group().expect("a row group");
        for cells in columns {
            let mut column = rows.next_column().expect("a column").expect("as many as in the schema");
            let filled: Vec<&&str> = cells.iter().filter(|cell| !cell.is_empty()).collect();
            let values: Vec<ByteArray> = filled.iter().map(|cell| ByteArray::from(**cell)).collect();
            let most = i16::from(name.starts_with("inner")) + 1;
            let levels: Vec<i16> = cells.iter().map(|cell| if cell.is_empty() { 0 } else { most }).collect();
            let typed = column.typed::<ByteArrayType>();
            typed.write_batch(&values, Some(&levels), None).expect("cells");
            column.close().expect("a column");
        }
        rows.close().expect("a row group");
    }
    writer.close().expect("a file");
    path
}

const FLAT: &str = "message m { optional binary id; optional binary kn (UTF8); optional binary en (UTF8); }";
const INNER: &str =
    "message m { optional group translation { optional binary en (UTF8); optional binary kn (UTF8); } }";

#[test]
fn columns_are_found_flat_and_inside() {
    let dir = Dir::new();
    let expected = ["1: one | ಒಂದು", "2: two lines | ಎರಡು", "3: one | ಒಂದು", "4: two lines | ಎರಡು"];
    let (en, kn) = (["one", "two\nlines"], ["ಒಂದು", "ಎರಡು"]);
    let codecs = [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::ZSTD(ZstdLevel::default()),
    ];
    for codec in codecs {
        let path = table(&dir, "flat.parquet", FLAT, &[&["5", "6"], &kn, &en], codec);
        assert_eq!(shown(&path).expect("a table"), expected, "{codec:?}");
        let path = table(&dir, "inner.parquet", INNER, &[&en, &kn], codec);
        assert_eq!(shown(&path).expect("a table"), expected, "{codec:?}");
    }
    let files = ParallelFiles {
        src_column: "kn".into(),
        tgt_column: "en".into(),
        ..ParallelFiles::one(dir.0.path().join("*.parquet"))
    };
    let (pairs, _) = read(&files).expect("two files");
    assert_eq!((pairs.len(), show(&pairs)[4].as_str()), (8, "5: ಒಂದು | one"));
}

#[test]
fn what_is_wrong_is_named() {
    let dir = Dir::new();
    let path =
        table(&dir, "flat.parquet", FLAT, &[&["5", "6"], &["ಅ", ""], &["a", "b"]], Compression::SNAPPY);
    let step = "give both sides, or set src_column and tgt_column";
    assert_eq!(
        told(&dir, &shown(&path).expect_err("null")),
        format!("flat.parquet:2: has no text 'kn'; {step}")
    );
    let named =
        ParallelFiles { src_column: "a".into(), tgt_column: "en".into(), ..ParallelFiles::one(&path) };
    let expected = "flat.parquet: has no columns 'a' and 'en' but id, kn, en; set src_column and tgt_column";
    assert_eq!(told(&dir, &read(&named).expect_err("no column a")), expected);

    let path =
        table(&dir, "flat.parquet", FLAT, &[&["5", "6"], &["ಅ", "ಬ"], &["a", "b"]], Compression::SNAPPY);
    let whole = fs::read(&path).expect("a file");
    for end in 1..whole.len() {
        let got = shown(&dir.file("cut.parquet", &whole[..end]));
        assert!(matches!(got, Err(DataError::Parquet { .. })), "cut at {end}: {got:?}");
    }
}
