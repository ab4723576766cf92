//! Sound files of each kind, small, from which mutants are made.

use super::pack::{gz, xz, zst};
use super::parts::CUT;
use data::shards::{Writer, WriterConfig};
use data::{Tokenizer, TokenizerConfig};
use std::fs;
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;

const LINES: [(&str, &str); 4] = [
    ("the cat sat", "ಬೆಕ್ಕು ಕುಳಿತಿತು"),
    ("the cat, \"ran\"", "ಬೆಕ್ಕು ಓಡಿತು"),
    ("", ""),
    ("it rains 12 times <b> & more", "ಮಳೆ ೧೨ ಬಾರಿ"),
];

/// The seeds of every target of `targets`, by its name.
pub(crate) fn seeds() -> Vec<(&'static str, Vec<Vec<u8>>)> {
    let tsv = table();
    let repeated = tsv.repeat(200);
    #[cfg_attr(not(feature = "parquet"), expect(unused_mut, reason = "one more with the feature"))]
    let mut seeds = vec![
        ("tokenizer", vec![tokenizer(&[]), tokenizer(&["<2kn>".to_owned(), "<bt>".to_owned()])]),
        ("shards", vec![shards(300, 40), shards(70_000, 3), shards(300, 0)]),
        ("lock", vec![lock(), b"version = 1\n".to_vec()]),
        ("recipe", vec![recipe("opus:bible-uedin:v1"), recipe("flores200"), recipe("mine")]),
        ("tmx", vec![tmx()]),
        ("jsonl", vec![jsonl()]),
        ("csv", vec![b"en,kn\nthe cat,\"\xE0\xB2\xAC, \"\"x\"\"\n\ny\"\na,b\n".to_vec()]),
        ("tsv", vec![tsv.clone(), b"id\tkn\ten\n1\ta\tb\n".to_vec(), b"\xEF\xBB\xBFa\tb\r\n".to_vec()]),
        ("text", vec![text()]),
        ("gz", vec![gz(&tsv), gz(&repeated), [gz(&tsv), gz(&tsv)].concat()]),
        ("zst", vec![zst(&tsv), zst(&repeated), [zst(&tsv), zst(&tsv)].concat()]),
        ("xz", vec![xz(&tsv), xz(&repeated)]),
        ("zip", vec![zip()]),
        ("tar", vec![tar()]),
        ("tar_gz", vec![gz(&tar())]),
        ("tsv_zst", vec![zst(&tsv), zst(&repeated)]),
    ];
    #[cfg(feature = "parquet")]
    seeds.push(("parquet", vec![parquet(false), parquet(true)]));
    seeds
}

fn table() -> Vec<u8> {
    LINES.iter().map(|(src, tgt)| format!("{src}\t{tgt}\n")).collect::<Vec<_>>().concat().into_bytes()
}

fn side(side: impl Fn(&(&'static str, &'static str)) -> &'static str) -> Vec<u8> {
    LINES.iter().map(|pair| format!("{}\n", side(pair))).collect::<Vec<_>>().concat().into_bytes()
}

fn text() -> Vec<u8> {
    [&side(|pair| pair.0)[..], CUT, &side(|pair| pair.1)].concat()
}

fn tokenizer(tags: &[String]) -> Vec<u8> {
    let text = LINES.iter().flat_map(|(src, tgt)| [*src, *tgt]);
    let config = TokenizerConfig { vocab_size: 300, min_char_count: 1 };
    let mut counts = data::WordCounts::new();
    counts.add(&text.collect::<Vec<_>>());
    Tokenizer::from_counts(&counts, &config, tags)
        .expect("text that has so many tokens")
        .to_json()
        .into_bytes()
}

fn shards(vocab_size: usize, n: u32) -> Vec<u8> {
    let temp = tempfile::tempdir().expect("a temporary directory");
    let dir = temp.path().join("set");
    let settings = serde_json::Map::from_iter([("made by".to_owned(), serde_json::json!({"a": ["test"]}))]);
    let config = WriterConfig { vocab_size, tokenizer: "none".to_owned(), settings, shard_bytes: 1 << 20 };
    let mut writer = Writer::create(&dir, config).expect("a place to write");
    for i in 0..n {
        let row: Vec<u32> = (0..i % 7).map(|id| id + i).collect();
        writer.push(&row, &row[row.len() / 2..]).expect("room");
    }
    writer.finish().expect("room");
    let read = |name: &str| fs::read(dir.join(name)).unwrap_or_default();
    [&read("shards.json")[..], CUT, &read("index.bin"), CUT, &read("shard-00000.bin")].concat()
}

fn lock() -> Vec<u8> {
    let hash = "0123456789abcdef".repeat(4);
    format!(
        "version = 1\n\n[[corpus]]\nname = 'opus:bible-uedin:v1'\nlanguages = 'en-kn'\n\
         directory = 'opus-bible-uedin-v1.en-kn'\npurpose = 'training'\nlicence = 'CC0'\ndate = '2026-01-02'\n\n\
         [[corpus.download]]\nurl = 'https://host.example/a.zip'\nbytes = 123456\nsha256 = '{hash}'\n\n\
         [[corpus.file]]\nname = 'train.en'\nbytes = 12\nlines = 3\nsha256 = '{hash}'\n\n\
         [[corpus.file]]\nname = 'train.kn'\nbytes = 34\nlines = 3\nsha256 = '{hash}'\n"
    )
    .into_bytes()
}

fn recipe(name: &str) -> Vec<u8> {
    format!("{name}\nen-kn\nhttps://host.example/a.tar.gz?x#y\n{}\n", "0123456789abcdef".repeat(4))
        .into_bytes()
}

fn tmx() -> Vec<u8> {
    let unit = |(src, tgt): &(&str, &str)| {
        let [src, tgt] = [src, tgt].map(|side| side.replace('&', "&amp;").replace('<', "&lt;"));
        format!(
            "<tu tuid=\"1\"><prop type=\"x\">y</prop>\n<tuv xml:lang=\"en-GB\"><seg>{src}<bpt i=\"1\">x</bpt></seg></tuv>\
             <tuv xml:lang='kn'><seg><hi>{tgt}</hi><![CDATA[<&]]>&#x41;</seg></tuv></tu>\n"
        )
    };
    let units: String = LINES.iter().map(unit).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE tmx SYSTEM \"tmx14.dtd\">\n<tmx version=\"1.4\">\
         <header srclang=\"en\"/>\n<!-- a comment --><body>\n{units}</body></tmx>\n"
    )
    .into_bytes()
}

fn jsonl() -> Vec<u8> {
    let line = |(i, (src, tgt)): (usize, &(&str, &str))| {
        let pair = serde_json::json!({"en": src, "kn": tgt, "n": [i, {"a": null}]});
        if i % 2 == 0 { pair } else { serde_json::json!({"id": i, "translation": pair}) }.to_string() + "\n"
    };
    LINES.iter().enumerate().map(line).collect::<Vec<_>>().concat().into_bytes()
}

fn zip() -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in [("README", b"read me".to_vec()), ("x.en", side(|p| p.0)), ("x.kn", side(|p| p.1))] {
        writer.start_file(name, SimpleFileOptions::default()).expect("a name");
        writer.write_all(&bytes).expect("memory can be written");
    }
    writer.finish().expect("memory can be written").into_inner()
}

fn tar() -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let long = format!("{}/x.kn", "directory/".repeat(15));
    for (name, bytes) in [("README", b"read me".to_vec()), ("x.en", side(|p| p.0)), (&*long, side(|p| p.1))] {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, &bytes[..]).expect("memory can be written");
    }
    builder.into_inner().expect("memory can be written")
}

#[cfg(feature = "parquet")]
fn parquet(packed: bool) -> Vec<u8> {
    use parquet::basic::Compression;
    use parquet::data_type::{ByteArray, ByteArrayType};
    use parquet::file::{properties::WriterProperties, writer::SerializedFileWriter};
    let schema = "message m { optional binary en (UTF8); optional binary kn (UTF8); }";
    let schema = parquet::schema::parser::parse_message_type(schema).expect("a schema");
    let codec = if packed { Compression::SNAPPY } else { Compression::UNCOMPRESSED };
    let properties = WriterProperties::builder().set_compression(codec).build();
    let mut bytes = Vec::new();
    let mut writer =
        SerializedFileWriter::new(&mut bytes, schema.into(), properties.into()).expect("a writer");
    let mut rows = writer.next_row_group().expect("a row group");
    for side in [LINES.map(|pair| pair.0), LINES.map(|pair| pair.1)] {
        let mut column = rows.next_column().expect("a column").expect("as many as in the schema");
        let values = side.map(ByteArray::from);
        column.typed::<ByteArrayType>().write_batch(&values, Some(&[1; 4]), None).expect("cells");
        column.close().expect("a column");
    }
    rows.close().expect("a row group");
    writer.close().expect("a file");
    bytes
}
